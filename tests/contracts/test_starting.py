"""A test that needs another program than git is found out, wherever it lies; and one that plays acme beside quick ones."""

import ast
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError
from starting import PLAYED

TESTS = Path(__file__).parents[1]
PLAYS = {each.stem for each in (TESTS / PLAYED).glob("*.py")} | {"desk", "asking_office"}
MAKES = "usecases/ledger/ledgers/make.py"  # no test: it writes what tests read
QUICK = [
    path.relative_to(TESTS).as_posix()
    for part in ("domain", "properties", "usecases")
    for path in sorted((TESTS / part).rglob("*.py"))
]


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


@pytest.mark.parametrize("again", [False, True])
def test_no_connection_leaves_this_machine(again: bool) -> None:
    """In no test: what the first leaves behind lets the second connect nowhere, either."""
    with socket.socket() as one, pytest.raises(SocketConnectBlockedError), pytest.warns(match="192.0.2.1"):
        one.connect(("192.0.2.1", 443))


def imported(path: Path) -> set[str]:
    """The first names of what a module imports, wherever in it."""
    nodes = [*ast.walk(ast.parse(path.read_text("utf-8")))]
    names = [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("name", [each for each in QUICK if each != MAKES])
def test_a_test_of_a_rule_or_a_use_case_plays_nothing(name: str) -> None:
    """It stands on plain values; what plays acme whole lies in tests/played, and has a command of its own."""
    assert imported(TESTS / name).isdisjoint(PLAYS)


def test_what_plays_acme_is_seen() -> None:
    """Where it lies, and in the one program among the quick tests that may."""
    assert "acme_world" in imported(TESTS / PLAYED / "runs/test_grant.py") & PLAYS
    assert "acme_world" in imported(TESTS / MAKES)
