"""`jitbot exec`."""

import os
from collections.abc import Mapping

from jitbot.adapters.local import aws_config
from jitbot.commands.use.assume_role import GrantChoice, enter
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text import timestamp
from jitbot.terminal.invocation import Invocation

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


def run(
    invocation: Invocation,
    *,
    command: tuple[str, ...],
    request: str | None,
    account: str | None,
    role: str | None,
    profile: str | None,
    clone: str | None,
    repository: str | None,
) -> int:
    """Carry out `jitbot exec`."""
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
