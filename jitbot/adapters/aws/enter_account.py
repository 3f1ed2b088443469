"""Enters each account directly, with this run's own identity: never through another account, never with a fallback.

A sweep enters a thousand accounts. A client for each costs more than the calls it makes, so all share one
IAM client, whose requests are signed, in the event that botocore has for it, with the credentials of the
account that the calling thread speaks for.
"""

import contextvars
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import botocore.auth
import botocore.config
import botocore.credentials
import botocore.exceptions

from jitbot.adapters.aws.account import AwsAccount
from jitbot.adapters.aws.errors import lacks_issuer, translated
from jitbot.adapters.aws.identity import REGION, Identity
from jitbot.domain.model.documents import AccountId
from jitbot.domain.text.packed import Packer

_PAUSES = (0.25, 0.5, 1, 2)  # seconds, at most, in which new credentials may not be known everywhere
# Others meet it for a few seconds: https://repost.aws/knowledge-center/iam-sts-invalididentitytoken
_ISSUER_PAUSES = (0.5, 1, 2, 4)
_speaker: contextvars.ContextVar[botocore.credentials.Credentials] = contextvars.ContextVar("speaker")


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
        self._packer = Packer()  # the roles of one request have the same trust policy in all its accounts
        config = identity.config(attempts)
        with translated("find the credentials of this run"):
            session = identity.session()
            self._sts: Any = session.client("sts", endpoint_url=endpoint, config=config)
            self._iam: Any = session.client("iam", endpoint_url=endpoint, config=config)
        if identity.token is not None:
            events: Any = self._iam.meta.events
            events.register("before-sign.iam", _sign)
            events.register("needs-retry.iam", _not_known_yet)

    def enter(self, account_id: AccountId) -> AwsAccount:
        with translated(f"enter account {account_id}"):
            found = self._entered(account_id)
        speaking = nullcontext if found is None else partial(_as, _credentials(found))
        return AwsAccount(
            account_id, self._iam, speaking, path=self._path, sleep=self._sleep, packer=self._packer
        )

    def _entered(self, account_id: AccountId) -> Mapping[str, str] | None:
        """As `Identity.enter`; asked again where STS could not reach GitHub's issuer, which passes within seconds."""
        for pause in _ISSUER_PAUSES:
            try:
                return self._identity.enter(self._sts, account_id)
            except botocore.exceptions.ClientError as error:
                if not lacks_issuer(error):
                    raise
                self._sleep(pause)
        return self._identity.enter(self._sts, account_id)


def _credentials(found: Mapping[str, str]) -> botocore.credentials.Credentials:
    return botocore.credentials.Credentials(
        found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]
    )


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
    botocore.auth.SigV4Auth(_speaker.get(), "iam", REGION).add_auth(request)


def _not_known_yet(
    response: tuple[object, dict[str, Any]] | None, attempts: int, **_: object
) -> float | None:
    """Seconds until a request is made again whose credentials, seconds old, are not known everywhere yet.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html (eventual consistency)
    """
    code = response[1].get("Error", {}).get("Code") if response is not None else None
    if code != "InvalidClientTokenId" or attempts > len(_PAUSES):
        return None
    return random.uniform(0.5, 1) * _PAUSES[attempts - 1]  # noqa: S311  # nothing secret depends on it
