"""Use what is granted: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

import click

from jitbot.terminal.lazy_group import LazyCommand, verb
from jitbot.terminal.option_types import (
    account_option,
    clone_option,
    named_option,
    profile_option,
    role_option,
)

_WHERE = "Put -- before the command: jitbot exec [REQUEST] -- COMMAND …"


class WithCommand(LazyCommand):
    """Takes all that follows `--` as the command to run, so that a request may be left out before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split at the first `--`; what follows is handed on as `command`."""
        cut = args.index("--") if "--" in args else len(args)
        command = tuple(args[cut + 1 :])
        try:
            rest = super().parse_args(ctx, args[:cut])
        except click.UsageError as error:
            if "--" in args:
                raise
            raise click.UsageError(f"{error.format_message().rstrip('.')}. {_WHERE}", ctx) from None
        if not command and not ctx.resilient_parsing:
            raise click.UsageError(f"which command? {_WHERE}", ctx)
        ctx.params["command"] = command
        return rest


@verb(
    "jitbot.commands.use.exec:run",
    "exec",
    cls=WithCommand,
    options_metavar="[OPTIONS]",
    epilog="After --, the command and its arguments.",
)
@click.argument("request", required=False)
@account_option
@role_option
@profile_option
@clone_option
@named_option
def run() -> None:
    """Run a command with a grant's credentials: jitbot exec REQUEST -- COMMAND …

    REQUEST is a path, a unique part of one, or a pull request's number; your newest live one if left out. The
    command takes jitbot's place, and its exit code is the command's. It calls AWS as your own profile says: its
    region, output and endpoint are the command's, unless the environment says otherwise. When less than 15
    minutes are left, stderr says so first, with the command that asks for more.

    Example: jitbot exec refunds -- aws dynamodb scan --table-name orders
    """


@verb("jitbot.commands.use.credentials")
@click.argument("request", required=False)
@account_option
@role_option
@profile_option
@clone_option
@named_option
@click.option("--configure", "change", flag_value="configure", help="Write a profile into the AWS config.")
@click.option("--unconfigure", "change", flag_value="unconfigure", help="Take that profile out again.")
@click.option("--name", help="With --configure: the profile's name; jit-POLICY-ACCOUNT if left out.")
def credentials() -> None:
    """Print a grant's credentials as the AWS SDKs' `credential_process` wants them, to be used by programs.

    REQUEST is a path, a unique part of one, or a pull request's number; your newest live one if left out.
    A session is kept in your cache folder until it ends, and renewed as long as the grant lasts. With --role
    the ledger is not read, so only the session's own end is known; the grant still ends on time. When less than
    15 minutes are left, stderr says so once, with the command that asks for more.

    Example: jitbot credentials --configure refunds
    """


@verb("jitbot.commands.use.console")
@click.argument("request", required=False)
@account_option
@profile_option
@clone_option
@named_option
@click.option("--open", "opened", is_flag=True, help="Open the Switch Role link in the browser.")
@click.option("--federated", "signed", is_flag=True, help="Print a sign-in link too: it is a secret.")
def console() -> None:
    """Print the link that switches your AWS console to a grant's role, and with --federated one that signs in.

    REQUEST is a path, a unique part of one, or a pull request's number; your newest live one if left out. The
    sign-in link is never opened from here: what a browser is started with, every process can read.

    Example: jitbot console --open refunds
    """
