"""Emergency stops in a whole clone in memory: a true one is found whole, and each way of tampering is found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from acme_facts import HOUR, MINUTE, PEOPLE
from plain_audit import CAROLS, CAROLS_TEXT, ORDERS, TEXT, PlainClone

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.ledger.stops import StopSubject, lifted_event, stopped_event, stops_of
from jitbot.domain.model.documents import TEAMS, GithubId, Login, Sha

ALICE = StopSubject(login=Login("alice"), github_id=GithubId(1001))
ERIN = StopSubject(login=Login("erin"), github_id=GithubId(1005))
POLICY = StopSubject(policy="orders-db-read")
THEN = ORDERS.replace("refunds", "then")


def codes(found: AuditVerdict) -> set[str]:
    """What is broken."""
    return {each.code for each in found.of(Severity.BROKEN)}


def said(found: AuditVerdict, code: str) -> str:
    """The sentences of a code."""
    return "\n".join(each.message for each in found.problems if each.code == code)


def a_stop(clone: PlainClone, subject: StopSubject = ALICE, by: str = "erin") -> Event:
    """Somebody's stop, by the rules of main's tip, now."""
    clone.later(MINUTE)
    return stopped_event(subject, PEOPLE[Login(by)], reason="x", rules=clone.main(), at=clone.now, run="run")


def a_lift(clone: PlainClone, stop: Event, by: str = "erin") -> Event:
    """It is lifted now."""
    clone.later(MINUTE)
    (found,) = stops_of([stop])
    return lifted_event(found, PEOPLE[Login(by)], reason="x", rules=clone.main(), at=clone.now, run="run")


def tell(clone: PlainClone, *told: Event, actor: int = 1005) -> Sha:
    """A run that this account started records them."""
    return clone.tell(*told, claims={"actor_id": str(actor)})


@pytest.fixture
def stopped() -> PlainClone:
    """alice's grant was ended by a stop, and what she asked then was refused."""
    clone = PlainClone()
    approved = clone.grant()
    tell(clone, a_stop(clone))
    clone.end(approved, EndReason.STOPPED)
    clone.later(MINUTE)
    assert clone.ask("bob", path=THEN).kind is EventType.REFUSED
    return clone


def test_a_true_stop_is_found_whole(stopped: PlainClone) -> None:
    """Stopped, refused, lifted, granted again: decided again from a clone, nothing is wrong."""
    stop = a_stop(stopped, POLICY)
    tell(stopped, stop)
    assert stopped.ask("bob", path=CAROLS, text=CAROLS_TEXT, login="carol").kind is EventType.REFUSED
    tell(stopped, a_lift(stopped, stop))
    stopped.later(MINUTE)
    again = CAROLS.replace("refunds", "again")
    stopped.grant(stopped.ask("bob", path=again, text=CAROLS_TEXT, login="carol"))
    found = stopped.verdict()
    assert found.problems == ()
    assert (found.checked["stopped"], found.checked["lifted"], found.checked["refused"]) == (2, 1, 2)


def without_stop(clone: PlainClone) -> None:
    """Take the stops out of the ledger, as somebody does who may rewrite the branch: all later batches are made again."""
    told, now = [each for each in clone.told if each.kind is not EventType.STOPPED], clone.now
    clone.ledger_of.commits[1:] = []
    for each in told:
        clone.tell(each, at=each.at)
    clone.now = now


def test_a_stop_that_is_missing(stopped: PlainClone) -> None:
    """An end by it, and a refusal for it, have no ground any more."""
    without_stop(stopped)
    found = stopped.verdict()
    assert codes(found) == {"ended-without-stop", "wrong-refusal"}
    assert "nothing speaks against it, and yet it was refused" in said(found, "wrong-refusal")


def test_a_refusal_for_a_stop_that_is_missing() -> None:
    """It would be refused anyway, and yet the stop that it names is nowhere."""
    clone = PlainClone()
    tell(clone, a_stop(clone, POLICY))
    clone.ask()
    assert codes(clone.verdict()) == set()
    without_stop(clone)
    assert "it was refused for a stop that the ledger does not hold" in said(clone.verdict(), "wrong-refusal")


def test_an_approval_inside_a_stop() -> None:
    """A workflow that lies records, for what was merged, the approval that there was before the stop."""
    clone = PlainClone()
    event = clone.decision(clone.merge(ORDERS, TEXT, "bob"))
    tell(clone, a_stop(clone))
    event = replace(event, at=clone.now)
    clone.tell(event)
    clone.grant(event)
    found = clone.verdict()
    assert {"wrong-approval", "granted-in-stop"} <= codes(found)
    assert "[stopped]" in said(found, "wrong-approval")


def test_a_grant_after_the_stop() -> None:
    """Approved before the stop, recorded as granted after it."""
    clone = PlainClone()
    approved = clone.ask("bob")
    tell(clone, a_stop(clone))
    clone.later(MINUTE)
    clone.grant(approved)
    assert "granted-in-stop" in codes(clone.verdict())


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        ({"by": "bob", "github_id": 1002}, "stop-without-right"),
        ({"by": "erin", "github_id": 4242}, "stop-without-right"),
        ({"rules_commit": "f" * 40}, "stop-without-rules"),
        ({"rules_commit": ""}, "stop-without-rules"),
    ],
)
def test_a_stop_by_somebody_who_may_not(evidence: Mapping[str, Any], code: str) -> None:
    """By an owner of the request, by another account of the owner's name, under rules that main never had."""
    clone = PlainClone()
    stop = a_stop(clone)
    lie = replace(stop, evidence=Evidence({**stop.evidence.json, **evidence}))
    tell(clone, lie, actor=int(str(lie.evidence.github_id)))
    assert codes(clone.verdict()) == {code}


def test_a_stop_in_anothers_name() -> None:
    """GitHub's token says who started the run; the event says somebody else."""
    clone = PlainClone()
    tell(clone, a_stop(clone), actor=1666)
    assert codes(clone.verdict()) == {"stop-by-another"}


def test_a_stop_that_lasts_longer() -> None:
    """Seven days are the most."""
    clone = PlainClone()
    stop = a_stop(clone)
    assert stop.window is not None
    tell(clone, replace(stop, window=replace(stop.window, expires_at=stop.window.expires_at + MINUTE)))
    assert codes(clone.verdict()) == {"stop-too-long"}


def test_a_lift_of_no_stop(stopped: PlainClone) -> None:
    """A lift names a stop that the ledger does not hold."""
    stop = next(each for each in stopped.told if each.kind is EventType.STOPPED)
    lift = a_lift(stopped, stop)
    lie = replace(lift, evidence=Evidence({**lift.evidence.json, Evidence.stop.name: "0" * 20}))
    tell(stopped, lie)
    assert codes(stopped.verdict()) == {"lift-without-stop"}


def test_a_lift_by_who_is_stopped(stopped: PlainClone) -> None:
    """The only owner is stopped, and lifts all the same."""
    stop = next(each for each in stopped.told if each.kind is EventType.STOPPED)
    tell(stopped, a_stop(stopped, ERIN))
    tell(stopped, a_lift(stopped, stop))
    assert "erin was stopped, and who is stopped lifts nothing" in said(
        stopped.verdict(), "stop-without-right"
    )


def test_a_request_that_is_not_ended_in_time() -> None:
    """The stop is recorded, and access goes on for hours: late."""
    clone = PlainClone()
    clone.grant(clone.ask("bob", text=TEXT.replace("2h", "4h")))
    tell(clone, a_stop(clone))
    clone.later(3 * HOUR)
    assert codes(clone.verdict()) == {"late-end"}


def test_rules_of_a_stop_that_are_not_here(stopped: PlainClone) -> None:
    """Nobody is accused; it is said, and main's other commits are judged."""
    stopped.lacks.add(blob_name(stopped.trees.files[TEAMS]))
    found = stopped.verdict()
    assert "stop-without-right" not in codes(found)
    assert "stopped" in {each.event.split("-")[1] for each in found.problems if each.code == "rules-not-here"}
