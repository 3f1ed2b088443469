"""Rules of approval on a running acme: the comment, status, explain, request, the record and the audit say the same."""

from pathlib import Path
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, ORDERS, TABLE, World, clone_of
from audit_story import verdict
from desk import said
from pages import comment, lights, only, status, waiting

from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.domain.views.approval_places import placed
from jitbot.domain.views.wording import MARKDOWN, TERMINAL

OWNERS, POLICY = ".github/CODEOWNERS", f"policies/access/{ORDERS}.yaml"
RULES = """approvals:
  - need: 1
  - when: {accounts: [prod], duration_over: 2h}
    need: 2
    from: ["@acme/payments-leads", "@acme/security"]
  - when: {parameters: {table: [refunds]}}
    need: 2
"""
HELD = "2 (1 of @acme/payments-leads, 1 of @acme/security) in prod for over 2h"
WAITS = "1 of payments-leads: bob; waits for 1 of security: erin"


@pytest.fixture(autouse=True)
def by_rules(world: World) -> None:
    """Rules of approval for the orders table, in a repository whose pages have no comments yet."""
    world.write(POLICY, world.text(POLICY).replace("approvals: 1\n", RULES))
    line = f"/requests/{ORDERS}/      @acme/payments-leads"
    assert line in world.text(OWNERS)
    world.write(OWNERS, world.text(OWNERS).replace(line, f"{line} @acme/security"))
    world.github.comments.clear()
    world.github.statuses.clear()


def ask(world: World, *approvers: str, slug: str = "long", **fields: Any) -> tuple[str, int]:
    """alice's pull request, for three hours unless said otherwise, approved by these."""
    world.steps += 1
    path, text = world.request("alice", ORDERS, slug, **{**TABLE, "duration": "3h", **fields})
    number = world.propose("alice", f"{slug} {world.steps}", {path: text})
    for login in approvers:
        world.must(world.review(login, number))
    world.later(MINUTE)
    return path, number


def test_what_is_open_is_said_alike(world: World, tmp_path: Path) -> None:
    """bob has approved, erin has not: the same sentence on the page, at a terminal, in JSON."""
    path, number = ask(world, "bob")
    seen = waiting(world, path, number)
    assert isinstance(seen, PendingApprovals)
    assert placed(seen.places, TERMINAL) == WAITS
    comment(world, number)
    assert placed(seen.places, MARKDOWN) in only(world, number)
    assert lights(world, number)["jitbot/approval"] == (
        "pending",
        "1 of 2 approvals, waits for 1 of security",
    )
    explained = world.jit("explain", str(number), "--short").output
    assert f"1 of 2 approvals: {WAITS}." in explained
    assert f"Rules that hold: 1 always; {HELD}." in explained
    shown = status(world, tmp_path, path)
    assert (shown["approvals"], shown["approved_by"], shown["approval_rules"]) == (
        2,
        ["bob"],
        ["1 always", HELD],
    )
    assert shown["places"] == [
        {"team": "@acme/payments-leads", "approved_by": "bob", "able": []},
        {"team": "@acme/security", "approved_by": None, "able": ["erin"]},
    ]
    environ = {"GITHUB_TOKEN": world.acme.token("alice"), "GITHUB_API_URL": world.acme.github.api_url}
    command = ("status", "--all", "--repo", world.acme.repository)
    assert f"asked, 1 of 2: {WAITS}" in said(*command, folder=tmp_path, environ=environ, now=world.now).out


def test_enough_is_granted_recorded_and_decided_again(world: World) -> None:
    """With erin's approval it is granted; the record has rules and places, and the audit finds nothing wrong."""
    path, number = ask(world, "erin", "bob")
    comment(world, number)
    assert lights(world, number)["jitbot/approval"] == ("success", "2 of 2 approvals")
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    evidence = world.ledger()[0]["evidence"]
    assert evidence["approvals_required"] == 2
    assert evidence["approval_rules"] == ["1 always", HELD]
    assert [(each["team"], each["login"]) for each in evidence["places"]] == [
        ("@acme/payments-leads", "bob"),
        ("@acme/security", "erin"),
    ]
    comment(world, number)
    assert "Approved by **erin** for security and **bob** for payments-leads." in only(world, number)
    verdict(world, code=0)


@pytest.mark.parametrize(("duration", "table"), [("3h", "orders"), ("2h", "refunds")])
def test_too_little_is_refused(world: World, duration: str, table: str) -> None:
    """What bob alone approved, and a rule asks for more of, is refused for good, and rightly so."""
    path, number = ask(world, "bob", duration=duration, parameters={"table": table})
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(path) == {"not-enough-approvals"}
    assert world.reach("alice") == set()
    verdict(world, code=0)


def test_an_extension_over_the_limit_needs_what_the_whole_needs(world: World) -> None:
    """Two hours took bob alone; an hour more makes three, whichever way they are asked for."""
    path, number = ask(world, "bob", duration="2h", slug="short")
    world.must(world.merge("olivia", number))
    world.jit("grant")
    longer = {path: world.text(path).replace('"2h"', '"3h"')}
    world.land("alice", longer, by=("bob",))
    world.jit("grant", code=1)
    assert world.reasons(path) == {"not-enough-approvals"}
    world.land("alice", {path: world.text(path).replace('"3h"', '"3h1m"')}, by=("bob", "erin"))
    world.jit("grant")
    assert world.story(path)[-2:] == ["extended", "granted"]
    verdict(world, code=0)


def test_the_comment_names_the_requesters_other_requests(world: World) -> None:
    """What alice has, and asks for in other pull requests under her login in any case: two of two hours pass a rule."""
    _, first = ask(world, "bob", duration="2h", slug="first")
    world.must(world.merge("olivia", first))
    world.jit("grant")
    path, text = world.request("alice", ORDERS, "second", **{**TABLE, "duration": "2h"})
    second = world.propose("alice", f"second {world.steps}", {path: text.replace('"alice"', '"Alice"')})
    assert '"alice"' in text
    _, third = ask(world, duration="1h", slug="third")
    comment(world, third)
    seen = only(world, third)
    assert "The rules see one request: two of 2h pass a rule for over 2h." in seen
    assert "(live) and prod for 2h (asked for in pull request" in seen
    assert f"{second})" in seen
    explained = world.jit("explain", str(third), "--short").output
    assert "others:   The rules see one request" in explained
    assert f"prod for 2h (asked for in pull request {second})" in explained


def test_a_policy_with_a_number_asks_for_no_other_requests(world: World) -> None:
    """Its comment costs what it did."""
    path, text = world.request("dave", "production-admin", "x", duration="1h", ticket="OPS-1")
    number = world.propose("dave", "number", {path: text})
    comment(world, number)
    assert "see one request" not in only(world, number)
    assert ("GET", "/repos/{owner}/{name}/pulls") not in world.acme.github.calls


def test_what_a_person_asks_for_shows_the_rules(world: World, tmp_path: Path) -> None:
    """`request --dry-run` says who must approve, before anybody is asked; the JSON has the need."""
    command = (
        "request",
        ORDERS,
        "--account",
        "prod",
        "--duration",
        "3h",
        "--reason",
        "x",
        "--parameter",
        "table=orders",
    )
    environ = {"GITHUB_TOKEN": world.acme.token("alice"), "GITHUB_API_URL": world.acme.github.api_url}
    repo = ("--dry-run", "--repo", world.acme.repository)
    shown = said(*command, *repo, folder=tmp_path, environ=environ, now=world.now).out
    assert "2 of @acme/payments-leads @acme/security, at least 1 of @acme/payments-leads" in " ".join(
        shown.split()
    )


def test_a_team_that_does_not_own_the_requests_is_a_finding(world: World) -> None:
    """A team of a rule that does not own the requests is a finding at its line in the policy, with what to do."""
    world.write(
        OWNERS, world.text(OWNERS).replace("@acme/payments-leads @acme/security", "@acme/payments-leads")
    )
    told = said("check", POLICY, folder=clone_of(world, "alice"), now=world.now)
    assert (told.code, f"{POLICY}:9:36" in told.out) == (1, True), told.out
    assert "@acme/security does not own requests/orders-db-read/" in told.out


def test_over_two_hours_means_over(world: World) -> None:
    """Exactly two hours take one approval."""
    path, number = ask(world, "bob", duration="2h")
    world.later(HOUR)
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
