"""`jitbot extend` on plain values: which words mean what, and what can no longer be extended."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from jitbot.commands.request import extend as module
from jitbot.commands.request.resolve_request import LedgerAnswer
from jitbot.domain.model.documents import Position
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATH = "requests/p/2026-11/24-alice-x.yaml"


class Answer(LedgerAnswer):
    """What the ledger says of the one request."""

    __slots__ = ("_early", "_until")

    def __init__(self, until: datetime | None, *, trouble: str = "", early: bool = False) -> None:
        super().__init__(trouble=trouble)
        object.__setattr__(self, "_until", until)
        object.__setattr__(self, "_early", early)

    def until(self, request: str) -> datetime | None:
        """When it ends."""
        assert request == PATH
        found: datetime | None = self._until  # type: ignore[attr-defined]
        return found

    def state(self, request: str) -> Any:
        """Whether it ended early."""
        return SimpleNamespace(request=request, began=NOW - HOUR, ended_early=self._early)  # type: ignore[attr-defined]


class Desk:
    """A person's requests, one of two hours; `named` is which was meant, `opened` what was proposed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: LedgerAnswer = Answer(NOW + HOUR)
        self.named: list[str | None] = []
        self.opened: list[tuple[bytes, Any]] = []
        client = SimpleNamespace(github=None, read_request=self._read)
        monkeypatch.setattr(module, "open_client", lambda *_: client)
        monkeypatch.setattr(module, "UnverifiedLedger", lambda _: None)
        monkeypatch.setattr(module, "ask_ledger", lambda *_: self.answer)
        monkeypatch.setattr(module, "which", self._which)
        monkeypatch.setattr(module, "check_and_open", self._open)

    def _read(self, _: str) -> tuple[bytes, Any]:
        old = SimpleNamespace(duration=2 * HOUR, where={"duration": Position(line=2, column=1)})
        return b"requester: alice\nduration: 2h\n", old

    def _which(self, _: Any, __: Any, named: str | None, ___: Any) -> str:
        self.named.append(named)
        return PATH

    def _open(self, _: Any, source: Any, options: Any) -> int:
        self.opened.append((source.content, options))
        return 0


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Such a desk."""
    return Desk(monkeypatch)


def extend(*words: str, by: timedelta | None = None, wait: bool = False) -> int:
    """`jitbot extend`."""
    asked = Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
    return module.extend(
        asked, words=words, by=by, repo=None, wait=wait, timeout=HOUR, dry_run=False, form="text"
    )


@pytest.mark.parametrize(
    ("words", "by", "named", "duration"),
    [
        (("3h",), None, None, b"3h"),
        (("x", "3h"), None, "x", b"3h"),
        ((), HOUR, None, b"3h"),
        (("x",), 2 * HOUR, "x", b"4h"),
    ],
)
def test_how_long_it_is_to_be(
    desk: Desk, words: tuple[str, ...], by: timedelta | None, named: str | None, duration: bytes
) -> None:
    """The whole, or how much longer; of the request that is named, or of the newest."""
    assert extend(*words, by=by) == 0
    assert desk.named == [named]
    ((content, options),) = desk.opened
    assert content == b"requester: alice\nduration: " + duration + b"\n"
    assert (options.wait, options.former.began) == (None, NOW - HOUR)


def test_it_waits_where_that_is_asked_for(desk: Desk) -> None:
    """For as long as is said."""
    extend("3h", wait=True)
    assert desk.opened[0][1].wait == HOUR


@pytest.mark.parametrize(
    ("words", "by", "why"),
    [
        ((), None, "say how long"),
        (("x", "3h"), HOUR, "say how long"),
        (("x", "y", "3h"), None, "say how long"),
        (("soon",), None, "soon"),
        (("x", "1.5h"), None, "1.5h"),
    ],
)
def test_what_says_no_length_is_misuse(
    desk: Desk, words: tuple[str, ...], by: timedelta | None, why: str
) -> None:
    """Nothing is guessed."""
    with pytest.raises(click.UsageError, match=why):
        extend(*words, by=by)
    assert desk.opened == []


@pytest.mark.parametrize("words", [("2h",), ("1h",)])
def test_what_is_not_longer_is_no_extension(desk: Desk, words: tuple[str, ...]) -> None:
    """To end it early there is another verb."""
    with pytest.raises(
        InvalidError, match="is not longer than the 2h it has; to end it early: jitbot release"
    ):
        extend(*words)
    assert desk.opened == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(NOW), f"{PATH} ended at 2026-11-24T09:00:00Z; ask anew: jitbot request --again"),
        (Answer(None), "was never approved, so there is nothing to extend"),
        (Answer(NOW + HOUR, trouble="GitHub is away"), "GitHub is away"),
    ],
)
def test_what_can_no_longer_be_extended(desk: Desk, answer: LedgerAnswer, why: str) -> None:
    """It is over at its very end; of what cannot be read nothing is known."""
    desk.answer = answer
    with pytest.raises(InvalidError, match=why):
        extend("3h")
    assert desk.opened == []


@pytest.mark.parametrize("early", [True, False])
def test_an_early_end_that_nobody_has_verified_is_said(
    desk: Desk, capsys: pytest.CaptureFixture[str], *, early: bool
) -> None:
    """And keeps nobody from asking: anybody who may write could have added it."""
    desk.answer = Answer(NOW + timedelta(seconds=1), early=early)
    assert extend("3h") == 0
    assert ("ended early; if that is so, this will be refused" in capsys.readouterr().err) is early
