"""STS with the person's own credentials, wherever botocore finds them: keys, a profile, single sign-on, MFA.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from jitbot.adapters.aws.errors import translated
from jitbot.adapters.aws.identity import REGION, config
from jitbot.domain.enforce.grant_target import Caller, Session
from jitbot.domain.model.errors import UnavailableError

ASKING = "JITBOT_CREDENTIALS"  # is in the environment of a program that is started to give jitbot credentials

_ATTEMPTS = 3
_HOUR = 3600
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_OVER = frozenset({"ExpiredToken", "ExpiredTokenException"})
_NOT_SIGNED_IN = (
    NoCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)


class AmbientPerson:
    """The caller's own identity, from the environment or a profile. jitbot's own roles are never used here.

    A `profile` is used in any case; one that the environment has `named`, where the environment has no keys.
    """

    def __init__(
        self, environ: Mapping[str, str], *, profile: str | None, endpoint: str | None, named: str = ""
    ) -> None:
        self._profile = profile or named
        session = person_session(environ, profile, named)
        with translated("find your own AWS credentials"), _asking():
            self._client = partial(session.client, "sts", endpoint_url=endpoint, config=config(_ATTEMPTS))
            self._sts: Any = self._client(region_name=session.region_name or REGION)

    def whoami(self) -> Caller:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
        with translated("say who you are"), self._signed_in():
            answer = self._sts.get_caller_identity()
        return Caller(arn=answer["Arn"], userid=answer["UserId"])

    def assume(self, role_arn: str, session_name: str, seconds: int) -> Session:
        """A session of a role, 900 to 3600 seconds long. Raises DeniedError if AWS refuses.

        An hour is what AWS gives anyway. It is not asked for: AWS ties a federated sign-in to credentials of a role
        for which no duration was given.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
        """
        asked: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": session_name}
        asked |= {} if seconds == _HOUR else {"DurationSeconds": seconds}
        with translated(f"let you assume {role_arn}"), self._signed_in():
            found = self._assumed(asked)["Credentials"]
        return Session(
            access_key=found["AccessKeyId"],
            secret_key=found["SecretAccessKey"],
            token=found["SessionToken"],
            expires_at=found["Expiration"].astimezone(UTC).replace(microsecond=0),
        )

    def _assumed(self, asked: Mapping[str, Any]) -> Any:
        """The answer of STS in the profile's region; where the role's account has not activated it, of the global one."""
        try:
            return self._sts.assume_role(**asked)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "RegionDisabledException":
                raise
            return self._client(region_name=REGION).assume_role(**asked)

    @contextmanager
    def _signed_in(self) -> Iterator[None]:
        """Raise UnavailableError, with the command that signs in, if there are no credentials, or they are over."""
        option = f" --profile {shlex.quote(self._profile)}" if self._profile else ""
        hint = f"sign in: `aws sso login{option}`{'' if option else ', and choose a profile with --profile'}"
        try:
            yield
        except _NOT_SIGNED_IN as error:
            raise UnavailableError(f"you are not signed in to AWS ({_cut(error)}); {hint}") from error
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _OVER:
                raise
            raise UnavailableError(f"your AWS credentials are over ({_cut(error)}); {hint}") from error


def person_session(environ: Mapping[str, str], profile: str | None, named: str) -> boto3.Session:
    """A session of this person: of a profile, of the keys in the environment, or of the profile that it has `named`."""
    keys: dict[str, Any] = {}
    if profile is None:
        keys = {
            "aws_access_key_id": environ.get("AWS_ACCESS_KEY_ID"),
            "aws_secret_access_key": environ.get("AWS_SECRET_ACCESS_KEY"),
            "aws_session_token": environ.get("AWS_SESSION_TOKEN"),
        }
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    with translated("find your own AWS credentials"), _asking():
        return boto3.Session(profile_name=profile or named or None, region_name=region, **keys)


def _cut(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


@contextmanager
def _asking() -> Iterator[None]:
    """Mark each program that botocore starts for a `credential_process`: it inherits this process's environment.

    botocore has no other way to pass information to such a program, whatever chain of profiles starts it.
    """
    os.environ[ASKING] = "1"
    try:
        yield
    finally:
        del os.environ[ASKING]
