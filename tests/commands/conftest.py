"""The desk that the commands are tried on."""

import shutil
from pathlib import Path

import pytest
from desk import Desk


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """acme's files in a repository of one commit, to be copied."""
    folder = tmp_path_factory.mktemp("desk")
    desk = Desk(root=folder)
    desk.begin()
    desk.git("repack", "-a", "-d", "--quiet")  # two files instead of a folder for each object
    return folder


@pytest.fixture
def desk(begun: Path, tmp_path: Path) -> Desk:
    """A desk of one's own."""
    shutil.copytree(begun, tmp_path / "access", copy_function=shutil.copy)
    return Desk(root=tmp_path / "access")
