"""The desk that the commands are tried on, and acme running beside those who have none."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asking_office import Office, open_office
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


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between two attempts is longer than a moment."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.01)))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """acme with its workflows, for the tests of one file."""
    with open_office(tmp_path_factory.mktemp("home")) as office:
        yield office


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], tuple[str, str]]:
    """What was printed since the last time: the result, and what is said beside it."""
    return lambda: tuple(capsys.readouterr())  # type: ignore[return-value]  # two texts
