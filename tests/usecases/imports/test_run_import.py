"""What every import promises, whatever its source: nothing is written that says anything but what was meant."""

from typing import Any

import pytest
from acme_facts import NOW

from jitbot.adapters import documents
from jitbot.domain.imports.entries import PEOPLE, ImportSource, compare
from jitbot.domain.imports.plan import ImportPlan
from jitbot.domain.model.errors import InvalidError
from jitbot.usecases.collect.memory_tree import MemoryTree
from jitbot.usecases.imports import run_import
from jitbot.usecases.imports.run_import import ImportTarget, prepare

TEXT = "people:\n  erin: {github_id: 1005}\n  alice: {github_id: 1001, source: csv}\n"


def target(mode: str = "") -> ImportTarget:
    """A file of people, and nobody to ask."""
    nobody: Any = None
    modes = {PEOPLE: mode} if mode else {}
    return ImportTarget(
        tree=MemoryTree({PEOPLE: TEXT.encode()}, modes),
        policies=(),
        documents=documents,
        catalogue=nobody,
        client=nobody,
        at=NOW,
    )


def plan(of: ImportTarget) -> ImportPlan:
    """One person more."""
    file = of.file(PEOPLE)
    wanted: Any = {
        "alice": {"github_id": "1001", "source": "csv"},
        "bob": {"github_id": "1002", "source": "csv"},
    }
    changes = compare(file, wanted, ImportSource.CSV)
    return ImportPlan(name="people", source=ImportSource.CSV, files=((file, changes),))


@pytest.mark.parametrize(
    "wrong",
    [
        TEXT,
        TEXT.replace("1005", "1006") + "  bob: {github_id: 1002, source: csv}\n",
        TEXT.replace("  erin: {github_id: 1005}\n", "") + "  bob: {github_id: 1002, source: csv}\n",
        TEXT + "  bob: {github_id: 7, source: csv}\n",
    ],
    ids=["nothing", "another's value", "another's entry gone", "another value"],
)
def test_an_edit_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """The file is read back before anybody sees it, whatever the editing did."""
    monkeypatch.setattr(run_import, "edited", lambda *_: wrong)
    with pytest.raises(InvalidError, match="cannot be changed line by line without a loss"):
        prepare(target(), plan(target()), None)


def test_a_file_that_is_a_link_is_not_changed() -> None:
    """What lies behind it is another file."""
    with pytest.raises(InvalidError, match="no ordinary file: git mode 120000"):
        target(mode="120000").file(PEOPLE)
