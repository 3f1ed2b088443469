"""Rules of a moment that nobody can read: what meets them is refused at once, and the audit says the same."""

import subprocess
from pathlib import Path

import pytest
from acme_world import ORDERS, TABLE, World
from audit_story import clone, verdict
from hostile import CODEOWNERS, Commit, Put, merged, request

from jitbot.domain.model.bounds import EVENT_READ

BREAK_GLASS = "production-break-glass"
TEAMS, PEOPLE, ACCOUNTS = "policies/teams.yaml", "policies/people.yaml", "policies/accounts.yaml"
RULES = (
    *("policies/settings.yaml", ACCOUNTS, PEOPLE, TEAMS),
    f"policies/access/{BREAK_GLASS}.yaml",
    CODEOWNERS,
)
PADDING = b"\n# " + b"x" * EVENT_READ
NO_TEXT = b"\xff\xfe\xfd"
DEEP = b"a: " + b"[" * 9_000


def asks_under(world: World, path: str, content: bytes) -> tuple[list[Commit], str]:
    """Two commits: a rule of this content, and a request of mallory's that meets it and puts it right; the request."""
    ask = request(world, "moment")
    right = Put(content=world.text(path).encode())
    commits = [Commit(puts={path.encode(): Put(content=content)}), Commit(puts=ask | {path.encode(): right})]
    return commits, next(iter(ask)).decode()


def test_a_request_that_meets_rules_too_large_is_refused_at_once(world: World) -> None:
    """One rebase has each rule file larger than is read for one commit: the first run refuses what met it, and the audit agrees."""
    path = world.ask()
    both = {each: asks_under(world, each, world.text(each).encode() + PADDING) for each in RULES}
    merged(world, *(commit for commits, _ in both.values() for commit in commits), method="rebase")
    world.jit("grant", code=1)
    assert world.story(path) == ["approved", "granted"]
    reasons = {rule: world.reasons(ask) for rule, (_, ask) in both.items()}
    large = {rule: found & {"rules-too-large", "codeowners-too-large"} for rule, found in reasons.items()}
    assert large == {**{rule: {"rules-too-large"} for rule in RULES}, CODEOWNERS: {"codeowners-too-large"}}
    assert verdict(world, code=0)["findings"] == []


@pytest.mark.parametrize("content", [NO_TEXT, DEEP])
def test_a_request_that_meets_rules_that_are_none_is_refused_at_once(world: World, content: bytes) -> None:
    """No text, or YAML too deep, in each rule file for one commit."""
    both = [asks_under(world, each, content) for each in RULES]
    merged(world, *(commit for commits, _ in both for commit in commits), method="rebase")
    world.jit("grant", code=1)
    assert [world.story(ask) for _, ask in both] == [["refused"]] * len(RULES)
    assert verdict(world, code=0)["findings"] == []


def test_what_was_approved_on_rules_too_large_is_refused(world: World) -> None:
    """alice's branch begins where main had teams that nobody reads: whom her approval came from cannot be known."""
    right = world.text(TEAMS)
    world.write(TEAMS, right + PADDING.decode())
    path, text = world.request("alice", ORDERS, "large", **TABLE)
    number = world.propose("alice", "large", {path: text})
    world.must(world.review("bob", number))
    world.write(TEAMS, right)
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(path) == {"rules-changed", "not-enough-approvals"}
    assert verdict(world, code=0)["findings"] == []


def test_a_deletion_still_ends_access_while_people_are_too_large(world: World, granted: str) -> None:
    """At main's tip too: nobody is taken for gone, and what was deleted ends."""
    world.land("alice", {granted: None})
    world.write(PEOPLE, world.text(PEOPLE) + PADDING.decode())
    world.jit("sweep", code=3)
    assert world.story(granted) == ["approved", "granted", "ended deleted"]


def without(folder: Path, blob: str) -> None:
    """Take one blob out of a clone, as a broken disk may."""
    for pack in (folder / ".git/objects/pack").glob("*.pack"):
        content = pack.read_bytes()
        pack.unlink()
        subprocess.run(["git", "unpack-objects", "-q"], cwd=folder, input=content, check=True)
    (folder / ".git/objects" / blob[:2] / blob[2:]).unlink()


def test_a_clone_that_lacks_rules_leaves_one_decision_unchecked(world: World, granted: str) -> None:
    """What can be read is judged: one decision met accounts that are not here, and 3 says so of it alone."""
    world.write(ACCOUNTS, world.text(ACCOUNTS) + "# one more line\n")
    second = world.ask("carol", "second", by=())
    world.jit("grant", code=1)
    name = world.github.store.git("rev-parse", f"main:{ACCOUNTS}").decode().strip()
    without(clone(world), name)
    found = verdict(world, fresh=False, code=3)
    assert [(each["code"], each["request"]) for each in found["findings"]] == [("rules-not-here", second)]
