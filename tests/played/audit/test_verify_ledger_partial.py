"""The weekly audit's own clone has no file until one is read: nothing that anybody merges or pushes keeps it from its verdict."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from acme_world import HOUR, World
from audit_story import codes, partial_clone, vouched
from hostile import CODEOWNERS, MOVES, SUBMODULE, SYMLINK, WHERE, Commit, Put, merged, name, request

from jitbot.adapters.git.partial_clone import Remainder
from jitbot.domain.model import merge_facts
from jitbot.domain.model.documents import Sha

pytestmark = pytest.mark.real_git

ODD = (
    *("no_plain_files", "odd_names", "a_deep_request", "a_tree_that_unfolds", "rules_in_and_out"),
    *("events_is_a_link", "a_file_named_events", "a_large_blob", "a_forged_batch", "everything_is_deleted"),
)  # moves
NOBODYS = "1" * 40  # no object of this repository


def audited(world: World, *arguments: str) -> Any:
    """The verdict on a clone without blobs, with what it holds then."""
    ran = world.ran(
        *("audit", "verify", "--keys", str(vouched(world)), "--format", "json", *arguments),
        runner=partial_clone(world).name,
        workflow="audit.yml",
    )
    assert ran.output.startswith("{"), ran.output
    return json.loads(ran.output)


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every blob that is asked for."""
    found: set[str] = set()
    bring = Remainder.bring_those_there

    def bringing(self: Remainder, blobs: Iterable[Sha]) -> frozenset[Sha]:
        found.update(blobs := list(blobs))
        return bring(self, blobs)

    monkeypatch.setattr(Remainder, "bring_those_there", bringing)
    return found


def test_a_submodule_in_the_place_of_a_request(world: World, held: str, wanted: set[str]) -> None:
    """What it names is no object here: it is refused, and the audit asks nobody for it."""
    path = f"{WHERE}/{name(world, 'module')}"
    merged(world, Commit(puts={path.encode(): Put(name=NOBODYS, mode=SUBMODULE)}))
    world.jit("grant", code=1)
    found = audited(world)
    assert (found["findings"], found["checked"]["refused"]) == ([], 1)
    assert wanted
    assert NOBODYS not in wanted


@pytest.mark.parametrize("put", [Put(content=b"x", mode=SYMLINK), Put(name=NOBODYS, mode=SUBMODULE)])
def test_owners_that_are_no_plain_file_for_a_moment(
    world: World, held: str, wanted: set[str], put: Put
) -> None:
    """A link or a submodule in the place of CODEOWNERS, in a rebase that deletes a request: a note."""
    own, owners, text = request(world, "x"), world.text(CODEOWNERS), world.text(held)
    back = {CODEOWNERS.encode(): Put(content=owners.encode()), held.encode(): Put(content=text.encode())}
    merged(
        world,
        Commit(puts={CODEOWNERS.encode(): put} | own),
        Commit(puts={}, gone=[held.encode()]),
        Commit(puts=back),
        method="rebase",
    )
    world.ran("grant")
    assert codes(audited(world)) == set()
    assert wanted
    assert not {each for each in wanted if each == NOBODYS or each.startswith(merge_facts.ODD)}


def test_the_verdict_of_a_clone_without_blobs(world: World, held: str) -> None:
    """Whatever git can hold is pushed to main and to the ledger: there is a verdict, and alice's grant is rightful."""
    for each in ODD:
        MOVES[each](world)
    world.calm()
    world.ran("grant")
    world.later(HOUR)
    found = audited(world)
    assert [each for each in found["findings"] if each["request"] == held] == []
