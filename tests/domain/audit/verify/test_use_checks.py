"""What a ledger may not say of the use of a grant: each way to lie about it is found, and the truth never is."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, NOW, SECOND, sha
from audit_facts import a_ledger, a_recorded
from builders import a_revocation, an_approval, an_outcome
from hypothesis import given
from hypothesis import strategies as st
from use_facts import (
    ASKED_AT,
    DATA,
    REFUSED,
    REGIONS,
    UNUSED,
    a_call,
    a_due_use,
    a_seen_use,
    a_sum,
    a_used_event,
    an_opening,
)

from jitbot.domain.audit.verify.use_checks import problems
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.recorded_use import CALLS, RecordedUnseen, Unseen
from jitbot.domain.text import timestamp
from jitbot.domain.usage.role_usage import KEPT
from jitbot.domain.usage.use_event import SeenUse, unseen, used_event

AUDIT = "acme/access/.github/workflows/audit.yml@refs/heads/main"
APPROVED, GRANTED = an_approval(), an_outcome(EventType.GRANTED)


def found(*events: Event, workflow: str = AUDIT) -> list[tuple[str, str]]:
    """What is wrong with a ledger of these events, each in a batch of its own: the code, and the words after the name."""
    return found_in(*enumerate(events), workflow=workflow)


def found_in(*events: tuple[int, Event], workflow: str = AUDIT) -> list[tuple[str, str]]:
    """The same, with each event in the batch of this number."""
    history = a_ledger(*(a_recorded(event, order, workflow=workflow) for order, event in events))
    return [(each.code, each.message.rpartition(": ")[2]) for each in problems(history)]


def lies(seen: SeenUse | None = None, **changes: Any) -> list[tuple[str, str]]:
    """What is found of a true record whose use says something else."""
    return found(APPROVED, GRANTED, a_used_event(seen, **changes))


TRUE = (
    a_seen_use(),
    a_seen_use(calls=(a_call(error="AccessDenied"),)),
    a_seen_use(calls=(), call_regions=()),
    a_seen_use(not_seen=(REFUSED, DATA)),
    a_seen_use(services=(a_sum(), a_sum("s3.amazonaws.com", 1, "AccessDenied")), not_seen=(unseen(Unseen.TRAIL_SELECTION, about=CALLS),)),
    a_seen_use(not_seen=(*(unseen(Unseen.UNAVAILABLE, where=f"eu-west-{n}") for n in range(99)), DATA)),
    UNUSED,
    replace(UNUSED, not_seen=(REFUSED, DATA)),
    SeenUse(not_seen=(REFUSED, DATA)),
)  # fmt: skip


@pytest.mark.parametrize("seen", TRUE)
def test_the_truth_is_not_objected_to(seen: SeenUse) -> None:
    """Whatever CloudTrail showed, or did not."""
    assert lies(seen) == []


def test_a_ledger_without_uses_has_nothing_wrong() -> None:
    """An older jitbot recorded none."""
    assert found(APPROVED, GRANTED) == []


def test_what_was_gone_when_it_was_asked_is_the_truth_too() -> None:
    """Partly or wholly older than CloudTrail keeps."""
    for now, seen in ((NOW + KEPT, UNUSED), (NOW + 2 * KEPT, SeenUse(not_seen=(DATA,)))):
        assert found(APPROVED, GRANTED, used_event(a_due_use(now=now), seen, now=now, run="")) == []


def test_an_early_end_is_an_end() -> None:
    """A use that was asked after it is in time, and one before it is not."""
    revoked = a_revocation(at=NOW + 30 * MINUTE)
    due = a_due_use(APPROVED, GRANTED, revoked, now=NOW + 4 * HOUR)
    true = used_event(due, UNUSED, now=NOW + 4 * HOUR, run="")
    assert found(APPROVED, GRANTED, revoked, true) == []
    early = replace(true, at=NOW + 29 * MINUTE)
    assert ("use-before-end", "00Z") in [
        (code, said[-3:]) for code, said in found(APPROVED, GRANTED, revoked, early)
    ]


@pytest.mark.parametrize("workflow", ["grant", "sweep", "revoke"])
def test_another_workflow_may_not_say_it(workflow: str) -> None:
    """Its role cannot ask CloudTrail, so it cannot know."""
    other = AUDIT.replace("audit.yml", f"{workflow}.yml")
    assert [code for code, _ in found(APPROVED, GRANTED, a_used_event(), workflow=other)] == [
        "use-by-another-workflow"
    ]


def test_a_use_of_no_grant() -> None:
    """Of another merge, account, role or request; or recorded before the grant."""
    used = a_used_event()
    for wrong in (
        replace(used, commit=sha("another")),
        replace(used, account_id="012345670123"),  # type: ignore[arg-type]
        replace(used, role_name="jit-mallory"),
        replace(used, request="requests/orders-db-read/2026-11/24-alice-other.yaml"),
    ):
        assert [code for code, _ in found(APPROVED, GRANTED, wrong)] == ["use-without-grant"]
    assert [code for code, _ in found(APPROVED, used, GRANTED)] == ["use-without-grant"]


def test_only_a_grant_recorded_before_is_one() -> None:
    """Neither its end nor what the same batch brings is. Where a grant has no window, its end is not known before its use is recorded."""
    used = a_used_event()
    assert [code for code, _ in found(APPROVED, an_outcome(EventType.ENDED), used)] == ["use-without-grant"]
    assert [code for code, _ in found_in((0, APPROVED), (1, GRANTED), (1, used))] == ["use-without-grant"]
    bare = found(APPROVED, replace(GRANTED, window=None), used)
    assert bare == [("use-implausible", "it leaves out the end of the grant")]


def test_the_very_second_is_in_time() -> None:
    """Asked about from its grant until its end, and recorded at its end: nothing is left out, and nothing is to come."""
    times: dict[str, Any] = {"from": timestamp.show(GRANTED.at), "until": timestamp.show(EXPIRES_AT)}
    assert found(APPROVED, GRANTED, replace(a_used_event(**times), at=EXPIRES_AT)) == []


def test_what_is_too_old_to_be_seen_may_begin_late() -> None:
    """CloudTrail keeps no more. But whoever was seen was seen in some time, and that is told."""
    old = replace(a_seen_use(), not_seen=(DATA, unseen(Unseen.AGE)))
    assert lies(old, **{"from": "2026-11-24T09:02:01Z"}) == []
    assert ("use-implausible", "it does not say which time it is about") in lies(old, **{"from": None})


def test_services_that_are_not_all_listed_may_come_to_less() -> None:
    """But never to more; and one whose calls were not counted adds none."""
    seen = a_seen_use(services=(a_sum(),))
    assert lies(seen, services_count=40, calls=10) == []
    too_much = ("use-implausible", "the calls of its services do not come to the sum")
    assert lies(seen, services_count=40, calls=2) == [too_much]
    assert lies(seen, services=[{"service": "s3"}], calls=0) == []
    more = ("use-implausible", "more calls were denied than made")
    assert lies(seen, services=[{"service": "s3", "denied": 1}], calls=0) == [more]


def test_what_is_out_of_sight_may_be_counted_although_all_is_listed() -> None:
    """As many as there are."""
    assert lies(not_seen_count=1) == []


def test_a_second_use() -> None:
    """Another event of the same term, whatever it says."""
    again = replace(a_used_event(UNUSED), at=ASKED_AT + HOUR, cause="again")
    assert [code for code, _ in found(APPROVED, GRANTED, a_used_event(), again)] == ["use-recorded-twice"]


@pytest.mark.parametrize("at", [EXPIRES_AT - SECOND, NOW + 20 * MINUTE])
def test_a_use_of_a_live_grant(at: datetime) -> None:
    """It could still be used afterwards."""
    codes = [code for code, _ in found(APPROVED, GRANTED, replace(a_used_event(), at=at))]
    assert "use-before-end" in codes


DATA_JSON, REFUSED_JSON = dict(DATA.json), dict(REFUSED.json)
LIES: tuple[tuple[SeenUse | None, dict[str, Any], str], ...] = (
    (None, {"state": "never entered"}, 'it says "never entered", and its figures come to "entered"'),
    (None, {"state": "not seen"}, 'it says "not seen", and its figures come to "entered"'),
    (None, {"state": "a newer word"}, 'it says "a newer word", and its figures come to "entered"'),
    (None, {"entered": 0, "state": "never entered"}, "nobody entered, and something was called"),
    (None, {"entered": None, "state": "not seen"}, "nobody entered, and something was called"),
    (None, {"entered": -1, "state": "not seen"}, "a number is below zero"),
    (None, {"denied": -1}, "a number is below zero"),
    (None, {"first_use": None}, "somebody entered at no time"),
    (None, {"last_use": None}, "somebody entered at no time"),
    (None, {"first_use": "2026-11-24T10:00:00Z"}, "its times are not in their order"),
    (None, {"first_use": "2026-11-24T08:00:00Z"}, "its times are not in their order"),
    (None, {"last_use": "2026-11-24T13:00:00Z"}, "its times are not in their order"),
    (None, {"not_seen": []}, "it does not say that data events are out of sight"),
    (None, {"not_seen": [REFUSED_JSON]}, "it does not say that data events are out of sight"),
    (None, {"not_seen_count": 0}, "more is out of sight than it counts"),
    (None, {"calls": 3}, "it counts calls, and no service, or the other way round"),
    (None, {"services": []}, "it counts calls, and no service, or the other way round"),
    (a_seen_use(services=(a_sum(),)), {"calls": 2}, "the calls of its services do not come to the sum"),
    (a_seen_use(services=(a_sum(),)), {"calls": 4}, "the calls of its services do not come to the sum"),
    (a_seen_use(services=(a_sum(),)), {"services": [{"service": "s3", "calls": 3, "denied": 4}]}, "more calls were denied than made"),
    (None, {"from": "2026-11-24T09:02:01Z"}, "it begins after the grant"),
    (None, {"until": "2026-11-24T10:59:59Z"}, "it leaves out the end of the grant"),
    (None, {"until": "2026-11-24T14:00:01Z"}, "it is about a time to come"),
    (UNUSED, {"from": None}, "it does not say which time it is about"),
    (UNUSED, {"until": None, "state": "not seen", "entered": None}, "it does not say which time it is about"),
    (UNUSED, {"regions": []}, "nobody entered, and no region was looked at"),
    (UNUSED, {"denied": 2}, "nobody entered, and something was called"),
    (UNUSED, {"last_use": "2026-11-24T09:30:00Z"}, "nobody entered, and something was called"),
    (replace(UNUSED, not_seen=(REFUSED, DATA)), {"state": "never entered"}, 'it says "never entered", and its figures come to "not seen"'),
    (replace(UNUSED, not_seen=(RecordedUnseen({"what": "newer"}), DATA)), {"state": "never entered"}, 'it says "never entered", and its figures come to "not seen"'),
)  # fmt: skip


@pytest.mark.parametrize(("seen", "changes", "why"), LIES)
def test_a_run_that_lies_is_found(seen: SeenUse | None, changes: dict[str, Any], why: str) -> None:
    """Its token is right in everything, and what it says cannot be."""
    assert ("use-implausible", why) in lies(seen, **changes)


def test_a_use_that_says_nothing() -> None:
    """An event without its use, as a version that cannot write it would leave it."""
    empty = replace(a_used_event(), evidence=Evidence({}))
    assert {code for code, _ in found(APPROVED, GRANTED, empty)} == {"use-implausible"}


AT = st.sampled_from([NOW + minutes * MINUTE for minutes in range(-200, 401)])
ERRORS = ["", "AccessDenied", "ThrottlingException", "x" * 500]
OPENED = st.lists(AT, max_size=4)
CALLED = st.lists(st.tuples(st.sampled_from(ERRORS), AT), max_size=4)
SUMMED = st.none() | st.lists(
    st.tuples(st.text(max_size=20), st.integers(1, 9), st.sampled_from(ERRORS), AT, AT), max_size=3
)
LOOKED = st.sampled_from([(), REGIONS])
LACKS = st.lists(
    st.sampled_from(
        [
            unseen(lack, where=where, why=why, about=about)
            for lack in Unseen
            for where in (*REGIONS, "the account", "")
            for why in ("", "AWS would not", "\x1b[2J" * 200)
            for about in (CALLS, "entering")
        ]
    ),
    max_size=40,
)


@st.composite
def answers(draw: st.DrawFn) -> SeenUse:
    """What CloudTrail and a trail of one's own may show of a role, in its time and out of it."""
    openings = [an_opening(number, at=at) for number, at in enumerate(draw(OPENED))]
    calls = [a_call(number, error, at=at) for number, (error, at) in enumerate(draw(CALLED))]
    services, summed = None, draw(SUMMED)
    if summed is not None:
        services = tuple(
            a_sum(name, count, error, first=first, last=max(first, other))
            for name, count, error, first, other in summed
        )
    looked = draw(LOOKED)
    return SeenUse(
        openings=tuple(openings),
        calls=tuple(calls) if looked and openings else (),
        services=services,
        regions=draw(LOOKED),
        call_regions=looked,
        not_seen=(*draw(LACKS), DATA),
    )


@given(answers())
def test_nothing_true_is_ever_called_a_lie(seen: SeenUse) -> None:
    """Whatever the answers are, `audit usage` records nothing that `audit verify` objects to."""
    assert lies(seen) == []
