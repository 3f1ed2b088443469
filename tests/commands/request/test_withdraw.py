"""`jitbot withdraw` on plain values: which pull request is closed, after which question, and which is not."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.request import withdraw as module
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.merge_facts import Actor, PullRequest
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ALICE, BOB = (
    Actor(login=Login(name), github_id=GithubId(number)) for name, number in (("alice", 1), ("bob", 2))
)
ASK, OTHER = (f"requests/p/2026-11/24-alice-{name}.yaml" for name in "xy")
PULL = PullRequest(
    number=7, author=ALICE, repository_id=1, base_branch="main", head=Sha("1" * 40), merged_at=None, merged_by=None,
    merge_commit=None, created_at=NOW, commit_count=1, title="Ask\x1b", url="https://x/7",
)  # fmt: skip


class GitHub:
    """A GitHub with these pull requests; `closed` are those that were closed, `questions` what was asked first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pulls: dict[int, PullRequest] = {7: PULL}
        self.paths: Mapping[int, tuple[str, ...]] = {7: (ASK,)}
        self.closed: list[int] = []
        self.questions: list[str] = []
        self.says, self.person, self.meanwhile = True, True, PULL
        place = SimpleNamespace(actor=ALICE, repository="acme/access")
        client: Any = SimpleNamespace(github=self, github_write=self, place=place)
        monkeypatch.setattr(module, "open_client", lambda *_: client)
        monkeypatch.setattr(module, "sure", self._sure)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: self.person))

    def pull(self, number: int) -> PullRequest:
        """One of them."""
        return self.pulls[number]

    def open_pulls(self) -> list[PullRequest]:
        """All of them."""
        return list(self.pulls.values())

    def files(self, number: int) -> tuple[str, ...]:
        """What it changes."""
        return self.paths.get(number, ())

    def close_pull(self, number: int) -> PullRequest:
        """Close it, unless it is merged meanwhile."""
        self.closed.append(number)
        return self.meanwhile

    def _sure(self, question: str) -> bool:
        self.questions.append(question)
        return self.says


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> GitHub:
    """Such a GitHub."""
    return GitHub(monkeypatch)


def withdraw(number: int | None = 7, *, yes: bool = False) -> int:
    """`jitbot withdraw`."""
    asked = Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
    return module.withdraw(asked, number=number, yes=yes, repo=None)


@pytest.mark.parametrize(
    ("paths", "more"),
    [
        ((ASK,), ""),
        (("README", ASK), ", and changes 1 more file"),
        (("a", OTHER, "b"), ", and changes 2 more files"),
    ],
)
def test_ones_own_request_is_closed_after_a_question(
    github: GitHub, paths: tuple[str, ...], more: str
) -> None:
    """Which says what it asks for, and what else is in it."""
    github.paths = {7: paths}
    assert withdraw() == 0
    assert github.questions == [f"close #7, which asks for {OTHER if OTHER in paths else ASK}{more}?"]
    assert github.closed == [7]


def test_a_no_closes_nothing(github: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    """It is exit code 1."""
    github.says = False
    assert (withdraw(), github.closed) == (1, [])
    assert "nothing was closed" in capsys.readouterr().err


def test_a_script_says_yes(github: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise nobody is there to be asked; what was closed is the result."""
    github.person = False
    with pytest.raises(click.UsageError, match="give --yes"):
        withdraw()
    assert (withdraw(yes=True), github.questions, github.closed) == (0, [], [7])
    assert capsys.readouterr().out == "#7 is closed: https://x/7\n"


def test_what_is_closed_is_closed(github: GitHub, capsys: pytest.CaptureFixture[str]) -> None:
    """Again is no error, and no question."""
    github.pulls[7] = replace(PULL, closed_at=NOW)
    assert (withdraw(), github.closed, github.questions) == (0, [], [])
    assert capsys.readouterr().out == "#7 is closed already\n"


@pytest.mark.parametrize(
    ("changes", "paths", "why"),
    [
        ({"author": BOB}, (ASK,), "#7 is bob's, and only they can withdraw it"),
        ({"merged_at": NOW, "closed_at": NOW}, (ASK,), "#7 is merged, so there is nothing to withdraw"),
        ({}, (), "#7 asks for no access"),
        ({}, ("policies/x.yaml",), "#7 asks for no access"),
    ],
)
def test_what_is_not_withdrawn(
    github: GitHub, changes: dict[str, Any], paths: tuple[str, ...], why: str
) -> None:
    """Somebody else's, what is merged, and what is no request."""
    github.pulls[7], github.paths = replace(PULL, **changes), {7: paths}
    with pytest.raises(InvalidError, match=why):
        withdraw(yes=True)
    assert github.closed == []


def test_a_merge_that_comes_first_is_said(github: GitHub) -> None:
    """GitHub answers with the pull request as it is then."""
    github.meanwhile = replace(PULL, merged_at=NOW)
    with pytest.raises(InvalidError, match="to end what it gives: jitbot release 7"):
        withdraw(yes=True)


def test_without_a_number_it_is_the_only_one(github: GitHub) -> None:
    """Of one's own, and of those that ask for access."""
    github.pulls = {5: replace(PULL, number=5, author=BOB), 6: replace(PULL, number=6), 7: PULL}
    github.paths = {5: (ASK,), 6: ("policies/x.yaml",), 7: ("README", ASK)}
    assert withdraw(None, yes=True) == 0
    assert github.closed == [7]
    github.paths = {}
    with pytest.raises(InvalidError, match="no open request of alice waits in acme/access"):
        withdraw(None, yes=True)
    github.paths = {6: (ASK,), 7: (OTHER,)}
    with pytest.raises(InvalidError, match=r"say which:\n  jitbot withdraw 6   # Ask") as several:
        withdraw(None, yes=True)
    assert "\x1b" not in str(several.value)
    assert github.closed == [7]


def test_no_more_are_looked_into_than_a_few(github: GitHub) -> None:
    """Ten, for each is a call."""
    github.pulls = {number: replace(PULL, number=number) for number in range(11)}
    github.paths = {10: (ASK,)}
    with pytest.raises(InvalidError, match="no open request"):
        withdraw(None, yes=True)
