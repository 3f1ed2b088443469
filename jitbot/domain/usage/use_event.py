"""The event `used`: when CloudTrail is asked about a grant, what of its answer is recorded, and what the record says.

CloudTrail shows a call after some five minutes on average, which is not guaranteed:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
The event is recorded once, so the question waits: for one session length, since a session may live for so long after
the end, and then for `SETTLES`, many times the delay that AWS names.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws import iam
from jitbot.domain.aws.iam import Documents
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.recorded_use import (
    RecordedUnseen,
    RecordedUse,
    ServiceUse,
    Unseen,
    UseState,
    state_of,
)
from jitbot.domain.model.bounds import USE_SERVICES, USE_UNSEEN, cut
from jitbot.domain.model.documents import AccountId, Sha
from jitbot.domain.usage.role_usage import KEPT, LAG, Opening, Period, TrailCall, is_denial

SETTLES = timedelta(hours=2)
ASKED_FOR = timedelta(days=3)  # how long CloudTrail is asked again for what it refused or did not answer
ENTERING = "entering"
# What may be answered another day.
_AGAIN = frozenset({Unseen.REFUSED, Unseen.UNAVAILABLE, Unseen.REGIONS_UNKNOWN})
_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}", re.ASCII)
_OTHER = "other"  # a service by a name that no service has


@dataclass(frozen=True, slots=True, kw_only=True)
class DueUse:
    """A grant that is over, of which CloudTrail is to be asked. `period` is None if nothing of it is kept any more."""

    request: str
    granted: Event  # its last term, as it was read back
    documents: Documents
    over_at: datetime
    period: Period | None
    out_of_reach: tuple[RecordedUnseen, ...] = ()  # of its time, before anybody is asked

    def is_final(self, not_seen: Iterable[RecordedUnseen], now: datetime) -> bool:
        """Whether to record this now: another day would not show more, or has been waited for long enough."""
        late = now >= settled_at(self.over_at) + ASKED_FOR
        return late or not any(unseen.what in _AGAIN for unseen in not_seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenUse:
    """What CloudTrail, and a trail of one's own, showed of one role. `services` is None if no such trail answered."""

    openings: tuple[Opening, ...] = ()
    calls: tuple[TrailCall, ...] = ()
    services: tuple["ServiceCalls", ...] | None = None
    regions: tuple[str, ...] = ()  # that answered who entered; without one nobody knows
    call_regions: tuple[str, ...] = ()  # that answered what was called
    not_seen: tuple[RecordedUnseen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCalls:
    """The calls of one service with one error (or none) in a role's sessions, as a trail of one's own sums them."""

    service: str  # dynamodb.amazonaws.com
    error: str
    calls: int
    first: datetime
    last: datetime


def unseen(what: Unseen, *, where: str = "", why: str = "", about: str = ENTERING) -> RecordedUnseen:
    """One part that was out of sight."""
    pairs = [RecordedUnseen.what(what), RecordedUnseen.about(about)]
    pairs += [RecordedUnseen.where(where)] if where else []
    pairs += [RecordedUnseen.why(cut(why))] if why else []
    return RecordedUnseen.of(*pairs)


def settled_at(over_at: datetime) -> datetime:
    """From when on CloudTrail is asked about a grant that was over then."""
    return over_at + iam.SESSION + SETTLES


def due_uses(states: Iterable[RequestState], now: datetime) -> tuple[DueUse, ...]:
    """The grants to ask about now, those that ended first in front: over, settled, and not recorded for their last term."""
    found = (each for state in states for each in _of(state, now))
    return tuple(sorted(found, key=lambda each: (each.over_at, each.request, each.documents.account_id)))


def _of(state: RequestState, now: datetime) -> Iterable[DueUse]:
    for account_id, account_state in state.account_states.items():
        if not account_state.granted:
            continue
        granted, over_at = account_state.granted[-1], _end_of(state, account_id)
        recorded = {event.commit for event in account_state.used}
        if over_at is None or now < settled_at(over_at) or granted.commit in recorded:
            continue
        documents = next((each for each in granted.documents if each.account_id == account_id), None)
        if documents is not None:
            begins = min(event.at for event in account_state.granted)
            period, gone = _period(begins, over_at, now)
            yield DueUse(
                request=state.request,
                granted=granted,
                documents=documents,
                over_at=over_at,
                period=period,
                out_of_reach=gone,
            )


def _end_of(state: RequestState, account_id: AccountId) -> datetime | None:
    """When access in an account was over, or is planned to be; None if none is recorded as granted."""
    granted = state.account_state(account_id).granted
    planned = max((event.window.expires_at for event in granted if event.window), default=None)
    early = state.early_end(account_id)
    return planned if planned is None or early is None else min(planned, early)


def _period(
    begins: datetime, over_at: datetime, now: datetime
) -> tuple[Period | None, tuple[RecordedUnseen, ...]]:
    """When the role could be used, as far as CloudTrail keeps it, and what it keeps no more."""
    start, end = begins - LAG, over_at + iam.SESSION
    oldest = now - KEPT
    if start >= oldest:
        return Period(start=start, end=end), ()
    gone = unseen(Unseen.AGE, where="CloudTrail's event history")
    return (Period(start=oldest, end=end) if end > oldest else None), (gone,)


def used_event(due: DueUse, seen: SeenUse, *, now: datetime, run: str) -> Event:
    """The event of what was seen."""
    return Event(
        kind=EventType.USED,
        at=now,
        request=due.request,
        commit=due.granted.commit,
        account=due.documents.account,
        account_id=due.documents.account_id,
        role_name=due.documents.role_name,
        evidence=Evidence.of(Evidence.use(_recorded(due, seen))),
        run=run,
    )


def _recorded(due: DueUse, seen: SeenUse) -> RecordedUse:
    period = due.period
    openings = [each for each in seen.openings if _within(period, each.at)]
    calls = [each for each in seen.calls if _within(period, each.at)]
    services = [each for each in seen.services or () if _within(period, each.first, each.last)]
    times = [*(each.at for each in openings), *(each.at for each in calls)]
    times += [moment for each in services for moment in (each.first, each.last)]
    entered = max(len(openings), 1 if times else 0) if seen.regions or times else None
    not_seen = _distinct((*due.out_of_reach, *seen.not_seen))
    denied = max(
        sum(is_denial(each.error) for each in calls),
        sum(each.calls for each in services if is_denial(each.error)),
    )
    pairs = [
        RecordedUse.state(state_of(entered, not_seen)),
        RecordedUse.begins(period.start if period else None),
        RecordedUse.ends(period.end if period else None),
        RecordedUse.regions(seen.regions),
        RecordedUse.call_regions(seen.call_regions),
        RecordedUse.entered(entered),
        RecordedUse.first_use(min(times, default=None)),
        RecordedUse.last_use(max(times, default=None)),
        RecordedUse.denied(denied if _looked(entered, seen) else None),
        *(_services(services) if seen.services is not None else ()),
        RecordedUse.not_seen(_first(not_seen)),
        *([RecordedUse.not_seen_count(len(not_seen))] if len(not_seen) > USE_UNSEEN else []),
    ]
    return RecordedUse.of(*pairs)


def _looked(entered: int | None, seen: SeenUse) -> bool:
    """Whether anybody could look at what was called: what nobody could look at is not zero."""
    return entered == 0 or bool(seen.call_regions) or seen.services is not None


def _distinct(not_seen: Iterable[RecordedUnseen]) -> tuple[RecordedUnseen, ...]:
    """Each part once, in their order."""
    return tuple({json.dumps(each.json, sort_keys=True): each for each in not_seen}.values())


def _within(period: Period | None, *moments: datetime) -> bool:
    """Whether an answer lies in the time that was asked about: any other is none."""
    return period is not None and period.start <= min(moments) and max(moments) <= period.end


def _first(not_seen: Iterable[RecordedUnseen]) -> tuple[RecordedUnseen, ...]:
    """Those that are recorded; what hides that the role was entered comes first, so that no other pushes it out."""
    return tuple(sorted(not_seen, key=lambda each: not each.hides_entering)[:USE_UNSEEN])


def _services(services: Iterable[ServiceCalls]) -> Iterable[tuple[str, object]]:
    """The calls by service, the most used first."""
    sums: dict[str, tuple[int, int]] = {}
    for each in services:
        name = each.service if _SERVICE.fullmatch(each.service) else _OTHER
        calls, denied = sums.get(name, (0, 0))
        sums[name] = (calls + each.calls, denied + (each.calls if is_denial(each.error) else 0))
    listed = sorted(sums.items(), key=lambda each: (-each[1][0], each[0]))
    yield RecordedUse.calls(sum(calls for calls, _ in sums.values()))
    yield RecordedUse.services(
        ServiceUse.of(ServiceUse.service(name), ServiceUse.calls(calls), ServiceUse.denied(denied))
        for name, (calls, denied) in listed[:USE_SERVICES]
    )
    if len(listed) > USE_SERVICES:
        yield RecordedUse.services_count(len(listed))


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantUse:
    """The use of one grant, as the record has it. What was out of sight stays unknown: None is never zero.

    `entered`, `denied` and `calls` are at least so many.
    """

    state: UseState
    at: datetime  # when CloudTrail was asked
    entered: int | None = None
    first: datetime | None = None
    last: datetime | None = None
    denied: int | None = None
    calls: int | None = None
    services: tuple[ServiceUse, ...] = ()
    regions: tuple[str, ...] = ()
    not_seen: tuple[RecordedUnseen, ...] = ()
    run: str = ""

    @property
    def whole(self) -> bool:
        """Whether everything was looked at in which entering is recorded: then `entered` is all there was."""
        return not any(each.hides_entering for each in self.not_seen)


def use_of(events: Iterable[Event], term: Sha | None) -> GrantUse | None:
    """What the events `used` of one grant say of it; None if there are none. `term` is the merge of its last term.

    Without an event for that term, as after an extension that was decided late, the rest is unseen. The recorded state
    is not believed: it is what the recorded facts come to.
    """
    event = max(events, key=lambda each: (each.commit == term, each.at, each.key), default=None)
    if event is None:
        return None
    use = event.evidence.use
    later = (unseen(Unseen.LATER),) if term is not None and event.commit != term else ()
    gone = (unseen(Unseen.AGE),) if use.begins is None or use.ends is None else ()
    not_seen = _distinct((*use.not_seen, *later, *gone))
    state = state_of(use.entered, not_seen)
    known = state is not UseState.NOT_SEEN
    return GrantUse(
        state=state,
        at=event.at,
        entered=use.entered if known else None,
        first=use.first_use,
        last=use.last_use,
        denied=use.denied if known else None,
        calls=use.calls if known else None,
        services=use.services if known else (),
        regions=use.regions or (),
        not_seen=not_seen,
        run=event.run,
    )


def last_term(granted: Iterable[Event]) -> Sha | None:
    """The merge of the term that ends last, of those that were granted."""
    ends = [(event.window.expires_at, event.commit) for event in granted if event.window is not None]
    return max(ends)[1] if ends else None
