"""The check of the types meets every file of the tests and both ends of what is supported, and fails where one run fails."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
NEWEST = ["--python-version", "3.14"]


@pytest.fixture
def types(program_of_ci: Callable[[str], ModuleType]) -> ModuleType:
    """The program `.ci/types`."""
    return program_of_ci("types")


def meeting(monkeypatch: pytest.MonkeyPatch, code: Callable[[list[str]], int]) -> list[list[str]]:
    """Instead of mypy: notes the arguments of each run, and ends with this code."""
    runs: list[list[str]] = []

    def run(command: list[object], **_: object) -> SimpleNamespace:
        runs.append([str(each) for each in command[3:]])
        return SimpleNamespace(returncode=code(runs[-1]))

    monkeypatch.setattr(subprocess, "run", run)
    return runs


def test_every_file_of_the_tests_is_met_once(types: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the package itself, in the runs without files: on the oldest Python and the newest; no run holds two files of one name."""
    runs = meeting(monkeypatch, lambda _: 0)
    assert types.main() == 0
    package = [run for run in runs if not run or run[0] == "--python-version"]
    assert package == [[], NEWEST]
    files = [run for run in runs if run not in package]
    assert sorted(each for run in files for each in run) == sorted(map(str, (ROOT / "tests").rglob("*.py")))
    assert all(len({Path(each).name for each in run}) == len(run) for run in files)


def test_one_group_with_an_error_is_enough(types: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever it is; and the others are checked all the same."""
    last = str(Path(__file__))
    runs = meeting(monkeypatch, lambda files: int(last in files))
    assert types.main() == 1
    assert len(runs) > 6


@pytest.mark.parametrize("wrong", [[], NEWEST])
def test_the_package_alone_is_enough(
    types: ModuleType, monkeypatch: pytest.MonkeyPatch, wrong: list[str]
) -> None:
    """An error in jitbot itself, on one version of Python, with the tests all right."""
    meeting(monkeypatch, lambda arguments: int(arguments == wrong))
    assert types.main() == 1
