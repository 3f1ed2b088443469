"""Emergency stops as values: whom they are about, until when they hold, and what they refuse and end."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from acme_facts import HOUR, MERGED_AT, MINUTE, NOW, PATH, PEOPLE, SECOND, sha
from builders import a_case, a_request_state, a_revocation, an_approval, an_extension, codes, judged

from jitbot.domain.access import may_end
from jitbot.domain.access.request_state import RequestState, fold_events, fold_request
from jitbot.domain.enforce.plan import EarlyEnds
from jitbot.domain.ledger.events import EndReason, Event
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.stops import (
    LASTS,
    Stop,
    StopSubject,
    lifted_event,
    stopped_event,
    stops_of,
    subject_of,
)
from jitbot.domain.model.documents import GithubId, Login

ALICE = StopSubject(login=Login("alice"), github_id=GithubId(1001))
BOB = StopSubject(login=Login("bob"), github_id=GithubId(1002))
ORDERS = StopSubject(policy="orders-db-read")
OTHER = "requests/orders-db-read/2026-11/24-carol-other.yaml"
ERIN = PEOPLE[Login("erin")]


def a_stop(subject: StopSubject = ALICE, at: timedelta = timedelta()) -> Event:
    """A stop by erin, so long after the approval was recorded."""
    return stopped_event(subject, ERIN, reason="stolen", rules=sha("main"), at=NOW + at, run="")


def a_lift(stop: Event, after: timedelta = HOUR) -> Event:
    """Erin lifts it, so long after it was recorded."""
    (found,) = stops_of([stop])
    return lifted_event(found, ERIN, reason="back", rules=sha("main"), at=stop.at + after, run="")


def the_stop(*events: Event) -> Stop:
    """The only stop of these events."""
    (found,) = stops_of(events)
    return found


@pytest.mark.parametrize(
    ("subject", "request_", "github_id", "included"),
    [
        (ALICE, PATH, 1001, True),
        (ALICE, "requests/ssm-shell/2026-11/24-alice-x.yaml", 1001, True),
        (ALICE, PATH, 1002, False),
        (ALICE, PATH, None, False),
        (ORDERS, PATH, 1002, True),
        (ORDERS, PATH, None, True),
        (ORDERS, "requests/orders-db-read-too/2026-11/24-alice-x.yaml", 1001, False),
        (ORDERS, "requests/ssm-shell/2026-11/24-orders-db-read.yaml", 1001, False),
        (ORDERS, "requests/ssm-shell/2026-11/24-carol-x.yaml", None, False),
        (ALICE, "requests//2026-11/24-carol-x.yaml", 1002, False),
        (StopSubject(), PATH, 1001, True),
        (StopSubject(), PATH, None, True),
    ],
)
def test_what_a_stop_includes(
    subject: StopSubject, request_: str, github_id: int | None, *, included: bool
) -> None:
    """A person by id, whatever the path says; a policy by the path's folder alone; and all, if nothing is named."""
    assert subject.includes(request_, github_id) is included


def test_a_stop_holds_for_seven_days() -> None:
    """To the second; the end itself is not in it, and no record makes it longer."""
    stop = the_stop(a_stop())
    assert (stop.until, LASTS) == (NOW + timedelta(days=7), timedelta(days=7))
    assert stop.holds(stop.until - SECOND)
    assert not stop.holds(stop.until)
    window = stop.event.window
    assert window is not None
    longer = replace(stop.event, window=replace(window, expires_at=NOW + 10 * LASTS))
    shorter = replace(stop.event, window=replace(window, expires_at=NOW + HOUR))
    ends = [the_stop(each).until for each in (longer, shorter, replace(stop.event, window=None))]
    assert ends == [NOW + LASTS, NOW + HOUR, NOW + LASTS]


def test_the_first_lift_ends_it() -> None:
    """In whatever order they are read; a lift of another stop ends nothing."""
    stop = a_stop()
    first, second = a_lift(stop), replace(a_lift(stop, 2 * HOUR), cause="again")
    for events in ([stop, first, second], [second, first, stop]):
        assert the_stop(*events).until == NOW + HOUR
    assert the_stop(stop, a_lift(a_stop(BOB))).until == NOW + LASTS
    assert the_stop(stop, a_lift(stop)).lifted_by == "erin"
    assert the_stop(stop).lifted_by == ""


def test_nothing_else_lifts_a_stop() -> None:
    """Whatever another event says of it."""
    stop = a_stop()
    revoked = a_revocation(evidence={"by": "alice", "stop": stop.key})
    assert the_stop(revoked, stop).lifted is None


def test_a_stop_by_nobody_is_an_owners() -> None:
    """Where the record does not say who stopped it, and who lifted it."""
    stop = replace(a_stop(), evidence=Evidence())
    lift = replace(a_lift(stop), evidence=Evidence.of(Evidence.stop(stop.key)))
    words = the_stop(stop, lift).in_words
    assert words.startswith("an owner of policies/ stopped every request of ")
    assert words.endswith(", when an owner lifted it")


def test_each_stop_is_one_and_each_lift() -> None:
    """Stopped again a second later it is another stop; lifted by two people it is lifted once."""
    assert a_stop().key == a_stop().key
    assert a_stop().key != a_stop(at=SECOND).key
    assert a_stop().key != a_stop(BOB).key
    assert a_lift(a_stop()).key == a_lift(a_stop(), 2 * HOUR).key
    assert a_lift(a_stop()).key != a_lift(a_stop(at=SECOND)).key


def test_what_is_recorded() -> None:
    """The subject is read back as it was meant, of the stop and of its lift."""
    for subject in (ALICE, ORDERS):
        stop = a_stop(subject)
        assert subject_of(stop) == subject_of(a_lift(stop)) == subject
        evidence = stop.evidence
        assert (evidence.by, evidence.github_id, evidence.reason) == ("erin", 1005, "stolen")
        assert evidence.rules_commit == sha("main")
    long = stopped_event(ALICE, ERIN, reason="x" * 5000, rules=sha("main"), at=NOW, run="")
    assert len(long.evidence.reason) == 1000


def test_the_words_of_a_stop() -> None:
    """Who stopped whom or what until when; of a lifted one, who lifted it."""
    stop = a_stop(ORDERS)
    words = the_stop(stop).in_words
    assert words.startswith("erin stopped every request of the policy orders-db-read until 2026-12-01T")
    assert words.endswith("or until it is lifted")
    lifted = the_stop(stop, a_lift(stop))
    assert lifted.in_words.endswith("when erin lifted it")
    assert lifted.finding(PATH).message.startswith("it was merged before the stop ended: ")
    assert (the_stop(stop).finding(PATH).message, the_stop(stop).finding(PATH).code) == (words, "stopped")


@pytest.mark.parametrize("subject", [ALICE, ORDERS])
def test_what_was_merged_before_the_stop_ended_is_refused(subject: StopSubject) -> None:
    """Before it, in it, and decided long after its lift; not what was merged at its end, and nobody else's."""
    stop = a_stop(subject)
    for events in ([stop], [stop, a_lift(stop)]):
        assert codes(judged(a_case(), fold_request(events, PATH))) == {"stopped"}
    early = a_stop(subject, at=MERGED_AT - NOW - HOUR)
    assert codes(judged(a_case(), fold_request([early, a_lift(early)], PATH))) == set()
    late = a_lift(early, HOUR + SECOND)
    assert codes(judged(a_case(), fold_request([early, late], PATH))) == {"stopped"}
    at_once = a_stop(subject, at=MERGED_AT - NOW)
    assert codes(judged(a_case(), fold_request([at_once, a_lift(at_once, timedelta())], PATH))) == {"stopped"}
    assert codes(judged(a_case(), fold_request([a_stop(BOB)], PATH))) == set()


def test_an_extension_is_refused() -> None:
    """For the stop, and because what it extends has ended."""
    state = a_request_state(an_approval(), a_stop())
    assert state.ended_early
    assert (state.stopped, state.end_decision) == (a_stop(), a_stop())


def test_what_a_stop_ends_stays_ended() -> None:
    """Lifted or not, in whatever order the events are read; a plan finds it due, with its reason."""
    stop = a_stop(at=MINUTE)
    for events in ([an_approval(), stop, a_lift(stop)], [a_lift(stop), stop, an_approval()]):
        state = fold_events(events)[PATH]
        assert state.stopped == stop
        (documents,) = state.current.documents if state.current is not None else ()
        account = state.account_state(documents.account_id)
        assert EarlyEnds().of(state, account) == (EndReason.STOPPED, "alice, by erin")
        assert state.early_end(documents.account_id) == stop.at


def test_what_a_stop_does_not_end() -> None:
    """Another's, what is merged after its lift, and what was over when it began."""
    before = a_stop(at=MERGED_AT - NOW - HOUR)
    over = an_approval().window
    assert over is not None
    for events in (
        [an_approval(), a_stop(BOB)],
        [an_approval(evidence=Evidence.of(Evidence.merged_at(MERGED_AT))), before, a_lift(before)],
        [an_approval(), a_stop(at=over.expires_at - NOW)],
        [a_stop()],
    ):
        state = fold_request(events, PATH)
        assert (state.stopped, state.ended_early) == (None, False)
    ending = a_stop(at=over.expires_at - NOW - SECOND)
    assert fold_request([an_approval(), ending], PATH).stopped == ending


@pytest.mark.parametrize(
    ("merged_at", "recorded_at", "stopped"),
    [
        (NOW + 30 * MINUTE, NOW + 2 * HOUR, True),  # recorded after the lift, merged before it
        (NOW + HOUR, NOW + HOUR, False),
        (None, NOW + 30 * MINUTE, True),  # an old record says only when it was decided
        (None, NOW + HOUR, False),
    ],
)
def test_the_merge_counts_and_not_the_record(
    merged_at: datetime | None, recorded_at: datetime, *, stopped: bool
) -> None:
    """An approval is ended by a stop if it was merged before that stop was lifted, whenever it was recorded."""
    merged = () if merged_at is None else (Evidence.merged_at(merged_at),)
    approved = an_approval(at=recorded_at, evidence=Evidence.of(*merged))
    stop = a_stop()
    state = fold_request([approved, stop, a_lift(stop)], PATH)
    assert (state.stopped is not None) is stopped


def test_one_merge_before_the_stop_is_enough() -> None:
    """An extension that was merged after the lift does not save what the stop ended."""
    stop = a_stop()
    extension = an_extension(at=NOW + 90 * MINUTE)
    state = a_request_state(an_approval(), extension, stop, a_lift(stop))
    assert state.stopped == stop


def test_the_earlier_decision_is_the_end() -> None:
    """Revoked and then stopped, or the other way round."""
    revoked = a_revocation()
    first, last = a_stop(at=MINUTE), a_stop(at=HOUR)
    assert a_request_state(an_approval(), revoked, first).end_decision == first
    assert a_request_state(an_approval(), revoked, last).end_decision == revoked


def test_every_state_holds_every_stop() -> None:
    """Also that of a request that no event names."""
    stop = a_stop()
    states = fold_events([an_approval(), stop])
    assert states[PATH].stops == stops_of([stop]) == fold_request([stop], OTHER).stops
    assert RequestState(request=OTHER) == fold_request([an_approval()], OTHER)


def test_who_may_lift() -> None:
    """Everybody who is not stopped now; a policy's stop is nobody's."""
    stop = a_stop(StopSubject(login=Login("erin"), github_id=GithubId(1005)))
    said = may_end.why_not_lifted_by(ERIN, stops_of([stop]), NOW)
    assert said == "erin is stopped, and so lifts no stop: another owner of policies/ does"
    assert may_end.why_not_lifted_by(ERIN, stops_of([stop]), NOW + LASTS) == ""
    assert may_end.why_not_lifted_by(ERIN, stops_of([stop, a_lift(stop)]), NOW + HOUR) == ""
    assert may_end.why_not_lifted_by(ERIN, stops_of([a_stop(), a_stop(ORDERS)]), NOW) == ""


def test_a_stop_for_machines() -> None:
    """Every key, of one that was lifted and of one that was not."""
    stop = a_stop(ORDERS)
    found = the_stop(stop, a_lift(stop)).as_json()
    assert (found["person"], found["policy"], found["lifted_by"], found["lifted_because"]) == (
        None,
        "orders-db-read",
        "erin",
        "back",
    )
    held = the_stop(a_stop()).as_json()
    assert (held["person"], held["policy"], held["lifted_by"], held["lifted_because"]) == (
        "alice",
        None,
        None,
        None,
    )
