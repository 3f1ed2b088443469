"""Break-glass in the sandbox: access at once, one issue that asks for the review, and red until it is there."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_world import HOUR, SECOND, World
from breaking import Death, answer

from jitbot.sandbox import github
from jitbot.sandbox.story.stage import StoryError

DAY = timedelta(days=1)
GLASS = "production-break-glass"
BAD = github.GitHubFault(status=502)
LOST = github.GitHubFault(status=502, after=True)


@pytest.fixture
def glass(world: World) -> str:
    """The path of dave's break-glass request, merged without a review, not granted."""
    if "glass" not in world.kept:
        ask(world)
        world.kept["glass"] = world.keep()
    world.back(world.kept["glass"])
    return f"requests/{GLASS}/{world.now:%Y-%m/%d}-dave-ask.yaml"


@pytest.fixture
def used(world: World, glass: str) -> str:
    """The path of that request, granted just now."""
    if "used" not in world.kept:
        world.jit("grant")
        world.kept["used"] = world.keep()
    world.back(world.kept["used"])
    return glass


def ask(world: World, login: str = "dave", slug: str = "ask", **fields: Any) -> str:
    """A break-glass request, merged without a review."""
    return world.ask(login, slug, policy=GLASS, by=(), duration="1h", ticket="OPS-7", **fields)


def issues(world: World) -> list[Any]:
    """All issues, the oldest first."""
    return [world.github.issues[number] for number in sorted(world.github.issues)]


def open_ones(world: World) -> list[int]:
    """The numbers of the issues that are open."""
    return [issue.number for issue in issues(world) if issue.closed_at is None]


def pull(world: World) -> int:
    """The number of the newest pull request."""
    return int(max(world.github.pulls))


def edit(world: World, login: str, number: int, **fields: Any) -> None:
    """Edit an issue as this person."""
    world.must(world.acme.call(login, "PATCH", f"/issues/{number}", **fields))


def test_access_is_there_at_once_and_one_issue_asks_for_the_review(world: World, glass: str) -> None:
    """No review, access; the issue names the reviewers, the pull request, the time, and how to end it."""
    ran = world.jit("grant")
    assert world.story(glass) == ["approved", "granted"]
    assert {who for who, _, _ in world.reach()} == {"dave"}
    assert f"✓ approved (break-glass): {glass}" in ran.output
    (issue,) = issues(world)
    by = f"{world.now + DAY:%Y-%m-%dT%H:%M}"
    assert issue.author.login == "github-actions[bot]"
    assert issue.title.startswith(f"Review by {by}")
    assert issue.title.endswith(f"{GLASS} used by dave")
    for words in (
        "@erin or @frank or @olivia must review it by",
        f"#{pull(world)}",
        f"`jitbot release {pull(world)} --reason",
        f"`gh pr review {pull(world)} --approve`",
        f"`gh pr review {pull(world)} --request-changes",
    ):
        assert words in issue.body


def test_the_ledger_and_the_status_mark_it(world: World, used: str) -> None:
    """The evidence says who reviews by when; `git log` and `status` say break-glass."""
    evidence = world.ledger()[0]["evidence"]
    assert [each["login"] for each in evidence["break_glass"]["reviewers"]] == ["erin", "frank", "olivia"]
    log = world.github.store.git("log", "--format=%B", "ledger").decode()
    assert f"approved (break-glass): dave gets {GLASS}" in log
    assert f"Review-by: {evidence['break_glass']['review_by']}" in log
    assert "break-glass, review by " in world.jit("status").output


def test_nothing_is_done_twice(world: World, used: str) -> None:
    """Further runs ask once for the issues, and write nothing."""
    world.forget()
    for verb in ("grant", "sweep", "grant"):
        assert "to be reviewed by" in world.jit(verb).output
    assert len(issues(world)) == 1
    assert world.commits() == 0
    assert not [call for call in world.acme.github.calls if "issues" in call[1] and call[0] != "GET"]


@pytest.mark.parametrize("verb", ["grant", "sweep"])
def test_an_approval_of_the_merged_pull_request_is_the_review(world: World, used: str, verb: str) -> None:
    """Whichever run comes first reads it, records it, and closes the issue; then all is green."""
    world.later(HOUR / 2)
    world.must(world.review("erin", pull(world)))
    world.jit(verb)
    told = world.ledger()[-1]
    assert (told["event"], told["evidence"]["outcome"], told["evidence"]["by"]) == (
        "reviewed",
        "approved",
        "erin",
    )
    assert told["evidence"]["github_id"] == 1005
    assert told["evidence"]["in_time"] is True
    assert open_ones(world) == []
    assert "erin reviewed it" in issues(world)[0].body
    world.later(2 * DAY)
    world.jit("sweep")
    world.jit("sweep")
    assert world.story(used)[-2:] == ["ended expired", "removed"]
    assert len(issues(world)) == 1


def test_who_had_approved_before_the_merge_need_not_again(world: World) -> None:
    """The review is read at once, and no issue is ever opened."""
    path = world.ask("dave", "early", policy=GLASS, by=("frank",), duration="1h", ticket="OPS-7")
    world.jit("grant")
    assert world.story(path) == ["approved", "granted", "reviewed"]
    assert issues(world) == []


@pytest.mark.parametrize("login", ["bob", "heidi", "mallory"])
def test_nobody_elses_approval_is_the_review(world: World, used: str, login: str) -> None:
    """Whoever is no reviewer of this policy may approve what they like."""
    world.must(world.review(login, pull(world)))
    world.jit("sweep")
    assert world.story(used) == ["approved", "granted"]
    assert len(open_ones(world)) == 1


def test_a_reviewer_who_joined_later_does_not_count(world: World, used: str) -> None:
    """The reviewers are those of the rules before the merge: a team that grows since gains no reviewer."""
    text = world.text("policies/teams.yaml").replace(
        "acme/security: [erin]", "acme/security: [erin, mallory]"
    )
    world.write("policies/teams.yaml", text)
    world.must(world.review("mallory", pull(world)))
    world.jit("sweep")
    assert world.story(used) == ["approved", "granted"]


def test_a_review_that_is_overdue_fails_every_sweep(world: World, used: str) -> None:
    """From its second on, and until somebody reviews: recorded once, then each week; late is on record."""
    world.later(DAY - SECOND)
    world.jit("sweep")
    world.later(SECOND)
    ran = world.jit("sweep", code=3)
    assert "was due by" in ran.output
    assert "erin frank olivia" in ran.output
    assert world.story(used)[-1] == "overdue"
    assert "break-glass, review overdue" in world.jit("status", "--all").output
    world.jit("sweep", code=3)
    world.jit("grant")
    assert world.story(used).count("overdue") == 1
    world.must(world.review("olivia", pull(world)))
    world.jit("sweep")
    assert world.ledger()[-1]["evidence"]["in_time"] is False
    assert open_ones(world) == []


def test_an_overdue_review_is_never_forgotten(world: World, used: str) -> None:
    """Long after the approval has left the days that are read, it is red, and can still be given."""
    for _ in range(6):
        world.later(7 * DAY)
        world.jit("sweep", code=3)
    assert world.story(used).count("overdue") == 6
    assert len(issues(world)) == 1
    world.must(world.review("erin", pull(world)))
    world.jit("sweep")
    assert world.story(used)[-1] == "reviewed"
    assert open_ones(world) == []


def test_an_objection_is_recorded_and_stays_red(world: World, used: str) -> None:
    """It ends nothing by itself, and another reviewer's approval does not take it back."""
    number = pull(world)
    world.must(
        world.acme.call("erin", "POST", f"/pulls/{number}/reviews", event="REQUEST_CHANGES", body="why?")
    )
    ran = world.jit("sweep", code=3)
    assert "erin reviewed it and objects" in ran.output
    assert world.ledger()[-1]["evidence"]["outcome"] == "objected"
    assert {who for who, _, _ in world.reach()} == {"dave"}
    assert "objects" in issues(world)[0].body
    world.must(world.review("frank", number))
    world.jit("sweep", code=3)
    assert world.story(used) == ["approved", "granted", "reviewed"]
    world.must(world.review("erin", number))
    world.jit("sweep")
    assert world.story(used)[-2:] == ["reviewed", "reviewed"]
    assert open_ones(world) == []


def test_revoking_ends_the_access_and_not_the_debt(world: World, used: str) -> None:
    """The owners of policies/ can end it, and so can the requester; somebody must look at it all the same."""
    world.jit("revoke", str(pull(world)), "--reason", "not an emergency", actor="erin")
    assert world.reach() == set()
    world.jit("sweep")
    assert len(open_ones(world)) == 1
    world.later(DAY)
    assert "was due by" in world.jit("sweep", code=3).output


@pytest.mark.parametrize(
    "change",
    [
        {"state": "closed"},
        {"state": "closed", "state_reason": "not_planned"},
        {"title": "nothing to see here"},
        {"body": "", "keep": True},
    ],
    ids=str,
)
def test_nobody_silences_the_issue(world: World, used: str, change: dict[str, Any]) -> None:
    """Closed, renamed or emptied by the requester, the next run puts it right again."""
    (before,) = issues(world)
    fields = dict(change)
    if fields.pop("keep", False):
        fields["body"] = before.body.partition("\n")[2]  # the mark stays, the words go
    edit(world, "dave", before.number, **fields)
    world.jit("grant")
    (after,) = issues(world)
    assert (after.title, after.body, after.closed_at) == (before.title, before.body, None)


def test_a_forged_issue_is_not_taken_for_ours(world: World, glass: str) -> None:
    """The mark in an issue or a pull request of somebody else's opens nothing, closes nothing, hides nothing."""
    world.jit("grant")
    (ours,) = issues(world)
    world.must(world.acme.call("mallory", "POST", "/issues", title=ours.title, body=ours.body))
    edit(world, "mallory", ours.number, body="The mark is gone.")
    world.jit("grant")
    bot = "github-actions[bot]"
    assert [issue.author.login for issue in issues(world)] == [bot, "mallory", bot]
    assert issues(world)[2].body == ours.body
    world.must(world.review("erin", pull(world)))
    world.jit("grant")
    _, forged, real = issues(world)
    assert (forged.closed_at is None, real.closed_at is None) == (True, False)


def test_a_forged_issue_by_a_workflow_is_made_the_true_one(world: World, glass: str) -> None:
    """Whoever opens one with a workflow's token under the mark has opened the one that asks."""
    world.jit("grant")
    (ours,) = issues(world)
    body = f"All is well.\n{ours.body.splitlines()[-1]}"
    edit(world, "mallory", ours.number, title="Nothing", body=body, state="closed")
    world.jit("sweep")
    (after,) = issues(world)
    assert (after.title, after.body, after.closed_at) == (ours.title, ours.body, None)


@pytest.mark.parametrize(
    "fault", [BAD, github.GitHubFault(status=410), github.GitHubFault(status=403)], ids=str
)
def test_trouble_with_the_issue_never_holds_up_access(
    world: World, glass: str, fault: github.GitHubFault
) -> None:
    """Access is granted and recorded, the run fails and says why, and the next one opens it."""
    answer(world, fault, "POST", "/issues")
    assert "could not be opened" in world.jit("grant", code=3).output
    assert world.story(glass) == ["approved", "granted"]
    assert issues(world) == []
    world.calm()
    world.jit("sweep")
    assert len(open_ones(world)) == 1


def test_an_answer_that_is_lost_opens_no_second_issue(world: World, glass: str) -> None:
    """GitHub opened it and answered 502: it is looked for before anything else is tried."""
    answer(world, LOST, "POST", "/issues")
    world.jit("grant")
    assert len(issues(world)) == 1
    world.calm()
    world.jit("grant")
    assert len(issues(world)) == 1


def test_two_runs_at_once_leave_one_open_issue(world: World, glass: str) -> None:
    """A run that opens one while another does finds both: the older stays, the younger is closed as its twin."""
    met: list[str] = []

    def meanwhile(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/issues") and not met:
            met.append(path)
            world.jit("sweep", runner="another")

    world.acme.github.faults = meanwhile
    world.jit("grant")
    assert met
    assert open_ones(world) == [min(world.github.issues)]
    assert all("Opened twice" in issue.body for issue in issues(world)[1:])
    world.calm()
    world.forget()
    world.jit("grant")
    assert not [call for call in world.acme.github.calls if "issues" in call[1] and call[0] != "GET"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("nth", range(1, 8))
def test_a_run_that_is_killed_anywhere_is_repaired(world: World, used: str, nth: int, after: bool) -> None:
    """Between reading, recording and closing: the next run has one record of the review and no open issue."""
    world.must(world.review("erin", pull(world)))
    Death(world, nth, after=after)
    with suppress(StoryError):
        world.jit("grant")
    world.calm()
    world.jit("sweep")
    assert world.story(used).count("reviewed") == 1
    assert (len(issues(world)), open_ones(world)) == (1, [])


def test_the_same_objection_is_recorded_once(world: World, used: str) -> None:
    """It stays red run after run, and no later run records it again, or says so."""
    review = {"event": "REQUEST_CHANGES", "body": "why?"}
    world.must(world.acme.call("erin", "POST", f"/pulls/{pull(world)}/reviews", **review))
    world.jit("sweep", code=3)
    world.forget()
    for verb, code in (("sweep", 3), ("grant", 0), ("sweep", 3)):
        assert "reviewed it and objects" in world.jit(verb, code=code).output
    again = world.jit("sweep", "--format", "json", code=3).output
    assert '"recorded": []' in again
    assert world.story(used).count("reviewed") == 1
    assert world.commits() == 0


def test_a_twin_that_was_closed_is_left_alone(world: World, used: str) -> None:
    """Closed as a twin, an issue asks nobody any more: whatever is written into it since, no run edits it again."""
    (issue,) = issues(world)
    twin = issue.number + 1000
    world.github.issues[twin] = replace(issue, number=twin)
    world.jit("sweep")
    assert open_ones(world) == [issue.number]
    edit(world, "dave", twin, body=f"Never mind.\n{issue.body.splitlines()[-1]}")
    world.forget()
    world.jit("sweep")
    world.jit("grant")
    assert not [call for call in world.acme.github.calls if "issues" in call[1] and call[0] != "GET"]


def test_reviews_that_cannot_be_read_fail_the_run(world: World, used: str) -> None:
    """In doubt nothing is taken for reviewed, nothing is closed, and somebody is told."""
    world.must(world.review("erin", pull(world)))
    answer(world, BAD, "GET", "/reviews")
    assert "reviews cannot be read" in world.jit("sweep", code=3).output
    assert len(open_ones(world)) == 1
    world.calm()
    world.write("policies/people.yaml", "people: [")
    assert "people.yaml cannot be read" in world.jit("sweep", code=3).output


def test_a_dry_run_only_looks(world: World, used: str) -> None:
    """It tells what is due, and neither records nor opens nor closes anything."""
    world.must(world.review("erin", pull(world)))
    before = world.keep()
    world.jit("grant", "--dry-run")
    world.jit("sweep", "--dry-run")
    after = world.keep()
    assert (after.ledger, after.issues) == (before.ledger, before.issues)


def test_codeowners_changed_in_between_gives_nothing(world: World) -> None:
    """An ownerless line that comes after the branch was made, or goes before the merge, is a change of the rules."""
    line = f"/requests/{GLASS}/\n"
    owners = world.text(".github/CODEOWNERS")
    path, text = world.request("dave", GLASS, "between", duration="1h", ticket="OPS-7")
    number = world.propose("dave", "between", {path: text})
    world.write(".github/CODEOWNERS", owners.replace(line, f"/requests/{GLASS}/ @acme/security\n"))
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert {"not-ownerless", "rules-changed"} <= world.reasons(path)
    other, text = world.request("dave", GLASS, "other", duration="1h", ticket="OPS-7")
    number = world.propose("dave", "other", {other: text})
    world.write(".github/CODEOWNERS", owners)
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(other) == {"rules-changed"}
    assert world.reach() == set()
    assert issues(world) == []


def test_a_request_with_its_own_ownerless_line_gives_nothing(world: World) -> None:
    """Whoever smuggles the line in beside the request has touched the rules; so has a rebase of both."""
    owners = world.text(".github/CODEOWNERS") + "/requests/orders-db-read/\n"
    path, text = world.request("alice", "orders-db-read", "smuggled", parameters={"table": "orders"})
    world.land("alice", {".github/CODEOWNERS": owners, path: text}, by=())
    world.jit("grant", code=1)
    assert "touches-rules" in world.reasons(path)
    assert "not-enough-approvals" in world.reasons(path)
    second, text = world.request("alice", "orders-db-read", "rebased", parameters={"table": "orders"})
    glass = world.text("policies/access/orders-db-read.yaml").replace(
        "approvals: 1", "approvals: 0\nreview_within: 1h\nreviewers: [mallory]"
    )
    world.land(
        "alice", {"policies/access/orders-db-read.yaml": glass}, {second: text}, by=(), method="rebase"
    )
    world.jit("grant", code=1)
    assert world.reasons(second) & {
        "not-its-merge",
        "ambiguous-merge",
        "no-pull-request",
        "touches-rules",
        "not-as-listed",
    }
    assert world.reach() == set()


def test_one_approval_of_anybody_merges_it_and_nothing_that_is_owned(world: World) -> None:
    """GitHub asks for one approval: dave merges break-glass with that of carol, who owns nothing, and nothing owned."""
    path, text = world.request("dave", GLASS, "alone", duration="1h", ticket="OPS-7")
    number = world.propose("dave", "alone", {path: text})
    assert not world.merge("dave", number).ok
    world.must(world.review("carol", number))
    world.must(world.merge("dave", number))
    owned, text = world.request("alice", "orders-db-read", "owned", parameters={"table": "orders"})
    number = world.propose("alice", "owned", {owned: text})
    world.must(world.review("carol", number))
    assert not world.merge("alice", number).ok
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
