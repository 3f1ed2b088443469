"""Did each end come, and on time? AWS refuses from the recorded end on by itself; this is about the work behind it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain import duration, iam, moments
from jitbot.domain.audit.archive import Recorded
from jitbot.domain.audit.problems import Problem, Weight
from jitbot.domain.iam import Documents
from jitbot.domain.life import Holding, Life, Term

GRANTED_WITHIN = timedelta(days=1)  # of the decision
ENDED_WITHIN = timedelta(hours=2)  # of a revocation or a deletion: until then somebody still has access
CONFIRMED_WITHIN = timedelta(days=1)  # of the expiry, after which nobody has any
REMOVED_WITHIN = timedelta(days=1)  # of the moment from which a role may be removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One grant in one account: what was decided, and what happened there."""

    life: Life
    term: Term
    documents: Documents
    decided_at: datetime
    ended_by: datetime | None  # when it was revoked, or its file deleted

    @property
    def holding(self) -> Holding:
        """What was recorded in this account."""
        return self.life.holding(self.documents.account_id)


def places(
    lives: Iterable[Life], recorded: Mapping[str, tuple[Recorded, ...]], deleted: Mapping[str, datetime]
) -> Iterator[Place]:
    """Every approved request in each of its accounts. `deleted` says when main lost a request's file."""
    for life in lives:
        term = life.current
        if term is None:
            continue
        times = [each.event.at for each in recorded.get(life.request, ()) if each.event.commit == term.commit]
        ends = [life.revoked.at] if life.revoked is not None else []
        ends += [deleted[life.request]] if life.request in deleted else []
        for documents in term.documents:
            yield Place(
                life=life,
                term=term,
                documents=documents,
                decided_at=min(times),
                ended_by=min(ends) if ends else None,
            )


def problems(place: Place, now: datetime) -> Iterator[Problem]:
    """Everything about one grant that did not happen, or not in time."""
    over = place.term.window.expires_at
    settled = place.holding.end is not None or place.holding.expired_at(over)
    if not settled and now > over + CONFIRMED_WITHIN:
        message = f"its end at {moments.show(over)} was never confirmed"
        yield _tell(place, "no-end", Weight.BROKEN, message, _LOOK_AT_SWEEP)
    elif not settled and not _granted(place) and now < over:
        yield from _not_granted(place, now)
    yield from _early_end(place, now)
    yield from _confirmation(place)
    if settled:
        yield from _removal(place, now)


_LOOK_AT_SWEEP = "look at the runs of sweep; `jitbot audit verify --against-aws` says what AWS has now"


def _not_granted(place: Place, now: datetime) -> Iterator[Problem]:
    late = now > place.decided_at + GRANTED_WITHIN
    yield _tell(
        place,
        "no-outcome" if late else "outcome-due",
        Weight.BROKEN if late else Weight.NOTE,
        f"it was approved at {moments.show(place.decided_at)}, and nothing came of it",
        "look at the runs of grant: the ledger was cut short, or AWS refuses",
    )


def _early_end(place: Place, now: datetime) -> Iterator[Problem]:
    """Revoked or deleted while it ran: it must have ended soon after, whatever ended it."""
    due, end = place.ended_by, place.holding.end
    if due is None or not place.holding.granted:
        return
    granted = min(event.at for event in place.holding.granted)
    reached = min(now if end is None else end.at, place.term.window.expires_at)
    lag = reached - max(due, granted)
    if lag > ENDED_WITHIN:
        message = f"it was to end at {moments.show(due)}, and access went on for {duration.show(lag)}"
        yield _tell(place, "late-end", Weight.BROKEN, message, _LOOK_AT_SWEEP)


def _confirmation(place: Place) -> Iterator[Problem]:
    over = place.term.window.expires_at
    seen = [event.at for event in place.holding.expired if event.at >= over]
    lag = min(seen) - over if seen else timedelta()
    if lag > CONFIRMED_WITHIN:
        message = f"AWS refused from {moments.show(over)} on; that was confirmed {duration.show(lag)} later"
        yield _tell(place, "late-confirmation", Weight.BROKEN, message, _LOOK_AT_SWEEP)


def _removal(place: Place, now: datetime) -> Iterator[Problem]:
    over = place.term.window.expires_at
    may = over + iam.SESSION
    removed = [event.at for event in place.holding.removed if event.at >= over]
    lag = (min(removed) if removed else now) - may
    if lag <= REMOVED_WITHIN:
        return
    if removed:
        message = f"its role was removed {duration.show(lag)} later than it could be; it gave nothing"
        yield _tell(place, "late-removal", Weight.NOTE, message, _LOOK_AT_SWEEP)
    else:
        message = f"its role could be removed from {moments.show(may)} on, and no removal is recorded"
        yield _tell(place, "no-removal", Weight.BROKEN, message, _LOOK_AT_SWEEP)


def _granted(place: Place) -> bool:
    return place.holding.granted_for(place.term.commit) is not None


def _tell(place: Place, code: str, weight: Weight, message: str, hint: str) -> Problem:
    term = place.term
    who = f"{place.life.request} of {term.requester} in {place.documents.account}"
    return Problem(
        code=code,
        weight=weight,
        message=f"{who}: {message}",
        hint=hint,
        commit=term.commit,
        request=place.life.request,
    )
