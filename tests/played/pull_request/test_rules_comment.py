"""`jitbot comment` on pull requests that change rules, against a running acme."""

from collections.abc import Mapping

import pytest
from acme_world import HOUR, ORDERS, TABLE, World
from pages import bodies, comment, lights, only

from jitbot.sandbox.github.records import GitHubFault

RULES = f"policies/access/{ORDERS}.yaml"
TEAMS, PEOPLE, OWNERS = "policies/teams.yaml", "policies/people.yaml", ".github/CODEOWNERS"


@pytest.fixture(autouse=True)
def page(world: World) -> None:
    """Pages without comments or statuses."""
    world.github.comments.clear()
    world.github.statuses.clear()


def propose(world: World, files: Mapping[str, str | None], login: str = "olivia") -> int:
    """A pull request with these files, from a branch of its own."""
    world.steps += 1
    return world.offer(login, f"change {world.steps}", files)


def changed(world: World, path: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """A file of main with these texts replaced."""
    text = world.text(path)
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return {path: text}


def test_a_change_of_rules_gets_one_comment_kept_current(world: World) -> None:
    """No title; the statuses are green; a second run writes nothing, a push is told anew in the same comment."""
    world.steps += 1
    head = changed(world, RULES, ("max_duration: 4h", "max_duration: 8h"))
    number = world.propose("olivia", f"change {world.steps}", head)
    title = world.github.pulls[number].title
    comment(world, number)
    first = only(world, number)
    assert first.splitlines()[0] == (
        "🟢 **Changes the rules**: The longest access under **orders-db-read** is 8h, and was 4h."
    )
    assert world.github.pulls[number].title == title
    assert lights(world, number) == {
        "jitbot/check": ("success", "all good"),
        "jitbot/approval": ("success", "no access is asked for here"),
    }
    world.later(HOUR)
    assert comment(world, number) == f"#{number}: all good\n"
    assert only(world, number) == first
    world.push(
        "olivia",
        world.github.pulls[number].head_ref,
        changed(world, RULES, ("max_duration: 4h", "max_duration: 1h")),
    )
    comment(world, number)
    assert "lets nobody do more than before" in only(world, number)


def test_the_comment_stays_after_the_merge(world: World) -> None:
    """It says what the merge did; a review or an edit after it changes nothing."""
    number = propose(world, changed(world, RULES, ("max_duration: 4h", "max_duration: 8h")))
    comment(world, number)
    before = only(world, number)
    world.must(world.review("erin", number))
    world.must(world.merge("olivia", number))
    comment(world, number, event="pull_request_review")
    assert only(world, number) == before


def test_what_main_changed_meanwhile_is_no_part_of_it(world: World) -> None:
    """A branch that is behind main is shown as what its merge would do; where both changed a file, that is said."""
    number = propose(world, changed(world, RULES, ("max_duration: 4h", "max_duration: 8h")))
    world.write(
        TEAMS, changed(world, TEAMS, ("acme/security: [erin]", "acme/security: [erin, grace]"))[TEAMS]
    )
    comment(world, number)
    assert "grace" not in only(world, number)
    world.write(RULES, world.text(RULES).replace("approvals: 1", "approvals: 1  # one"))
    comment(world, number)
    assert "main changed the same files since this branch left it" in only(world, number)


def test_workflows_alone_get_a_comment_if_it_says_something(world: World) -> None:
    """Code that changes says nothing that the diff does not; a workflow that asks for tokens does."""
    quiet = propose(
        world, {"jitbot/new.py": "x = 1\n", ".github/workflows/other.yml": "on: push\njobs: {}\n"}
    )
    comment(world, quiet)
    assert bodies(world, quiet) == []
    loud = propose(
        world, {".github/workflows/other.yml": "on: push\npermissions: {id-token: write}\njobs: {}\n"}
    )
    comment(world, loud)
    assert "Newly mentions id-token" in only(world, loud)


def test_live_access_that_it_ends_is_named(world: World, granted: str) -> None:
    """A person who is taken out of people.yaml loses what they have, and one whose policy changes keeps it."""
    alice = next(line for line in world.text(PEOPLE).splitlines() if line.startswith("  alice:"))
    number = propose(world, changed(world, PEOPLE, (f"{alice}\n", "")))
    assert "title=unknown-person::alice, of acme/payments," in comment(
        world, number
    )  # teams.yaml still names her
    body = only(world, number)
    assert f"ENDS the current access of **alice**: {granted.removeprefix('requests/')}" in body.replace(
        "\\", ""
    )
    other = propose(world, changed(world, RULES, ("dynamodb:Scan", "dynamodb:DescribeTimeToLive")))
    comment(world, other)
    assert "can no longer be extended" in only(world, other)


def test_open_requests_that_it_refuses_are_named(world: World) -> None:
    """By the pull request and the reason; one that only needs an update is said to need one."""
    path, text = world.request("alice", ORDERS, "open", **TABLE)
    asked = propose(world, {path: text}, "alice")
    number = propose(world, changed(world, RULES, ("max_duration: 4h", "max_duration: 1h")))
    comment(world, number)
    body = only(world, number)
    assert (
        f"The open request of **alice** would be refused (pull request {asked}): 2h is above the maximum"
        in body
    )
    number = propose(world, changed(world, RULES, ("dynamodb:Scan", "dynamodb:DescribeTimeToLive")))
    comment(world, number)
    assert f"must be brought up to date and approved again: pull request {asked}" in only(world, number)


def test_what_github_does_not_answer_is_said(world: World) -> None:
    """The rest is shown all the same."""
    number = propose(world, changed(world, RULES, ("max_duration: 4h", "max_duration: 8h")))
    fault = GitHubFault(status=502)
    world.acme.github.faults = lambda used, path: fault if (used, path[-6:]) == ("GET", "/pulls") else None
    comment(world, number)
    assert "Not looked at: open requests, since they could not be read" in only(world, number)
    assert "is 8h, and was 4h" in only(world, number)


def test_what_only_doctor_looked_at_is_found_before_the_merge(world: World) -> None:
    """Owners nobody knows, a line that is no longer last, a policy that nobody can approve: red, with file and line."""
    head = changed(world, OWNERS, ("/requests/orders-db-read/      @acme/payments-leads\n", ""))
    head[OWNERS] += "/requests/orders-db-read/ @acme/nobody\n"
    number = propose(world, head)
    output = comment(world, number, code=1)
    for code in ("unknown-owner", "rules-not-last", "no-known-owner"):
        assert f"title={code}::" in output
    assert "to fix before this is merged" in only(world, number)
    empty = propose(
        world,
        changed(world, TEAMS, ("acme/security: [erin]", "acme/security: [{login: erin, until: 2020-01-01}]")),
    )
    assert "title=no-known-owner::policies/: " in comment(world, empty, code=1)
    assert "may no longer approve changes of" in only(world, empty)


@pytest.mark.parametrize("content", ["x: [", "people:\n  alice: &a {}\n", "\0" * 70_000, "x" * 5_000_000])
def test_a_hostile_file_is_one_line_and_stops_nothing(world: World, content: str) -> None:
    """Unreadable or oversized: named, and what else changes is compared."""
    number = propose(
        world, {PEOPLE: content, **changed(world, RULES, ("max_duration: 4h", "max_duration: 8h"))}
    )
    comment(world, number, code=1)
    body = only(world, number)
    assert body.count("is compared as if it stayed as it is") == 1
    assert "is 8h, and was 4h" in body
    assert lights(world, number)["jitbot/check"][0] == "failure"


def test_more_changes_than_are_compared_are_one_line(world: World) -> None:
    """A thousand files of the rules and one more: nothing is compared, and nothing is called unchanged."""
    files = {f"policies/access/p-{number}.yaml": "x" for number in range(1_001)}
    number = propose(world, files)
    comment(world, number, code=1)
    body = only(world, number)
    assert body.startswith("❌ **Not compared**: 1,001 files of the rules change")
    assert len(body) < 1_500
    assert lights(world, number)["jitbot/check"] == ("failure", "1 to fix: too-many-rules")


def test_plan_says_the_same_at_a_terminal(world: World, granted: str) -> None:
    """By the number of the pull request, or by its head in a clone; with live access, which only the ledger knows."""
    alice = next(line for line in world.text(PEOPLE).splitlines() if line.startswith("  alice:"))
    number = propose(world, changed(world, PEOPLE, (f"{alice}\n", "")))
    comment(world, number)
    shown = world.jit("plan", str(number), workflow="check.yml").output
    for part in (
        "ENDS the current access of alice: orders-db-read/",
        "alice may no longer ask for ",
    ):
        assert part in shown
        assert part in only(world, number).replace("\\", "").replace("*", "")
    head = world.github.pulls[number].head_sha
    assert world.jit("plan", "--head", head, workflow="check.yml").output == shown
    assert world.jit("plan", workflow="check.yml").output == "the rules stay as they are\n"
    world.must(world.acme.call("olivia", "PATCH", f"/pulls/{number}", state="closed"))
    assert "is not open" in world.jit("plan", str(number), code=1, workflow="check.yml").output
    asked = propose(world, dict([world.request("alice", ORDERS, "plain", **TABLE)]), "alice")
    assert world.jit("plan", str(asked), workflow="check.yml").output == "the rules stay as they are\n"
