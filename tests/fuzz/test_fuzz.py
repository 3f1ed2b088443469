"""The fuzzing itself: each target for a moment, and proof that it finds what is wrong."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import fuzz
import pytest
import targets

from jitbot.domain.ledger import events
from jitbot.domain.text import duration

PLANTED = """
def planted(data):
    if b"z" in data:
        raise RuntimeError("planted")

TARGETS = {"durations": planted}
seeds = lambda target: [b"azb"]
"""


@pytest.fixture
def _atheris() -> None:
    """The fuzzer. Skips where it is missing, and fails instead if JITBOT_REQUIRE_ALL=1."""
    if importlib.util.find_spec("atheris") is None:
        missing = pytest.fail if os.environ.get("JITBOT_REQUIRE_ALL") == "1" else pytest.skip
        missing("atheris is not installed; it comes for Linux alone")


@pytest.mark.usefixtures("_atheris")
@pytest.mark.parametrize("target", fuzz.NAMES)
def test_a_moment_finds_nothing(target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every target holds against what a moment of guided guessing finds; the night gives it minutes."""
    assert fuzz.run(target, 2, tmp_path) == 0, capsys.readouterr().out
    assert int(capsys.readouterr().out.split()[1].replace(",", "")) > 20


@pytest.mark.usefixtures("_atheris")
def test_a_planted_fault_is_found(tmp_path: Path) -> None:
    """A target that breaks ends the fuzzing with an error, and the input that broke it is shown."""
    shutil.copy(fuzz.__file__, tmp_path / "fuzz.py")
    (tmp_path / "targets.py").write_text(PLANTED)
    command = [sys.executable, str(tmp_path / "fuzz.py"), "durations", "--seconds", "2"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert "planted" in ran.stdout
    assert "broken by b'" in ran.stdout


@pytest.mark.parametrize("target", fuzz.NAMES)
def test_the_seeds_hold(target: str) -> None:
    """What the fuzzing begins with breaks nothing, and some of it is good."""
    for seed in targets.seeds(target):
        targets.TARGETS[target](seed)


def test_a_wrong_reading_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second reader notices a duration, and an event, that are read as something else."""
    parse, load = duration.parse, events.load
    monkeypatch.setattr(duration, "parse", lambda text: parse(text) * 2)
    with pytest.raises(targets.WrongError, match="counted by hand"):
        targets.length(b"2h")
    (seed, *_) = targets.seeds("events")
    told = seed.replace(b'"request"', b'"asked"')
    monkeypatch.setattr(events, "load", lambda path, _: load(path.replace("x", "x"), seed))
    with pytest.raises(targets.WrongError, match="another story"):
        targets.event(told)
