"""What is recorded of a grant's use is never more than AWS showed, whatever AWS shows, refuses, or breaks off."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from acme_facts import HOUR, MINUTE, NOW, PATH, sha
from audit_facts import a_ledger, a_recorded
from builders import an_approval, an_outcome, the_documents
from hypothesis import given
from hypothesis import strategies as st
from use_facts import ASKED_AT, DAY, a_call, a_due_use, a_sum, an_opening

from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.verify.use_checks import problems
from jitbot.domain.ledger.batches import Doubt
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.recorded_use import Unseen, UseState
from jitbot.domain.model.bounds import USE_SESSIONS
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, JitbotError, TooMuchError, UnavailableError
from jitbot.domain.usage.role_usage import Opening, Period, TrailCall, is_denial
from jitbot.domain.usage.use_event import ServiceCalls, unseen, use_of
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.usage import record_use as module
from jitbot.usecases.usage.record_use import _Asking, _due

EVERYWHERE = ("ap-south-1", "eu-central-1", "eu-west-1", "us-east-1")
ROLE = the_documents().role_arn
LATER = ASKED_AT + 4 * DAY  # nobody waits any longer
Error = JitbotError | None


@dataclass(kw_only=True)
class Region:
    """One region's event history in memory: what it holds, and after how many answers it fails."""

    openings: list[Opening] = field(default_factory=list)
    calls_made: list[TrailCall] = field(default_factory=list)
    error: Error = None
    after: int = 0
    call_error: Error = None
    asked: list[str] = field(default_factory=list)

    def openings_of(self) -> Iterator[Opening]:
        """The first few, then the error."""
        shown = self.openings if self.error is None else self.openings[: self.after]
        yield from shown
        if self.error is not None:
            raise self.error


@dataclass(kw_only=True)
class _OneTrail:
    region: Region

    def openings(self, role_arn: str, _: Period) -> Iterator[Opening]:
        assert role_arn == ROLE
        return self.region.openings_of()

    def calls(self, opening: Opening, role_arn: str, _: Period) -> Iterator[TrailCall]:
        assert role_arn == ROLE
        self.region.asked.append(opening.key)
        yield from self.region.calls_made
        if self.region.call_error is not None:
            raise self.region.call_error


@dataclass(kw_only=True)
class Memory:
    """The port Trails in memory."""

    by_region: dict[str, Region]
    listing: Error = None
    entering: Error = None
    entered: int = 0  # how often that was tried

    def of(self, _: AccountId, region: str) -> _OneTrail:
        """A region's history; of an account that cannot be entered none."""
        self.entered += 1
        if self.entering is not None:
            raise self.entering
        return _OneTrail(region=self.by_region[region])

    def regions(self, _: AccountId) -> tuple[str, ...]:
        """All of them, unless AWS does not say."""
        if self.listing is not None:
            raise self.listing
        return tuple(self.by_region)

    def spent(self) -> bool:
        """There is always more time in memory."""
        return False


@dataclass(kw_only=True)
class Log:
    """The port CallLog in memory."""

    sums: Mapping[str, tuple[ServiceCalls, ...]] = field(default_factory=dict)
    error: Error = None
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def calls_of(
        self, account_id: AccountId, role_arns: Sequence[str], _: Period
    ) -> Mapping[str, tuple[ServiceCalls, ...]]:
        """The sums, or the error."""
        self.asked.append((account_id, tuple(role_arns)))
        if self.error is not None:
            raise self.error
        return self.sums


def asking(trails: Memory, log: Log | None = None, at: Any = LATER) -> _Asking:
    """A run that asks these."""
    context = SimpleNamespace(say=lambda _: None, run=SimpleNamespace(url="run"))
    return _Asking(context=cast("Context", context), trails=trails, call_log=log, at=at)


def recorded(trails: Memory, log: Log | None = None, *, named: str = "") -> Event:
    """The event of alice's grant, by what these answer, once nobody waits any longer. Its policy may name a region."""
    due = a_due_use(now=LATER)
    if named:
        allowed = {"Effect": "Allow", "Resource": [f"arn:aws:dynamodb:{named}:111111111111:table/orders"]}
        due = replace(due, documents=replace(due.documents, permission_policy={"Statement": [allowed]}))
    (event,), waiting = asking(trails, log).of([due])
    assert waiting == ()
    return event


def quiet(**regions: Region) -> Memory:
    """Regions in which nobody did anything, with these changes; `_` stands for `-` in their names."""
    changes = {name.replace("_", "-"): region for name, region in regions.items()}
    return Memory(by_region={name: changes.get(name, Region()) for name in EVERYWHERE})


errors = st.sampled_from(
    [None, None, DeniedError("AWS would not"), UnavailableError("no answer"), TooMuchError("too much")]
)
moments = st.integers(0, 150).map(lambda minutes: NOW + minutes * MINUTE)


@st.composite
def regions(draw: st.DrawFn, name: str) -> Region:
    """What one region may hold and answer."""
    openings = [
        an_opening(
            at=at, region=name, event_id=f"{name}{number}", key=draw(st.sampled_from(["", f"K{number}"]))
        )
        for number, at in enumerate(draw(st.lists(moments, max_size=3)))
    ]
    calls = [
        a_call(event_id=f"{name}c{number}", at=at, error=draw(st.sampled_from(["", "AccessDenied"])))
        for number, at in enumerate(draw(st.lists(moments, max_size=3)))
    ]
    after = draw(st.integers(0, 3))
    return Region(
        openings=openings, calls_made=calls, error=draw(errors), after=after, call_error=draw(errors)
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Memory, Log | None]:
    """Everything that AWS may hold and answer, at once."""
    by_region = {name: draw(regions(name)) for name in EVERYWHERE}
    entered = any(region.openings for region in by_region.values())
    for region in by_region.values():  # nobody calls without having entered
        region.calls_made = region.calls_made if entered else []
    memory = Memory(by_region=by_region, listing=draw(errors), entering=draw(errors))
    sums = {ROLE: (a_sum(), a_sum("s3.amazonaws.com", 2, "AccessDenied"))} if entered else {}
    log = draw(
        st.sampled_from(
            [None, Log(sums=sums), Log(error=DeniedError("no")), Log(error=UnavailableError("?"))]
        )
    )
    return memory, log


@given(worlds())
def test_the_record_never_says_more_than_was_there(world: tuple[Memory, Log | None]) -> None:
    """An unknown never becomes a no, or a zero; a number is at least, and exact where all was in sight."""
    memory, log = world
    event = recorded(memory, log)
    use = use_of([event], event.commit)
    assert use is not None
    true = sum(len(region.openings) for region in memory.by_region.values())
    calls = [call for region in memory.by_region.values() for call in region.calls_made]
    if use.state is UseState.NEVER:
        assert true == 0
        assert use.whole
    elif use.state is UseState.NOT_SEEN:
        assert (use.entered, use.denied, use.calls, use.services) == (None, None, None, ())
        assert not use.whole
    else:
        assert 1 <= (use.entered or 0) <= true
    assert not use.whole or use.entered == true
    denied_at_most = sum(is_denial(call.error) for call in calls) + 2
    assert use.denied is None or use.denied <= denied_at_most
    if (
        memory.entering is None
        and memory.listing is None
        and true
        and not any(region.error for region in memory.by_region.values())
    ):
        assert use.entered == true
    assert list(problems(ledger(event))) == []


def ledger(used: Event) -> LedgerHistory:
    """The ledger with this use, recorded by the audit."""
    workflow = "acme/access/.github/workflows/audit.yml@refs/heads/main"
    events = (an_approval(), an_outcome(EventType.GRANTED), used)
    return a_ledger(*(a_recorded(event, order, workflow=workflow) for order, event in enumerate(events)))


def test_entering_is_looked_for_in_every_region() -> None:
    """Also where the policy allows nothing: the endpoint of STS is the person's choice."""
    entered = Region(openings=[an_opening(region="ap-south-1")])
    event = recorded(quiet(ap_south_1=entered), named="eu-west-1")
    assert event.evidence.use.state == "entered"
    assert event.evidence.use.regions == EVERYWHERE
    assert event.evidence.use.call_regions == ("ap-south-1", "eu-west-1", "us-east-1")
    assert [each.what for each in event.evidence.use.not_seen] == ["other-regions", "data-events"]
    assert recorded(quiet(ap_south_1=entered)).evidence.use.call_regions == EVERYWHERE


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (DeniedError("no"), Unseen.REFUSED),
        (UnavailableError("?"), Unseen.UNAVAILABLE),
        (TooMuchError("much"), Unseen.TOO_MUCH),
    ],
)
def test_one_silent_region_is_enough_not_to_know(error: JitbotError, what: Unseen) -> None:
    """In it somebody may have entered."""
    event = recorded(quiet(eu_central_1=Region(error=error)))
    assert event.evidence.use.state == "not seen"
    (first, _) = event.evidence.use.not_seen
    assert (first.what, first.where, first.why) == (what, "eu-central-1", str(error))
    assert ("eu-central-1" in (event.evidence.use.regions or ())) == isinstance(error, TooMuchError)


def test_unknown_regions_are_not_never() -> None:
    """AWS does not list them: those that the policy names are asked, and that is not all."""
    memory = replace(quiet(), listing=DeniedError("no"))
    use = recorded(memory, named="eu-west-1").evidence.use
    assert (use.state, use.regions) == ("not seen", ("eu-west-1", "us-east-1"))
    assert recorded(memory).evidence.use.regions == ("us-east-1",)
    memory.by_region["eu-west-1"].openings = [an_opening()]
    assert recorded(memory, named="eu-west-1").evidence.use.state == "entered"


def test_many_sessions_are_asked_about_so_far() -> None:
    """The rest is said to be out of sight; how often it was entered is known all the same."""
    openings = [an_opening(number, session=f"s{number}") for number in range(USE_SESSIONS)]
    memory = quiet(eu_west_1=Region(openings=openings))
    use = recorded(memory).evidence.use
    assert (use.entered, use.not_seen[0].where) == (USE_SESSIONS, "sessions")
    assert len(memory.by_region["eu-west-1"].asked) == USE_SESSIONS


def test_keys_and_names_of_sessions_are_both_asked() -> None:
    """A federated console has another key than its sign-in: its calls are found by the session's name."""
    memory = quiet(eu_west_1=Region(openings=[an_opening(key="ASIA1"), an_opening(2, key="")]))
    recorded(memory)
    assert memory.by_region["eu-west-1"].asked == ["ASIA1", ""]


def test_a_trail_of_ones_own_is_asked_once_for_each_account() -> None:
    """For all grants of it together; its silence costs nothing of what the event history shows."""
    log = Log(sums={ROLE: (a_sum(),)})
    one = recorded(quiet(eu_west_1=Region(openings=[an_opening()])), log)
    assert (one.evidence.use.calls, log.asked) == (3, [("111111111111", (ROLE,))])
    assert [each.what for each in one.evidence.use.not_seen] == ["trail-selection"]
    silent = recorded(quiet(eu_west_1=Region(openings=[an_opening()])), Log(error=DeniedError("no")))
    use = silent.evidence.use
    assert (use.state, use.calls) == ("entered", None)
    assert {each.what for each in use.not_seen} == {"refused", "data-events"}


def test_a_role_that_no_trail_mentions_called_nothing_there() -> None:
    """An answer without it is an answer: zero calls, as far as the trail was set to record."""
    use = recorded(quiet(), Log()).evidence.use
    assert (use.state, use.calls) == ("never entered", 0)


def test_a_grant_too_old_is_asked_of_nobody() -> None:
    """Neither of CloudTrail nor of a trail of one's own: what is not asked is not zero."""
    log, memory = Log(), quiet()
    (event,), _ = asking(memory, log, at=NOW + 200 * DAY).of([a_due_use(now=NOW + 200 * DAY)])
    assert (event.evidence.use.state, event.evidence.use.calls) == ("not seen", None)
    assert (log.asked, memory.entered) == ([], 0)


def test_an_account_that_cannot_be_entered() -> None:
    """Is one reason, not one for each region; and it is waited for."""
    memory = replace(quiet(), listing=UnavailableError("?"), entering=DeniedError("keys"))
    assert [each.where for each in recorded(memory).evidence.use.not_seen][:2] == ["", "the account"]
    events, (waits,) = asking(memory, at=ASKED_AT).of([a_due_use()])
    assert events == []
    assert (waits.code, "not known yet" in waits.message) == ("use-not-recorded", True)


def test_the_regions_of_an_account_are_listed_once() -> None:
    """For all of its grants; where nobody entered no calls are looked for."""
    memory = quiet()
    listed: list[AccountId] = []
    memory.regions = lambda each: listed.append(each) or EVERYWHERE  # type: ignore[assignment,func-returns-value,method-assign]
    due = a_due_use()
    events, _ = asking(memory).of([due, replace(due, request="requests/x/y")])
    assert (len(events), len(listed)) == (2, 1)
    assert {each.evidence.use.call_regions for each in events} <= {(), None}


def test_a_grant_that_waits_says_why() -> None:
    """The first reason that there is, or that there is none."""
    due, other = a_due_use(), unseen(Unseen.DATA_EVENTS)
    said = module._asked_again(due, [other, unseen(Unseen.REFUSED, why="no key"), other]).message
    assert said.endswith("is not known yet: no key")
    assert module._asked_again(due, [other]).message.endswith("is not known yet: AWS does not answer")


def test_an_account_that_is_shut_is_tried_once() -> None:
    """All of its grants wait for the same reason, and none of them for a call of its own."""
    memory = replace(quiet(), entering=UnavailableError("?"))
    due = a_due_use()
    events, waiting = asking(memory, at=ASKED_AT).of([due, replace(due, request="requests/x/y")])
    assert (events, len(waiting), memory.entered) == ([], 2, 1)


def test_a_request_in_doubt_waits() -> None:
    """An event of it that cannot be read may extend it, or be its use."""
    events = (an_approval(), an_outcome(EventType.GRANTED))
    view = LedgerView(head=sha("h"), main=sha("m"), events=events, ignored=(), doubt="", signers={})
    assert [each.request for each in _due(view, ASKED_AT)] == [PATH]
    assert _due(replace(view, in_doubt=Doubt(requests=frozenset([PATH]))), ASKED_AT) == ()


def test_ends_come_first() -> None:
    """What was over first is asked about first: it is forgotten first."""
    late = an_approval(request="requests/orders-db-read/2026-11/24-alice-late.yaml")
    granted = an_outcome(EventType.GRANTED, request=late.request, at=NOW + HOUR)
    early = (an_approval(), an_outcome(EventType.GRANTED))
    ended = an_outcome(EventType.ENDED, why="released", at=NOW + 30 * MINUTE)
    view = LedgerView(
        head=sha("h"), main=sha("m"), events=(late, granted, *early, ended), ignored=(), doubt="", signers={}
    )
    assert [each.request for each in _due(view, LATER)] == [PATH, late.request]
