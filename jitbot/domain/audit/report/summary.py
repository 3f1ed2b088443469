"""Totals for a reporting period. Unknown answers never count as passes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.audit.verify import grant_checks
from jitbot.domain.audit.verify.grant_record import ControlAnswer, GrantOutcome, GrantRecord

QUESTIONS = {each.name: each.title for each in grant_checks.QUESTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How one question was answered over all items. `open` are those not due yet."""

    question: str
    title: str
    yes: int
    no: int
    unknown: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A population in figures. `held` is the longest that access was held, and by which item."""

    items: int
    requests: int
    people: int
    outcomes: dict[str, int]
    tallies: tuple[Tally, ...]
    exceptions: tuple[GrantRecord, ...]
    doubts: tuple[GrantRecord, ...]
    late: tuple[GrantRecord, ...]
    longest: GrantRecord | None
    held: timedelta
    break_glass: tuple[GrantRecord, ...]
    awaiting: tuple[GrantRecord, ...]
    overdue: tuple[GrantRecord, ...]
    privileged: int

    @property
    def clean(self) -> bool:
        """Whether there was something to judge, and nothing stands against it."""
        return self.items > 0 and not (self.exceptions or self.doubts)


def summary(items: Sequence[GrantRecord], now: datetime) -> Summary:
    """The figures of these items at `now`."""
    held = {item.id: _held(item, now) for item in items}
    longest = max(items, key=lambda item: held[item.id], default=None)
    longest = longest if longest is not None and held[longest.id] else None
    glass = tuple(item for item in items if item.break_glass and item.granted)
    awaiting = tuple(item for item in glass if item.after_review is None or item.after_review.at is None)
    return Summary(
        items=len(items),
        requests=len({item.request for item in items if item.request}),
        people=len({item.requester.casefold() for item in items if item.requester}),
        outcomes={each.value: sum(item.outcome is each for item in items) for each in GrantOutcome},
        tallies=tuple(_tally(name, title, items) for name, title in QUESTIONS.items()),
        exceptions=tuple(item for item in items if item.exceptions),
        doubts=tuple(item for item in items if item.doubts and not item.exceptions),
        late=tuple(item for item in items if "removed_on_time" in item.exceptions),
        longest=longest,
        held=held[longest.id] if longest else timedelta(),
        break_glass=glass,
        awaiting=awaiting,
        overdue=tuple(item for item in glass if "reviewed_in_time" in item.exceptions),
        privileged=sum(item.privileged is True and bool(item.granted) for item in items),
    )


def _tally(name: str, title: str, items: Sequence[GrantRecord]) -> Tally:
    answers = [item.judgements[name] for item in items if name in item.judgements]
    return Tally(
        question=name,
        title=title,
        yes=sum(each.answer is ControlAnswer.YES for each in answers),
        no=sum(each.answer is ControlAnswer.NO for each in answers),
        unknown=sum(each.answer is ControlAnswer.UNKNOWN and each.due for each in answers),
        open=sum(not each.due for each in answers),
    )


def _held(item: GrantRecord, now: datetime) -> timedelta:
    """How long access was there: from its first grant, or start, until it was over, or now."""
    if item.held_from is None:
        return timedelta()
    return max(min(item.held_until or now, now) - item.held_from, timedelta())
