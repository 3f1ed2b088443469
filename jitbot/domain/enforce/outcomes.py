"""From a change of a role to the event that records what became of it."""

from datetime import datetime

from jitbot.domain.aws import iam
from jitbot.domain.enforce.changes import Change
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence


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
