"""Which merged request a person means, in memory; if it is none, what became of the pull request that asks for it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from acme_facts import NOW, PATH
from builders import a_pull

from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.usecases.pull_request.merged_request import resolve_merged

OPEN = a_pull(merged_at=None, merge_commit=None, url="https://x.example/7")
KNOWN = {PATH: (7,)}


def github(*pulls: PullRequest, files: tuple[str, ...] = (PATH,), down: bool = False) -> Any:
    """These pull requests, which touch these files, and how many were asked for them."""
    asked: list[int] = []

    def of(number: int) -> tuple[str, ...]:
        asked.append(number)
        return files

    def pull(number: int) -> PullRequest:
        if down or number not in {each.number for each in pulls}:
            raise UnavailableError("no answer")
        return next(each for each in pulls if each.number == number)

    return SimpleNamespace(open_pulls=lambda: pulls, files=of, pull=pull, asked=asked)


def refused(text: str, of: Any) -> str:
    """Why it is none."""
    with pytest.raises(InvalidError) as caught:
        resolve_merged(text, {}, github=of)
    return str(caught.value)


def test_what_the_ledger_knows_is_found() -> None:
    """And GitHub is not asked."""
    assert resolve_merged("refunds", KNOWN, github=None) == PATH  # type: ignore[arg-type]
    assert resolve_merged("7", KNOWN, github=None) == PATH  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pull", "said"),
    [
        (
            OPEN,
            "nothing is granted yet: pull request 7 still waits, see `jitbot status` and https://x.example/7",
        ),
        (replace(OPEN, closed_at=NOW), "nothing was granted: pull request 7 was closed, not merged"),
        (
            a_pull(),
            "nothing is recorded of pull request 7: if it asks for access, the grant workflow is at work",
        ),
    ],
)
def test_what_became_of_its_pull_request_is_said(pull: PullRequest, said: str) -> None:
    """Of the number that was named."""
    assert refused("7", github(pull)) == said


def test_an_open_one_is_found_by_a_part_of_its_path() -> None:
    """Among the newest; what is no request, or another one, does not ask for it."""
    assert refused("refunds", github(OPEN)).startswith("nothing is granted yet: pull request 7")
    assert refused("refunds", github(OPEN, files=("docs/refunds",))).startswith("no request is called")
    assert refused("other", github(OPEN)).startswith("no request is called")
    many = github(*(replace(OPEN, number=number) for number in range(30)), files=("x",))
    assert refused("refunds", many).startswith("no request is called")
    assert len(many.asked) == 20


def test_where_github_says_nothing_the_first_answer_stands() -> None:
    """No error of GitHub hides why the text fits no request."""
    assert refused("7", github(down=True)).startswith("no request is called")
