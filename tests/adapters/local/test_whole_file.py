"""Files that are written whole or not at all."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from jitbot.adapters.local.whole_file import write_whole


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_takes_the_place_of_another(tmp_path: Path, mode: int) -> None:
    """With its mode, whatever the other had; nothing is left beside it."""
    file = tmp_path / "notes.json"
    file.write_bytes(b"former, and longer")
    file.chmod(0o666)
    write_whole(file, b"new", mode=mode)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", mode)
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", [(os, "fchmod"), (Path, "replace")])
def test_what_fails_leaves_the_former_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException, where: tuple[Any, str]
) -> None:
    """A full disk, or Ctrl-C: the former bytes are there, and nothing beside them."""
    file = tmp_path / "notes.json"
    write_whole(file, b"former")

    def fails(*_: object) -> None:
        raise fault

    monkeypatch.setattr(*where, fails)
    with pytest.raises(type(fault)):
        write_whole(file, b"new")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("notes.json", b"former")]


def test_what_a_killed_process_leaves_is_for_this_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the ending of the file, so that it is cleared with such files, too."""
    monkeypatch.setattr(Path, "replace", lambda *_: None)
    write_whole(tmp_path / "one.json", b"secret", mode=0o600)
    (left,) = tmp_path.glob("*.json")
    assert (left.name[:5], left.read_bytes(), stat.S_IMODE(left.stat().st_mode)) == (
        ".one-",
        b"secret",
        0o600,
    )
