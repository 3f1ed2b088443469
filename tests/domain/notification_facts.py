"""Notifications in plain values: alice's request on pull request 7, and what her run recorded of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from acme_facts import DAY, EXPIRES_AT, HEAD, HOUR, MERGE, MERGED_AT, MINUTE, NOW, PATH
from builders import an_approval, an_outcome, changed

from jitbot.domain.access.request_state import fold_events
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.notifications.as_comment import comments
from jitbot.domain.notifications.chat_notice import ChatNotice
from jitbot.domain.notifications.notification import Notification, NotificationKind, notifications
from jitbot.domain.text import timestamp

ALICE = {"pull_request": 7, "author": {"login": "alice", "github_id": 1001, "type": "User"}}
SEVEN: Mapping[str, Any] = {
    **ALICE,
    "approvals": [{"login": "bob"}],
    "max_duration_seconds": int((4 * HOUR).total_seconds()),
}
REVIEWERS = [{"login": "erin", "github_id": 1005}, {"login": "frank", "github_id": 1006}]
GLASS = {
    **SEVEN,
    "head": HEAD,
    "merged_at": timestamp.show(MERGED_AT),
    "break_glass": {"review_by": timestamp.show(MERGED_AT + DAY), "reviewers": REVIEWERS},
}
GRANTED = an_outcome(EventType.GRANTED)
LATER = NOW + 2 * MINUTE
NOTICE = ChatNotice(
    kind=NotificationKind.GRANTED,
    pull_request=7,
    policy="orders-db-read",
    requester="alice",
    accounts=("prod",),
    until=EXPIRES_AT,
)


def approval(**changes: Any) -> Event:
    """The approval of alice's request, with what it rests on."""
    return an_approval(**{"evidence": dict(SEVEN), **changes})


def a_refusal(*reasons: Mapping[str, str], **changes: Any) -> Event:
    """The refusal of alice's pull request for these reasons."""
    event = Event(kind=EventType.REFUSED, at=NOW, request=PATH, commit=MERGE)
    return changed(event, **{"evidence": {**ALICE, "reasons": list(reasons)}, **changes})


def an_end(why: EndReason | None = EndReason.REVOKED, **changes: Any) -> Event:
    """The record that alice's grant ended early in an account."""
    return an_outcome(EventType.ENDED, **{"why": why, "at": NOW + MINUTE, **changes})


def found(*written: Event, before: Sequence[Event] = (), at: datetime = LATER) -> tuple[Notification, ...]:
    """What is to be said of events that a run wrote, after these others."""
    events = (*before, *written)
    states = fold_events(events)
    return notifications(written, events, states, at)


def body(*written: Event, before: Sequence[Event] = (), at: datetime = LATER) -> str:
    """The comment on pull request 7."""
    made = comments(found(*written, before=before, at=at))
    assert set(made) == {7}
    return made[7]
