"""`jitbot approve` on plain values: what is shown, what is asked, what is sent, and what is not."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.approve import approve as module
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation, clock
from jitbot.wiring import context

HEAD = "1234567890" + "0" * 30
FINDING = Finding(code="odd", message="it is odd", file="policies/p.yaml")


class Desk:
    """bob at a terminal; `questions` are those that he was asked, and `sent` what was sent to GitHub."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pull = SimpleNamespace(number=7, head=HEAD, is_open=True, url="https://x/7\x1b")
        access = SimpleNamespace(actor=SimpleNamespace(login="bob\x1b"), repository="acme/access")
        self.ground: Any = SimpleNamespace(
            pull=pull, access=access, summaries=("summary",), findings=(FINDING,), why_not=""
        )
        self.person, self.says, self.came_between = True, True, ""
        self.questions: list[str] = []
        self.sent: list[object] = []
        self.shown: list[tuple[object, object]] = []
        self.read: list[tuple[Any, ...]] = []
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: self.person))
        for name, stand_in in {
            "token_of": lambda _: "bobs",
            "in_clone": self._in_clone,
            "look": self._look,
            "show": self._show,
            "what_it_does": lambda *_: ["it merges"],
            "sure": self._sure,
            "person_review": lambda asked, repository: (asked.environ["GITHUB_TOKEN"], repository),
            "submit": self._submit,
        }.items():
            monkeypatch.setattr(module, name, stand_in)
        monkeypatch.setattr(context, "open_context", lambda asked, verb: (asked, verb))

    def _in_clone(self, asked: Invocation, repository: str | None) -> Invocation:
        self.read.append((repository, asked.environ["GITHUB_TOKEN"]))
        return asked

    def _look(self, _: object, number: int, now: object) -> Any:
        self.read.append((number, now))
        return self.ground

    def _show(self, summaries: object, *, head: str, short: bool) -> None:
        assert summaries == self.ground.summaries
        self.shown.append((head, short))

    def _sure(self, question: str) -> bool:
        self.questions.append(question)
        return self.says

    def _submit(self, _: object, reviews: object, ground: object) -> str:
        assert ground is self.ground
        self.sent.append(reviews)
        return self.came_between

    def approve(
        self, *, short: bool = False, repository: str | None = None, environ: Mapping[str, str] | None = None
    ) -> int:
        """`jitbot approve 7`."""
        asked = Invocation(now=clock(), environ=environ or {}, folder=Path("/"), jitbot=lambda *_: 0)
        return module.approve(asked, number=7, repository=repository, short=short)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a person."""
    return Desk(monkeypatch)


def test_what_was_shown_is_approved(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With the person's own token, after one question that names the commit; and what it leads to was said."""
    assert desk.approve(repository="acme/access", environ={"GITHUB_TOKEN": "a job's"}) == 0
    assert desk.read[0] == ("acme/access", "bobs")
    assert (desk.read[1][0], desk.shown, desk.sent) == (7, [(HEAD, False)], [("bobs", "acme/access")])
    assert desk.questions == ["approve #7 at 1234567890 as bob\\x1b?"]
    out, err = capsys.readouterr()
    assert out == (
        "policies/p.yaml: it is odd [odd]\n#7 is approved at 1234567890 by bob\\x1b: https://x/7\\x1b\n"
    )
    assert err == "it merges\n"


def test_a_no_sends_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It is exit code 1; and documents may be left out."""
    desk.says = False
    assert (desk.approve(short=True), desk.sent, desk.shown) == (1, [], [(HEAD, True)])
    assert capsys.readouterr().err == "it merges\nnothing was approved\n"


def test_what_would_not_count_is_not_asked(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It is shown in short, with what is wrong, and why."""
    desk.ground.why_not = "it is your own"
    with pytest.raises(InvalidError, match="it is your own"):
        desk.approve()
    assert (desk.questions, desk.sent, desk.shown) == ([], [], [(HEAD, True)])
    assert capsys.readouterr() == ("policies/p.yaml: it is odd [odd]\n", "")


def test_what_came_between_is_no_success(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The approval is there, and of another commit."""
    desk.came_between = "somebody pushed"
    assert (desk.approve(), len(desk.sent)) == (1, 1)
    said = "! somebody pushed; your approval is not of that, and does not count for it\n"
    assert capsys.readouterr().err == "it merges\n" + said


def test_of_a_merge_nothing_more_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It leads to nothing: a break-glass is merged already, and is reviewed."""
    desk.ground.pull.is_open = False
    assert (desk.approve(), len(desk.sent)) == (0, 1)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("environ", "person", "error"),
    [
        ({"GITHUB_ACTIONS": "true"}, True, InvalidError),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x"}, True, InvalidError),
        ({}, False, click.UsageError),
    ],
)
def test_nobody_is_answered_for(
    desk: Desk, environ: dict[str, str], person: bool, error: type[Exception]
) -> None:
    """A job approves nothing, and neither does a script: nothing is even read."""
    desk.person = person
    with pytest.raises(error, match="an approval is a person's act"):
        desk.approve(environ=environ)
    assert (desk.read, desk.sent) == ([], [])
