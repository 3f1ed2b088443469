"""Where the temporary files of the tests lie, by what the machine has."""

from pathlib import Path
from types import SimpleNamespace

import in_memory
import pytest

ROOMY = {"f_bavail": 1 << 20, "f_frsize": 4096, "f_flag": 0}


@pytest.mark.parametrize(
    ("environ", "there", "found"),
    [
        ({}, ROOMY, True),
        ({"TMPDIR": "/elsewhere"}, ROOMY, False),
        ({}, ROOMY | {"f_bavail": 1 << 14}, False),
        ({}, ROOMY | {"f_flag": 8}, False),
    ],
)
def test_temporary_files_lie_in_memory_where_they_can(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    there: dict[str, int],
    *,
    found: bool,
) -> None:
    """Where there is room, programs can be started from it, and nobody named another place."""
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(**there))
    assert in_memory.place(environ, tmp_path) == (tmp_path if found else None)
    assert in_memory.place(environ, tmp_path / "none") is None
