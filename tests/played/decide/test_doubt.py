"""One bad answer of GitHub's: a rightly approved request survives each, and nothing slips through one."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, ORDERS, SECOND, TABLE, World
from forging import push

from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.github.records import Review

EMPTY = GitHubFault(status=200, body=b"[]", headers={"Content-Type": "application/json"})
GONE = GitHubFault(status=404, body=b'{"message": "Not Found"}', headers={"Content-Type": "application/json"})
ODD = GitHubFault(status=200, body=b'{"message": "odd"}', headers={"Content-Type": "application/json"})
ALICE = {("alice", "prod", "orders")}
pytestmark = pytest.mark.usefixtures("one_by_one")  # `test_read_together` has the other way
LISTS = ("/commits/", "/files", "/pulls/{number}/commits", "/reviews", "/events", "/activity")


def answers(world: World, fault: GitHubFault, part: str, *, times: int = 1000) -> list[str]:
    """Let GitHub answer reads below a path so, as often as this; gives the list of them."""
    met: list[str] = []

    def answer(method: str, path: str) -> GitHubFault | None:
        if method != "GET" or part not in path or len(met) >= times:
            return None
        met.append(path)
        return fault

    world.acme.github.faults = answer
    return met


@pytest.mark.parametrize("fault", [EMPTY, GONE, ODD], ids=["empty", "404", "odd"])
@pytest.mark.parametrize(
    "part", [*LISTS, "/pulls/{number}", "/permission", "/repos/acme/access"], ids=lambda each: each.strip("/")
)
def test_one_bad_answer_refuses_nobody(world: World, asked: str, part: str, fault: GitHubFault) -> None:
    """Whatever GitHub answers wrongly once, the request is granted in the same run."""
    number = max(world.github.pulls)
    met = answers(world, fault, part.replace("{number}", str(number)), times=1)
    if part == "/repos/acme/access":  # the answer about the repository itself
        world.acme.github.faults = once_for_the_repository(met, fault)
    ran = world.ran("grant")
    assert len(met) == 1
    assert (ran.code, world.story(asked)) == (0, ["approved", "granted"]), ran.output
    assert world.reach("alice") == ALICE


def test_a_ledger_that_moves_makes_no_second_look(world: World) -> None:
    """carol's reviews are empty in one look, and somebody pushes to the ledger before the record: still one look."""
    paths = world.ask("alice", "one"), world.ask("carol", "two")
    part = f"/pulls/{max(world.github.pulls)}/reviews"
    met, pushed = list[str](), list[str]()

    def told(method: str, path: str) -> GitHubFault | None:
        if method == "GET" and path.endswith(part) and len(met) < 2:  # it is read twice in each look
            met.append(path)
            return EMPTY
        if (method, path) == ("POST", "/graphql") and not pushed:
            pushed.append(path)
            push(world, {"noise/x": b"x"})
        return None

    world.acme.github.faults = told
    ran = world.ran("grant")
    assert (len(met), len(pushed), ran.code) == (2, 1, 0), ran.output
    assert [world.story(each) for each in paths] == [["approved", "granted"]] * 2


def test_two_wrong_answers_that_differ_confirm_nothing(world: World, asked: str) -> None:
    """First GitHub names no pull request, then no review: neither says the same as the other, and the third look grants."""
    world.later(HOUR)  # a young commit's pull request may only lag
    number, met = max(world.github.pulls), list[str]()

    def told(method: str, path: str) -> GitHubFault | None:
        wrong = "/commits/" if not met else f"/pulls/{number}/reviews"
        if method == "GET" and wrong in path and len(met) < 3:
            met.append(path)
            return EMPTY
        return None

    world.acme.github.faults = told
    ran = world.ran("grant")
    assert (len(met), ran.code, world.story(asked)) == (3, 0, ["approved", "granted"]), ran.output


def once_for_the_repository(met: list[str], fault: GitHubFault) -> Callable[[str, str], GitHubFault | None]:
    """One bad answer to the question for the repository's own description."""

    def answer(method: str, path: str) -> GitHubFault | None:
        if met or (method, path) != ("GET", "/repos/acme/access"):
            return None
        met.append(path)
        return fault

    return answer


@pytest.mark.parametrize("part", ["/commits/", "/reviews", "/permission"])
def test_a_late_run_survives_one_bad_answer_too(world: World, asked: str, part: str) -> None:
    """A commit that is no longer young is not refused for good by one empty list, either."""
    world.later(HOUR)
    met = answers(world, GONE if part == "/permission" else EMPTY, part, times=1)
    world.jit("grant")
    assert (len(met), world.story(asked)) == (1, ["approved", "granted"])


@pytest.mark.parametrize("part", ["/events", "/files", "/pulls/{number}/commits"])
def test_what_stays_short_is_left_to_the_next_run(world: World, asked: str, part: str) -> None:
    """Lists that lag for as long as the run has patience are neither a yes nor a no; later they are complete."""
    answers(world, EMPTY, part.replace("{number}", str(max(world.github.pulls))))
    ran = world.jit("grant", code=3)
    assert "short-answer" in ran.output
    assert (world.story(asked), world.reach("alice")) == ([], set())
    world.calm()
    world.later(HOUR)
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]


def test_the_same_no_twice_is_a_no(world: World, asked: str) -> None:
    """An approver whom GitHub does not know as a collaborator, however often it is asked, approves nothing."""
    met = answers(world, GONE, "/permission")
    world.jit("grant", code=1)
    assert (len(met), world.reasons(asked)) == (2, {"not-enough-approvals"})


def test_a_young_commit_is_asked_for_until_github_knows_it(world: World, asked: str) -> None:
    """GitHub connects a merge with its pull request only after a while: the run waits, and grants."""
    met = answers(world, EMPTY, "/commits/", times=4)
    world.jit("grant")
    assert (len(met), world.story(asked)) == (4, ["approved", "granted"])


def test_all_that_is_in_doubt_waits_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many requests are in doubt, a run waits a minute for them, and not a minute for each."""
    slept: list[float] = []
    monkeypatch.setattr(world, "jitbot", partial(world.jitbot, pause=slept.append))
    paths = [world.ask("alice", f"doubt-{number}") for number in range(3)]
    answers(world, EMPTY, "/events")
    world.jit("grant", code=3)
    assert 30 < sum(slept) <= 60
    assert [world.story(path) for path in paths] == [[], [], []]


def moved_to_main(world: World) -> str:
    """bob approves on another base; then the pull request is moved to main, and merged."""
    path, text = world.request("alice", ORDERS, "moved", **TABLE)
    store = world.github.store
    store.update_ref("refs/heads/side", store.tip("main"))
    number = world.propose("alice", f"moved {world.steps}", {path: text})
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="side"))
    world.must(world.review("bob", number))
    world.must(world.acme.call("alice", "PATCH", f"/pulls/{number}", base="main"))
    world.must(world.merge("olivia", number))
    return path


def test_events_that_lag_hide_no_change_of_base(world: World) -> None:
    """An empty list of events is not "never moved": the merge itself is missing in it."""
    path = moved_to_main(world)
    answers(world, EMPTY, "/events")
    world.jit("grant", code=3)
    assert (world.story(path), world.reach("alice")) == ([], set())
    world.calm()
    world.jit("grant", code=1)
    assert world.reasons(path) == {"not-enough-approvals"}


def reviewed(world: World, number: int, who: str, state: str, at: datetime) -> None:
    """A review of the head, as GitHub holds it."""
    identity = world.acme.github._site.next_id()
    world.github.reviews[identity] = Review(
        id=identity, pull=number, author=world.acme.github._site.user(who), body=f"{identity}", state=state,
        commit_sha=world.github.pulls[number].head_sha, submitted_at=at,
    )  # fmt: skip


def many_reviews(world: World, number: int) -> None:
    """A hundred comments, which fill a page, and then an owner's objection, on the next one."""
    for _ in range(100):
        reviewed(world, number, "carol", "COMMENTED", world.now)
    world.must(
        world.acme.call("frank", "POST", f"/pulls/{number}/reviews", event="REQUEST_CHANGES", body="no")
    )


def every_second(world: World, part: str) -> Iterator[GitHubFault | None]:
    """Each second page of a list comes back empty."""
    while True:
        yield None
        yield EMPTY


def test_an_objection_on_a_page_that_comes_back_empty_is_not_missed(world: World) -> None:
    """GitHub announced a second page: as long as it is empty, nobody knows whether anybody objects."""
    path, text = world.request("dave", "production-admin", "paged", duration="1h", ticket="OPS-7")
    number = world.propose("dave", "paged", {path: text})
    for who in ("erin", "olivia"):
        world.must(world.review(who, number))
    many_reviews(world, number)
    world.must(world.merge("olivia", number))
    pages = every_second(world, "/reviews")
    world.acme.github.faults = lambda _, asked: next(pages) if asked.endswith("/reviews") else None
    world.jit("grant", code=3)
    assert (world.story(path), world.reach("dave")) == ([], set())
    world.calm()
    world.jit("grant", code=1)
    assert "changes-requested" in world.reasons(path)


def test_reviews_that_differ_from_one_reading_to_the_next_are_in_doubt(world: World) -> None:
    """A list that lacks an objection once is read again, and not believed."""
    path, text = world.request("dave", "production-admin", "short", duration="1h", ticket="OPS-7")
    number = world.propose("dave", "short", {path: text})
    for who in ("erin", "olivia"):
        world.must(world.review(who, number))
    short = reviews(world, number)
    world.must(
        world.acme.call("frank", "POST", f"/pulls/{number}/reviews", event="REQUEST_CHANGES", body="no")
    )
    world.must(world.merge("olivia", number))
    answers(world, GitHubFault(status=200, body=short, headers=dict(EMPTY.headers)), "/reviews", times=1)
    world.jit("grant", code=1)
    assert "changes-requested" in world.reasons(path)


@pytest.mark.parametrize(
    ("state", "late"),
    [("COMMENTED", 0), ("COMMENTED", 1), ("APPROVED", 1), ("CHANGES_REQUESTED", 1), ("DISMISSED", 1)],
)
@pytest.mark.parametrize("who", ["mallory", "bob"])
def test_nobody_keeps_a_request_undecided_by_reviews(
    world: World, asked: str, who: str, state: str, late: int
) -> None:
    """However often somebody comments, or judges after the merge, between two readings: what can matter is the same."""
    number = max(world.github.pulls)
    met: list[str] = []

    def told(method: str, path: str) -> None:
        if method == "GET" and path.endswith(f"/pulls/{number}/reviews"):
            met.append(path)
            reviewed(world, number, who, state, world.github.pulls[number].merged_at + late * SECOND)

    world.acme.github.faults = told
    world.jit("grant")
    assert (len(met), world.story(asked)) == (2, ["approved", "granted"])


def reviews(world: World, number: int) -> bytes:
    """GitHub's list of the reviews of a pull request, as it is now."""
    return json.dumps(world.must(world.acme.call("olivia", "GET", f"/pulls/{number}/reviews"))).encode()


def dismissed_after_the_merge(world: World, event: str) -> tuple[str, bytes]:
    """alice's merged request, a review of which mallory dismisses a second later; and the events listed before that."""
    path, text = world.request("alice", ORDERS, "late", **TABLE)
    number = world.propose("alice", f"late {world.steps}", {path: text})
    answer = world.acme.call("bob", "POST", f"/pulls/{number}/reviews", event=event, body="x")
    review = int(world.must(answer)["id"])
    world.must(world.merge("olivia", number))
    listed = world.must(world.acme.call("olivia", "GET", f"/issues/{number}/events"))
    world.later(SECOND)
    world.must(world.acme.call("mallory", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", message="x"))
    return path, json.dumps(listed).encode()


def test_a_dismissal_after_the_merge_that_events_lack_yet_takes_nothing_away(world: World) -> None:
    """The reviews show it at once, the events only at the third look: until then nobody knows when it was."""
    path, listed = dismissed_after_the_merge(world, "APPROVE")
    met = answers(
        world, GitHubFault(status=200, body=listed, headers=dict(EMPTY.headers)), "/events", times=2
    )
    world.jit("grant")
    assert (len(met), world.story(path), world.reach("alice")) == (2, ["approved", "granted"], ALICE)


@pytest.mark.parametrize("event", ["APPROVE", "REQUEST_CHANGES"])
def test_a_dismissal_that_is_never_listed_is_decided_without(world: World, event: str) -> None:
    """A quarter of an hour after the merge nothing more is waited for: whatever the review said, it is an objection."""
    path, listed = dismissed_after_the_merge(world, event)
    answers(world, GitHubFault(status=200, body=listed, headers=dict(EMPTY.headers)), "/events")
    world.later(15 * MINUTE - 2 * SECOND)
    ran = world.jit("grant", code=3)
    assert "shows bob's review of" in ran.output
    assert world.story(path) == []
    world.later(SECOND)
    world.jit("grant", code=1)
    assert (world.story(path), world.reach("alice")) == (["refused"], set())
    assert world.reasons(path) == {"changes-requested", "not-enough-approvals"}


@pytest.mark.parametrize("lagging", ["always", "once"])
def test_a_dismissal_before_the_merge_that_reviews_lack_is_not_passed_over(
    world: World, lagging: str
) -> None:
    """erin dismisses bob's approval, and it is merged all the same; GitHub's reviews still show the approval."""
    path, text = world.request("alice", ORDERS, "lag", **TABLE)
    number = world.propose("alice", f"lag {world.steps}", {path: text})
    world.must(world.review("bob", number))
    shown = json.dumps(world.must(world.acme.call("olivia", "GET", f"/pulls/{number}/reviews"))).encode()
    (review,) = (each.id for each in world.github.reviews.values() if each.pull == number)
    world.must(world.acme.call("erin", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", message="no"))
    world.later(SECOND)
    world.must(world.merge("olivia", number))
    reviews = GitHubFault(status=200, body=shown, headers=dict(EMPTY.headers))
    answers(world, reviews, f"/pulls/{number}/reviews", times=1000 if lagging == "always" else 2)
    ran = world.jit("grant", code=3 if lagging == "always" else 1)
    assert ("was dismissed, and shows it as it was" in ran.output) is (lagging == "always")
    assert (world.reach("alice"), "approved" in world.story(path)) == (set(), False)


def without_author(world: World) -> tuple[str, int]:
    """alice's approved request, merged; then her account is deleted."""
    path, text = world.request("alice", ORDERS, "ghost", **TABLE)
    number = world.propose("alice", f"ghost {world.steps}", {path: text})
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.acme.github.remove_user("alice")
    return path, number


def test_a_request_whose_author_is_gone_is_refused_for_good(world: World) -> None:
    """No run can ever know who asked: it says so, once, and the next has nothing to decide."""
    path, _ = without_author(world)
    world.later(15 * MINUTE)  # until then GitHub may only not have named hers
    ran = world.jit("grant", code=1)
    assert "the author's account no longer exists" in ran.output
    assert world.reasons(path) == {"author-gone"}
    world.jit("grant")
    assert world.reach("alice") == set()


@pytest.mark.parametrize("verb", ["explain", "comment"])
def test_an_open_request_whose_author_is_gone_is_told_as_such(world: World, verb: str) -> None:
    """What shows a pull request shows this one too, and says what is wrong with it."""
    path, text = world.request("alice", ORDERS, "ghost", **TABLE)
    number = world.propose("alice", f"ghost {world.steps}", {path: text})
    world.acme.github.remove_user("alice")
    if verb == "explain":
        assert "the author's account no longer exists" in world.ran("explain", str(number)).output
        return
    world.ran("comment", str(number), workflow="check.yml")
    told = [each.body for each in world.github.comments.values() if each.pull == number]
    assert any("the author's account no longer exists" in body for body in told)


def test_an_export_lists_a_request_whose_author_is_gone(world: World, tmp_path: Any) -> None:
    """The evidence pack is written, with the ghost that GitHub leaves in the author's place."""
    path, text = world.request("alice", ORDERS, "ghost", **TABLE)
    world.propose("alice", f"ghost {world.steps}", {path: text})
    world.acme.github.remove_user("alice")
    world.later(MINUTE)
    ran = world.ran(
        "audit", "export", "--output", str(tmp_path / "pack"), "--online", "--from", "2026-11-01", "--to", "2026-11-30",
        workflow="audit.yml",
    )  # fmt: skip
    assert "lacks what it should hold" not in ran.output
    packed = [each.read_text() for each in (tmp_path / "pack").rglob("*.*")]
    assert any("ghost" in each for each in packed), ran.output


@pytest.mark.parametrize("who", ["bob", "olivia"])
def test_a_reviewer_or_merger_who_is_gone_stops_nothing(world: World, asked: str, who: str) -> None:
    """A reviewer who is gone counts for nobody; who merged is no part of the decision."""
    world.acme.github.remove_user(who)
    world.jit("grant", code=1 if who == "bob" else 0)
    assert world.story(asked) == (["refused"] if who == "bob" else ["approved", "granted"])
