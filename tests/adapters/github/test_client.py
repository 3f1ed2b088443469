"""The way to GitHub, over answers in memory: pages, what is left of the rate, and what each kind of trouble means."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import pytest
from github import BadCredentialsException, GithubException
from github.GithubException import RateLimitExceededException, UnknownObjectException

import requests
from jitbot.adapters.github.client import Client, by_actions, said, translated
from jitbot.domain.model.errors import DeniedError, UnavailableError

MORE = {"link": '<https://elsewhere.example/x?page=2&after=c1>; rel="next"'}
FULL: list[dict[str, object]] = [{}] * 100


class Answers:
    """PyGithub's connection: gives these headers and answers, the last one again and again; `asked` is what was asked."""

    def __init__(self, *answers: tuple[Mapping[str, str], Any]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    def requestJsonAndCheck(  # noqa: N802 - as PyGithub has it
        self,
        verb: str,
        url: str,
        parameters: Any = None,
        input: Any = None,  # noqa: A002
    ) -> tuple[Mapping[str, str], Any]:
        """The next one."""
        self.asked.append((verb, url, parameters or input))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def graphql_query(self, query: str, variables: Any) -> tuple[Mapping[str, str], Any]:
        """The next one."""
        return self.requestJsonAndCheck("POST", query, variables)


def client(*answers: tuple[Mapping[str, str], Any]) -> tuple[Client, Answers]:
    """A client over these answers."""
    found, connection = Client("acme/access", token="t", api_url="https://x.example"), Answers(*answers)
    found._connections.requester = connection
    return found, connection


@pytest.mark.parametrize("answer", [[], None, "x"])
def test_what_is_no_object_is_no_answer(answer: Any) -> None:
    """Nor is what is no list a list."""
    with pytest.raises(TypeError, match="/x is not an object"):
        client(({}, answer))[0].get("/x")
    found, _ = client(({}, {}))
    for ask in (found.pages("/x"), found.following("/x", {}, 3)):
        with pytest.raises(TypeError, match="/x is not a list"):
            list(ask)


@pytest.mark.parametrize(
    ("answers", "number", "calls"),
    [
        ([({}, [{}] * 99)], 99, 1),
        ([({}, FULL), ({}, [])], 100, 2),
        ([({}, FULL), ({}, [{}])], 101, 2),
        ([(MORE, [{}]), ({}, [{}])], 2, 2),
        ([(MORE, FULL), ({}, FULL), ({}, [{}])], 201, 3),
        ([({"link": '<x>; rel="last"'}, [{}])], 1, 1),
    ],
)
def test_a_list_is_read_to_its_end(answers: Any, number: int, calls: int) -> None:
    """As far as pages are announced, or full; with the same question each time."""
    found, connection = client(*answers)
    assert len(list(found.pages("/x", {"state": "all"}))) == number
    assert [asked for _, _, asked in connection.asked] == [
        {"state": "all", "per_page": 100, "page": page} for page in range(1, calls + 1)
    ]


def test_a_page_that_is_announced_and_empty_is_no_answer() -> None:
    """What lay on it is not known; a list has no end of pages."""
    with pytest.raises(UnavailableError, match="announced a page 2 of /x"):
        list(client((MORE, [{}]), ({}, []))[0].pages("/x"))
    with pytest.raises(UnavailableError, match="more than 1000 pages"):
        list(client((MORE, [{}]))[0].pages("/x"))


def test_a_cursor_leads_to_the_next_page() -> None:
    """Of its address nothing else is used; it ends where there is none, or where no more is read."""
    found, connection = client((MORE, [{}]), ({}, []), ({}, [{}]))
    with pytest.raises(UnavailableError, match="announced another page of /x"):
        list(found.following("/x", {"ref": "main"}, 3))
    assert connection.asked[-1] == (
        "GET",
        "/repos/acme/access/x",
        {"ref": "main", "per_page": 100, "after": "c1"},
    )
    assert list(client(({}, []))[0].following("/x", {}, 3)) == [[]]
    assert len(list(client((MORE, [{}]), ({}, [{}]))[0].following("/x", {}, 2))) == 2
    with pytest.raises(UnavailableError, match="more than 2 pages"):
        list(client((MORE, [{}]))[0].following("/x", {}, 2))


@pytest.mark.parametrize(("body", "sent"), [(None, None), ({}, {}), ({"a": 1}, {"a": 1})])
def test_a_change_says_what_changes(body: Any, sent: Any) -> None:
    """What is answered is an object, or nothing."""
    found, connection = client(({}, {"id": 1}), ({}, [1]))
    assert found.send("POST", "/x", body) == {"id": 1}
    assert found.send("DELETE", "/x") == {}
    assert connection.asked[0] == ("POST", "/repos/acme/access/x", sent)


class NotFound(Answers):
    """A connection to a GitHub that finds nothing."""

    def requestJsonAndCheck(self, *_: object, **__: object) -> NoReturn:  # noqa: N802 - as PyGithub has it
        raise UnknownObjectException(404, {"message": "Not Found"})


@pytest.mark.parametrize(
    "ask",
    [
        lambda asked: asked.get("/x?y=z"),
        lambda asked: list(asked.pages("/x")),
        lambda asked: list(asked.following("/x", {}, 1)),
        lambda asked: asked.send("POST", "/x"),
    ],
)
def test_what_is_not_found_is_named(ask: Callable[[Client], object]) -> None:
    """Whoever misspelt the name of a repository reads it; what was asked of it is left out."""
    found, _ = client()
    found._connections.requester = NotFound()
    with pytest.raises(DeniedError) as raised:
        translated(ask)(found)
    where = "at /repos/acme/access/x, or the token may not see it: Not Found"
    assert str(raised.value) == f"GitHub finds no such thing {where}"


def test_what_is_left_of_the_rate() -> None:
    """Of the REST API alone, by the last answer that said it."""
    assert client(({}, {}))[0].left("core") is None
    found, _ = client(
        ({"x-ratelimit-remaining": "12"}, {}),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-resource": "graphql"}, {}),
        ({"x-ratelimit-remaining": "many"}, {}),
        ({"x-ratelimit-remaining": "11", "x-ratelimit-resource": "core"}, [{}]),
    )
    left = []
    for _ in range(3):
        found.get("/x")
        left.append(found.left("core"))
    list(found.pages("/x"))
    assert [*left, found.left("core")] == [12, 12, 12, 11]


def test_what_is_left_of_graphqls_points() -> None:
    """They are counted by themselves, whether GitHub names the budget or not."""
    found, connection = client(
        ({"x-ratelimit-remaining": "90"}, {"data": {"a": 1}}),
        ({"x-ratelimit-remaining": "80", "x-ratelimit-resource": "graphql"}, {"data": {}}),
    )
    left = []
    for _ in range(2):
        found.graphql("query { a }", {"b": 2})
        left.append((found.left("graphql"), found.left("core")))
    assert left == [(90, None), (80, None)]
    assert connection.asked[0] == ("POST", "query { a }", {"b": 2})


def test_pygithub_prints_nothing() -> None:
    """It would print each refused call to stderr; our errors say of it what matters."""
    logger = logging.getLogger("github")
    logger.setLevel(logging.NOTSET)
    client()
    assert not logger.isEnabledFor(logging.ERROR)


def test_nothing_is_asked_in_the_open() -> None:
    """A token would be read on the way."""
    with pytest.raises(DeniedError, match="neither TLS nor this machine"):
        Client("acme/access", token="t", api_url="http://x.example")


def lost(url: str | None) -> requests.ConnectionError:
    """A call without an answer."""
    return requests.ConnectionError(request=None if url is None else requests.Request("GET", url))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (RateLimitExceededException(403, {}), UnavailableError, "rate limit is used up"),
        (UnknownObjectException(404, {"message": "x"}), DeniedError, "finds no such thing, or the token may not see it: x"),
        (BadCredentialsException(401, {}), DeniedError, "set GITHUB_TOKEN to a valid one"),
        (GithubException(403, {"message": "x"}), DeniedError, "GitHub answered 403: x"),
        (GithubException(410, {"message": "Issues are disabled for this repo"}), DeniedError, "Issues are disabled"),
        (GithubException(413, {}), DeniedError, "GitHub answered 413: no reason given"),
        (GithubException(422, "text"), DeniedError, "GitHub answered 422: no reason given"),
        (GithubException(409, {}), UnavailableError, "GitHub answered 409"),
        (GithubException(500, {}), UnavailableError, "GitHub answered 500"),
        (lost("https://x.example/y?secret"), UnavailableError, "GitHub does not answer at x.example: ConnectionError"),
        (lost(None), UnavailableError, "GitHub does not answer: ConnectionError"),
        (KeyError("id"), UnavailableError, "lacks what it should hold: KeyError('id')"),
        (RuntimeError("a redirect"), UnavailableError, "lacks what it should hold"),
    ],
)  # fmt: skip
def test_what_trouble_means(error: Exception, kind: type[Exception], words: str) -> None:
    """A refusal is final; whatever is unclear is not."""

    @translated
    def fails() -> None:
        raise error

    with pytest.raises(kind) as raised:
        fails()
    assert words in str(raised.value)
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("text", "no reason given"),
        ({"message": "m", "errors": [{"field": "name"}, "why", {}]}, "why"),
        (
            {"message": "m", "errors": [{"field": "name", "code": "bad"}, {"code": "worse"}]},
            "name: bad; worse",
        ),
        ({"message": "m", "errors": [{"field": "name", "message": "no", "code": "bad"}]}, "name: no"),
        ({"message": "m", "errors": {"a": 1}}, "m"),
    ],
)
def test_github_s_own_words(data: Any, words: str) -> None:
    """Every reason that it gives, or else its message."""
    assert said(GithubException(422, data)) == words


@pytest.mark.parametrize(
    ("user", "ours"),
    [
        ({"login": "github-actions[bot]", "type": "Bot"}, True),
        ({"login": "github-actions[bot]", "type": "User"}, False),
        ({"login": "other[bot]", "type": "Bot"}, False),
        (None, False),
    ],
)
def test_what_a_jobs_token_wrote(user: Any, *, ours: bool) -> None:
    """By its name and its kind, both."""
    assert by_actions({"user": user}) is ours
