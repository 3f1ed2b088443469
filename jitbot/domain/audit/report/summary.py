"""Totals for a reporting period. Unknown answers never count as passes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.audit.verify import grant_checks
from jitbot.domain.audit.verify.grant_record import ControlAnswer, GrantOutcome, GrantRecord
from jitbot.domain.text.amount import many

QUESTIONS = {each.name: each.title for each in grant_checks.QUESTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How one question was answered over all items. `open` are those that are not due yet."""

    question: str
    title: str
    yes: int
    no: int
    unknown: int
    open: int
    not_required: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A population in figures. `held` is the longest that access was held, and by which item.

    `requests`, `people`, `longest` and `held` are those of ordinary use. Rehearsals are counted beside it, and in all else:
    an exception is one wherever it is.
    """

    records: int
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
    rehearsals: tuple[GrantRecord, ...]

    @property
    def clean(self) -> bool:
        """Whether there was something to judge, and no question was answered with "no" or "unknown"."""
        return self.records > 0 and not (self.exceptions or self.doubts)


def summary(records: Sequence[GrantRecord], now: datetime) -> Summary:
    """The figures of these items at `now`."""
    ordinary = [record for record in records if not record.is_rehearsal]
    held = {record.id: _held(record, now) for record in ordinary}
    longest = max(ordinary, key=lambda record: held[record.id], default=None)
    longest = longest if longest is not None and held[longest.id] else None
    glass = tuple(record for record in records if record.break_glass and record.granted)
    awaiting = tuple(
        record for record in glass if record.after_review is None or record.after_review.at is None
    )
    return Summary(
        records=len(records),
        requests=len({record.request for record in ordinary if record.request}),
        people=len({record.requester.casefold() for record in ordinary if record.requester}),
        outcomes={each.value: sum(record.outcome is each for record in records) for each in GrantOutcome},
        tallies=tuple(_tally(name, title, records) for name, title in QUESTIONS.items()),
        exceptions=tuple(record for record in records if record.exceptions),
        doubts=tuple(record for record in records if record.doubts and not record.exceptions),
        late=tuple(record for record in records if "removed_on_time" in record.exceptions),
        longest=longest,
        held=held[longest.id] if longest else timedelta(),
        break_glass=glass,
        awaiting=awaiting,
        overdue=tuple(record for record in glass if "reviewed_in_time" in record.exceptions),
        privileged=sum(record.privileged is True and bool(record.granted) for record in records),
        rehearsals=tuple(record for record in records if record.is_rehearsal),
    )


def _tally(name: str, title: str, records: Sequence[GrantRecord]) -> Tally:
    answers = Counter(record.judgements[name].answer for record in records if name in record.judgements)
    return Tally(
        question=name,
        title=title,
        yes=answers[ControlAnswer.YES],
        no=answers[ControlAnswer.NO],
        unknown=answers[ControlAnswer.UNKNOWN],
        open=answers[ControlAnswer.NOT_DUE],
        not_required=answers[ControlAnswer.NOT_REQUIRED],
    )


def rehearsed(summary: Summary) -> str:
    """How many of the items are rehearsals, as the end of a sentence; empty if none is."""
    count = len(summary.rehearsals)
    return f", and {many(count, 'rehearsal')} beside them" if count else ""


def _held(record: GrantRecord, now: datetime) -> timedelta:
    """How long access was there: from its first grant, or start, until it was over, or now."""
    if record.held_from is None:
        return timedelta()
    return max(min(record.held_until or now, now) - record.held_from, timedelta())
