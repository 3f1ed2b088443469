"""One evaluator for all tests here, and one line about it at the end of the run."""

import os
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from acme import ACME
from installed import Evaluator, UnavailableError, go_without, running
from judge import Judge

JUDGE = pytest.StashKey[Judge]()


@pytest.fixture(scope="session")
def evaluator() -> Iterator[Evaluator]:
    """The program that evaluates. Skips where it cannot run, and fails instead if JITBOT_REQUIRE_ALL=1."""
    try:
        with running(os.environ) as program:
            yield program
    except UnavailableError as error:
        go_without(str(error), os.environ)


@pytest.fixture(scope="session")
def judge(evaluator: Evaluator, pytestconfig: pytest.Config) -> Judge:
    """The independent judge, who counts for the closing line."""
    return pytestconfig.stash.setdefault(JUDGE, Judge(evaluator))


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of acme's repository."""
    return copytree(ACME, tmp_path_factory.mktemp("acme") / "access")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many evaluations the judge made, and how many were not as promised."""
    if JUDGE in config.stash:
        terminalreporter.write_line(config.stash[JUDGE].summary())
