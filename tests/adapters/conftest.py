"""A clone for each test, copied from one that was made once."""

import shutil
from pathlib import Path

import pytest
from clones import Clone


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clone of one commit, to be copied: cheaper than to make it again."""
    folder = tmp_path_factory.mktemp("begun")
    Clone(folder).begin()
    return folder


@pytest.fixture
def clone(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clone:
    """A clone with one commit. A fetch that fails is tried again at once."""
    monkeypatch.setattr("jitbot.adapters.git.process.time.sleep", lambda _: None)
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return Clone(tmp_path)
