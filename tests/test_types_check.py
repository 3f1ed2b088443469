"""The check of the types meets every file of the tests, and fails where one group fails."""

import importlib.machinery
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program `.ci/types`, which has no ending, as a module."""
    loader = importlib.machinery.SourceFileLoader("ci_types", str(ROOT / ".ci/types"))
    spec = importlib.util.spec_from_loader("ci_types", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    return module


def meeting(monkeypatch: pytest.MonkeyPatch, code: Callable[[list[str]], int]) -> list[list[str]]:
    """Instead of mypy: notes the files of each run, and ends with this code."""
    runs: list[list[str]] = []

    def run(command: list[object], **_: object) -> SimpleNamespace:
        runs.append([str(each) for each in command[3:]])
        return SimpleNamespace(returncode=code(runs[-1]))

    monkeypatch.setattr(subprocess, "run", run)
    return runs


def test_every_file_of_the_tests_is_met_once(types: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the package itself, in the one run without files; no run holds two files of one name."""
    runs = meeting(monkeypatch, lambda _: 0)
    assert types.main() == 0
    assert sorted(each for run in runs for each in run) == sorted(map(str, (ROOT / "tests").rglob("*.py")))
    assert runs.count([]) == 1
    assert all(len({Path(each).name for each in run}) == len(run) for run in runs)


def test_one_group_with_an_error_is_enough(types: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever it is; and the others are checked all the same."""
    last = str(ROOT / "tests/test_types_check.py")
    runs = meeting(monkeypatch, lambda files: int(last in files))
    assert types.main() == 1
    assert len(runs) > 3


def test_the_package_alone_is_enough(types: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error in jitbot itself, with the tests all right."""
    meeting(monkeypatch, lambda files: int(not files))
    assert types.main() == 1


def test_an_error_of_mypy_is_an_error_here(types: ModuleType, tmp_path: Path) -> None:
    """mypy itself, on one file with a wrong type."""
    file = tmp_path / "wrong.py"
    file.write_text("number: int = 'one'\n")
    assert not types.checked([file], [])
