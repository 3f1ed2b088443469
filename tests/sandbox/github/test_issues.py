"""The embedded GitHub's issues: one row of numbers with pull requests, and nobody's without the right."""

from collections.abc import Iterator
from typing import Any

import pytest
from github_world import MINUTE, World, acme

import requests

ISSUES = "/repos/acme/access/issues"
# Required by GitHub's description of an issue: https://github.com/github/rest-api-description
REQUIRED = """assignee closed_at comments comments_url events_url html_url id node_id labels labels_url milestone number
repository_url state locked title url user created_at updated_at"""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One sandbox for all tests here."""
    with acme() as opened:
        yield opened


def opened(world: World, login: str = "alice", **fields: Any) -> dict[str, Any]:
    """An issue, opened by this person."""
    answer = world.put(ISSUES, login, {"title": "Look", "body": "at this", **fields}, "POST")
    assert answer.status_code == 201, answer.text
    content: dict[str, Any] = answer.json()
    return content


def edited(world: World, login: str, number: int, **fields: Any) -> requests.Response:
    """An edit by this person."""
    return world.put(f"{ISSUES}/{number}", login, fields, "PATCH")


def listed(world: World, **query: str) -> list[int]:
    """The numbers of the issues that a query lists."""
    answer = world.get(ISSUES, **query)
    assert answer.ok, answer.text
    return [each["number"] for each in answer.json()]


def test_an_issue_is_as_github_describes_it(world: World) -> None:
    """Every required field is there, anyone who may read may open one, and it reads back the same."""
    issue = opened(world, "reader")
    assert set(REQUIRED.split()) <= set(issue)
    assert (issue["state"], issue["user"]["login"], issue["body"]) == ("open", "reader", "at this")
    assert world.get(f"{ISSUES}/{issue['number']}").json() == issue


def test_pull_requests_share_the_numbers_and_the_list(world: World) -> None:
    """No number is given twice; a pull request in the list says that it is one."""
    first = opened(world)["number"]
    pull = world.pull("numbered").number
    assert opened(world)["number"] == pull + 1 == first + 2
    kinds = {each["number"]: "pull_request" in each for each in world.get(ISSUES).json()}
    assert (kinds[first], kinds[pull]) == (False, True)


def test_the_list_is_by_state_creator_and_time(world: World) -> None:
    """Newest first unless asked otherwise; `since` looks at the last change."""
    world.clock.advance(MINUTE)
    since = f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    one, two = opened(world, "bob")["number"], opened(world, "erin")["number"]
    assert listed(world, since=since) == [two, one]
    assert listed(world, since=since, direction="asc") == [one, two]
    assert listed(world, since=since, creator="bob") == [one]
    assert edited(world, "bob", one, state="closed").json()["state_reason"] == "completed"
    assert listed(world, since=since) == [two]
    assert listed(world, since=since, state="closed") == [one]
    assert sorted(listed(world, since=since, state="all")) == [one, two]
    assert world.get(ISSUES, since="yesterday").status_code == 422


def test_who_may_edit(world: World) -> None:
    """Its author, and anyone with write access; a reader not."""
    number = opened(world, "alice")["number"]
    assert edited(world, "reader", number, title="x").status_code == 403
    assert edited(world, "mallory", number, state="closed").json()["closed_by"]["login"] == "mallory"
    again = edited(world, "alice", number, state="open", title="Again").json()
    assert (again["state"], again["state_reason"], again["title"], again["closed_at"]) == (
        "open",
        "reopened",
        "Again",
        None,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"title": "x" * 257},
        {"body": "x" * 65537},
        {"state": "gone"},
        {"state": "open", "state_reason": "completed"},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_what_github_refuses(world: World, fields: dict[str, Any]) -> None:
    """A title that is empty or too long, a body that is too long, a state that is none."""
    number = opened(world)["number"]
    assert edited(world, "alice", number, **fields).status_code == 422
    assert world.put(ISSUES, "alice", {"body": "no title"}, "POST").status_code == 422
    assert world.get(f"{ISSUES}/9999").status_code == 404
