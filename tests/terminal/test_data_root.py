"""Where the rules of a command lie: in the clone in which it is typed, and in no other."""

from pathlib import Path

import pytest

from jitbot.domain.model.documents import SETTINGS
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.paths import data_root, has_data_root, root_of


def rules(folder: Path) -> Path:
    """Make a data root of a folder."""
    (folder / SETTINGS).parent.mkdir(parents=True)
    (folder / SETTINGS).touch()
    return folder


def git(folder: Path, *, as_file: bool = False) -> Path:
    """Make a clone of a folder, or a worktree of one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".git").touch() if as_file else (folder / ".git").mkdir()
    return folder


def test_the_nearest_rules_count(tmp_path: Path) -> None:
    """Those of the clone, or of a folder in it, from anywhere below."""
    outer = rules(git(tmp_path))
    inner = rules(tmp_path / "acme")
    (inner / "requests/x").mkdir(parents=True)
    assert data_root(inner / "requests/x") == inner
    assert data_root(outer / "policies") == outer
    assert root_of(["acme/policies/settings.yaml"], outer) == inner


@pytest.mark.parametrize("as_file", [False, True])
def test_a_clone_in_a_clone_has_not_the_rules_of_the_other(tmp_path: Path, as_file: bool) -> None:
    """A template for the AWS accounts would trust another repository than the one in which it was printed."""
    rules(git(tmp_path))
    inner = git(tmp_path / "access", as_file=as_file)
    (inner / "docs").mkdir()
    assert not has_data_root(inner / "docs")
    with pytest.raises(InvalidError, match=r"no policies/settings\.yaml in .*/access or above: run jitbot"):
        data_root(inner)
    assert data_root(rules(inner) / "docs") == inner
