"""What the looks of a period say of one safeguard: how often it was seen to hold, when it was lost, what nobody knows.

Between two looks that both saw it hold, it was seen to hold at both ends, and no more is known: GitHub's audit log
shows what changed in between.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from jitbot.domain.audit.protection.looks import Look, Sight

EVERY = timedelta(days=7)
MOST_APART = EVERY + timedelta(days=1)  # of two looks: GitHub may start a scheduled run late


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one look saw of the safeguard, and whether that is a loss."""

    at: datetime
    sight: Sight
    is_loss: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A time in which it was not seen to hold any more: on each look from `since` on, before `until`.

    `after` is the last look before that saw it hold, `until` the first one after; None where there is none.
    """

    after: datetime | None
    since: datetime
    until: datetime | None
    looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time of which no two looks, near enough to each other, say that it held at both ends."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One safeguard over a period. `looks` are those in it."""

    looks: tuple[Mark, ...]
    losses: tuple[Loss, ...]
    gaps: tuple[Gap, ...]


def timeline(code: str, looks: Iterable[Look], start: datetime, end: datetime) -> Timeline:
    """What these looks, oldest first, say of the time from `start` until `end`; those outside it are its neighbours."""
    marks = tuple(_marks(code, looks))
    return Timeline(
        looks=tuple(each for each in marks if start <= each.at < end),
        losses=tuple(
            each for each in _losses(marks) if each.since < end and (each.until is None or each.until > start)
        ),
        gaps=tuple(_clipped(_gaps(marks, start, end), start, end)),
    )


def lost_now(code: str, looks: Iterable[Look]) -> Loss | None:
    """The loss that the last look which saw anything belongs to; None if that look saw it hold, or there is none."""
    losses = list(_losses(tuple(_marks(code, looks))))
    return losses[-1] if losses and losses[-1].until is None else None


def _marks(code: str, looks: Iterable[Look]) -> Iterator[Mark]:
    """Each look with whether it is a loss: not held, or asked for by no rule any more although one was seen before."""
    before = False
    for look in looks:
        sight = look.sights.get(code, Sight.NOT_SEEN)
        before = before or sight is Sight.HELD
        is_loss = sight is Sight.NOT_HELD or (sight is Sight.NO_RULE and before)
        yield Mark(at=look.at, sight=sight, is_loss=is_loss)


def _seen(marks: Sequence[Mark]) -> list[tuple[datetime, bool]]:
    """The looks that know whether it held, each with whether it was lost."""
    return [(each.at, each.is_loss) for each in marks if each.is_loss or each.sight is Sight.HELD]


def _losses(marks: Sequence[Mark]) -> Iterator[Loss]:
    after: datetime | None = None
    lost: list[datetime] = []
    for at, is_loss in _seen(marks):
        if is_loss:
            lost.append(at)
            continue
        if lost:
            yield Loss(after=after, since=lost[0], until=at, looks=len(lost))
        after, lost = at, []
    if lost:
        yield Loss(after=after, since=lost[0], until=None, looks=len(lost))


def _gaps(marks: Sequence[Mark], start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    seen = _seen(marks)
    if not seen:
        yield start, end
        return
    yield start, seen[0][0]
    for (one, lost), (other, lost_then) in pairwise(seen):
        if not lost and (lost_then or other - one > MOST_APART):
            yield one, other
    last, lost = seen[-1]
    if not lost and end - last > MOST_APART:
        yield last, end


def _clipped(spans: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> Iterator[Gap]:
    for since, until in spans:
        if max(since, start) < min(until, end):
            yield Gap(since=max(since, start), until=min(until, end))
