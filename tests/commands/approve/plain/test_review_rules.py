"""`jitbot review-rules` on plain values: what is said of a plan, whether it is opened, and what is said of what was."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jitbot.commands.approve import review_rules as module
from jitbot.domain.model.errors import UnavailableError
from jitbot.terminal.invocation import Invocation, clock


def a_part(*signers: str, policies: tuple[tuple[str, str | None], ...] = (("p", None),)) -> Any:
    """A pull request that would be opened, of these policies with their last review."""
    named = [SimpleNamespace(name=name, reviewed=reviewed) for name, reviewed in policies]
    return SimpleNamespace(owners=("@acme/a", "@bob"), policies=named, signers=signers)


def a_pull(number: int) -> Any:
    """A pull request."""
    return SimpleNamespace(number=number, url=f"https://x/{number}\x1b")


BOTH = (a_part("erin", policies=(("p", "2026-01-01"), ("q", None))), a_part())
OPEN = SimpleNamespace(policies=("r", "s"), pull=a_pull(5))
SHOWN = """review by @acme/a @bob:
  p, last reviewed 2026-01-01
  q, no review yet
review by @acme/a @bob:
  p, no review yet
  ! nobody but you owns these: your own approval cannot make it a review
open already: r, s: https://x/5\\x1b
left out: t: it was reviewed today
and 3 more pull requests: run this again for more
"""
URLS = "https://x/1\\x1b\nhttps://x/2\\x1b\n"


class Desk:
    """An owner at a terminal, and a plan; `questions` are those that were asked, `opened` how many were opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.plan: Any = SimpleNamespace(
            parts=BOTH, open=(OPEN,), skipped={"t": "it was reviewed today"}, more=3
        )
        self.agrees, self.fails_after = True, 9
        self.questions: list[str] = []
        self.planned: list[tuple[object, object]] = []
        self.opened = 0
        self.stdin = self.stderr = True  # whether the person may answer, and sees what is asked
        for name, stand_in in {
            "open_client": lambda *_: "client",
            "plan_reviews": self._plan,
            "open_reviews": self._open,
            "agreed": self._agreed,
        }.items():
            monkeypatch.setattr(module, name, stand_in)

    def _plan(self, _: object, names: object, __: object, *, only_due: bool) -> Any:
        self.planned.append((names, only_due))
        return self.plan

    def _open(self, _: object, plan: Any, __: object) -> Iterator[Any]:
        for number, _ in enumerate(plan.parts):
            if number == self.fails_after:
                raise UnavailableError("GitHub is away")
            self.opened += 1
            yield a_pull(number + 1)

    def _agreed(self, question: str) -> bool:
        self.questions.append(question)
        return self.agrees

    def review(self, **given: Any) -> int:
        """`jitbot review-rules`."""
        known = {"names": (), "due": False, "dry_run": False, "yes": False, "repo": None, "form": "text"}
        self.monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: self.stdin))
        self.monkeypatch.setattr(sys.stderr, "isatty", lambda: self.stderr)
        self.monkeypatch.setenv("COLUMNS", "200")
        asked = Invocation(now=clock(), environ={}, folder=Path("/"), jitbot=lambda *_: 0)
        return module.review_rules(asked, **{**known, **given})


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Such an owner."""
    assert capsys.readouterr() == (
        "",
        "",
    )  # it begins before their terminal takes the place of what it captures
    return Desk(monkeypatch)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], tuple[str, str]]:
    """What was printed: the result, and what is said to the person, without its weight."""

    def read() -> tuple[str, str]:
        out, err = capsys.readouterr()
        return out, err.replace("\x1b[1m", "").replace("\x1b[0m", "")

    return read


def test_a_plan_is_shown_and_opened(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """After a question; each address is a line of the result."""
    assert desk.review(names=("p",), due=True) == 0
    assert (desk.planned, desk.questions) == ([(("p",), True)], ["open 2 pull requests?"])
    assert told() == (URLS, SHOWN)
    desk.plan.parts = BOTH[:1]
    desk.review()
    assert desk.questions[1:] == ["open the pull request?"]


@pytest.mark.parametrize(
    ("given", "stdin", "stderr", "questions"),
    [({"yes": True}, True, True, 0), ({}, False, True, 0), ({}, True, False, 0), ({}, True, True, 1)],
)
def test_a_no_opens_nothing(
    desk: Desk,
    told: Callable[[], tuple[str, str]],
    given: dict[str, Any],
    stdin: bool,
    stderr: bool,
    questions: int,
) -> None:
    """Of a person: a script is not asked, and neither is who said yes beforehand."""
    desk.agrees, desk.stdin, desk.stderr = False, stdin, stderr
    assert desk.review(**given) == 0
    assert (len(desk.questions), desk.opened) == (questions, 0 if questions else 2)
    assert told() == ("" if questions else URLS, SHOWN + ("nothing was opened\n" if questions else ""))


@pytest.mark.parametrize("given", [{"dry_run": True}, {"dry_run": True, "yes": True}])
def test_a_dry_run_opens_nothing(desk: Desk, given: dict[str, Any]) -> None:
    """Whatever else is said; and nobody is asked."""
    assert (desk.review(**given), desk.questions, desk.opened) == (0, [], 0)


def test_where_nothing_is_to_be_opened_nobody_is_asked(
    desk: Desk, told: Callable[[], tuple[str, str]]
) -> None:
    """That is all that is said."""
    desk.plan = SimpleNamespace(parts=(), open=(), skipped={}, more=0)
    assert (desk.review(), desk.questions) == (0, [])
    assert told() == ("", "no pull request to open\n")


def test_what_failed_is_opened_the_next_time(desk: Desk, told: Callable[[], tuple[str, str]]) -> None:
    """What was opened is shown all the same, also as JSON, where what is missing has no number."""
    desk.fails_after = 1
    for form in ("text", "json"):
        with pytest.raises(UnavailableError, match="GitHub is away"):
            desk.review(form=form)
        out, err = told()
        assert err.endswith("! 1 of 2 were opened: run this again for the rest\n")
        if form == "json":
            assert [each["number"] for each in json.loads(out)["pull_requests"]] == [1, None]
        else:
            assert out == "https://x/1\\x1b\n"


@pytest.mark.parametrize("dry", [True, False])
def test_a_plan_as_json(desk: Desk, told: Callable[[], tuple[str, str]], dry: bool) -> None:
    """All of it, and nothing beside it."""
    desk.review(form="json", dry_run=dry, yes=True)
    out, err = told()
    first, second = [(None, None)] * 2 if dry else [(1, "https://x/1\x1b"), (2, "https://x/2\x1b")]
    owners = ["@acme/a", "@bob"]
    p, q = ({"policy": name, "reviewed": day} for name, day in (("p", "2026-01-01"), ("q", None)))
    assert err == ""
    assert json.loads(out) == {
        "dry_run": dry,
        "pull_requests": [
            {"owners": owners, "signers": ["erin"], "policies": [p, q], "number": first[0], "url": first[1]},
            {"owners": owners, "signers": [], "policies": [{**p, "reviewed": None}], "number": second[0], "url": second[1]},
        ],
        "open_already": [{"number": 5, "url": "https://x/5\x1b", "policies": ["r", "s"]}],
        "left_out": {"t": "it was reviewed today"},
        "more": 3,
    }  # fmt: skip
