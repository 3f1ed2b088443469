"""`jitbot demo`: the story has the result that it says, or the demo fails."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from desk import said
from rich.console import Console

from jitbot.cli import main
from jitbot.commands.tryout.verbs import demo
from jitbot.sandbox.story.play import TITLES, play


def test_the_story_comes_out_as_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns nothing is cut. Piped, it is plain text, every step is ticked, it ends with 0 and leaves nothing behind.

    `.ci/run` plays all of it in a process of its own, with git; the test below plays one scene with git.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ran = said("demo", folder=tmp_path, environ={"COLUMNS": "80"}, now=datetime.now(UTC))
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    ended = re.search(r"(\d+) steps, all as expected", ran.out)
    assert ended is not None
    ticks = re.findall(r"^  ✓ ", ran.out, re.MULTILINE)
    assert len(ticks) == int(ended[1]) > 20
    assert not re.search(r"^  ✗ ", ran.out, re.MULTILINE)
    titles = re.findall(r"^ ?(\d+)  \S", ran.out, re.MULTILINE)
    assert titles == [str(number) for number in range(1, 16)]
    assert list(tmp_path.iterdir()) == []
    assert max(map(len, ran.out.splitlines())) <= 80
    assert not [line for line in ran.out.splitlines() if line.endswith("…")]
    assert "[no-pull-request]" in ran.out
    assert ran.out.index("mallory  a colleague who") < ran.out.index("Asked, approved, merged, granted")
    assert ran.out.index("granted: alice") < ran.out.index("mallory  asks")
    assert "mallory's forgery, ignored" in ran.out
    assert ran.out.index("stopped: every request of carol") < ran.out.index("lifted: ")


@pytest.mark.real_git
def test_one_scene_alone_and_step_by_step() -> None:
    """The scenes before it are played and not shown, those after it are neither; between two that are shown one waits."""
    shown, waits = io.StringIO(), []
    console = Console(file=shown, width=80)
    assert play(main, console, only=3, after_scene=lambda: waits.append(len(shown.getvalue()))) == 0
    assert re.findall(r"^ ?(\d+)  \S", shown.getvalue(), re.MULTILINE) == ["3"]
    assert waits == []


def test_every_scene_can_be_shown_alone() -> None:
    """`--scene` takes the numbers of all scenes, and no other."""
    (scene,) = [each for each in demo.params if each.name == "scene"]
    assert isinstance(scene.type, click.IntRange)
    assert (scene.type.min, scene.type.max) == (1, len(TITLES))


def lying(code: int, words: str) -> Callable[..., int]:
    """A jitbot that does nothing, prints this, and ends with this code."""

    def jitbot(_arguments: Any, **_: Any) -> int:
        print(words)  # noqa: T201 - it plays a command
        return code

    return jitbot


def silent(arguments: Any, **given: Any) -> int:
    """A jitbot that does its work, and keeps quiet about it."""
    return main([*arguments, "--format", "json"] if "--format" not in arguments else arguments, **given)


@pytest.mark.real_git
@pytest.mark.parametrize(
    "jitbot",
    [lying(0, "all good"), lying(1, "all good"), lying(3, "above the maximum"), silent],
    ids=["approves", "refuses without a reason", "fails", "says nothing of it"],
)
def test_a_step_that_comes_out_otherwise_fails_the_demo(jitbot: Callable[..., int]) -> None:
    """With a jitbot that lies, the story stops at the lie, says which it is, and gives no success."""
    shown = io.StringIO()
    assert play(jitbot, Console(file=shown, width=200)) == 3
    assert "✗" in shown.getvalue()
    assert "all as expected" not in shown.getvalue()
