"""The comment on an access review, against a running acme: one comment, with what an owner needs to sign it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from acme_world import DAY, HOUR, ORDERS, World
from pages import bodies, comment, lights, only
from reviewing import OTHER, POLICY, dated, review

from jitbot.domain.text.escape import markdown
from jitbot.sandbox.github.records import GitHubFault
from jitbot.usecases.ledger import ledger_view

TEAMS = "policies/teams.yaml"


@pytest.fixture(autouse=True)
def page(world: World) -> None:
    """Pages without comments or statuses."""
    world.github.comments.clear()
    world.github.statuses.clear()


def propose(world: World, files: Mapping[str, str | None], login: str = "bob") -> int:
    """A pull request with these files, from a branch of its own."""
    world.steps += 1
    return world.offer(login, f"change {world.steps}", files)


def test_an_owner_reads_what_they_sign(world: World, granted: str) -> None:
    """Who may ask, who approves, limits, risk, use, and what was never asked for; a second run writes nothing."""
    number = propose(world, dated(world, "2026-11-23"))
    comment(world, number)
    body = only(world, number)
    assert body.splitlines()[0] == "**Access review** of **orders-db-read**."
    for line in (
        "**orders-db-read**: review of 2026-11-23, the first one",
        f"- **may ask**: 4 people: alice, carol, dave and mallory (by {markdown('@acme/payments')} and dave)",
        f"- **approves**: 1 approval, by 1 person: bob (by {markdown('@acme/payments-leads')})",
        "- **limits**: 2 accounts: prod and staging; up to 4h; no ticket is required; asks for table",
        "- **allows**: dynamodb:DescribeTable, dynamodb:GetItem, dynamodb:Query and dynamodb:Scan",
        "- **asked for**: 1 request of 1 person since 2026-08-25, the last on 2026-11-23",
        "- **use**: 1 grant, by CloudTrail: 1 not over",
        "- **never asked**: carol, dave and mallory",
        "- **never asked for**: staging",
    ):
        assert line in body
    assert "- **risk**: low" in body
    assert "What else changes" not in body
    assert lights(world, number)["jitbot/check"] == ("success", "all good")
    comment(world, number)
    assert bodies(world, number) == [body]


def test_the_digest_is_the_one_that_the_report_shows(world: World) -> None:
    """So an owner, and an auditor, can see that it is the same."""
    number = propose(world, dated(world, "2026-11-23"))
    comment(world, number)
    (shown,) = (line for line in only(world, number).splitlines() if "digest" in line)
    plan = json.loads(world.jit("plan", str(number), "--format", "json", workflow="check.yml").output)
    (brief,) = plan["reviews"]
    assert f"digest {brief['rules_sha256'][:12]}," in shown


def test_what_nobody_saw_is_never_unused(world: World, granted: str) -> None:
    """Over, and CloudTrail was not asked: not asked is not unused, and it is said."""
    world.later(DAY)
    world.jit("sweep")
    number = propose(world, dated(world, "2026-11-24"))
    comment(world, number)
    assert "- **use**: 1 grant, by CloudTrail: 1 not asked. Of 1 nobody knows whether they were used" in only(
        world, number
    )


def test_what_was_asked_for_before_the_last_review_is_none_of_this_one(world: World, granted: str) -> None:
    """Counted from the date in main's file; older batches than a run reads are read for it."""
    world.later(30 * DAY)
    number = propose(world, dated(world, "2026-12-23"))
    comment(world, number)
    assert "- **asked for**: 1 request of 1 person since 2026-09-24, the last on 2026-11-23" in only(
        world, number
    )
    review(world, "2026-12-23")
    number = propose(world, dated(world, "2026-12-24"))
    world.later(DAY)
    comment(world, number)
    body = only(world, number)
    assert "review of 2026-12-24, the last one 2026-12-23" in body
    assert "- **asked for**: never since 2026-12-23, as far as the ledger was read" in body


def test_a_change_beside_it_is_shown_as_both(world: World) -> None:
    """The first line is the most dangerous thing, and the review is below it."""
    text = dated(world, "2026-11-23")[POLICY] or ""
    number = propose(world, {POLICY: text.replace("max_duration: 4h", "max_duration: 8h")})
    comment(world, number)
    body = only(world, number)
    assert body.splitlines()[0] == (
        "🟢 **Changes the rules**: The longest access under **orders-db-read** is 8h, and was 4h."
    )
    assert "up to 8h;" in body
    assert "review of 2026-11-23, the first one" in body


def test_two_policies_are_one_comment_the_more_dangerous_first(world: World) -> None:
    """Each with all of it."""
    number = propose(world, {**dated(world, "2026-11-23"), **dated(world, "2026-11-23", OTHER)})
    comment(world, number)
    body = only(world, number)
    assert body.splitlines()[0] == "**Access review** of **orders-db-read** and **ssm-shell**."
    assert body.index("**ssm-shell**: review") < body.index("**orders-db-read**: review")


def test_a_date_that_moves_back_is_said_and_no_review(world: World) -> None:
    """There is nothing to sign."""
    review(world, "2026-11-23")
    number = propose(world, dated(world, "2026-11-20"))
    comment(world, number)
    body = only(world, number)
    assert (
        "The last review of **orders-db-read** counts no longer: its date is 2026-11-20; until now: 2026-11-23"
        in body
    )
    assert "signs it by approving" not in body


def test_a_review_to_come_is_red(world: World) -> None:
    """With file, line, and what to write."""
    number = propose(world, dated(world, "2026-11-24"))
    output = comment(world, number, code=1)
    assert "::error file=policies/access/orders-db-read.yaml,line=2" in output
    assert (
        "title=review-to-come::the review of 2026-11-24 is still to come: it is 2026-11-23 in UTC" in output
    )
    assert lights(world, number)["jitbot/check"] == ("failure", "1 to fix: review-to-come")


def test_open_reviews_of_break_glass_are_named(world: World) -> None:
    """A grant that nobody has approved yet is a part of what an owner must know."""
    wanted: dict[str, Any] = {"accounts": ["prod"], "duration": "1h", "ticket": "INC-1"}
    path = world.ask("dave", "fire", policy="production-break-glass", **wanted)
    world.jit("grant")
    glass = "policies/access/production-break-glass.yaml"
    number = propose(world, dated(world, "2026-11-23", glass))
    comment(world, number)
    body = only(world, number)
    assert "- **approves**: nobody before the access (break-glass); reviewed after it by" in body
    assert f"- **open reviews**: 1 break-glass grant that nobody has reviewed yet: {markdown(path)}" in body


def test_where_the_ledger_cannot_be_read_its_part_is_not_known(world: World, granted: str) -> None:
    """The rules are shown all the same; a plan of files alone knows of no use."""
    number = propose(world, dated(world, "2026-11-23"))
    faulty = GitHubFault(status=502)
    world.acme.github.faults = lambda _, path: faulty if "jwks" in path else None
    comment(world, number)
    world.calm()
    body = only(world, number)
    assert "4 people: alice" in body
    assert "Not looked at: some requests and grants since the last review" in body


def test_more_of_the_ledger_than_is_read_is_said(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest batches are read, and the rest is no "never"."""
    monkeypatch.setattr(ledger_view, "OLDER_BATCHES", 1)
    world.later(DAY)
    world.jit("sweep")
    world.later(30 * DAY)
    number = propose(world, dated(world, "2026-12-24"))
    comment(world, number)
    assert "Not looked at: some requests and grants since the last review, since the oldest" in only(
        world, number
    )


def test_plan_shows_it_at_a_terminal(world: World, granted: str) -> None:
    """The same lines; and of an open review the command that says so is named in the comment."""
    number = propose(world, dated(world, "2026-11-23"))
    world.later(HOUR)
    shown = world.jit("plan", str(number), workflow="check.yml").output
    assert shown.splitlines()[0] == "Access review of orders-db-read."
    assert "  may ask: 4 people: alice, carol, dave and mallory (by @acme/payments and dave)" in shown
    assert "  never asked for: staging" in shown
    assert ORDERS in shown
