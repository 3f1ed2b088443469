"""One evaluator for all tests here, which counts what it was asked."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import pytest
from acme import ACME
from installed import Evaluator, UnavailableError, go_without, running
from judge import Judge
from tally import PROPERTY, Tally

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
    """The independent judge, who counts for the closing lines."""
    return pytestconfig.stash.setdefault(JUDGE, Judge(evaluator))


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of acme's repository."""
    return copytree(ACME, tmp_path_factory.mktemp("acme") / "access")


@pytest.fixture(autouse=True)
def counted(pytestconfig: pytest.Config, record_property: Callable[[str, object], None]) -> Iterator[None]:
    """What a test asks the judge goes with its report, from which the closing lines are made."""
    yield
    if JUDGE in pytestconfig.stash:
        judge = pytestconfig.stash[JUDGE]
        record_property(PROPERTY, judge.tally.as_property())
        judge.tally = Tally()
