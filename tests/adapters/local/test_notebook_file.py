"""The notes of a rehearsal on disk."""

from pathlib import Path

import pytest

from jitbot.adapters.local.notebook_file import NotebookFile
from jitbot.domain.model.errors import UnavailableError


def test_what_was_saved_last_is_there_until_it_is_cleared(tmp_path: Path) -> None:
    """One file, which the next notes replace, and nothing beside it."""
    notebook = NotebookFile(tmp_path)
    assert notebook.load() is None
    notebook.save(b"one")
    notebook.save(b"two")
    assert NotebookFile(tmp_path).load() == b"two"
    assert [each.name for each in tmp_path.iterdir()] == ["jitbot-rehearsal.json"]
    notebook.clear()
    notebook.clear()
    assert notebook.load() is None


def test_no_more_is_read_than_notes_have(tmp_path: Path) -> None:
    """A file that somebody else made large is not read whole."""
    notebook = NotebookFile(tmp_path)
    notebook.save(b"x" * (1 << 20))
    assert len(notebook.load() or b"") == 1 << 16


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """It says so, and names the file."""
    with pytest.raises(UnavailableError, match=r"gone/jitbot-rehearsal\.json cannot be written: No such"):
        NotebookFile(tmp_path / "gone").save(b"x")
