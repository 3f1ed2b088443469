"""Four populations that auditors keep apart: who may ask, what was granted, what was used, and what is gone. And what is active."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.verify.grant_record import GrantOutcome, GrantRecord
from jitbot.domain.ledger.recorded_use import UseState
from jitbot.domain.text.amount import many


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveGrants:
    """The grants that gave access at one moment."""

    at: datetime
    records: tuple[GrantRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """One of the populations: how many, and between which of their dates. `not_known` may belong to it, or not.

    The dates are those of the first and of the last of them; None where there is none.
    """

    name: str
    count: int
    not_known: int
    begins: datetime | None
    ends: datetime | None
    means: str


def last_moment(end: datetime, now: datetime) -> datetime:
    """The last second of a period, or now, if it is not over."""
    return min(end - timedelta(seconds=1), now)


def active_at(records: Iterable[GrantRecord], at: datetime) -> ActiveGrants:
    """What gave access at that moment. A grant whose end is not recorded counts as active from its beginning on."""
    active = (
        record
        for record in records
        if record.held_from is not None
        and record.held_from <= at
        and (record.held_until is None or at < record.held_until)
    )
    return ActiveGrants(at=at, records=tuple(active))


def populations(
    records: Sequence[GrantRecord], entitlements: Sequence[Entitlement], at: datetime
) -> tuple[Population, ...]:
    """The populations of a period. `at` is the moment for which the entitlements are read."""
    given = [record for record in records if record.granted]
    used, never = _in_state(given, UseState.ENTERED), _in_state(given, UseState.NEVER)
    unseen = len(given) - len(used) - len(never)  # live ones among them, which may be used yet
    live = [record for record in given if record.outcome is GrantOutcome.LIVE]
    gone = [record for record in given if record.verified_absent and record.outcome is not GrantOutcome.LIVE]
    return (
        _eligible(entitlements, at),
        _row("granted", given, (each.granted_at for each in given), "Grants of this period: a role was made for them, in one account."),
        _row("used", used, _used(used), "Grants whose role was entered, as CloudTrail showed it after the end.", not_known=unseen),
        _row("never used", never, (each.held_until for each in never), "Grants that are over, and that nobody entered: all was looked at in which entering is recorded.", not_known=unseen),
        _row("gone", gone, (each.removed_at for each in gone), "Grants whose role was removed, and read back as absent.", not_known=len(given) - len(gone) - len(live)),
        _row("live", live, (each.granted_at for each in live), "Grants that were not over when this was judged."),
    )  # fmt: skip


def _eligible(entitlements: Sequence[Entitlement], at: datetime) -> Population:
    people = {login.casefold() for each in entitlements for login in each.eligible}
    unread = sum(not each.is_known for each in entitlements)
    means = f"People who may ask for something, by the {many(len(entitlements) - unread, 'policy', 'policies')} that can be read. Not known: policies that cannot."
    return Population(name="eligible", count=len(people), not_known=unread, begins=at, ends=at, means=means)


def _row(
    name: str,
    records: Sequence[GrantRecord],
    dates: Iterable[datetime | None],
    means: str,
    *,
    not_known: int = 0,
) -> Population:
    known = sorted(each for each in dates if each is not None)
    begins, ends = (known[0], known[-1]) if known else (None, None)
    return Population(
        name=name, count=len(records), not_known=not_known, begins=begins, ends=ends, means=means
    )


def _in_state(records: Iterable[GrantRecord], state: UseState) -> list[GrantRecord]:
    """The grants that are over and of whose use this is known."""
    over = (each for each in records if each.outcome is GrantOutcome.OVER)
    return [each for each in over if each.use is not None and each.use.state is state]


def _used(records: Iterable[GrantRecord]) -> Iterator[datetime | None]:
    for each in records:
        if each.use is not None:
            yield from (each.use.first, each.use.last)
