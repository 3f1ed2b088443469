"""What CloudTrail showed of alice's grant, as plain values; each is fine as it stands."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from acme_facts import EXPIRES_AT, MINUTE, NOW
from builders import a_request_state, an_approval, an_outcome

from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.recorded_use import CALLS, RecordedUse, Unseen
from jitbot.domain.usage.role_usage import Opening, TrailCall
from jitbot.domain.usage.use_event import (
    SETTLES,
    DueUse,
    SeenUse,
    ServiceCalls,
    due_uses,
    unseen,
    used_event,
)

ASKED_AT = EXPIRES_AT + iam.SESSION + SETTLES
DAY = timedelta(days=1)
DATA = unseen(Unseen.DATA_EVENTS, about=CALLS)
REFUSED = unseen(Unseen.REFUSED, where="eu-west-3", why="AWS would not")
REGIONS = ("eu-west-1", "us-east-1")


def an_opening(number: int = 1, **changes: Any) -> Opening:
    """alice enters her role."""
    opening = Opening(
        event_id=f"e{number}", at=NOW + 5 * MINUTE, region="eu-west-1", by="arn:alice", session="alice",
        key=f"ASIA{number}", address="192.0.2.7",
    )  # fmt: skip
    return replace(opening, **changes)


def a_call(number: int = 1, error: str = "", **changes: Any) -> TrailCall:
    """A call in her session."""
    call = TrailCall(
        event_id=f"c{number}", at=NOW + 10 * MINUTE, region="eu-west-1", service="dynamodb.amazonaws.com",
        name="DescribeTable", error=error, session="alice",
    )  # fmt: skip
    return replace(call, **changes)


def a_sum(
    service: str = "dynamodb.amazonaws.com", calls: int = 3, error: str = "", **changes: Any
) -> ServiceCalls:
    """What a trail of one's own holds of one service."""
    found = ServiceCalls(
        service=service, error=error, calls=calls, first=NOW + 6 * MINUTE, last=NOW + 20 * MINUTE
    )
    return replace(found, **changes)


def a_due_use(*events: Event, now: Any = ASKED_AT) -> DueUse:
    """alice's grant, over and settled."""
    (due,) = due_uses([a_request_state(*(events or (an_approval(), an_outcome(EventType.GRANTED))))], now)
    return due


def a_seen_use(**changes: Any) -> SeenUse:
    """She entered once, and described a table."""
    seen = SeenUse(
        openings=(an_opening(),), calls=(a_call(),), regions=REGIONS, call_regions=REGIONS, not_seen=(DATA,)
    )
    return replace(seen, **changes)


UNUSED = a_seen_use(openings=(), calls=(), call_regions=())


def a_used_event(seen: SeenUse | None = None, **changes: Any) -> Event:
    """The event of it; `changes` are of its use, as JSON."""
    event = used_event(a_due_use(), seen or a_seen_use(), now=ASKED_AT, run="run")
    use = {**event.evidence.use.json, **changes}
    return replace(event, evidence=Evidence.of(Evidence.use(RecordedUse(use))))
