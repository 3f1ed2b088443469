"""When each change of the rules came to main, as far as it is known. The date of a commit is its author's choice."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from jitbot.domain.access.rule_changes.rule_event import record_of_rules
from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.git_history import RuleChange


def came_to_main(
    changes: Iterable[RuleChange], events: Iterable[Event], now: datetime
) -> Iterator[RuleChange]:
    """The changes of main's line, oldest first, each `at` the moment when it came; so nobody chooses the period it is in.

    That is what GitHub said of a merge, or else when it was recorded, if the commit's own date is not near that. Nothing
    came before what is known of the commits before it.
    """
    recorded = record_of_rules(events)
    floor: datetime | None = None
    for change in changes:
        event = recorded.get(change.commit)
        at = min(change.at, now) if event is None else _recorded(change, event)
        at = at if floor is None else max(at, floor)
        floor = floor if event is None else at
        yield replace(change, at=at)


def _recorded(change: RuleChange, event: Event) -> datetime:
    if event.evidence.merged_at is not None:
        return event.evidence.merged_at
    return change.at if abs(event.at - change.at) <= RULES_RECORDED_WITHIN else event.at
