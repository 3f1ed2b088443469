"""`jitbot audit verify` of emergency stops: a true one is found whole, and each way of tampering is found."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, ORDERS, World
from audit_story import attest, codes, recorded, said, verdict
from breaking import refuse
from forging import batch, push

from jitbot.domain.ledger import events
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import Evidence


def stop(world: World, *arguments: str, code: int = 0) -> None:
    """`jitbot stop` by erin."""
    world.jit("stop", *arguments, "--reason", "x", actor="erin", code=code, workflow="revoke.yml")


@pytest.fixture
def stopped(world: World, granted: str) -> str:
    """Alice's grant was ended by a stop, and what she asked then was refused; the path of the first."""
    stop(world, "--person", "alice")
    world.ask(slug="then")
    world.jit("grant", code=1)
    return granted


def test_a_true_stop_is_found_whole(world: World, stopped: str) -> None:
    """Stopped, refused, lifted, granted again: decided again from a clone, nothing is wrong."""
    stop(world, "--policy", ORDERS)
    world.ask("carol", "hers")
    world.jit("grant", code=1)
    stop(world, "--policy", ORDERS, "--lift")
    world.later(minutes(1))
    world.ask("carol", "again")
    world.jit("grant")
    found = verdict(world, code=0)
    assert codes(found) == set()
    assert (found["checked"]["stopped"], found["checked"]["lifted"]) == (2, 1)


def minutes(number: int) -> timedelta:
    """So many minutes."""
    return number * MINUTE


def without_stop(world: World) -> None:
    """Take the stop out of the ledger, as somebody does who may rewrite the branch: all later batches are made again."""
    kept = [event for event in _all(world) if event.kind != "stopped"]
    store = world.github.store
    first = store.git("rev-list", "--max-parents=0", "ledger").decode().strip()
    store.update_ref("refs/heads/ledger", first)
    now = world.now
    for event in kept:
        world.acme.clock.set(event.at)
        push(world, batch(world, event))
    world.acme.clock.set(now)


def _all(world: World) -> list[Event]:
    store = world.github.store
    listed = store.git(
        "log", "--reverse", "--format=", "--name-only", "--diff-filter=A", "ledger", "--", "events/"
    )
    found = []
    for path in listed.decode().split():
        folder, _, name = path.rpartition("/")
        content = store.read(store.tip("ledger"), path)
        found.append(events.load(f"{folder.rpartition('/')[0]}/{name}", content))
    return found


def test_a_stop_that_is_missing(world: World, stopped: str) -> None:
    """An end by it, and a refusal for it, have no ground any more."""
    without_stop(world)
    found = verdict(world, code=1)
    assert codes(found) == {"ended-without-stop", "wrong-refusal"}
    assert "nothing speaks against it, and yet it was refused" in said(found, "wrong-refusal")


def test_an_approval_inside_a_stop(world: World, asked: str) -> None:
    """A workflow that lies records, for what was merged, the approval that there was before the stop."""
    kept = world.keep()
    world.jit("grant")
    approval, granted = recorded(world, "approved"), recorded(world, "granted")
    world.back(kept)
    stop(world, "--person", "alice")
    attest(world, approval)
    attest(world, granted)
    found = verdict(world, code=1)
    assert {"wrong-approval", "granted-in-stop"} <= codes(found)
    assert "[stopped]" in said(found, "wrong-approval")


def test_a_grant_after_the_stop(world: World, granted: str) -> None:
    """Approved before the stop, recorded as granted once more after it."""
    first = recorded(world, "granted")
    stop(world, "--person", "alice")
    attest(world, first, cause="again")
    assert "granted-in-stop" in codes(verdict(world, code=1))


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        ({"by": "bob", "github_id": 1002}, "stop-without-right"),
        ({"by": "erin", "github_id": 4242}, "stop-without-right"),
        ({"rules_commit": "f" * 40}, "stop-without-rules"),
        ({"rules_commit": ""}, "stop-without-rules"),
    ],
)
def test_a_stop_by_somebody_who_may_not(
    world: World, stopped: str, evidence: Mapping[str, Any], code: str
) -> None:
    """By an owner of the request, by another account of the owner's name, under rules that main never had."""
    event = recorded(world, "stopped")
    world.later(minutes(1))
    attest(world, event, evidence={**event.evidence.json, **evidence}, window=_window(world, event))
    assert code in codes(verdict(world, code=1))


def _window(world: World, event: Event) -> Any:
    assert event.window is not None
    return replace(event.window, expires_at=world.now + (event.window.expires_at - event.at))


def test_a_stop_in_anothers_name(world: World, stopped: str) -> None:
    """GitHub's token says who started the run; the event says somebody else."""
    event = recorded(world, "stopped")
    world.later(minutes(1))
    attest(world, event, window=_window(world, event))
    found = verdict(world, code=1)
    assert codes(found) == {"stop-by-another"}


def test_a_stop_that_lasts_longer(world: World, stopped: str) -> None:
    """Seven days are the most."""
    world.later(minutes(1))
    attest(world, recorded(world, "stopped"))
    assert "stop-too-long" in codes(verdict(world, code=1))


def test_a_lift_of_no_stop(world: World, stopped: str) -> None:
    """A lift names a stop that the ledger does not hold."""
    stop(world, "--person", "alice", "--lift")
    event = recorded(world, "lifted")
    evidence = {**event.evidence.json, Evidence.stop.name: "0" * 20}
    attest(world, event, evidence=evidence, cause="stop 0")
    assert "lift-without-stop" in codes(verdict(world, code=1))


def test_a_lift_by_who_is_stopped(world: World, stopped: str) -> None:
    """The only owner is stopped, and lifts all the same."""
    stop(world, "--person", "alice", "--lift")
    event = recorded(world, "lifted")
    stop(world, "--person", "erin")
    world.later(minutes(1))
    attest(world, event, cause="again")
    assert "erin was stopped, and who is stopped lifts nothing" in said(
        verdict(world, code=1), "stop-without-right"
    )


def test_a_request_that_is_not_ended_in_time(world: World, granted: str) -> None:
    """The stop is recorded, and access goes on for hours: late."""
    path = world.ask("carol", "long", duration="4h")
    world.jit("grant")
    refuse(world, "AttachRolePolicy")
    stop(world, "--person", "carol", code=3)
    world.calm()
    world.later(3 * HOUR)
    world.jit("sweep")
    found = verdict(world, code=1)
    assert codes(found) == {"late-end"}
    assert path in said(found, "late-end")


def test_a_refusal_for_a_stop_that_is_missing(world: World, granted: str) -> None:
    """It would be refused anyway, and yet the stop that it names is nowhere."""
    stop(world, "--policy", ORDERS)
    world.ask("carol", "alone", by=())
    world.jit("grant", code=1)
    without_stop(world)
    found = verdict(world, code=1)
    assert "it was refused for a stop that the ledger does not hold" in said(found, "wrong-refusal")
