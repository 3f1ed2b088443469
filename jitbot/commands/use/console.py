"""`jitbot console`."""

import click

from jitbot.commands.use.assume_role import LEAST, LONGEST, GrantChoice, ambient, assume, find
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import account_option, clone_option, named_option, profile_option


@click.command()
@click.argument("request", required=False)
@account_option
@profile_option
@clone_option
@named_option
@click.option("--open", "opened", is_flag=True, help="Open the Switch Role link in the browser.")
@click.option("--federated", "signed", is_flag=True, help="Print a sign-in link too: it is a secret.")
@click.pass_obj
def console(
    invocation: Invocation,
    *,
    request: str | None,
    account: str | None,
    profile: str | None,
    clone: str | None,
    repository: str | None,
    opened: bool,
    signed: bool,
) -> int:
    """Print the link that switches your AWS console to a grant's role, and with --federated one that signs in.

    REQUEST is a path, a unique part of one, or a pull request's number; your newest live one if left out. The
    sign-in link is never opened from here: what a browser is started with, every process can read.

    Example: jitbot console --open refunds
    """
    from jitbot.adapters.aws import console_links

    wanted = GrantChoice(
        request=request, account=account, profile=profile, clone=clone, repository=repository
    )
    grant = find(invocation, wanted, verb="console")
    link = grant.switch_role
    click.echo(escape.log(link))
    if opened and click.launch(link) != 0:
        click.echo("no browser could be opened here", err=True)
    if signed:
        left = int((grant.expires_at - invocation.now).total_seconds())
        if left < LEAST:
            raise InvalidError(
                "less than 15 minutes are left, and AWS gives no shorter session: use the Switch Role link"
            )
        session = assume(ambient(invocation, profile), grant, invocation.now, seconds=min(LONGEST, left))
        click.echo(console_links.federated(session, endpoint=invocation.environ.get("JITBOT_SIGNIN_URL")))
        click.echo(
            f"! anyone who has the second link is {escape.log(grant.requester)} for the next 15 minutes; it ends with the grant",
            err=True,
        )
    return ExitCode.DONE
