"""`jitbot console`."""

import click

from jitbot.commands.use.assume_role import LEAST, LONGEST, GrantChoice, ambient, assume, find
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation


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
    """Carry out `jitbot console`."""
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
