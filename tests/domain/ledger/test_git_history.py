"""A commit of git's history, as runs read it: what it adds, and whether it has the form of a batch of the ledger."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import BASE, BLOB, MERGED_AT, sha

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.git_history import HistoryStep, Touched

ADDED = Touched(path="events/one.json", mode="100644", blob=BLOB, status="A")
DELETED = Touched(path="events/old.json", mode="000000", blob=sha(""), status="D")
PROGRAM = replace(ADDED, mode="100755")
STEP = HistoryStep(commit=sha("step"), parents=(BASE,), at=MERGED_AT, message="a batch", touched=(ADDED,))


@pytest.mark.parametrize(
    ("changes", "well_formed"),
    [
        ({}, True),
        ({"touched": (ADDED, replace(ADDED, path="events/two.json"))}, True),
        ({"whole": False}, False),
        ({"message_read": False}, False),
        ({"parents": ()}, False),
        ({"parents": (BASE, sha("other"))}, False),
        ({"touched": ()}, False),
        ({"touched": (DELETED,)}, False),
        ({"touched": (ADDED, PROGRAM)}, False),
    ],
)
def test_what_has_the_form_of_a_batch(changes: dict[str, Any], *, well_formed: bool) -> None:
    """One parent and at least one file, all of them plain, read to the end."""
    assert replace(STEP, **changes).added.well_formed is well_formed


def test_what_a_commit_adds() -> None:
    """Every file that it leaves behind, and none that it deletes; its first parent, or none."""
    added = replace(STEP, touched=(DELETED, ADDED)).added
    assert added.entries == (AddedEntry(path=ADDED.path, mode="100644", blob=BLOB),)
    assert added.parent == BASE
    assert replace(STEP, parents=()).added.parent == ""
