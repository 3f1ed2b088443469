"""A test that needs another program than git is found out, wherever it lies."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", [[sys.executable, "--version"], ["sh", "-c", "true"], "sh"])
def test_another_program_is_not_started(command: list[str] | str) -> None:
    """Not even this Python: a process for each test is what takes long."""
    with pytest.raises(pytest.fail.Exception, match="tests/proofs"):
        subprocess.run(command, check=False)


def test_git_and_what_a_test_wrote_are_started(tmp_path: Path) -> None:
    """And what is not there is an error of the operating system, as always."""
    assert b"git" in subprocess.run(["git", "--version"], capture_output=True, check=True).stdout
    own = tmp_path / "gh"
    own.write_text("#!/bin/sh\necho token\n")
    own.chmod(0o755)
    for command, path in ((str(own), os.environ["PATH"]), ("gh", str(tmp_path))):
        ran = subprocess.run([command], env={"PATH": path}, capture_output=True, check=True)
        assert ran.stdout == b"token\n"
    assert shutil.which("no-such-program") is None
    with pytest.raises(FileNotFoundError):
        subprocess.run(["no-such-program"], check=False)


def test_a_proof_may_start_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the folder in which it lies."""
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "tests/proofs/test_starting.py::test_x (call)")
    assert subprocess.run(["sh", "-c", "exit 3"], check=False).returncode == 3
