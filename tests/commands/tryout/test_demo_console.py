"""On what `jitbot demo` shows the story: how wide, in colour or not, which scene, and whether it waits between two."""

import io
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jitbot.commands.tryout.demo import demo
from jitbot.sandbox.story import play as module
from jitbot.terminal.invocation import Invocation


class Screen(io.StringIO):
    """What is printed on; a terminal or not."""

    terminal = False

    def isatty(self) -> bool:
        """Whether it is one."""
        return self.terminal


Shown = Callable[..., dict[str, Any]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shown:
    """Runs the demo; gives what the story would be played with. This process's own terminal is 61 wide."""
    monkeypatch.setenv("COLUMNS", "61")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)

    def show(
        *, step: bool = False, scene: int | None = None, terminal: bool = False, **environ: str
    ) -> dict[str, Any]:
        seen: dict[str, Any] = {}

        def play(jitbot: Any, console: Any, **how: Any) -> int:
            seen.update(jitbot=jitbot, width=console.width, plain=console.no_color, **how)
            return 3

        screen = Screen()
        screen.terminal = terminal
        monkeypatch.setattr(module, "play", play)
        monkeypatch.setattr(sys, "stdout", screen)
        now = datetime(2026, 11, 24, 9, tzinfo=UTC)
        asked = Invocation(now=now, environ=environ, folder=tmp_path, jitbot=lambda *_: 0)
        assert demo(asked, step=step, scene=scene) == 3
        assert seen.pop("jitbot") is asked.jitbot
        return seen

    return show


@pytest.mark.parametrize(
    ("environ", "terminal", "width"),
    [
        ({}, False, 120),
        ({"COLUMNS": "80"}, False, 80),
        ({"COLUMNS": "0"}, False, 120),
        ({"COLUMNS": "wide"}, False, 120),
        ({"COLUMNS": "80"}, True, 61),
    ],
)
def test_how_wide_it_is(shown: Shown, environ: dict[str, str], width: int, *, terminal: bool) -> None:
    """As a terminal is, and elsewhere as COLUMNS says, if it says a width."""
    assert shown(terminal=terminal, **environ)["width"] == width


@pytest.mark.parametrize(
    ("environ", "plain"), [({}, False), ({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, False)]
)
def test_colour_can_be_left_out(shown: Shown, environ: dict[str, str], *, plain: bool) -> None:
    """By the variable that many programs know, which says something where it is not empty: https://no-color.org."""
    assert shown(terminal=True, **environ)["plain"] is plain


def test_one_scene_or_all(shown: Shown) -> None:
    """Without a number, all of them."""
    assert [shown(scene=each)["only"] for each in (None, 3)] == [0, 3]


def test_step_waits_for_enter(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """And without it nothing waits."""
    assert shown()["after_scene"] is None
    asked: list[str] = []

    def entered(prompt: str) -> str:
        asked.append(prompt)
        return ""

    monkeypatch.setattr("click.termui.visible_prompt_func", entered)
    shown(step=True)["after_scene"]()
    assert len(asked) == 1
