"""The ends that main asks for, for an audit: a file that was deleted, a requester who left, and no sweep that acted on it."""

import json
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, World
from audit_story import clone, codes, said, verdict, vouched

PEOPLE = "policies/people.yaml"
ALICE = "  alice: {github_id: 1001, identity_center: alice@acme.com}\n"


def offboard(world: World) -> str:
    """Take alice out of people.yaml; gives what it was before."""
    before = world.text(PEOPLE)
    assert ALICE in before
    world.write(PEOPLE, before.replace(ALICE, ""))
    return before


def removed_on_time(world: World, path: str) -> tuple[str, str]:
    """What the evidence pack answers to: ended and removed on time."""
    folder = clone(world)
    pack = folder.parent / f"pack-{world.now:%d%H%M}-{world.github.store.tip('main')[:8]}"
    world.jit(
        *("audit", "export", "--from", "2026-11-01", "--to", "2026-11-30", "--output", str(pack)),
        *("--seed", "s", "--keys", str(vouched(world))),
        runner="auditor",
        workflow="audit.yml",
    )
    items = json.loads((pack / "population.json").read_text())
    found = next(each for each in items if each["request"] == path)["judgements"]["removed_on_time"]
    return found["answer"], found["why"]


LEAVING: dict[str, Any] = {
    "left": lambda world, _: offboard(world),
    "another login's principal": lambda world, _: world.write(
        PEOPLE, world.text(PEOPLE).replace("alice@acme.com", "alice2@acme.com")
    ),
    "deleted": lambda world, path: world.write(path, None),
    "deleted by a pull request": lambda world, path: world.land("alice", {path: None}),
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_an_end_that_no_sweep_carried_out(world: World, held: str, leave: Any) -> None:
    """After two hours it is a broken promise, for the auditor with a clone alone as for the one who looks into AWS."""
    leave(world, held)
    world.later(2 * HOUR)
    assert verdict(world, code=0)["findings"] == []
    assert verdict(world, "--against-aws", code=0)["findings"] == []
    world.later(MINUTE)
    found = verdict(world, code=1)
    assert codes(found) == {"late-end"}
    assert "it was to end at 2026-11-23T09:" in said(found, "late-end")
    assert codes(verdict(world, "--against-aws", code=1)) == {"late-end", "role-not-ended"}
    answer, why = removed_on_time(world, held)
    assert (answer, "access went on for 2h1m" in why) == ("no", True)


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_an_end_that_a_sweep_carried_out(world: World, held: str, leave: Any) -> None:
    """Nothing is found where the next sweep ended it, however long the file or the person stays away."""
    leave(world, held)
    world.later(HOUR)
    world.jit("sweep")
    world.later(4 * HOUR)
    world.jit("sweep")
    assert verdict(world, "--against-aws", code=0)["findings"] == []
    assert removed_on_time(world, held)[0] == "yes"


@pytest.mark.parametrize(
    ("away", "code", "found"),
    [(2 * HOUR, 0, {"offboarded-briefly"}), (2 * HOUR + MINUTE, 1, {"late-end"})],
    ids=["as long as a sweep may take", "longer"],
)
def test_somebody_who_came_back(world: World, held: str, away: Any, code: int, found: set[str]) -> None:
    """Whoever was gone for longer than a sweep may take must have lost access; a shorter absence is a note."""
    before = offboard(world)
    world.later(away)
    world.write(PEOPLE, before)
    world.later(HOUR)
    verdict_ = verdict(world, code=code)
    assert codes(verdict_, "broken" if code else "note") == found
    assert len(verdict_["findings"]) == 1


def test_a_file_that_came_back(world: World, held: str) -> None:
    """A pull request deleted it and another brought it back: after three hours a sweep must have ended it."""
    text = world.text(held)
    world.land("alice", {held: None})
    deleted = world.keep()
    world.later(HOUR)
    world.write(held, text)
    world.later(HOUR)
    assert "deleted-briefly" in codes(verdict(world, code=0), "note")
    world.back(deleted)
    world.later(3 * HOUR)
    world.write(held, text)
    assert "late-end" in codes(verdict(world, code=1))


def test_offboarded_and_back_before_the_grant(world: World) -> None:
    """Somebody who was gone between the merge and the grant was granted: the audit says that they were gone."""
    path = world.ask()
    before = offboard(world)
    world.later(10 * MINUTE)
    world.write(PEOPLE, before)
    world.jit("grant")
    found = verdict(world, code=0)
    assert world.story(path) == ["approved", "granted"]
    assert codes(found, "note") == {"offboarded-briefly"}
    assert "its requester was gone from people.yaml from 2026-11-23T09:" in said(found, "offboarded-briefly")


def test_a_request_that_was_deleted_before_it_was_granted(world: World) -> None:
    """Merged, and deleted again before a run came to it: the audit says that nothing was granted, and looks for no outcome."""
    path = world.ask(duration="4h", starts_at="2026-11-25T09:00:00Z")
    world.write(path, None)
    world.jit("grant")
    assert world.story(path) == ["approved"]
    for later in (MINUTE, 26 * HOUR):
        world.later(later)
        found = verdict(world, code=0)
        assert codes(found, "note") == {"ended-before-grant"}
        assert "to end at 2026-11-23T09:00:00Z, before it was granted: nothing was granted" in said(
            found, "ended-before-grant"
        )


def test_people_that_cannot_be_read_end_nothing(world: World, held: str) -> None:
    """A people.yaml that does not read ends nothing, as for a sweep; while nobody knows who is gone, that is said."""
    before = world.text(PEOPLE)
    world.write(PEOPLE, "people: [")
    world.later(3 * HOUR)
    assert codes(verdict(world, code=3), "unchecked") == {"people-not-read"}
    world.write(PEOPLE, before)
    assert codes(verdict(world, code=0), "note") == {"people-not-read"}


def test_a_deletion_where_nobody_owns_the_folder(world: World) -> None:
    """There only who may revoke ends access by a deletion, and git does not say who deleted it: a note."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    world.jit("grant")
    world.write(path, None)
    world.later(3 * HOUR)
    found = verdict(world, code=0)
    assert codes(found, "note") == {"deleted-without-owner"}
    assert "only who may revoke ends access" in said(found, "deleted-without-owner")


def test_what_was_not_granted_since_it_was_to_end(world: World) -> None:
    """Nothing came of the approval because the requester left before: the ledger lacks nothing."""
    world.ask(duration="4h", starts_at="2026-11-25T09:00:00Z")
    offboard(world)
    world.jit("grant")
    world.later(26 * HOUR)
    assert codes(verdict(world, code=0), "note") == {"ended-before-grant"}
