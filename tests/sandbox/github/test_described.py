"""The embedded GitHub's calls are GitHub's: each is in its OpenAPI description, and every exchange of every test fits it."""

from dataclasses import replace

import pytest
from described import UNDESCRIBED, description, objections, routes
from documents import every_document
from github_world import acme
from graphql_schema import wrong_in

from jitbot.sandbox.github import server


@pytest.mark.parametrize("route", sorted(set(routes()) - UNDESCRIBED))
def test_every_call_is_githubs(route: str) -> None:
    """A call that GitHub does not describe is one that the real GitHub would not answer."""
    assert route in description()["operations"]


def test_what_is_left_out_is_really_not_described() -> None:
    """The list of exceptions holds nothing that the description could judge."""
    assert not UNDESCRIBED & description()["operations"].keys()


def test_every_exchange_is_looked_at() -> None:
    """A call through PyGithub is told to whoever listens, with question and answer."""
    told: list[server.GitHubExchange] = []
    server.OBSERVERS.append(told.append)
    try:
        with acme() as world:
            world.pull()
    finally:
        server.OBSERVERS.remove(told.append)
    made = next(each for each in told if (each.method, each.rule.rpartition("/")[2]) == ("POST", "pulls"))
    assert (made.status, made.asked["base"], made.answered["number"]) == (201, "main", 1)


RIGHT = server.GitHubExchange(
    method="POST",
    rule="/repos/<owner>/<name>/statuses/<sha>",
    query={},
    asked={"state": "success", "context": "x"},
    status=404,
    answered={"message": "Not Found"},
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"query": {"side": "x"}}, "GitHub knows no parameter side"),
        ({"status": 201, "answered": {}}, "is a required property"),
        ({"status": 201, "asked": {"state": "fine"}}, "'fine' is not one of"),
        ({"status": 299}, "GitHub never answers 299"),
    ],
    ids=["a parameter", "an answer", "a question", "a status"],
)
def test_what_github_would_not_say_is_an_objection(changes: dict[str, object], said: str) -> None:
    """The judge of the exchanges sees what is wrong with one."""
    assert list(objections(RIGHT)) == []
    assert any(said in each for each in objections(replace(RIGHT, **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("document", sorted(every_document()), ids=lambda document: document[:40])
def test_every_document_is_one_that_github_takes(document: str) -> None:
    """By its own schema: each type, field, argument and variable of it."""
    assert wrong_in(document) == ()


ASKED = 'query($n: Int!) { repository(owner: "a", name: "b") { pullRequest(number: $n) { id title } } }'
ANSWER = {"data": {"repository": {"pullRequest": {"id": "x", "title": "y"}}}}


@pytest.mark.parametrize(
    ("asked", "answered", "said"),
    [
        (ASKED.replace("title", "titel"), ANSWER, "Cannot query field 'titel'"),
        (
            ASKED.replace("$n: Int!", "$n: String!"),
            ANSWER,
            "of type 'String!' used in position expecting type 'Int!'",
        ),
        (ASKED.replace("id title", "id title {"), ANSWER, "Syntax Error"),
        (ASKED, {"data": {"repository": {"pullRequest": {"id": "x"}}}}, "pullRequest.title is missing"),
        (ASKED, {"data": {"repository": {"pullRequest": {"id": "x", "title": None}}}}, "title is null"),
        (ASKED, {"data": {"repository": {"pullRequest": {"id": 7, "title": "y"}}}}, "id is 7, no ID"),
    ],
    ids=["a field", "a variable", "no document", "a missing field", "a null", "a type"],
)
def test_what_the_schema_does_not_have_is_an_objection(asked: str, answered: object, said: str) -> None:
    """Of a document about pull requests, and of its answer."""
    right = replace(RIGHT, rule="/graphql", asked={"query": ASKED}, status=200, answered=ANSWER)
    assert list(objections(right)) == []
    wrong = replace(right, asked={"query": asked}, answered=answered)
    assert any(said in each for each in objections(wrong))
