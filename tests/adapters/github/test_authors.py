"""Everybody whom commits name, over answers in memory: who is counted, and which answer is none."""

from typing import Any

import pytest
from answering_client import AnsweringClient, refusal
from github import GithubException

from jitbot.adapters.github import authors
from jitbot.domain.model import bounds
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import PullCommit

BOT = "41898282+github-actions[bot]@users.noreply.github.com"
NUMBERED, NAMED = "1002+bob@users.noreply.github.com", "bob@users.noreply.github.com"


def raw(*trailers: str, **other: Any) -> dict[str, Any]:
    """A commit in REST's shape with these trailers."""
    message = "\n".join(["More", "", *(f"Co-authored-by: {each}" for each in trailers)])
    return {"sha": "a", "commit": {"message": message}, "author": {"id": 1}, "committer": {"id": 2}, **other}


def linked(*ids: int | None) -> dict[str, Any]:
    """GraphQL's answer for one commit."""
    nodes = [{"user": None if each is None else {"databaseId": each}} for each in ids]
    return {"repository": {"o0": {"authors": {"nodes": nodes}}}}


def named(commit: dict[str, Any], answer: Any = None) -> tuple[PullCommit, int]:
    """The commit with all whom it names, and how often GraphQL was asked."""
    client: Any = AnsweringClient({}, answer)
    (found,) = authors.named(client, [commit])
    return found, len(client.sent)


@pytest.mark.parametrize(
    ("commit", "answer", "ids", "logins"),
    [
        (raw(), None, (1, 2), ()),
        (raw(author=None), None, (2,), ()),
        (raw(commit=None), None, (1, 2), ()),
        (raw(commit={"message": None}), None, (1, 2), ()),
        (raw(f"x y <{NUMBERED}>"), None, (1, 2, 1002), ()),
        (raw(f"carol <{NUMBERED}>"), None, (1, 2, 1002), ()),
        (raw(f"x y <{NAMED}>"), None, (1, 2), ("bob",)),
        (raw("x y <bob@acme.com>"), linked(1, 7), (1, 2, 7), ()),
        (raw("x y <bob@acme.com>"), linked(1, None), (1, 2), ()),
        (raw("carol <bob@acme.com>"), linked(1), (1, 2), ("carol",)),
        (raw("-x- <bob@acme.com>"), linked(1), (1, 2), ()),
    ],
)
def test_who_is_named(
    commit: dict[str, Any], answer: Any, ids: tuple[int, ...], logins: tuple[str, ...]
) -> None:
    """Author, committer and trailers; a name that is a login counts where the address does not say whose it is."""
    found, asked = named(commit, answer)
    assert (found.named, found.co_authors) == (ids, logins)
    assert asked == (0 if answer is None else 1)


def test_the_parents_of_a_commit() -> None:
    """None where GitHub lists none."""
    assert named(raw(parents=[{"sha": "b"}, {"sha": "c"}]))[0].parents == ("b", "c")
    assert named(raw(parents=None))[0].parents == ()


@pytest.mark.parametrize("more", [0, 1])
def test_a_commit_may_name_so_many_and_no_more(more: int) -> None:
    """One more, and it is taken to name everybody."""
    trailers = [f"x y <{number}+x@users.noreply.github.com>" for number in range(bounds.NAMES + more)]
    assert named(raw(*trailers))[0].crowded is bool(more)


UNKNOWN = raw("x y <bob@acme.com>")
MISSING = "Field 'authors' doesn't exist on type 'Commit'"
OLD: list[Any] = [
    [{"message": MISSING}],
    [{"message": "other words", "extensions": {"code": "undefinedField"}}],
    [{"message": MISSING, "extensions": "none"}, {"message": MISSING, "extensions": {"code": "other"}}],
]


@pytest.mark.parametrize("errors", OLD)
def test_a_github_too_old_for_the_question_leaves_it_open(errors: Any) -> None:
    """Then an address names nobody."""
    assert named(UNKNOWN, refusal(200, errors=errors))[0].named == (1, 2)


@pytest.mark.parametrize(
    "error",
    [
        refusal(200, errors=[]),
        refusal(200, errors="x"),
        refusal(200, errors={"message": MISSING}),
        refusal(200, errors=["x"]),
        refusal(200, errors=[{"message": f"{MISSING} today"}]),
        refusal(200, errors=[{"message": "x", "extensions": {"code": "other"}}]),
        refusal(200, errors=[{"message": MISSING}, {"message": "timeout"}]),
        refusal(502),
        GithubException(502, "text"),
    ],
)
def test_any_other_trouble_names_nobody_less(error: Exception) -> None:
    """Whoever is not named may approve: a bad answer is no answer."""
    with pytest.raises(UnavailableError, match="does not say whom the commits name"):
        named(UNKNOWN, error)


@pytest.mark.parametrize("answer", [None, {}, {"authors": None}, {"authors": {"nodes": [{}]}}])
def test_an_answer_without_its_commit_is_none(answer: Any) -> None:
    """The adapter makes it unavailable."""
    with pytest.raises((TypeError, KeyError)):
        named(UNKNOWN, {"repository": {"o0": answer}})


def test_what_the_other_way_says_counts_where_it_is_asked_for() -> None:
    """Only for addresses that are not GitHub's own; one that is linked with nobody is looked at again."""
    assert authors.of_whole(raw(), [7]).named == (1, 2)
    assert authors.of_whole(raw(f"x y <{NUMBERED}>"), [None]).named == (1, 2, 1002)
    assert authors.of_whole(raw("x y <bob@acme.com>"), [1, 7]).named == (1, 2, 7)
    assert authors.of_whole(raw(f"x y <{NUMBERED}>", "x y <bob@acme.com>"), [7]).named == (1, 2, 7, 1002)
    with pytest.raises(ValueError, match="linked with nobody"):
        authors.of_whole(raw("x y <bob@acme.com>"), [1, None])


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (BOT, 41898282),
        ("noreply@github.com", 19864447),
        (NUMBERED, None),
        ("github-actions[bot]@users.noreply.github.com", None),
        ("x@noreply@github.com", None),
        ("bob@acme.com", None),
    ],
)
def test_apps_and_github_are_known_by_their_address(address: str, number: int | None) -> None:
    """A person is not: their address may be anybody's to write."""
    assert authors.own_number(address) == number
