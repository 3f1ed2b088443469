"""The pictures of the README show what jitbot shows today, as far as text can say so."""

import json
from hashlib import sha256
from typing import Any

import pytest
import shown
from shown import IMAGES, KEPT, MADE_BY, THEMES, digest, settled

from jitbot import __version__

NAMES = ("comment", "report", "request-page", "demo")
AGAIN = f"make the pictures again, and look at them: .venv/bin/{MADE_BY}"
LARGEST = 150_000  # bytes


def made() -> dict[str, Any]:
    """For each picture its digest, and the digest of what it shows."""
    return dict(json.loads((KEPT / "pictures.json").read_text("utf-8")))


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_shows_what_is_shown_today(name: str) -> None:
    """The same commands and renderers still give the text that was drawn."""
    assert shown.texts()[name] == (KEPT / f"{name}.txt").read_text("utf-8"), AGAIN


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("theme", THEMES)
def test_a_picture_was_drawn_from_its_text(name: str, theme: str) -> None:
    """Neither was changed without the other, and none is large."""
    picture = (IMAGES / f"{name}-{theme}.png").read_bytes()
    text = (KEPT / f"{name}.txt").read_text("utf-8")
    kept = made()[f"{name}-{theme}.png"]
    assert kept == {"picture": sha256(picture).hexdigest(), "shows": digest(text)}, AGAIN
    assert len(picture) < LARGEST


def test_there_is_no_other_picture() -> None:
    """What nothing makes again would grow old unseen."""
    there = {path.name for path in IMAGES.iterdir()}
    assert there == set(made()) == {f"{name}-{theme}.png" for name in NAMES for theme in THEMES}
    assert {path.stem for path in KEPT.glob("*.txt")} == set(NAMES)


def test_what_differs_from_run_to_run_is_left_out() -> None:
    """Commits (seven hexadecimal digits or more), addresses of this machine, the version. Words, dates and short numbers stay."""
    text = "at 0a1b2c3d4e5f of http://127.0.0.1:4711/x by jitbot " + __version__ + " in 1234 s, 2026-11-24  "
    assert settled(text) == "at 0123456 of https://github.com/x by jitbot in 1234 s, 2026-11-24\n"
    assert settled("decade, facade, 20261124") == "decade, facade, 0123456\n"
