"""What a change does to access reviews: dates that move, and how often a review is due. It lets nobody do more, or less."""

from collections.abc import Iterator
from datetime import date, timedelta

from jitbot.domain.aws.risk import Level
from jitbot.domain.model.documents import Policy, Settings
from jitbot.domain.rule_effects.effect import Direction, Effect
from jitbot.domain.text.amount import many

REVIEWED = "reviewed"  # the code of an effect: a date that moves forward
_NONE = "none"


def date_moves(name: str, base: Policy, head: Policy) -> Iterator[Effect]:
    """The date of a policy's review, if it moves. Backwards it makes a review count no longer."""
    if base.reviewed == head.reviewed:
        return
    forward = head.reviewed is not None and (base.reviewed is None or head.reviewed > base.reviewed)
    again = "The last review of {policies} counts no longer: its date is {after}; until now: {before}"
    yield Effect(
        code=REVIEWED if forward else "review-withdrawn",
        direction=Direction.OTHER,
        level=Level.LOW if forward else Level.MEDIUM,
        text="Access review of {policies}: {after}; the last one: {before}" if forward else again,
        policies=(name,),
        before=_day(base.reviewed),
        after=_day(head.reviewed),
    )


def review_every(base: Settings, head: Settings) -> Iterator[Effect]:
    """How often policies are to be reviewed, if that changes."""
    if base.review_every != head.review_every:
        yield Effect(
            code="review-every",
            direction=Direction.OTHER,
            level=Level.MEDIUM,
            text="Each policy is to be reviewed: {after}; until now: {before}",
            before=_every(base.review_every),
            after=_every(head.review_every),
        )


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else _NONE


def _every(every: timedelta | None) -> str:
    return f"every {many(every.days, 'day')}" if every is not None else "never, as far as settings.yaml asks"
