"""Revocations and stops in memory: who may, what is recorded, what ends all the same, and what the run then says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import (
    HOUR,
    MERGED_AT,
    MINUTE,
    NOW,
    PATH,
    PEOPLE,
    PROD,
    STAGING,
    a_person,
    a_request,
    sha,
    the_rules,
)
from builders import a_revocation, an_approval, an_extension, an_outcome
from plain_run import PlainRun

from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.stops import LASTS, StopSubject, stopped_event
from jitbot.domain.model.documents import GithubId, Login, policy_path
from jitbot.domain.model.errors import (
    DeniedError,
    InvalidError,
    JitbotError,
    SupersededError,
    UnavailableError,
)
from jitbot.domain.model.exit_code import ExitCode
from jitbot.usecases.runs.end_now import denials
from jitbot.usecases.runs.report import Report
from jitbot.usecases.runs.revoke import revoke
from jitbot.usecases.runs.stop import lift, stop

TWO = an_approval(asked=a_request(accounts=("prod", "staging")))
ENDED = an_outcome(EventType.ENDED, why=EndReason.DRIFT)
BOBS = PATH.replace("alice", "bob")
OF_BOB = an_approval(asked=a_request(path=BOBS, requester=Login("bob")), commit=sha("bobs"))
POLICY = StopSubject(policy="orders-db-read")
ALICE = StopSubject(login=Login("alice"))


def a_run(*told: Event, **changes: Any) -> PlainRun:
    """A run on a ledger with these events, or alice's approval."""
    run = PlainRun(**changes)
    run.push(*(told or (TWO,)))
    return run


def a_stop(subject: StopSubject = POLICY, **changes: Any) -> Event:
    """erin stopped somebody."""
    made = stopped_event(subject, a_person("erin"), reason="x", rules=sha("rules"), at=NOW - MINUTE, run="")
    return replace(made, **changes)


def kinds(run: PlainRun) -> list[str]:
    """What the ledger has beside alice's approval."""
    events = run.ledger().read().events
    return sorted(str(each.kind) for each in events if each.kind is not EventType.APPROVED)


def state_of(*told: Event) -> Any:
    """The state of alice's request."""
    return a_run(*told).ledger().read().state(PATH)


@pytest.mark.parametrize(
    ("told", "after", "accounts"),
    [
        ((TWO,), 0 * HOUR, set()),
        ((TWO, a_revocation()), 2 * HOUR - MINUTE, {PROD, STAGING}),
        ((TWO, a_revocation()), 2 * HOUR, set()),
        ((TWO, a_revocation(), ENDED), 0 * HOUR, {STAGING}),
        ((a_revocation(),), 0 * HOUR, set()),
        ((TWO, a_stop()), 0 * HOUR, {PROD, STAGING}),
    ],
    ids=["not ended", "revoked", "over", "one has ended", "never approved", "stopped"],
)
def test_what_is_denied_of_a_request_that_has_ended(
    told: tuple[Event, ...], after: Any, accounts: set[str]
) -> None:
    """Every account in which no end is recorded, until its window is over."""
    found = denials(state_of(*told), MERGED_AT + after)
    assert {each.account_id for each in found} == accounts
    reason = EndReason.STOPPED if a_stop() in told else EndReason.REVOKED
    assert {each.why for each in found} <= {reason}


def test_an_old_revocation_that_says_no_reason_is_one() -> None:
    """As older versions wrote it."""
    found = denials(state_of(TWO, a_revocation(why=None)), NOW)
    assert {each.why for each in found} == {EndReason.REVOKED}
    released = denials(state_of(TWO, a_revocation(why=EndReason.RELEASED)), NOW)
    assert {each.why for each in released} == {EndReason.RELEASED}


@pytest.mark.parametrize(
    ("who", "why"),
    [("alice", EndReason.RELEASED), ("bob", EndReason.REVOKED), ("erin", EndReason.REVOKED), ("carol", None)],
)
def test_who_may_revoke(who: str, why: EndReason | None) -> None:
    """The requester, who releases it, an owner of the request and one of the rules, and nobody else."""
    run = a_run(actor=who)
    if why is None:
        with pytest.raises(DeniedError, match="neither the requester nor an owner"):
            revoke(run.ledger(), PATH, reason="x" * 5000)
        assert (kinds(run), run.denied) == ([], [])
        return
    report = revoke(run.ledger(), PATH, reason="x" * 5000)
    assert (report.exit_code, len(run.denied)) == (ExitCode.DONE, 2)
    assert kinds(run) == sorted(str(each.kind) for each in report.recorded) == ["ended", "ended", "revoked"]
    assert run.said.count("asked for the rules of the ledger") == 1
    event = next(each for each in report.recorded if each.kind is EventType.REVOKED)
    assert (event.why, event.commit, event.ask.requester) == (why, TWO.commit, "alice")
    assert len(event.evidence.reason) < 5000


ENDS: dict[str, Callable[[PlainRun], Report]] = {
    "revoke": lambda run: revoke(run.ledger(), PATH, reason="x"),
    "stop": lambda run: stop(run.ledger(), POLICY, reason="x"),
    "lift": lambda run: lift(run.ledger(), POLICY, reason="x"),
}


def test_nobody_revokes_or_stops_without_a_run_that_says_who() -> None:
    """On a machine of one's own there is none."""
    run = a_run(actor="")
    for verb in ENDS.values():
        with pytest.raises(DeniedError, match="no run of Actions says who"):
            verb(run)


@pytest.mark.parametrize("verb", ENDS)
@pytest.mark.parametrize(
    ("how", "error"),
    [({"stale": True}, SupersededError), ({"rerun": True}, DeniedError)],
    ids=["stale", "rerun"],
)
def test_an_old_run_ends_nothing(verb: str, how: dict[str, bool], error: type[JitbotError]) -> None:
    """It acts by other code than main's, or in the name of somebody who did not start it."""
    run = a_run(TWO, a_stop(), **how)
    with pytest.raises(error):
        ENDS[verb](run)
    assert run.denied == []


def test_what_was_never_approved_is_not_revoked() -> None:
    """Where the ledger cannot be read of it, nobody knows."""
    refused = replace(an_approval(), kind=EventType.REFUSED, window=None, documents=())
    for run in (a_run(OF_BOB), a_run(refused)):
        with pytest.raises(InvalidError, match="was never approved"):
            revoke(run.ledger(), PATH, reason="x")
    run = a_run(OF_BOB)
    run.push(an_outcome(EventType.FAILED), message=f"Odd\n\nRequest: {PATH}\n")
    run.blobs = {
        blob: content.replace(b'"schema": 1', b'"schema": 9') if b'"failed"' in content else content
        for blob, content in run.blobs.items()
    }
    with pytest.raises(UnavailableError, match="cannot be read by this jitbot"):
        revoke(run.ledger(), PATH, reason="x")


def test_what_is_revoked_already_is_ended_and_not_recorded_again() -> None:
    """By whomever, before this run or meanwhile: the first one counts, and nobody's right is asked for again."""
    run = a_run(TWO, a_revocation(), actor="carol", protected=False)
    report = revoke(run.ledger(), PATH, reason="x")
    assert (kinds(run), len(run.denied)) == (["ended", "ended", "revoked"], 2)
    assert report.alarms == ()
    run = a_run(actor="erin")
    ledger = run.ledger()
    ledger.read()

    def first() -> None:
        run.before_write = lambda: None
        run.push(a_revocation(cause="by bob"))

    run.before_write = first
    report = revoke(ledger, PATH, reason="x")
    assert (kinds(run), len(run.denied)) == (["ended", "ended", "revoked"], 2)
    assert {each.evidence.by for each in report.recorded if each.kind is EventType.REVOKED} == {"bob"}


@pytest.mark.parametrize("verb", ["revoke", "stop"])
def test_what_cannot_be_recorded_ends_all_the_same(verb: str) -> None:
    """It is tried again with its outcome; if that fails too, the run fails and says what is missing."""
    run = a_run(protected=False)
    report = ENDS[verb](run)
    assert (len(run.denied), kinds(run), report.exit_code) == (2, [], ExitCode.UNSURE)
    assert report.recorded == ()
    (alarm,) = report.alarms
    where = PATH if verb == "revoke" else "ledger"
    assert (alarm.code, alarm.file) == ("not-recorded", where)
    assert "the branch ledger is not protected" in alarm.message
    assert f"`jitbot {verb}` again" in alarm.hint
    said = {
        "revoke": f"{PATH} was to end now: denied in 2 accounts, and it could not be recorded: ",
        "stop": "every request of the policy orders-db-read was to end now: denied: 2 roles, and it could not be"
        " recorded, and what is merged now is not refused: ",
    }
    assert alarm.message.startswith(said[verb])
    run = a_run(protected=False, closed=frozenset({PROD, STAGING}))
    assert "nothing was denied, and it could not be recorded" in ENDS[verb](run).alarms[0].message


@pytest.mark.parametrize("verb", ["revoke", "stop"])
def test_a_record_that_fails_once_is_made_with_the_outcome(verb: str) -> None:
    """The decision then counts, and comes with what was done."""
    run = a_run()
    wrote = 0

    def fails_first() -> None:
        nonlocal wrote
        wrote += 1
        if wrote == 1:
            raise UnavailableError("GitHub does not answer")

    run.before_write = fails_first
    report = ENDS[verb](run)
    decision = {"revoke": "revoked", "stop": "stopped"}[verb]
    assert kinds(run) == sorted(["ended", "ended", decision])
    assert sorted(str(each.kind) for each in report.recorded) == kinds(run)
    assert (report.exit_code, report.alarms) == (ExitCode.DONE, ())


@pytest.mark.parametrize("verb", ["revoke", "stop"])
def test_an_outcome_that_cannot_be_recorded_is_said(verb: str) -> None:
    """The decision is recorded; what is missing is what was done."""
    run = a_run()
    wrote = 0

    def fails_later() -> None:
        nonlocal wrote
        wrote += 1
        if wrote > 1:
            raise UnavailableError("GitHub does not answer")

    run.before_write = fails_later
    report = ENDS[verb](run)
    (alarm,) = report.alarms
    assert alarm.message.endswith("and it could not be recorded: GitHub does not answer")
    assert [str(each.kind) for each in report.recorded] == kinds(run)


@pytest.mark.parametrize("verb", ["revoke", "stop"])
def test_why_the_decision_could_not_be_recorded_is_what_is_said(verb: str) -> None:
    """The first reason, whatever the next attempt fails for."""
    run, reasons = a_run(), iter(["the first reason", "another"])

    def fails() -> None:
        raise UnavailableError(next(reasons))

    run.before_write = fails
    assert ENDS[verb](run).alarms[0].message.endswith(": the first reason")


def test_an_account_that_lets_nobody_in_fails_the_run() -> None:
    """The others end; what failed stays due."""
    run = a_run(closed=frozenset({STAGING}))
    report = ENDS["revoke"](run)
    assert (kinds(run), len(run.denied), report.exit_code) == (["ended", "revoked"], 1, ExitCode.UNSURE)
    assert [each.account_id for each in report.failures] == [STAGING]


def test_where_nothing_is_live_a_stop_writes_once() -> None:
    """Its record alone."""
    run = a_run(OF_BOB)
    report = stop(run.ledger(), ALICE, reason="x")
    assert (len(run.written), run.denied, report.planned) == (1, [], ())
    assert run.slept == [
        0.0,
        0.0,
    ]  # before it is written, and before it is looked at: nothing else is to be recorded
    assert report.exit_code is ExitCode.DONE


@pytest.mark.parametrize(
    ("subject", "denied"),
    [(POLICY, 3), (ALICE, 2), (StopSubject(login=Login("BOB")), 2)],
    ids=["policy", "alice", "bob"],
)
def test_a_stop_ends_what_is_live_of_its_own(subject: StopSubject, denied: int) -> None:
    """And nothing else."""
    revoked = a_revocation(request=BOBS.replace("orders-db-read", "else"))
    elsewhere = replace(OF_BOB, request=revoked.request, ask=OF_BOB.ask)
    run = a_run(TWO, OF_BOB, elsewhere, revoked)
    report = stop(run.ledger(), subject, reason="x")
    assert len(run.denied) == len(report.planned) == denied
    assert "stopped" in kinds(run)


def test_only_an_owner_of_the_rules_stops_and_lifts() -> None:
    """Neither the requester nor an owner of the request."""
    for who in ("alice", "bob", "mallory"):
        run = a_run(TWO, a_stop(), actor=who)
        for verb in ("stop", "lift"):
            with pytest.raises(DeniedError, match="is no owner of policies/"):
                ENDS[verb](run)
        assert run.written == []


GONE = the_rules(people={login: each for login, each in PEOPLE.items() if login != "alice"})


def test_somebody_who_left_is_stopped_by_what_they_asked() -> None:
    """By the id of the newest approval of theirs; a login that nobody knows names nobody."""
    renamed = an_extension(ask={**TWO.ask.json, "requester": "Alice", "github_id": 77}, at=NOW + MINUTE)
    old = an_extension(4 * HOUR, ask={"requester": "alice"}, at=NOW + 2 * MINUTE)
    refused = replace(TWO, kind=EventType.REFUSED, window=None, documents=())
    run = a_run(TWO, rules=GONE)
    assert stop(run.ledger(), ALICE, reason="x").recorded[0].evidence.person.github_id == 1001
    run = a_run(TWO, renamed, OF_BOB, rules=GONE)
    found = stop(run.ledger(), ALICE, reason="x").recorded[0].evidence.person
    assert (found.login, found.github_id) == ("alice", 77)
    run = a_run(TWO, old, OF_BOB, rules=GONE)
    assert stop(run.ledger(), ALICE, reason="x").recorded[0].evidence.person.github_id == 1001
    for told in ((OF_BOB,), (refused, OF_BOB)):
        with pytest.raises(
            InvalidError, match=r"alice is neither in policies/people.yaml on main, nor did they ask"
        ):
            stop(a_run(*told, rules=GONE).ledger(), ALICE, reason="x")


def test_a_person_of_main_is_stopped_by_their_own_name() -> None:
    """However it was typed."""
    recorded = stop(a_run().ledger(), StopSubject(login=Login("ALICE")), reason="x").recorded[0]
    person = recorded.evidence.person
    assert (person.login, person.github_id) == ("alice", 1001)


def test_a_policy_is_stopped_that_main_or_the_ledger_knows() -> None:
    """One that was deleted may have grants; a file beside the folders names none."""
    path = policy_path("orders-db-read")
    run = a_run(OF_BOB)
    del run.at_main[path]
    assert stop(run.ledger(), POLICY, reason="x").exit_code is ExitCode.DONE
    run = a_run(an_outcome(EventType.FAILED, request="requests/orders-db-read"))
    assert stop(run.ledger(), POLICY, reason="x").exit_code is ExitCode.DONE
    del run.at_main[path]
    with pytest.raises(InvalidError, match="nor a request under orders-db-read in the ledger"):
        stop(run.ledger(), POLICY, reason="x")
    with pytest.raises(InvalidError, match=r"neither policies/access/other\.yaml is on main"):
        stop(a_run().ledger(), StopSubject(policy="other"), reason="x")


HERS = StopSubject(login=Login("alice"), github_id=GithubId(1001))


@pytest.mark.parametrize(
    ("stopped", "wanted", "lifted"),
    [
        ([a_stop()], POLICY, 1),
        ([a_stop(), a_stop(at=NOW - 2 * MINUTE)], POLICY, 2),
        ([a_stop()], StopSubject(policy="other"), 0),
        ([a_stop()], ALICE, 0),
        ([a_stop(HERS)], ALICE, 1),
        ([a_stop(HERS)], StopSubject(login=Login("ALICE")), 1),
        ([a_stop(HERS)], StopSubject(login=Login("bob")), 0),
        ([a_stop(HERS)], StopSubject(login=Login("somebody")), 0),
        ([a_stop(HERS)], POLICY, 0),
        ([a_stop(replace(HERS, login=Login("al")))], ALICE, 1),  # stopped under a former login
        ([a_stop(replace(HERS, login=Login("nobody-now")))], StopSubject(login=Login("nobody-now")), 1),
        ([a_stop(HERS), a_stop()], ALICE, 1),
    ],
)
def test_a_lift_lifts_what_it_names(stopped: list[Event], wanted: StopSubject, lifted: int) -> None:
    """Every stop in force of this policy, or of the person by the login or the id behind it."""
    run = a_run(OF_BOB, *stopped)
    if not lifted:
        with pytest.raises(InvalidError, match="is in force, so there is none to lift"):
            lift(run.ledger(), wanted, reason="x")
        return
    report = lift(run.ledger(), wanted, reason="x")
    assert [each.kind for each in report.recorded] == [EventType.LIFTED] * lifted


def test_a_stop_that_has_ended_is_not_lifted() -> None:
    """It refuses nothing any more."""
    run = a_run(OF_BOB, a_stop())
    with pytest.raises(InvalidError, match="is in force"):
        lift(run.ledger(NOW - MINUTE + LASTS), POLICY, reason="x")


def test_who_is_stopped_lifts_no_stop() -> None:
    """Another owner does."""
    erins = StopSubject(login=Login("erin"), github_id=GithubId(1005))
    run = a_run(OF_BOB, a_stop(), a_stop(erins))
    with pytest.raises(DeniedError, match="erin is stopped, and so lifts no stop"):
        lift(run.ledger(), POLICY, reason="x")
    run = a_run(OF_BOB, a_stop(), protected=False)
    with pytest.raises(DeniedError, match="not protected"):
        lift(run.ledger(), POLICY, reason="x")
    assert run.written == []
