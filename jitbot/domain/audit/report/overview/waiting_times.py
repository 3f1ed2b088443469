"""How long people waited, as medians: from asked to approved, from approved to live. Of a policy, and never of a person."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median

from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.text import duration

FEWEST = 5  # requests that a median needs
MOST = Fraction(3, 4)  # of them may be one person's
WITHHELD = "not shown: few requests, or one person's"
NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """One approved request: when it was asked for, approved and live. None is not known, or not so.

    It was approved when the last approval that counted was given, and live when the last of its accounts had its role.
    `by_owners` is False of break-glass, which nobody approves before.
    """

    requester: str
    approver: str
    by_owners: bool
    asked_at: datetime | None
    approved_at: datetime | None
    live_at: datetime | None

    @property
    def to_approved(self) -> timedelta | None:
        """From asked to approved."""
        return _between(self.asked_at, self.approved_at)

    @property
    def to_live(self) -> timedelta | None:
        """From approved to live."""
        return _between(self.approved_at, self.live_at)

    @property
    def in_all(self) -> timedelta | None:
        """From asked to live."""
        return _between(self.asked_at, self.live_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class MedianTime:
    """The median of the `known` times of so many requests. None if it is withheld, or nothing is known."""

    seconds: int | None
    known: int
    requests: int
    withheld: bool

    @property
    def in_words(self) -> str:
        """`12m of 40`, and how many are not known; or why there is no median."""
        if not self.requests:
            return ""
        if self.seconds is None:
            return WITHHELD if self.withheld else NOT_KNOWN
        unknown = f", {self.requests - self.known:,} not known" if self.known < self.requests else ""
        return f"{short(self.seconds)} ({self.known:,}{unknown})"


def short(seconds: int) -> str:
    """A length of time for people: whole minutes, and seconds where it is less than one."""
    return duration.show(timedelta(seconds=seconds)) if seconds >= 60 else f"{seconds}s"


def waited(records: Iterable[GrantRecord]) -> tuple[Waited, ...]:
    """The approved requests among these items, each once."""
    requests: dict[str, list[GrantRecord]] = {}
    for record in records:
        if record.request and any(each.kind == "approved" for each in record.decisions):
            requests.setdefault(record.request, []).append(record)
    return tuple(_waited(items) for items in requests.values())


def _waited(items: Sequence[GrantRecord]) -> Waited:
    first = next(each for each in items[0].decisions if each.kind == "approved")
    last = first.last_approval
    live = [each.granted_at for each in items if each.granted_at is not None]
    return Waited(
        requester=items[0].requester.casefold(),
        approver=last.login.casefold() if last is not None else "",
        by_owners=first.required != 0,
        asked_at=first.requested_at,
        approved_at=last.submitted_at if last is not None else None,
        live_at=max(live) if len(live) == len(items) else None,
    )


def median_of(requests: Sequence[Waited], length: Callable[[Waited], timedelta | None]) -> MedianTime:
    """The median over these requests. It is withheld where it would be a figure of one person.

    That is so for few requests, and where more than three in four were asked for by one person, or approved by one: then the
    median shows how long that person takes or waits.
    """
    found = [(each, time) for each in requests if (time := length(each)) is not None]
    known = [each for each, _ in found]
    asked, approved = [each.requester for each in known], [each.approver for each in known if each.by_owners]
    alone = len(known) < FEWEST or _mostly_one(asked) or _mostly_one(approved)
    seconds = None if alone else int(median(time.total_seconds() for _, time in found))
    return MedianTime(
        seconds=seconds, known=len(known), requests=len(requests), withheld=bool(known) and alone
    )


def _mostly_one(names: Iterable[str]) -> bool:
    """Whether more than three in four are the same; one that is not known is nobody's."""
    counts = Counter(name for name in names if name)
    return bool(counts) and max(counts.values()) > counts.total() * MOST


def _between(begin: datetime | None, end: datetime | None) -> timedelta | None:
    """None where one is not known, or they contradict each other: no time runs backwards."""
    if begin is None or end is None or end < begin:
        return None
    return end - begin
