"""The desk that the commands are tried on."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering import answered_here
from desk import Desk


@pytest.fixture(scope="module", autouse=True)
def _quick_git(request: pytest.FixtureRequest) -> Iterator[None]:
    """git's plumbing in this process, except where git itself is the subject."""
    with pytest.MonkeyPatch.context() as patch:
        if request.node.get_closest_marker("real_git") is None:
            answered_here(patch)
        yield


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
