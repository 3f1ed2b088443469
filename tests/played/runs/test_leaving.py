"""What happens by itself when somebody leaves: the table of the page for admins, played once."""

import pytest
from acme_world import HOUR, ORDERS, TABLE, World
from pages import comment

PEOPLE = "policies/people.yaml"


def without(world: World, login: str) -> None:
    """A reviewed pull request takes the entry of a person out of people.yaml."""
    lines = world.text(PEOPLE).splitlines(keepends=True)
    left = [each for each in lines if not each.startswith(f"  {login}: ")]
    assert len(left) == len(lines) - 1
    world.land("frank", {PEOPLE: "".join(left)}, by=("erin",))


def test_a_requester_who_leaves_has_nothing_left(world: World, granted: str) -> None:
    """The next sweep ends what is live; what they merge afterwards is refused."""
    path, text = world.request("alice", ORDERS, "later", **TABLE)
    number = world.propose("alice", "later", {path: text})
    world.must(world.review("bob", number))
    assert world.reach("alice") != set()
    without(world, "alice")
    world.jit("sweep")
    assert world.reach("alice") == set()
    assert world.story(granted)[-1] == "ended offboarded"
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert "unknown-person" in world.reasons(path)
    assert world.reach("alice") == set()


def test_an_approver_who_leaves_counts_no_longer_and_takes_nothing_away(world: World, granted: str) -> None:
    """What they approved before stays until its own end; an approval that is given and not merged yet is worth nothing."""
    path, text = world.request("carol", ORDERS, "later", **TABLE)
    number = world.propose("carol", "later", {path: text})
    world.must(world.review("bob", number))
    without(world, "bob")
    world.jit("sweep")
    assert world.reach("alice") != set()
    world.must(world.merge("olivia", number))
    world.later(HOUR / 2)
    world.jit("grant", code=1)
    assert world.reach("carol") == set()
    assert world.story(path) == ["refused"]


@pytest.mark.parametrize(
    ("login", "team", "code"), [("bob", "acme/payments-leads", 1), ("alice", "acme/payments", 0)]
)
def test_the_check_names_what_still_names_them(world: World, login: str, team: str, code: int) -> None:
    """The pull request that takes them out of people.yaml shows what it leaves behind, and what nobody approves any more."""
    lines = world.text(PEOPLE).splitlines(keepends=True)
    left = "".join(each for each in lines if not each.startswith(f"  {login}: "))
    number = world.propose("frank", "leaver", {PEOPLE: left})
    said = comment(world, number, code=code)
    assert f"title=unknown-person::{login}, of {team}, is not in policies/people.yaml" in said
    assert ("title=no-known-owner" in said) is (login == "bob")
