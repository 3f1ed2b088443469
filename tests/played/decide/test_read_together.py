"""Decisions on pull requests that are read together: what GitHub's GraphQL answers wrongly grants and refuses nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import flask
import pytest
from acme_world import MINUTE, ORDERS, TABLE, World

from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.github.api.call import GitHubCall
from jitbot.sandbox.github.graph import pull_requests

QUESTION = "QUERY", "/graphql/pull-requests"
ALICE = {("alice", "prod", "orders")}
Lie = Callable[[Any], None]


def lies(world: World, lie: Lie, *, times: int = 1000, only: str = "") -> list[str]:
    """Let GitHub change its answers to questions about pull requests so, as often as this; gives the documents."""
    met: list[str] = []

    def answer(method: str, path: str) -> GitHubFault | None:
        asked = flask.request.get_json(silent=True) or {}
        if (method, path) != QUESTION or len(met) >= times or only not in asked["query"]:
            return None
        met.append(asked["query"])
        site = world.acme.github._site
        with site.lock:
            call = GitHubCall(site=site, actor=site.user("olivia"), url="", query={}, body=asked)
            found = pull_requests.read(call).body
        lie(found)
        body, kind = json.dumps(found).encode(), {"Content-Type": "application/json"}
        return GitHubFault(status=200, body=body, headers=kind)

    world.acme.github.faults = answer
    return met


def pulls(answer: Any) -> list[Any]:
    """The pull requests in an answer, by commit or by number."""
    repository = answer["data"]["repository"]
    found = [each for name, each in repository.items() if name.startswith("o") and each is not None]
    listed = [each["associatedPullRequests"]["nodes"] for each in found if "associatedPullRequests" in each]
    return [node for nodes in listed for node in nodes] or found


def without(part: str) -> Lie:
    """A list is empty, and says that it is."""

    def lie(answer: Any) -> None:
        for pull in (each for each in pulls(answer) if part in each and "nodes" in each[part]):
            pull[part] |= {
                "nodes": [],
                "totalCount": 0,
                **({"filteredCount": 0} if "filteredCount" in pull[part] else {}),
            }

    return lie


def cut(part: str) -> Lie:
    """A list lacks its last item, and says how many there are."""

    def lie(answer: Any) -> None:
        for pull in (each for each in pulls(answer) if part in each and "nodes" in each[part]):
            pull[part]["nodes"] = pull[part]["nodes"][:-1]

    return lie


def unlinked(answer: Any) -> None:
    """GitHub connects the commit with no pull request yet."""
    for name, each in answer["data"]["repository"].items():
        if name.startswith("o") and each is not None and "associatedPullRequests" in each:
            each["associatedPullRequests"] |= {"nodes": [], "totalCount": 0}


def nothing(answer: Any) -> None:
    """No data at all."""
    answer["data"] = None


def beside(answer: Any) -> None:
    """Errors beside the data."""
    answer["errors"] = [{"type": "FORBIDDEN", "path": ["repository"], "message": "Resource not accessible"}]


PARTS = ("reviews", "commits", "files", "timelineItems")
LIES = {
    **{f"{part} are cut": cut(part) for part in PARTS},
    **{f"{part} are empty": without(part) for part in PARTS},
    "no pull request": unlinked,
    "no data": nothing,
    "errors beside the data": beside,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_one_bad_answer_refuses_nobody(world: World, asked: str, lie: Lie) -> None:
    """Whatever GitHub answers wrongly once, the request is granted in the same run."""
    met = lies(world, lie, times=1)
    ran = world.ran("grant")
    assert len(met) == 1
    assert (ran.code, world.story(asked)) == (0, ["approved", "granted"]), ran.output
    assert world.reach("alice") == ALICE


@pytest.mark.parametrize("part", PARTS)
def test_what_is_cut_is_read_by_rest(world: World, asked: str, part: str) -> None:
    """However often: that part alone is asked for by REST, and the request is granted."""
    lies(world, cut(part))
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]
    rest = {path.rpartition("/")[2] for method, path in world.acme.github.calls if method == "GET"}
    name = {"timelineItems": "events"}.get(part, part)
    assert rest & {"reviews", "commits", "files", "events", "{number}"} == {name}


def of_two(answer: Any) -> None:
    """A list of commits without the first, and its own count fits."""
    for pull in (each for each in pulls(answer) if "nodes" in each.get("commits", {})):
        nodes = pull["commits"]["nodes"][1:]
        pull["commits"] |= {"nodes": nodes, "totalCount": len(nodes)}


@pytest.mark.parametrize("lie", [of_two, without("timelineItems")], ids=["commits", "events"])
def test_what_stays_short_is_left_to_the_next_run(world: World, lie: Lie) -> None:
    """A list that fits its own count and nothing else is in doubt: nothing is granted, and nothing refused."""
    path, text = world.request("alice", ORDERS, "short", **TABLE)
    asked = path
    world.land("alice", {path: text.replace("2h", "1h")}, {path: text})
    lies(world, lie)
    ran = world.ran("grant")
    assert (ran.code, world.story(asked)) == (3, []), ran.output
    world.calm()
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]


def test_an_objection_that_one_reading_lacks_is_not_passed_over(world: World) -> None:
    """bob asks for changes, and GitHub leaves that review out of one reading, whole as it looks: nothing is granted."""
    path = world.ask("alice", "objected", by=("bob",))
    number = max(world.github.pulls)
    pull = world.github.pulls[number]
    (approval,) = world.github.reviews_of(pull)
    objection = replace(approval, id=approval.id + 1, body="no", state="CHANGES_REQUESTED")
    world.github.reviews[objection.id] = objection

    def lacks(answer: Any) -> None:
        for each in pulls(answer):
            reviews = [one for one in each["reviews"]["nodes"] if one["state"] != "CHANGES_REQUESTED"]
            each["reviews"] |= {"nodes": reviews, "totalCount": len(reviews)}

    for only in ("associatedPullRequests", "o0: pullRequest"):
        lies(world, lacks, only=only)
        ran = world.ran("grant")
        assert (ran.code, world.story(path)) == (3, []), ran.output
        assert "lists other reviews of" in ran.output
    world.calm()
    assert world.ran("grant").code == 1
    assert world.story(path) == ["refused"]
    assert "changes-requested" in world.reasons(path)


def test_a_young_commit_is_asked_for_until_github_knows_it(world: World, asked: str) -> None:
    """GitHub may connect a merge with its pull request a moment later: until then nothing is decided."""
    lies(world, unlinked)
    ran = world.ran("grant")
    assert (ran.code, world.story(asked)) == (3, []), ran.output
    world.calm()
    world.later(MINUTE)
    world.jit("grant")
    assert world.story(asked) == ["approved", "granted"]


def test_one_that_cannot_be_read_takes_no_other_with_it(world: World) -> None:
    """Of two merges read together GitHub hides who wrote one: that one is asked for by itself, and both are granted."""
    paths = world.ask("alice", "one"), world.ask("carol", "two")

    def hides(answer: Any) -> None:
        for pull in pulls(answer):
            if "author" in pull and pull["author"]["login"] == "carol":
                pull["author"] = None

    lies(world, hides)
    world.jit("grant")
    assert [world.story(path) for path in paths] == [["approved", "granted"]] * 2
    singles = [
        path for method, path in world.acme.github.calls if method == "GET" and path.endswith("/pulls")
    ]
    assert len(singles) == 1
