"""Entering accounts: each directly, with this run's own identity; never by way of another, never a fallback.

A sweep enters a thousand accounts. A client for each costs more than the calls it makes, so all share one
IAM client, whose requests are signed, in the event that botocore has for it, with the credentials of the
account that the calling thread speaks for.
"""

import contextvars
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import boto3
import botocore.auth
import botocore.config
import botocore.credentials

from jitbot.adapters.aws.account import AwsAccount
from jitbot.adapters.aws.errors import translated
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError

STS_AUDIENCE = "sts.amazonaws.com"
_REGION = "us-east-1"  # IAM is global; STS is asked where its global endpoint is
_SESSION_SECONDS = 900  # the least AWS gives; a run that takes longer is finished by the next
_PAUSES = (0.25, 0.5, 1, 2)  # seconds, at most, in which new credentials may not be known everywhere
_CONFIG = botocore.config.Config(
    connect_timeout=5, read_timeout=20, max_pool_connections=32, user_agent_extra="jitbot"
)
_UNSIGNED = _CONFIG.merge(botocore.config.Config(signature_version=botocore.UNSIGNED))
_speaker: contextvars.ContextVar[botocore.credentials.Credentials] = contextvars.ContextVar("speaker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How this run proves to AWS who it is: a web-identity token of its job, or the ambient credentials.

    `token` gives the job's OIDC token for STS; None means ambient: a profile or keys, as boto3 finds them.
    """

    role_name: str  # jitbot's own role in each account, for a job
    session_name: str  # names the run in CloudTrail
    token: Callable[[], str] | None = None
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    profile: str | None = None


class AwsCloud:
    """Every account, by its id."""

    def __init__(
        self,
        identity: Identity,
        *,
        path: str,
        endpoint: str | None = None,
        sleep: Callable[[float], None],
        attempts: int = 5,
    ) -> None:
        self._identity = identity
        self._path = path
        self._sleep = sleep
        retries: Any = {"mode": "standard", "total_max_attempts": attempts}  # bounded, with jitter
        config = (_CONFIG if identity.token is None else _UNSIGNED).merge(
            botocore.config.Config(retries=retries)
        )
        with translated("find the credentials of this run"):
            session = boto3.Session(
                aws_access_key_id=identity.access_key,
                aws_secret_access_key=identity.secret_key,
                aws_session_token=identity.session_token,
                profile_name=identity.profile,
                region_name=_REGION,
            )
            self._sts: Any = session.client("sts", endpoint_url=endpoint, config=config)
            self._iam: Any = session.client("iam", endpoint_url=endpoint, config=config)
        if identity.token is not None:
            events: Any = self._iam.meta.events
            events.register("before-sign.iam", _sign)
            events.register("needs-retry.iam", _not_known_yet)

    def enter(self, account_id: AccountId) -> AwsAccount:
        """Enter an account. Raises DeniedError if AWS refuses, or if another account answers than was meant."""
        with translated(f"enter account {account_id}"):
            token = self._identity.token
            speaking = self._ambient(account_id) if token is None else self._by_token(account_id, token())
        return AwsAccount(account_id, self._iam, speaking, path=self._path, sleep=self._sleep)

    def _by_token(self, account_id: AccountId, token: str) -> Callable[[], AbstractContextManager[None]]:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
        answer = self._sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{account_id}:role/{self._identity.role_name}",
            RoleSessionName=self._identity.session_name,
            WebIdentityToken=token,
            DurationSeconds=_SESSION_SECONDS,
        )
        _same_account(answer["AssumedRoleUser"]["Arn"].split(":")[4], account_id)
        found = answer["Credentials"]
        credentials = botocore.credentials.Credentials(
            found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
        )
        return lambda: _as(credentials)

    def _ambient(self, account_id: AccountId) -> Callable[[], AbstractContextManager[None]]:
        _same_account(self._sts.get_caller_identity()["Account"], account_id)
        return nullcontext


@contextmanager
def _as(credentials: botocore.credentials.Credentials) -> Iterator[None]:
    """Sign this thread's requests with these credentials."""
    before = _speaker.set(credentials)
    try:
        yield
    finally:
        _speaker.reset(before)


def _sign(request: Any, **_: object) -> None:
    """Sign one request. Raises LookupError, and sends nothing, where no account is spoken for."""
    botocore.auth.SigV4Auth(_speaker.get(), "iam", _REGION).add_auth(request)


def _not_known_yet(
    response: tuple[object, dict[str, Any]] | None, attempts: int, **_: object
) -> float | None:
    """Seconds until a request is made again whose credentials, seconds old, are not known everywhere yet.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html (eventual consistency)
    """
    code = response[1].get("Error", {}).get("Code") if response is not None else None
    if code != "InvalidClientTokenId" or attempts > len(_PAUSES):
        return None
    return random.uniform(0.5, 1) * _PAUSES[attempts - 1]  # noqa: S311  # nothing secret hangs on it


def _same_account(answered: str, meant: AccountId) -> None:
    if answered != meant:
        raise DeniedError(f"account {answered} answered where {meant} was meant; nothing was done there")
