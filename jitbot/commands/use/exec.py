"""`jitbot exec`."""

import os
from collections.abc import Mapping

import click

from jitbot.adapters.local import aws_config
from jitbot.commands.use.assume_role import GrantChoice, enter
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text import timestamp
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import (
    account_option,
    clone_option,
    named_option,
    profile_option,
    role_option,
)

# Variables that would make the command use other credentials, or another endpoint.
_OTHERS = frozenset(
    {
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_SECURITY_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    }
)
_META = "jitbot.command"
_WHERE = "Put -- before the command: jitbot exec [REQUEST] -- COMMAND …"


class _WithCommand(click.Command):
    """Takes all that follows `--` as the command to run, so that a request may be left out before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Split at the first `--`."""
        mine, rest = args[: _cut(args)], args[_cut(args) + 1 :]
        ctx.meta[_META] = tuple(rest)
        try:
            return super().parse_args(ctx, list(mine))
        except click.UsageError as error:
            if "--" in args:
                raise
            raise click.UsageError(f"{error.format_message()} {_WHERE}", ctx) from None


def _cut(args: list[str]) -> int:
    return args.index("--") if "--" in args else len(args)


@click.command(
    "exec", cls=_WithCommand, options_metavar="[OPTIONS]", epilog="After --, the command and its arguments."
)
@click.argument("request", required=False)
@account_option
@role_option
@profile_option
@clone_option
@named_option
@click.pass_context
def run(
    ctx: click.Context,
    *,
    request: str | None,
    account: str | None,
    role: str | None,
    profile: str | None,
    clone: str | None,
    repository: str | None,
) -> int:
    """Run a command with a grant's credentials: jitbot exec REQUEST -- COMMAND …

    REQUEST is a path, a unique part of one, or a pull request's number; your newest live one if left out. The
    command takes jitbot's place, and its exit code is the command's. It calls AWS as your own profile says: its
    region, output and endpoint are the command's, unless the environment says otherwise. When less than 15
    minutes are left, stderr says so first, with the command that asks for more.

    Example: jitbot exec refunds -- aws dynamodb scan --table-name orders
    """
    command: tuple[str, ...] = ctx.meta[_META]
    if not command:
        raise click.UsageError(f"which command? {_WHERE}")
    invocation: Invocation = ctx.obj
    wanted = GrantChoice(
        request=request, account=account, role=role, profile=profile, clone=clone, repository=repository
    )
    session = enter(invocation, wanted, verb="exec")
    profile = wanted.profile or aws_config.own_profile(invocation.environ)
    how = aws_config.how_to_call(invocation.environ, profile)
    environ = {**environment(invocation.environ, session), **aws_config.as_variables(how, invocation.environ)}
    try:
        os.execvpe(command[0], list(command), environ)  # noqa: S606 - it is the person's own command
    except OSError as error:
        raise InvalidError(f"{command[0]} cannot be run: {error.strerror}") from None


def environment(environ: Mapping[str, str], session: Session) -> dict[str, str]:
    """The environment in which the AWS SDKs and command line are in the grant, and nowhere else."""
    kept = {name: value for name, value in environ.items() if name not in _OTHERS}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": session.access_key,
        "AWS_SECRET_ACCESS_KEY": session.secret_key,
        "AWS_SESSION_TOKEN": session.token,
        "AWS_CREDENTIAL_EXPIRATION": timestamp.show(session.expires_at),
    }
