"""The fuzzing itself: each target for a moment, and proof that it finds what is wrong."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import fuzz
import pytest

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
