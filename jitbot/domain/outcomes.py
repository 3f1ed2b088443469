"""From a change of a role to the event that records what became of it."""

from collections.abc import Mapping
from datetime import datetime

from jitbot.domain import iam
from jitbot.domain.changes import Change
from jitbot.domain.events import Event, Kind, Why


def outcome(
    change: Change,
    kind: Kind,
    *,
    at: datetime,
    run: str,
    evidence: Mapping[str, object],
    why: Why | None = None,
    window: iam.Window | None = None,
    documents: tuple[iam.Documents, ...] = (),
    cause: str = "",
) -> Event:
    """What happened to the role of this change, for whom it was, and what was seen."""
    return Event(
        kind=kind,
        at=at,
        request=change.request,
        ask={"requester": change.requester},
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
