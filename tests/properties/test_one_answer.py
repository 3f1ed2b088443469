"""`audit verify` and `audit report` are asked the same of the same record: neither says late where the other says in time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGE, MINUTE, NOW, PATH, SECOND, a_request
from audit_facts import a_ledger, a_recorded, approval, granted
from builders import a_revocation, an_approval, an_extension, an_outcome
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.domain.audit.history.absences import Absence
from jitbot.domain.audit.report.population import grant_records, population
from jitbot.domain.audit.verify.completeness import outcomes_without_approval
from jitbot.domain.audit.verify.grant_checks import problems
from jitbot.domain.audit.verify.grant_record import ControlAnswer, ControlResult
from jitbot.domain.ledger.attestation import CLOCK_SKEW
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.text import timestamp

DEADLINES = {"no-end", "late-end", "late-confirmation", "no-removal", "late-removal"}
SPAN = 5 * 24 * 60  # minutes in which everything happens: any limit may be met or passed
moment = st.integers(0, SPAN).map(lambda minutes: NOW + minutes * MINUTE)
early = [EndReason.REVOKED, EndReason.RELEASED, EndReason.DELETED, EndReason.OFFBOARDED]
hours, more_hours = (
    st.sampled_from([each * HOUR for each in many]) for many in (range(1, 41), range(41, 61))
)
# Whether it was extended, granted, granted for longer, and revoked: nine of ten are granted. See `choices`.
courses = st.sampled_from([*product([False, True], range(10), range(10), [False, True])])
ends = st.lists(
    st.tuples(st.sampled_from([*product([*[EndReason.EXPIRED] * 4, *early], [False, True])]), moment),
    max_size=3,
)
moments = st.lists(moment, max_size=2)
GONE = st.lists(
    st.tuples(
        st.sampled_from([*product([EndReason.DELETED, EndReason.OFFBOARDED], [False, True])]),
        moment,
        st.none() | st.integers(0, 600),
    ),
    max_size=2,
)


@st.composite
def records(draw: st.DrawFn) -> list[Event]:
    """What may be recorded of one request: extended or not, ended, confirmed and removed at any time, or twice, or never."""
    extended, *granted, revoked = draw(courses)
    events = [an_approval(asked=a_request(duration=draw(hours)))]
    if extended:
        events.append(an_extension(draw(more_hours)))
    events += [
        an_outcome(EventType.GRANTED, commit=term.commit, window=term.window, at=draw(moment))
        for term, nine_of_ten in zip(events, granted, strict=False)
        if nine_of_ten
    ]
    if revoked:
        events.append(a_revocation(at=draw(moment)))
    windows = [each.window for each in events[:2] if each.window]
    for (why, last), at in draw(ends):
        window = windows[-1 if last else 0]
        effective = window.expires_at if why is EndReason.EXPIRED else at
        evidence = {"effective_at": timestamp.show(effective), "seen": "denied"}
        events.append(an_outcome(EventType.ENDED, why=why, at=at, window=window, evidence=evidence))
    removed = {"verified_absent": True}
    times = draw(moments)
    return [*events, *(an_outcome(EventType.REMOVED, at=at, evidence=removed) for at in times)]


def absent(gone: Sequence[tuple[tuple[EndReason, bool], datetime, int | None]]) -> tuple[Absence, ...]:
    """The times in which main lacked the request's file or its requester."""
    return tuple(
        Absence(
            why=why,
            since=since,
            until=None if minutes is None else since + minutes * MINUTE,
            commit=MERGE,
            owned=owned,
        )
        for (why, owned), since, minutes in gone
    )


def verified(events: Sequence[Event], gone: tuple[Absence, ...], now: datetime) -> set[str]:
    """What `verify` finds late, without the name of the grant."""
    records = grant_records(events, now, {PATH: gone})
    found = [each for record in records for each in problems(record, now) if each.code in DEADLINES]
    return {each.message.partition(" in prod: ")[2] for each in found}


def reported(events: Sequence[Event], gone: tuple[Absence, ...], now: datetime) -> ControlResult | None:
    """What `report` and `export` answer to: ended and removed on time."""
    (record,) = population(events, now, {PATH: gone})
    return record.judgements.get("removed_on_time")


@given(records(), GONE.map(absent), moment, st.sampled_from([0, 30]))
@settings(max_examples=400, deadline=None)
def test_verify_and_report_never_contradict_each_other(
    events: list[Event], gone: tuple[Absence, ...], now: datetime, later: int
) -> None:
    """Whatever happened when: each thing that came late for the one came late for the other, in the same words."""
    at = now + timedelta(days=later)
    answer = reported(events, gone, at)
    if answer is None:
        return  # nothing was ever given, and the report asks nothing
    late = verified(events, gone, at)
    assert (answer.answer is ControlAnswer.NO) == bool(late)
    assert all(each in answer.why for each in late)


def test_both_know_of_a_deletion_that_ended_nothing() -> None:
    """What only main's history says, and no event, is late for both."""
    events = [an_approval(asked=a_request(duration=12 * HOUR))]
    events.append(an_outcome(EventType.GRANTED, window=events[0].window))
    gone = (Absence(why=EndReason.DELETED, since=NOW + HOUR, until=None, commit=MERGE),)
    at = NOW + 3 * HOUR + MINUTE
    said = "it was to end at 2026-11-24T10:01:00Z, and access went on for 2h1m"
    assert verified(events, gone, at) == {said}
    answer = reported(events, gone, at)
    assert answer is not None
    assert (answer.answer, answer.why) == (ControlAnswer.NO, said)
    brief = (replace(gone[0], until=NOW + 2 * HOUR),)
    assert verified(events, brief, at) == set()


@pytest.mark.parametrize("ahead", [-MINUTE, timedelta(), CLOCK_SKEW, CLOCK_SKEW + SECOND, HOUR])
def test_both_allow_the_same_to_the_clocks_of_two_runs(ahead: timedelta) -> None:
    """A grant that is recorded ahead of its decision came before it for both, or for neither."""
    events = [approval(), replace(granted(), at=approval().at - ahead)]
    found = {each.code for each in outcomes_without_approval(a_ledger(*map(a_recorded, events)))}
    (record,) = population(events, NOW)
    early = record.judgements["approved_before_grant"].answer is ControlAnswer.NO
    assert ("granted-before-approval" in found) == early == (ahead > CLOCK_SKEW)


def test_access_that_nobody_approved_must_end_in_time_too() -> None:
    """The report says so, and so does `verify`, beside that nobody approved it."""
    events, at = [granted()], EXPIRES_AT + 25 * HOUR
    said = "its end at 2026-11-24T11:00:00Z was never confirmed"
    assert verified(events, (), at) == {said}
    answer = reported(events, (), at)
    assert answer is not None
    assert (answer.answer, answer.why) == (ControlAnswer.NO, said)
    (problem,) = problems(next(grant_records(events, at)), at)
    assert problem.message == f"{PATH} of nobody known in prod: {said}"


def test_of_two_decisions_on_one_merge_the_first_counts() -> None:
    """For the report as for `verify`: a later one would let a grant pass that came before its approval."""
    later = replace(approval(), at=NOW + 2 * HOUR)
    (record,) = population([approval(), later, granted()], NOW + 3 * HOUR)
    assert record.judgements["approved_before_grant"].answer is ControlAnswer.YES
