"""The possible changes of a role: each is a value that says where, why and with which documents. It does nothing itself.

`outcome` makes the event that records the result of one.
"""

from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import AccountId, Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class _Giving:
    """What giving access has in common: the approved documents say where."""

    request: str
    requester: str = ""
    commit: Sha
    documents: iam.Documents

    @property
    def account(self) -> str:
        """The account's alias."""
        return self.documents.account

    @property
    def account_id(self) -> AccountId:
        """The account it is made in."""
        return self.documents.account_id

    @property
    def role_name(self) -> str:
        """The role it is about."""
        return self.documents.role_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision(_Giving):
    """Make the role, or finish making it."""

    order = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(_Giving):
    """Rewrite both documents of a role to a later end. `held` are the documents that the role may have until then."""

    held: tuple[iam.Documents, ...]
    order = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """What ending access has in common: it may concern a role that no request explains, so it says where itself."""

    request: str  # "" for an orphan
    requester: str = ""
    commit: Sha
    account: str  # alias; "" if unknown
    account_id: AccountId
    role_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(_Taking):
    """End access before its time: attach the policy that denies everything."""

    why: EndReason
    detail: str
    window: iam.Window | None
    order = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(_Taking):
    """Read a role back after its expiry, and record that it ended as it should."""

    window: iam.Window
    expected: tuple[iam.Documents, ...]  # any of these is as recorded
    order = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove(_Taking):
    """Delete a role that no session can use any more."""

    window: iam.Window
    order = 2


Change = Deny | Confirm | Remove | Extend | Provision


def word_of(change: Change) -> str:
    """What a change is called in reports, progress and records: `provision`, `deny`."""
    return type(change).__name__.lower()


def outcome(
    change: Change,
    kind: EventType,
    *,
    at: datetime,
    run: str,
    evidence: Evidence,
    why: EndReason | None = None,
    window: iam.Window | None = None,
    documents: tuple[iam.Documents, ...] = (),
    cause: str = "",
) -> Event:
    """The event of this change: what happened to the role, for which requester, and what was read back."""
    return Event(
        kind=kind,
        at=at,
        request=change.request,
        ask=Ask.of(Ask.requester(change.requester)),
        commit=change.commit,
        account=change.account,
        account_id=change.account_id,
        role_name=change.role_name,
        why=why,
        window=window,
        documents=documents,
        cause=cause,
        evidence=evidence,
        run=run,
    )
