"""Is what the ledger says of the use of grants plausible, and said by who may say it?

CloudTrail cannot be asked again after 90 days. So each event `used` is held against the ledger, and against itself.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from jitbot.domain.access.request_state import RequestState, fold_events
from jitbot.domain.audit.history.findings import AuditFinding
from jitbot.domain.audit.history.ledger_history import LedgerHistory, RecordedEvent
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.recorded_use import RecordedUse, Unseen, UseState, state_of
from jitbot.domain.text import timestamp

WORKFLOW = "audit.yml"  # the one whose role may ask CloudTrail
_LOOK = "find out which run recorded it; `jitbot audit sessions` asks CloudTrail again, for 90 days"
_DATA = frozenset({Unseen.DATA_EVENTS, Unseen.TRAIL_SELECTION})  # one of them is always out of sight


def problems(history: LedgerHistory) -> Iterator[AuditFinding]:
    """Everything wrong with what is recorded of the use of grants. A ledger without such events has nothing wrong."""
    events = [each for each in history.recorded if each.event.kind is EventType.USED]
    if not events:
        return
    granted: dict[tuple[str, str, str], list[RecordedEvent]] = {}
    for each in history.recorded:
        if each.event.kind is EventType.GRANTED:
            granted.setdefault(_about(each.event), []).append(each)
    states = fold_events(history.events)
    seen: set[tuple[str, str, str]] = set()
    for each in events:
        grants = [grant for grant in granted.get(_about(each.event), ()) if _before(grant, each)]
        for code, message in _of(each, grants, states, again=_about(each.event) in seen):
            yield each.subject.problem(code, message, _LOOK)
        seen.add(_about(each.event))


def _about(event: Event) -> tuple[str, str, str]:
    return event.request, event.account_id, event.commit


def _before(grant: RecordedEvent, used: RecordedEvent) -> bool:
    return grant.batch.order < used.batch.order and grant.event.role_name == used.event.role_name


def _of(
    used: RecordedEvent, grants: list[RecordedEvent], states: Mapping[str, RequestState], *, again: bool
) -> Iterator[tuple[str, str]]:
    event = used.event
    if not used.is_by(WORKFLOW):
        yield "use-by-another-workflow", "its use was recorded by another workflow than audit.yml"
    if again:
        yield "use-recorded-twice", "its use in this account is recorded twice"
    if not grants:
        yield "use-without-grant", "its use is recorded, and no such grant is recorded before it"
        return
    ends = [grant.event.window.expires_at for grant in grants if grant.event.window is not None]
    early = states[event.request].early_end(event.account_id)
    over_at = min([*ends, *([early] if early is not None else [])], default=event.at)
    if event.at < over_at:
        said = (
            f"its use was recorded at {timestamp.show(event.at)}, before its end at {timestamp.show(over_at)}"
        )
        yield "use-before-end", said
    begins = min(grant.event.at for grant in grants)
    for why in (*_time(event, begins, over_at), *_figures(event.evidence.use)):
        yield "use-implausible", f"its recorded use cannot be: {why}"


def _time(event: Event, granted_at: datetime, over_at: datetime) -> Iterator[str]:
    """What is wrong with the time that was asked about."""
    use = event.evidence.use
    old = any(unseen.what == Unseen.AGE for unseen in use.not_seen)
    if use.begins is None or use.ends is None:
        if use.entered is not None or not old:
            yield "it does not say which time it is about"
        return
    if use.begins > granted_at and not old:
        yield "it begins after the grant"
    if use.ends < min(over_at, event.at):
        yield "it leaves out the end of the grant"
    if use.ends > event.at:
        yield "it is about a time to come"


def _figures(use: RecordedUse) -> Iterator[str]:
    """Where the figures contradict each other."""
    numbers = (use.entered, use.denied, use.calls)
    times = (use.first_use, use.last_use)
    if any(number is not None and number < 0 for number in numbers):
        yield "a number is below zero"
    if use.state != (state := state_of(use.entered, use.not_seen)):
        yield f'it says "{use.state}", and its figures come to "{state}"'
    if not use.entered and (any(numbers[1:]) or any(each is not None for each in times)):
        yield "nobody entered, and something was called"
    if use.entered and any(each is None for each in times):
        yield "somebody entered at no time"
    if use.state == UseState.NEVER and not use.regions:
        yield "nobody entered, and no region was looked at"
    yield from _moments(use)
    yield from _sums(use)


def _moments(use: RecordedUse) -> Iterator[str]:
    known = [each for each in (use.begins, use.first_use, use.last_use, use.ends) if each is not None]
    if known != sorted(known):
        yield "its times are not in their order"


def _sums(use: RecordedUse) -> Iterator[str]:
    if (use.calls is None) is ("services" in use.json):
        yield "it counts calls, and no service, or the other way round"
    listed = sum(each.calls or 0 for each in use.services)
    if use.calls is not None and (listed > use.calls or (use.services_count is None and listed != use.calls)):
        yield "the calls of its services do not come to the sum"
    if any((each.denied or 0) > (each.calls or 0) for each in use.services):
        yield "more calls were denied than made"
    if use.not_seen_count is None and not any(unseen.what in _DATA for unseen in use.not_seen):
        yield "it does not say that data events are out of sight"
    if use.not_seen_count is not None and use.not_seen_count < len(use.not_seen):
        yield "more is out of sight than it counts"
