"""The desk that the commands are tried on."""

import shutil
from pathlib import Path

import pytest
from desk import Desk


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """acme's files in a repository of one commit, to be copied."""
    folder = tmp_path_factory.mktemp("desk")
    Desk(root=folder).begin()
    return folder


@pytest.fixture
def desk(begun: Path, tmp_path: Path) -> Desk:
    """A desk of one's own."""
    shutil.copytree(begun, tmp_path / "access")
    return Desk(root=tmp_path / "access")
