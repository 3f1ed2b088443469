"""Was it decided, granted, ended, confirmed and removed in time? One set of limits and one rule for every part of the audit.

AWS refuses from the recorded expiry on by itself; this is about the work of the runs. They are hourly at best, and
GitHub starts them late: so an early end, on which access hangs, is due within two hours, everything else within a day.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import AccountState
from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import Event
from jitbot.domain.model import duration, timestamp

DECIDED_WITHIN = timedelta(days=1)  # of the merge
GRANTED_WITHIN = timedelta(days=1)  # of the decision
ENDED_WITHIN = timedelta(
    hours=2
)  # of a revocation, a deletion, an offboarding: until then somebody has access
CONFIRMED_WITHIN = timedelta(days=1)  # of the expiry, after which nobody has any
REMOVED_WITHIN = timedelta(days=1)  # of the moment from which a role may be removed
NOTED = ("late-removal",)  # nobody had access meanwhile; everything else that is late is a broken promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happened of one grant in one account. None: it did not, or the record does not say."""

    over: datetime | None  # the expiry of the term that counts
    granted_at: datetime | None = None
    must_end_at: datetime | None = None  # when it was revoked, its file deleted, or its requester gone
    ended_at: datetime | None = None  # the early end that came first
    confirmed_at: datetime | None = None  # when the expiry was first seen to hold
    removed_at: datetime | None = None

    @property
    def settled_at(self) -> datetime | None:
        """When the end was recorded that only the removal follows."""
        return self.ended_at or self.confirmed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One thing that came late, or is. `code` is stable; `message` continues the name of the grant."""

    code: str
    message: str


def confirming(expired: Iterable[Event], over: datetime | None) -> Event | None:
    """The first record that the end at `over` was seen. Records of an earlier term's end do not count."""
    found = (
        each
        for each in expired
        if over is None or (each.window is not None and each.window.expires_at >= over)
    )
    return min(found, key=lambda each: each.at, default=None)


def removing(removed: Iterable[Event], over: datetime | None) -> Event | None:
    """The first removal recorded from `over` on."""
    return min(
        (each for each in removed if over is None or each.at >= over), key=lambda each: each.at, default=None
    )


def course_of(account_state: AccountState, *, over: datetime, must_end_at: datetime | None) -> Course:
    """The course of what is recorded in one account."""
    confirmed, removed = confirming(account_state.expired, over), removing(account_state.removed, over)
    return Course(
        over=over,
        granted_at=min((each.at for each in account_state.granted), default=None),
        must_end_at=must_end_at,
        ended_at=account_state.end.at if account_state.end is not None else None,
        confirmed_at=confirmed.at if confirmed is not None else None,
        removed_at=removed.at if removed is not None else None,
    )


def late(course: Course, now: datetime) -> Iterator[Late]:
    """Everything that came later than its limit, or did not come although its limit is over."""
    yield from _early_end(course, now)
    if course.over is not None:
        yield from _confirmation(course, course.over, now)
        yield from _removal(course, course.over + iam.SESSION, now)


def awaited(course: Course, now: datetime) -> str:
    """What is still to come, as long as nothing is late; empty if all has come."""
    over = course.over
    if course.settled_at is not None:
        return "" if course.removed_at is not None else "access ended; the role's removal is not due yet"
    if over is not None and now >= over:
        return f"over since {timestamp.show(over)}; the next sweep confirms it"
    if course.must_end_at is not None:
        return f"to end since {timestamp.show(course.must_end_at)}; the next sweep ends it"
    return "access is not over yet"


def _early_end(course: Course, now: datetime) -> Iterator[Late]:
    """Revoked, deleted or offboarded while it ran: it must have ended soon after, whatever ended it."""
    due, granted = course.must_end_at, course.granted_at
    if due is None or granted is None:
        return
    reached = now if course.ended_at is None else course.ended_at
    lag = min(reached, course.over or reached) - max(due, granted)
    if lag > ENDED_WITHIN:
        message = f"it was to end at {timestamp.show(due)}, and access went on for {duration.show(lag)}"
        yield Late(code="late-end", message=message)


def _confirmation(course: Course, over: datetime, now: datetime) -> Iterator[Late]:
    if course.settled_at is None:
        if now > over + CONFIRMED_WITHIN:
            yield Late(code="no-end", message=f"its end at {timestamp.show(over)} was never confirmed")
        return
    lag = course.settled_at - over
    if lag > CONFIRMED_WITHIN:
        message = f"AWS refused from {timestamp.show(over)} on; that was confirmed {duration.show(lag)} later"
        yield Late(code="late-confirmation", message=message)


def _removal(course: Course, may: datetime, now: datetime) -> Iterator[Late]:
    removed = course.removed_at
    lag = (removed or now) - may
    if course.settled_at is None or lag <= REMOVED_WITHIN:
        return
    if removed is not None:
        message = f"its role was removed {duration.show(lag)} later than it could be; it gave nothing"
        yield Late(code="late-removal", message=message)
    else:
        message = f"its role could be removed from {timestamp.show(may)} on, and no removal is recorded"
        yield Late(code="no-removal", message=message)
