"""Each way in which a recorded stop, or a lift of one, can be wrong, from plain values; and what is right is not called wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest
from acme_facts import HOUR, MERGED_AT, NOW, PEOPLE, SECOND, sha, teams, the_rules
from audit_facts import a_ledger, a_recorded, approval
from builders import an_approval, an_outcome

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.stop_checks import RulesOfStop, problems
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.stops import LASTS, StopSubject, lifted_event, stopped_event, stops_of
from jitbot.domain.model.documents import GithubId, Login

MAIN = sha("main")
FINE = RulesOfStop(on_main=True, rules=the_rules(teams=teams(security="erin frank")))
ALICE = StopSubject(login=Login("alice"), github_id=GithubId(1001))
ERINS = StopSubject(login=Login("erin"), github_id=GithubId(1005))
GRANTED = an_outcome(EventType.GRANTED)
ENDED = an_outcome(EventType.ENDED, why=EndReason.STOPPED)


def a_stop(
    subject: StopSubject = ALICE, by: str = "erin", at: timedelta = timedelta(), of: timedelta = LASTS
) -> Event:
    """A stop by somebody, so long after the approval was recorded."""
    event = stopped_event(subject, PEOPLE[Login(by)], reason="stolen", rules=MAIN, at=NOW + at, run="")
    assert event.window is not None
    return replace(event, window=replace(event.window, expires_at=event.at + of))


def a_lift(stop: Event, by: str = "erin", after: timedelta = HOUR) -> Event:
    """It is lifted, so long after it was recorded."""
    (found,) = stops_of([stop])
    return lifted_event(found, PEOPLE[Login(by)], reason="back", rules=MAIN, at=stop.at + after, run="")


def found(
    *events: Event, rules: RulesOfStop | None = FINE, actor: str | None = None, together: bool = False
) -> list[AuditFinding]:
    """What is wrong in a ledger of these events, each in a batch that whom it names started, unless an `actor` did."""
    recorded = (
        a_recorded(
            event,
            0 if together else order,
            actor_id=str(event.evidence.github_id) if actor is None else actor,
        )
        for order, event in enumerate(events)
    )
    return list(problems(a_ledger(*recorded), {} if rules is None else {MAIN: rules}))


def codes(*events: Event, together: bool = False) -> list[str]:
    """What is wrong, by its codes."""
    return [each.code for each in found(*events, together=together)]


def test_what_is_right_is_not_called_wrong() -> None:
    """A stop, its lift, what it ended, and what was granted before it."""
    stop = a_stop()
    assert codes(stop) == codes(stop, a_lift(stop)) == []
    assert codes(approval(), GRANTED, stop, ENDED) == []
    assert codes(approval(), GRANTED, an_outcome(EventType.FAILED)) == []


@pytest.mark.parametrize(("actor", "named"), [("1002", "1002"), ("", "nobody known")])
def test_who_started_the_run_is_who_stopped(actor: str, named: str) -> None:
    """By the id in the token, which nobody chooses; a token that does not say it is no proof."""
    (one,) = found(a_stop(), actor=actor)
    assert one.code == "stop-by-another"
    assert one.message.endswith(f"it names erin with the GitHub id 1005, and its run was started by {named}")


def test_by_which_rules_is_looked_up() -> None:
    """They are main's; and where this clone lacks them, that is said, and nobody is accused."""
    for rules in (None, replace(FINE, on_main=False)):
        assert [each.code for each in found(a_stop(), rules=rules)] == ["stop-without-rules"]
    (one,) = found(a_stop(), rules=replace(FINE, rules=None))
    assert (one.code, one.severity) == ("rules-not-here", Severity.UNCHECKED)


def test_only_an_owner_of_the_rules_stops_and_lifts() -> None:
    """Whoever else did it had no right, and an event that names nobody neither."""
    assert codes(a_stop(by="bob")) == ["stop-without-right"]
    stop = a_stop()
    assert codes(stop, a_lift(stop, by="bob")) == ["stop-without-right"]
    nobody = replace(stop, evidence=Evidence({**stop.evidence.json, "github_id": None}))
    assert [each.code for each in found(nobody, actor="None")] == ["stop-without-right"]


def test_a_stop_is_recorded_for_its_time() -> None:
    """Neither longer nor shorter, and never without an end."""
    for of in (LASTS + SECOND, LASTS - SECOND):
        assert codes(a_stop(of=of)) == ["stop-too-long"]
    assert codes(replace(a_stop(), window=None)) == ["stop-too-long"]
    stop = a_stop()
    assert codes(stop, replace(a_lift(stop), window=None)) == []


def test_a_lift_has_its_stop_before_it() -> None:
    """The one that it names, and in an earlier batch."""
    stop = a_stop()
    assert codes(a_lift(stop)) == ["lift-without-stop"]
    assert codes(a_stop(at=HOUR), a_lift(stop)) == ["lift-without-stop"]
    assert codes(a_lift(stop), stop) == codes(stop, a_lift(stop), together=True) == ["lift-without-stop"]


def test_who_is_stopped_lifts_nothing() -> None:
    """While the stop of them holds; a stop of somebody else does not bind them, and neither does one that is over."""
    stop, of_erin = a_stop(), a_stop(ERINS, by="frank")
    assert codes(stop, of_erin, a_lift(stop)) == ["stop-without-right"]
    assert codes(stop, of_erin, a_lift(of_erin)) == ["stop-without-right"]
    assert codes(stop, of_erin, a_lift(stop, by="frank")) == []
    assert codes(of_erin, stop, a_lift(stop, after=LASTS)) == []


def test_an_end_by_a_stop_has_its_stop() -> None:
    """One recorded before it, of this person or policy; also where nothing else is in the ledger."""
    assert codes(approval(), GRANTED, ENDED) == codes(ENDED) == ["ended-without-stop"]
    assert codes(approval(), GRANTED, ENDED, a_stop()) == ["ended-without-stop"]
    assert codes(approval(), a_stop(ERINS, by="frank"), ENDED) == ["ended-without-stop"]
    assert codes(approval(), a_stop(ERINS, by="frank"), replace(ENDED, why=EndReason.DRIFT)) == []


def test_nothing_is_granted_in_spite_of_a_stop() -> None:
    """Of what was merged before the stop ended, by the time of the merge where that is recorded."""
    stop = a_stop(at=-HOUR)
    assert codes(approval(), stop, GRANTED) == ["granted-in-stop"]
    assert codes(approval(), replace(stop, why=None), GRANTED) == ["granted-in-stop"]
    assert codes(an_approval(), stop, GRANTED) == ["granted-in-stop"]
    assert codes(approval(), stop, replace(GRANTED, commit=sha("another"))) == []
    between = a_lift(stop, after=MERGED_AT + 30 * SECOND - stop.at)
    assert codes(approval(), stop, between, GRANTED) == ["granted-in-stop"]
    assert codes(approval(), stop, a_lift(stop, after=MERGED_AT - stop.at), GRANTED) == []
    assert codes(approval(), stop, an_outcome(EventType.REMOVED)) == []
