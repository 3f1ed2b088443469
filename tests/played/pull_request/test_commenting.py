"""`jitbot comment` against a running acme: what is on a pull request's page, and how often it is written."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW
from acme_world import HOUR, MINUTE, ORDERS, TABLE, World, clone_of
from breaking import answer
from comment_facts import is_inert
from forging import NEWER, unreadable
from pages import bodies, comment, lights, only

from jitbot.domain.ledger.events import EventType
from jitbot.domain.views.comment_body import MARKER
from jitbot.sandbox.github.records import GitHubFault
from jitbot.usecases.pull_request import commenting

RULES = f"policies/access/{ORDERS}.yaml"
BOT = "github-actions[bot]"
REST = "/repos/{owner}/{name}"


@pytest.fixture(autouse=True)
def page(world: World) -> None:
    """Pages without comments or statuses."""
    world.github.comments.clear()
    world.github.statuses.clear()


def ask(world: World, login: str = "alice", slug: str = "ask", **fields: Any) -> int:
    """A pull request with one request, as yet seen by nobody."""
    path, text = world.request(login, fields.pop("policy", ORDERS), slug, **{**TABLE, **fields})
    return propose(world, login, {path: text})


def propose(world: World, login: str, files: Mapping[str, str | None]) -> int:
    """A pull request with these files, from a branch of its own."""
    world.steps += 1
    return world.propose(login, f"change {world.steps}", files)


def writes(world: World) -> list[str]:
    """The calls of GitHub's API since the last run began that change something."""
    return [f"{method} {path.removeprefix(REST)}" for method, path in world.acme.github.calls if method != "GET" and path.startswith("/repos")]  # fmt: skip


def reads(world: World) -> list[str]:
    """The calls of GitHub's API since the last run began that only read."""
    return [path.removeprefix(REST) for method, path in world.acme.github.calls if method == "QUERY" or (method == "GET" and path.startswith("/repos"))]  # fmt: skip


def test_a_request_gets_title_comment_and_statuses(world: World) -> None:
    """All of it in one run of seven calls, of which the last only looks whether the comment is there once."""
    number = ask(world)
    assert comment(world, number) == f"#{number}: all good, brought up to date\n"
    assert (
        world.github.pulls[number].title == "alice: orders-db-read in prod, 2h, table=orders (one approval)"
    )
    assert "Waits for one approval, from **bob**." in only(world, number)
    approval = "one code owner's approval is enough; the branch's rules ask for it"
    assert lights(world, number) == {
        "jitbot/check": ("success", "all good"),
        "jitbot/approval": ("success", approval),
    }
    assert writes(world) == [
        "POST /statuses/{sha}",
        "POST /statuses/{sha}",
        "PATCH /pulls/{number}",
        "POST /issues/{number}/comments",
    ]
    together = "/graphql/pull-requests"
    assert reads(world) == [together, "/activity", together]


def test_a_second_run_writes_nothing(world: World) -> None:
    """What is there already is not written again, a minute or an hour later; two calls see that."""
    number = ask(world)
    comment(world, number)
    for step in (timedelta(), MINUTE, HOUR):
        world.later(step)
        assert comment(world, number) == f"#{number}: all good\n"
        assert (writes(world), len(reads(world))) == ([], 2)


def test_what_is_wrong_is_annotated_and_red(world: World) -> None:
    """The findings of the check, and what only the decision knows, at their lines; exit 1."""
    path, text = world.request("alice", ORDERS, "wrong", **TABLE, duration="9h")
    number = propose(world, "mallory", {path: text})
    output = comment(world, number, code=1)
    for title in ("duration-above-maximum", "not-the-author"):
        assert output.count(f"title={title}::") == 1
    assert "line=3,col=11,title=duration-above-maximum::" in output
    assert "it is refused for good" in only(world, number)
    assert lights(world, number)["jitbot/check"][0] == "failure"


def test_approvals_are_counted_as_they_will_be(world: World) -> None:
    """Where two are needed the status is pending until there are two that count; the comment says whose."""
    number = ask(world, "dave", policy="production-admin", ticket="OPS-1", duration="1h", parameters={})
    comment(world, number)
    assert lights(world, number)["jitbot/approval"] == ("pending", "0 of 2 approvals")
    for reviewer, said in (
        ("bob", "0 of 2 approvals"),
        ("erin", "1 of 2 approvals"),
        ("frank", "2 of 2 approvals"),
    ):
        world.must(world.review(reviewer, number))
        comment(world, number, event="pull_request_review")
        assert lights(world, number)["jitbot/approval"][1] == said
    body = only(world, number)
    assert "Approved by **erin** and **frank**: 2 of 2 required approvals." in body
    assert "Not counted: **bob** does not own this path in CODEOWNERS." in body
    assert "Checked and approved." in body


def test_who_takes_part_cannot_approve(world: World) -> None:
    """Once the only owner has pushed to the branch, the comment says that nobody can approve."""
    path, text = world.request("alice", ORDERS, "pushed", **TABLE)
    number = propose(world, "alice", {path: text})
    branch = world.github.pulls[number].head_ref
    clone = world.acme.clone("clone-bob", "bob")
    world.acme.git("bob", "fetch", "--quiet", "origin", cwd=clone)
    world.acme.git("bob", "checkout", "--quiet", "-B", branch, f"origin/{branch}", cwd=clone)
    world.push("bob", branch, {path: text.replace("2h", "3h")})
    comment(world, number)
    assert "Nobody can approve this, and 1 more would be needed" in only(world, number)
    assert lights(world, number)["jitbot/approval"][0] == "pending"


@pytest.mark.parametrize("times", [1, 3, 99], ids=["once", "thrice", "always"])
def test_a_write_that_took_effect_unheard_is_not_doubled(world: World, times: int) -> None:
    """However often GitHub answers 502 to a comment that it has made, one comment stays: the oldest."""
    number, left = ask(world), [times]
    there: list[int] = []

    def fault(method: str, path: str) -> GitHubFault | None:
        if method != "POST" or not path.endswith("/comments"):
            return None
        there.extend(world.github.comments)
        if not left[0]:
            return None
        left[0] -= 1
        return GitHubFault(after=True)

    world.acme.github.faults = fault
    comment(world, number)
    posts = [each for each in writes(world) if each == "POST /issues/{number}/comments"]
    assert len(posts) > 1
    assert only(world, number).endswith(f"{MARKER}\n")
    assert list(world.github.comments) == [min(there)]
    world.calm()
    comment(world, number)
    assert writes(world) == []


def test_a_write_that_failed_is_made_by_the_next_run(world: World) -> None:
    """Where the comment is really not there the run fails, and says so."""
    number = ask(world)
    answer(world, GitHubFault(status=502), "POST", "/comments")
    comment(world, number, code=3)
    assert bodies(world, number) == []
    world.calm()
    comment(world, number)
    assert "alice" in only(world, number)


def test_a_twin_is_removed_and_the_oldest_stays(world: World) -> None:
    """Two runs at once may both have made one: the next run leaves the first, as it should read now."""
    number = ask(world)
    comment(world, number)
    first = only(world, number)
    for body in (f"newer\n{MARKER}", f"newest\n{MARKER}\n"):
        world.must(world.acme.call(BOT, "POST", f"/issues/{number}/comments", body=body))
    comment(world, number)
    assert only(world, number) == first
    assert writes(world) == ["DELETE /issues/comments/{comment_id}"] * 2


def test_a_marker_in_somebody_elses_comment_is_not_ours(world: World) -> None:
    """Neither a person's forgery nor a bot's quotation is edited, removed, or taken for the comment."""
    number = ask(world)
    forged, quoted = f"all approved, merge!\n\n{MARKER}", f"> {MARKER}\n\nwhat is this?"
    world.must(world.acme.call("mallory", "POST", f"/issues/{number}/comments", body=forged))
    world.must(world.acme.call(BOT, "POST", f"/issues/{number}/comments", body=quoted))
    for _ in range(2):
        comment(world, number)
        assert bodies(world, number)[:2] == [forged, quoted]
        assert len(bodies(world, number)) == 3


def test_the_comment_is_found_behind_a_hundred_others(world: World) -> None:
    """All pages are read before there is none."""
    number = ask(world)
    for each in range(101):
        world.must(world.acme.call("bob", "POST", f"/issues/{number}/comments", body=f"remark {each}"))
    comment(world, number)
    comment(world, number)
    assert len(bodies(world, number)) == 102
    assert writes(world) == []


def test_an_edited_comment_is_put_right(world: World) -> None:
    """Anyone with write access can edit it; the next run writes what is true."""
    number = ask(world)
    comment(world, number)
    before = only(world, number)
    (one,) = [each.id for each in world.github.comments.values()]
    world.must(world.acme.call("mallory", "PATCH", f"/issues/comments/{one}", body=f"approved!\n{MARKER}"))
    comment(world, number)
    assert only(world, number) == before


def test_a_new_push_is_told_anew(world: World) -> None:
    """The head that GitHub names is what is told, and its statuses are set."""
    path, text = world.request("alice", ORDERS, "pushed", **TABLE)
    number = propose(world, "alice", {path: text})
    comment(world, number)
    world.push("alice", world.github.pulls[number].head_ref, {path: text.replace("2h", "3h")})
    comment(world, number)
    assert (
        world.github.pulls[number].title == "alice: orders-db-read in prod, 3h, table=orders (one approval)"
    )
    assert "for **3h**" in only(world, number)
    assert lights(world, number)["jitbot/check"] == ("success", "all good")


def test_a_head_that_is_moving_is_left_to_the_newer_run(world: World) -> None:
    """While git and GitHub name different heads nothing is told of either."""
    number = ask(world)
    world.github.change(world.github.pulls[number], head_sha=world.github.store.tip("main"))
    assert "is moving" in comment(world, number, code=3)
    assert writes(world) == []


def test_a_request_beside_rules_is_told_to_go_alone(world: World) -> None:
    """Its title is left as it is, and its comment says that it would be refused."""
    path, text = world.request("alice", ORDERS, "mixed", **TABLE)
    number = propose(world, "alice", {path: text, RULES: world.text(RULES).replace("4h", "9h")})
    title = world.github.pulls[number].title
    assert "title=touches-rules::" in comment(world, number, code=1)
    assert world.github.pulls[number].title == title
    assert "a request touches requests/ alone" in only(world, number)
    assert "**This also changes the rules.**" in only(world, number)


def test_a_request_taken_back_is_no_longer_told(world: World) -> None:
    """A comment that promised something is put right when the branch no longer asks for it; none begins so."""
    path, text = world.request("alice", ORDERS, "gone", **TABLE)
    number = propose(world, "alice", {path: text})
    comment(world, number)
    world.push("alice", world.github.pulls[number].head_ref, {path: None, "requests/README.md": "# x\n"})
    comment(world, number)
    assert "asks for nothing any more" in only(world, number)


def test_a_pull_request_closed_unmerged_asks_for_nothing(world: World) -> None:
    """Closed, it keeps its one comment, which says so; without one it gets none."""
    first, second = ask(world), ask(world, "carol", "second")
    comment(world, first)
    for number in (first, second):
        world.must(world.acme.call("olivia", "PATCH", f"/pulls/{number}", state="closed"))
        comment(world, number)
    assert "asks for nothing any more" in only(world, first)
    assert bodies(world, second) == []


def test_another_base_is_left_alone(world: World) -> None:
    """A pull request into another branch gives nothing, and is told nothing."""
    number = ask(world)
    world.github.store.update_ref("refs/heads/other", world.github.store.tip("main"))
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="other"))
    comment(world, number)
    assert (bodies(world, number), lights(world, number), writes(world)) == ([], {}, [])


def test_a_grant_and_its_end_are_told_where_it_was_asked(world: World) -> None:
    """The run that granted tells how to use it, and the step after it finds that so; the run that ended it, by whom and why."""
    number = ask(world)
    comment(world, number)
    world.must(world.review("bob", number))
    world.must(world.merge("alice", number))
    comment(world, number)
    assert "**Merged, and not decided yet.**" in only(world, number)
    world.jit("grant", GITHUB_RUN_ID="11")
    assert "✅ **alice** has orders-db-read" in only(world, number)
    comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="11")
    assert "[Switch Role in the console](https://signin.aws.amazon.com/switchrole?" in only(world, number)
    assert (len(reads(world)), len(writes(world))) == (1, 0)
    world.jit("revoke", str(number), "--reason", "it is over @bob", actor="alice", GITHUB_RUN_ID="12")
    comment(world, workflow="revoke.yml", event="workflow_dispatch", GITHUB_RUN_ID="12")
    body = only(world, number)
    assert "**alice** gave it back" in body
    assert "it is over @\u200bbob" in body


def test_another_runs_records_are_left_to_it(world: World, granted: str) -> None:
    """A run tells what it recorded itself; a scheduled one also what was recorded in the last two hours."""
    assert comment(world, workflow="grant.yml", event="push") == "no pull request to bring up to date\n"
    assert writes(world) == []
    world.acme.clock.advance(2 * HOUR - 2 * MINUTE)
    comment(world, workflow="sweep.yml", event="workflow_dispatch", GITHUB_ACTOR="github-actions[bot]")
    assert "**alice** has orders-db-read" in only(world, 1)
    world.github.comments.clear()
    world.acme.clock.advance(5 * MINUTE)
    comment(world, workflow="sweep.yml", event="workflow_dispatch", GITHUB_ACTOR="github-actions[bot]")
    assert world.github.comments == {}


def test_what_a_run_left_undecided_says_when_it_is_looked_at_again(world: World) -> None:
    """The comment of the merge says so once; as soon as it is decided it says how. Others are left alone."""
    number, other = ask(world), ask(world, "mallory")
    for each in (number, other):
        comment(world, each)
    world.must(world.review("bob", number))
    world.must(world.merge("alice", number))
    before = only(world, other)
    assert comment(world, workflow="sweep.yml", event="push") == "no pull request to bring up to date\n"
    said = comment(world, workflow="grant.yml", event="push")
    assert f"#{number}: all good, brought up to date" in said
    assert "**Merged, and not decided yet.**" in only(world, number)
    assert "within the hour" in only(world, number)
    assert comment(world, workflow="grant.yml", event="push") == f"#{number}: all good\n"
    assert writes(world) == []
    assert only(world, other) == before
    world.jit("grant", GITHUB_RUN_ID="15")
    comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="15")
    assert "**alice** has orders-db-read" in only(world, number)


def test_what_others_left_undecided_hides_no_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than a run says, the latest ones are said: those that stay in doubt come last among what is due."""
    ages = [0, *range(50, 20, -1)]  # in minutes, as they are due: a new one, and then the old ones
    changes = [(SimpleNamespace(commit=str(age), committed_at=NOW - age * MINUTE), False) for age in ages]
    monkeypatch.setattr(commenting, "due", lambda *_: [SimpleNamespace(changes=changes)])
    monkeypatch.setattr(commenting, "fitting", lambda pulls, **_: pulls)
    github = SimpleNamespace(pulls_of=lambda commit: [SimpleNamespace(number=int(commit))])
    context: Any = SimpleNamespace(github=github, settings=SimpleNamespace(repository_id=1))
    history: Any = SimpleNamespace(events=(), states={})
    said = [each.number for each in commenting.of_undecided(context, history, [22], NOW)]
    assert said == [*range(29, 22, -1), 21, 0]


def test_what_is_undecided_is_not_said_where_github_does_not_answer(world: World) -> None:
    """Nor is anything else held up by that: what the run recorded is said all the same."""
    number, other = ask(world), ask(world, "carol", "beside")
    for each in (number, other):
        comment(world, each)
        world.must(world.review("bob", each))
    world.must(world.merge("alice", number))
    world.jit("grant", GITHUB_RUN_ID="15")
    world.must(world.merge("carol", other))
    answer(world, GitHubFault(status=500), "GET", "/pulls")
    said = comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="15")
    assert said.startswith("! what is undecided is not said: GitHub does not answer")
    assert said.endswith(f"#{number}: all good\n")
    assert "**alice** has orders-db-read" in only(world, number)


def test_one_request_in_doubt_does_not_hide_what_became_of_another(world: World) -> None:
    """Both are of one pull request: the comment says what is recorded of it."""
    (one, text), (other, more) = (
        world.request("alice", ORDERS, slug, **TABLE) for slug in ("first", "second")
    )
    number = propose(world, "alice", {one: text, other: more})
    comment(world, number)
    world.must(world.review("bob", number))
    world.must(world.merge("alice", number))
    unreadable(world, NEWER, kind=EventType.EXTENDED, request=other)
    world.jit("grant", code=3, GITHUB_RUN_ID="15")
    assert (world.story(one), world.story(other)) == (["approved", "granted"], [])
    for run, changed in (
        ("15", ", brought up to date"),
        ("16", ""),
    ):  # also after a run that decided nothing of it
        said = comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID=run)
        assert said == f"#{number}: all good{changed}\n"
        assert "**alice** has orders-db-read" in only(world, number)


def two_granted(world: World) -> tuple[int, int]:
    """The pull requests of two grants of one run, whose comments still say that they are decided."""
    numbers = ask(world), ask(world, "carol", "hers")
    for number in numbers:
        comment(world, number)
        world.must(world.review("bob", number))
        world.must(world.merge("olivia", number))
    world.acme.github.reads_together = False  # so that the run that grants knows no conversation
    world.jit("grant", GITHUB_RUN_ID="21")
    world.acme.github.reads_together = True
    world.forget()
    return numbers


def test_the_comments_of_one_run_are_edited_in_one_call(world: World) -> None:
    """Each gets its own text, and says that it was brought up to date; the next run writes nothing."""
    numbers = two_granted(world)
    said = comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="21")
    assert said.count("brought up to date") == 2
    assert writes(world) == []
    assert world.commits() == 1  # the one call of GraphQL that changes something
    for number, login in zip(numbers, ("alice", "carol"), strict=True):
        assert f"✅ **{login}** has orders-db-read" in only(world, number)
    comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="21")
    assert (writes(world), world.commits()) == ([], 0)


@pytest.mark.parametrize("after", [False, True], ids=["refused", "lost"])
def test_where_that_call_fails_each_is_edited_by_itself(world: World, after: bool) -> None:
    """Whether GitHub did it or not: what one of them is refused for holds up no other."""
    numbers = two_granted(world)

    def broken(method: str, path: str) -> GitHubFault | None:
        return GitHubFault(status=422, after=after) if (method, path) == ("POST", "/graphql") else None

    world.acme.github.faults = broken
    comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="21")
    assert writes(world) == ["PATCH /issues/comments/{comment_id}"] * 2
    for number, login in zip(numbers, ("alice", "carol"), strict=True):
        assert f"✅ **{login}** has orders-db-read" in only(world, number)


def test_a_twin_is_removed_all_the_same(world: World) -> None:
    """A pull request with two of jitbot's comments is left to the way that removes one of them."""
    numbers = two_granted(world)
    (first,) = (
        each for each in world.github.comments.values() if each.pull == numbers[0] and MARKER in each.body
    )
    twin = replace(first, id=first.id + 10_000)
    world.github.comments[twin.id] = twin
    comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="21")
    edit = "PATCH /issues/comments/{comment_id}"
    assert sorted(writes(world)) == ["DELETE /issues/comments/{comment_id}", edit, edit]
    assert "✅ **alice** has" in only(world, numbers[0])


def test_an_expiry_is_told(world: World, granted: str) -> None:
    """The sweep that confirms the end has it told."""
    world.acme.clock.advance(2 * HOUR + MINUTE)
    world.jit("sweep", GITHUB_RUN_ID="13")
    comment(
        world,
        workflow="sweep.yml",
        event="workflow_dispatch",
        GITHUB_ACTOR="github-actions[bot]",
        GITHUB_RUN_ID="13",
    )
    assert "it ended as planned, **23 Nov 2026, 11:00 UTC**" in only(world, 1)


def test_a_refusal_after_the_merge_is_told(world: World) -> None:
    """Why, and what to do."""
    number = ask(world, "mallory")
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1, GITHUB_RUN_ID="14")
    comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="14")
    assert "Refused after the merge" in only(world, number)
    assert "0 of 1 approvals count" in only(world, number)


def test_an_extension_is_told_as_one(world: World, granted: str) -> None:
    """What was, what would be, and the difference; the title too. Past the maximum it is red."""
    text = world.text(granted)
    number = propose(world, "alice", {granted: text.replace('"2h"', '"4h"')})
    comment(world, number)
    assert (
        world.github.pulls[number].title
        == "alice: orders-db-read in prod, +2h to 4h, table=orders (one approval)"
    )
    assert (
        "Granted until 23 Nov 2026, 11:00 UTC; with this until 23 Nov 2026, 13:00 UTC: **2h more**"
        in only(world, number)
    )
    world.must(world.review("bob", number))
    world.must(world.merge("alice", number))
    world.jit("grant", GITHUB_RUN_ID="15")
    comment(world, workflow="grant.yml", event="push", GITHUB_RUN_ID="15")
    assert "until **23 Nov 2026, 13:00 UTC**, extended" in only(world, number)
    other = propose(world, "carol", {granted: text.replace('"2h"', '"3h"')})
    assert "title=not-the-author::" in comment(world, other, code=1)


def test_a_deletion_is_told_as_an_end(world: World, granted: str) -> None:
    """It needs no approval of jitbot's, so the status is green."""
    number = propose(world, "alice", {granted: None})
    comment(world, number)
    assert world.github.pulls[number].title == "alice: orders-db-read in prod, ends access"
    assert only(world, number).startswith("This **ends** the access of **alice** to orders-db-read")
    assert lights(world, number)["jitbot/approval"][0] == "success"


@pytest.mark.parametrize(("login", "ends"), [("dave", True), ("mallory", False), ("erin", True)])
def test_a_deletion_is_told_as_the_sweep_takes_it(world: World, login: str, *, ends: bool) -> None:
    """Where nobody owns the folder, it ends access only if its author may revoke it: the comment promises no more."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    world.ran("grant")
    number = propose(world, login, {path: None})
    comment(world, number)
    assert only(world, number).startswith("This **ends** the access of **dave**") is ends
    assert ("does **not** end the access of **dave**" in only(world, number)) is not ends
    world.must(world.merge("olivia", number))
    world.ran("sweep")
    assert ("ended deleted" in world.story(path)) is ends


def test_who_gives_up_their_own_access_is_told_so_where_nothing_is_recorded(world: World) -> None:
    """The ledger knows nothing of the request: whose file it is, the file says."""
    path, text = world.request("dave", "production-break-glass", "outage", duration="1h", ticket="OPS-1")
    world.land("dave", {path: text}, by=())
    for login, ends in (("dave", True), ("mallory", False)):
        number = propose(world, login, {path: None})
        comment(world, number)
        assert only(world, number).startswith("This **ends** the access of **dave**") is ends


def test_what_was_had_within_90_days_is_told(world: World, granted: str) -> None:
    """Farther back than decisions need, and no farther; what others had does not count."""
    world.acme.clock.advance(timedelta(days=60))
    number = ask(world, slug="again")
    comment(world, number)
    said = (
        "**alice** had one other grant in the last 90 days: it was orders-db-read in prod, until 23 Nov 2026"
    )
    assert said in only(world, number)
    others = ask(world, "carol", "first")
    comment(world, others)
    assert "**carol** had no other grant in the last 90 days." in only(world, others)
    world.acme.clock.advance(timedelta(days=31))
    later = ask(world, slug="later")
    comment(world, later)
    assert "**alice** had no other grant in the last 90 days." in only(world, later)


def test_where_the_issuer_is_down_the_rest_is_told(world: World, granted: str) -> None:
    """What the ledger cannot say is said to be unknown, and an extension is not called impossible for it."""
    number = propose(world, "alice", {granted: world.text(granted).replace('"2h"', '"4h"')})
    world.acme.github.faults = lambda _, path: GitHubFault(status=503) if "jwks" in path else None
    comment(world, number)
    body = only(world, number)
    assert "What the ledger says could not be checked" in body
    assert "What **alice** had before is not known now" in body
    assert "Waits for one approval, from **bob**." in body


def test_what_was_refused_cannot_be_extended(world: World) -> None:
    """Main's file says two hours, and the ledger that nobody was given them."""
    path = world.ask(by=())
    world.jit("grant", code=1)
    number = propose(world, "alice", {path: world.text(path).replace('"2h"', '"4h"')})
    assert "title=nothing-to-extend::" in comment(world, number, code=1)


def test_a_fork_is_told_in_the_summary(world: World, tmp_path: Path) -> None:
    """With a token that may only read nothing is written on GitHub; the verdict is the exit code all the same."""
    world.acme.github.add_user("visitor", 2001, permission="read")
    token = world.acme.github.token_for("visitor")
    good, bad = ask(world), ask(world, "carol", "bad", duration="9h")
    world.must(world.review("bob", good))
    for number, code in ((good, 0), (bad, 1)):
        summary = tmp_path / f"summary-{number}"
        output = comment(world, number, code=code, GITHUB_TOKEN=token, GITHUB_STEP_SUMMARY=str(summary))
        assert f"#{number} is shown in the summary instead" in output
        assert "asks for orders-db-read" in summary.read_text()
        assert ("title=duration-above-maximum" in output) == bool(code)
    assert world.github.comments == {}
    assert world.github.statuses == []
    assert not world.github.pulls[good].title.startswith("alice:")


def test_a_summary_that_cannot_be_written_is_said(world: World, tmp_path: Path) -> None:
    """Nothing is shown then, so the run says so and is not green; the annotations are there all the same."""
    world.acme.github.add_user("visitor", 2001, permission="read")
    token = world.acme.github.token_for("visitor")
    number, nowhere = ask(world, "carol", "bad", duration="9h"), tmp_path / "nowhere" / "summary"
    output = comment(world, number, code=3, GITHUB_TOKEN=token, GITHUB_STEP_SUMMARY=str(nowhere))
    assert f"! #{number} is not brought up to date: " in output
    assert "; and the job's summary cannot be written: No such file or directory" in output
    assert "title=duration-above-maximum" in output


@pytest.mark.usefixtures("one_by_one")
def test_what_one_part_meets_holds_up_no_other(world: World) -> None:
    """Where no status can be set any more, title and comment are written all the same."""
    number = ask(world)
    answer(world, GitHubFault(status=422, body=b"{}"), "POST", "/statuses/")
    assert "is shown in the summary instead" in comment(world, number)
    assert "asks for orders-db-read" in only(world, number)
    assert world.github.pulls[number].title.startswith("alice:")
    world.github.comments.clear()
    answer(world, GitHubFault(status=503), "GET", "/status")
    comment(world, number, code=3)
    assert "asks for orders-db-read" in only(world, number)


def test_a_ledger_in_doubt_tells_nothing_of_what_was_granted(world: World, granted: str) -> None:
    """What cannot be checked may be an end: no comment says that access holds."""
    (number,) = world.github.pulls
    world.github.comments.clear()
    world.acme.github.faults = lambda _, path: GitHubFault(status=503) if "jwks" in path else None
    comment(world, number, code=3)
    comment(
        world, workflow="sweep.yml", event="workflow_dispatch", GITHUB_ACTOR="github-actions[bot]", code=3
    )
    assert world.github.comments == {}


def test_a_persons_token_leaves_no_comment(world: World, tmp_path: Path) -> None:
    """A comment that no later run could find again is taken back, and that is said."""
    number = ask(world)
    output = comment(world, number, GITHUB_TOKEN=world.acme.token("olivia"))
    assert "could not be found again" in output
    assert bodies(world, number) == []


def test_a_moved_base_is_judged_at_its_tip(world: World) -> None:
    """Newer rules on main that grant something else are a finding, though the branch is unchanged."""
    number = ask(world)
    comment(world, number)
    world.write(RULES, world.text(RULES).replace("dynamodb:Scan", "dynamodb:Scan, dynamodb:PutItem"))
    output = comment(world, number, code=1)
    assert output.count("title=rules-changed::") == 1
    assert "touches-rules" not in output  # what main changed since is not what the branch changes


def test_a_path_that_main_had_before_is_a_finding(world: World) -> None:
    """One that was there and is gone cannot come back, though the ledger has never heard of it."""
    path, text = world.request("alice", ORDERS, "before", **TABLE)
    world.write(path, text)
    world.write(path, None)
    assert "title=retired-path::" in comment(world, propose(world, "alice", {path: text}), code=1)


@pytest.mark.parametrize(
    "path",
    [
        "requests/x",
        "requests/a b/c",
        "requests/orders-db-read/2026-11/23-alice-@bob </details> <img src=x> `x`.yaml",
        "requests/orders-db-read/2026-11/23-alice-![a](x)\n::error::x\u202e.yaml",
        "requests/<!-- jitbot: requests -->/@acme/platform.yaml",
        "requests/" + "/".join(["p" * 200] * 15),
    ],
)
@pytest.mark.parametrize("content", ["", "nonsense: \x00", "requester: alice\n" * 2000])
def test_a_hostile_name_is_a_finding_and_inert(world: World, path: str, content: str) -> None:
    """Whatever a file is called and holds, the run tells what is wrong, and nothing of it takes effect."""
    number = propose(world, "mallory", {path: content})
    title = world.github.pulls[number].title
    output = comment(world, number, code=1)
    assert world.github.pulls[number].title == title
    assert is_inert(only(world, number))
    assert output.count("::error ") == output.count("\n") - 1
    assert lights(world, number)["jitbot/approval"] == ("pending", "can be judged once the check is green")
    comment(world, number, code=1)
    assert writes(world) == []


def test_what_was_deleted_before_its_run_is_not_being_granted(world: World, asked: str) -> None:
    """Approved by its run, which grants nothing of it: the comment says what is so, and no run after it writes again."""
    number = max(world.github.pulls)
    world.land("alice", {asked: None})
    world.jit("grant")
    assert world.story(asked) == ["approved"]
    assert world.reach("alice") == set()
    for _ in range(2):
        comment(world, number)
        assert "the file was deleted before that was granted, so nothing is" in only(world, number)
        assert "being granted" not in only(world, number)
        world.later(MINUTE)
    comment(world, number)
    assert writes(world) == []


def test_production_is_read_whatever_the_order(world: World) -> None:
    """Asked for last, beside an account that nobody knows: named first, in the title too, and no risk is called low."""
    number = ask(world, "carol", accounts=["staging", "nowhere", "prod"])
    comment(world, number, code=1)
    title = world.github.pulls[number].title
    assert title == (
        "carol: orders-db-read in prod, staging and nowhere, 2h, risk not known, table=orders (one approval)"
    )
    body = only(world, number)
    assert "in **prod**, **staging** and **nowhere** (not in accounts.yaml) for **2h**" in body
    assert "❔ **risk not known**" in body
    assert "low risk" not in body
    ran = world.ran("explain", str(number), workflow="check.yml")
    assert "risk:     not known" in ran.output
    assert f"commit:   {world.github.pulls[number].head_sha}\n" in ran.output
    assert (
        "carol asks for orders-db-read in prod and staging and nowhere (not in accounts.yaml)" in ran.output
    )


def test_more_than_can_be_read_is_red(world: World) -> None:
    """So many requests that the comment cannot show them all: it says so before all else, and the check is red."""
    files = dict(
        world.request("alice", ORDERS, f"n{number}", reason="&" * 200, **TABLE) for number in range(90)
    )
    number = propose(world, "alice", files)
    comment(world, number, code=1)
    body = only(world, number)
    assert "of this pull request cannot be shown here" in body.splitlines()[0]
    assert lights(world, number)["jitbot/check"] == ("failure", "1 to fix: too-much-to-show")
    assert world.github.pulls[number].title.endswith("; +87 more requests (one approval)")
    assert len(body) <= 65_536


def test_a_symlink_is_a_finding(world: World) -> None:
    """A link under requests/ is no request, wherever it leads."""
    path, _ = world.request("alice", ORDERS, "linked", **TABLE)
    world.steps += 1
    clone = clone_of(world, "alice")  # what she changes there goes with her next request
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).symlink_to("/etc/passwd")
    number = propose(world, "alice", {})
    assert "title=not-a-plain-file::" in comment(world, number, code=1)
    assert "no request that can be read" in only(world, number)


def test_several_requests_are_told_together(world: World) -> None:
    """One comment, one title, each request with its own part."""
    files = dict(world.request("alice", ORDERS, slug, **TABLE) for slug in ("one", "two"))
    number = propose(world, "alice", files)
    comment(world, number)
    assert (
        world.github.pulls[number].title
        == "; ".join(["alice: orders-db-read in prod, 2h, table=orders"] * 2) + " (one approval)"
    )
    assert only(world, number).count("asks for orders-db-read") == 2


def test_more_than_is_read_is_said_to_be_refused(world: World) -> None:
    """A hundred and one requests in one pull request: the comment says that nothing of it would be granted."""
    files = dict(world.request("alice", ORDERS, f"n{number}", **TABLE) for number in range(101))
    number = propose(world, "alice", files)
    comment(world, number, code=1)
    assert "the merge touches more than 100 files" in only(world, number)
    assert lights(world, number)["jitbot/check"] == ("failure", "1 to fix: too-many-files")
    assert lights(world, number)["jitbot/approval"][0] == "pending"
