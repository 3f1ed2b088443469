"""The ends that main asks for, where a rebase left commits that change too much to be followed: none is missed, none made up."""

from typing import Any

import pytest
from acme_world import HOUR, MINUTE, World
from audit_story import codes, said, verdict
from hostile import (
    CODEOWNERS,
    FOLDER,
    WHERE,
    Commit,
    Put,
    merged,
    name,
    request,
    text,
    tree_that_unfolds,
)

from jitbot.adapters.git import GitRepository
from jitbot.domain.model.errors import UnavailableError

PEOPLE = "policies/people.yaml"
ALICE = "  alice: {github_id: 1001, identity_center: alice@acme.com}\n"


@pytest.fixture
def held(world: World, held: str) -> str:
    """The path of alice's request for four hours, granted a minute ago."""
    world.later(MINUTE)
    return held


def wide(world: World, folder: str) -> dict[bytes, Put]:
    """More below a folder than anybody reads."""
    return {f"{folder}/wide".encode(): Put(name=tree_that_unfolds(world), mode=FOLDER)}


def rebased(world: World, *commits: Commit) -> None:
    """Merge these commits as they are."""
    merged(world, *commits, method="rebase")


def file(world: World, path: str) -> dict[bytes, Put]:
    """This file as main has it."""
    return {path.encode(): Put(content=world.text(path).encode())}


def without_alice(world: World) -> dict[bytes, Put]:
    """people.yaml, where alice has left."""
    return {PEOPLE.encode(): Put(content=world.text(PEOPLE).replace(ALICE, "").encode())}


def after_unread_rules(world: World, path: str) -> None:
    """A commit of which the rules cannot be followed, and later a deletion that an owner approves."""
    more = wide(world, "policies")
    rebased(world, Commit(puts=more | request(world, "x")), Commit(puts={}, gone=list(more)))
    world.land("alice", {path: None})


def in_unread_requests(world: World, path: str) -> None:
    """The commit that deletes it changes too much below requests/."""
    more = wide(world, WHERE)
    rebased(world, Commit(puts=more), Commit(puts={}, gone=[*more, path.encode()]))


def in_unread_rules(world: World, _: str) -> None:
    """The commit that takes alice out of people.yaml changes too much of the rules."""
    more = wide(world, "policies")
    rebased(world, Commit(puts=more | without_alice(world)), Commit(puts={}, gone=list(more)))


def while_nobody_owned_it(world: World, path: str) -> None:
    """Nobody owns the file in the moment of its deletion."""
    owners = file(world, CODEOWNERS)
    nobody = {CODEOWNERS.encode(): Put(content=b"# none\n")}
    rebased(world, Commit(puts=nobody), Commit(puts={}, gone=[path.encode()]), Commit(puts=owners))


@pytest.mark.parametrize(
    "leave", [after_unread_rules, in_unread_requests, in_unread_rules, while_nobody_owned_it]
)
def test_an_end_is_not_missed(world: World, held: str, leave: Any) -> None:
    """What a sweep would have ended is late without one, for an auditor with a clone alone."""
    leave(world, held)
    before = world.keep()
    world.later(2 * HOUR + MINUTE)
    assert codes(verdict(world, code=1)) == {"late-end"}
    world.back(before)
    world.later(MINUTE)
    world.ran("sweep")
    assert "ended" in world.story(held)[-1]
    world.later(2 * HOUR + MINUTE)
    assert codes(verdict(world, code=0)) == set()


def restored_beside_too_many(world: World, path: str) -> None:
    """The file is brought back by a commit that asks for more than one merge may."""
    many = text([name(world, f"many-{each:03}") for each in range(110)], b"reason: x\n")
    back = file(world, path)
    rebased(
        world,
        Commit(puts=request(world, "x"), gone=[path.encode()]),
        Commit(puts=back | many),
        Commit(puts={}, gone=list(many)),
    )


def restored_beside_a_tree_that_unfolds(world: World, path: str) -> None:
    """The file is brought back by a commit that changes too much below requests/."""
    more, back = wide(world, WHERE), file(world, path)
    rebased(
        world,
        Commit(puts=request(world, "x"), gone=[path.encode()]),
        Commit(puts=back | more),
        Commit(puts={}, gone=list(more)),
    )


def back_in_unread_rules(world: World, _: str) -> None:
    """alice comes back to people.yaml in a commit of which the rules cannot be followed."""
    more, back = wide(world, "policies"), file(world, PEOPLE)
    rebased(
        world,
        Commit(puts=without_alice(world) | request(world, "x")),
        Commit(puts=more | back),
        Commit(puts={}, gone=list(more)),
    )


@pytest.mark.parametrize(
    "move", [restored_beside_too_many, restored_beside_a_tree_that_unfolds, back_in_unread_rules]
)
def test_nobody_is_accused(world: World, held: str, move: Any) -> None:
    """What was gone between two commits of a rebase alone ends nothing, and is no late end."""
    move(world, held)
    world.ran("sweep")
    world.later(3 * HOUR)
    assert codes(verdict(world, "--against-aws", code=0)) == set()
    assert world.story(held) == ["approved", "granted"]


def restored_for_a_moment(world: World, path: str, before: str) -> None:
    """The file comes back and goes again, with its owners, within one rebase."""
    owners = file(world, CODEOWNERS)
    nobody = {CODEOWNERS.encode(): Put(content=b"# none\n")}
    back = {path.encode(): Put(content=before.encode())}
    rebased(
        world,
        Commit(puts=back | nobody | request(world, "x")),
        Commit(puts=owners),
        Commit(puts=nobody, gone=[path.encode()]),
        Commit(puts=owners),
    )


def people_unread_for_a_moment(world: World, path: str, before: str) -> None:
    """people.yaml cannot be read between two commits of one rebase."""
    people, broken = file(world, PEOPLE), {PEOPLE.encode(): Put(content=b"people: [")}
    rebased(world, Commit(puts=broken | request(world, "x")), Commit(puts=people))


@pytest.mark.parametrize("move", [restored_for_a_moment, people_unread_for_a_moment])
def test_a_rebase_every_hour_hides_no_end(world: World, held: str, move: Any) -> None:
    """What lies between its commits was never main's tip, so no sweep has any longer by it."""
    before = world.text(held)
    if move is restored_for_a_moment:
        world.land("alice", {held: None})
    else:
        world.write(PEOPLE, world.text(PEOPLE).replace(ALICE, ""))
    for _ in range(2):
        world.later(HOUR)
        move(world, held, before)
    world.later(MINUTE)
    assert codes(verdict(world, code=1)) == {"late-end"}


def test_a_sweep_that_rightly_ended_nothing_is_not_late(world: World, held: str) -> None:
    """Owners who left CODEOWNERS before any sweep saw the deletion: from then on it ends nothing, and is noted."""
    world.write(held, None)
    world.later(10 * MINUTE)
    world.write(CODEOWNERS, "# none\n")
    world.ran("sweep")
    assert world.story(held) == ["approved", "granted"]
    world.later(3 * HOUR)
    found = verdict(world, code=0)
    assert codes(found, "note") == {"deleted-briefly", "deleted-without-owner"}
    assert "for 10m" in said(found, "deleted-briefly")


def test_a_commit_that_cannot_be_asked(world: World, held: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git does not say what such a commit left, that is told of it, once, and the rest is judged."""
    in_unread_requests(world, held)
    world.ran("sweep")

    def silent(self: GitRepository, *_: object) -> None:
        raise UnavailableError("git ls-tree failed")

    monkeypatch.setattr(GitRepository, "entries", silent)
    found = verdict(world, code=3)
    told = [each["commit"] for each in found["findings"] if each["code"] == "commit-not-read"]
    assert len(told) == len(set(told)) >= 2
    assert codes(found, "unchecked") == {"commit-not-read"}
