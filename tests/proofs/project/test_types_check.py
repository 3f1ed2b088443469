"""The check of the types with mypy itself."""

import runpy
from pathlib import Path

PROGRAM = Path(__file__).parents[3] / ".ci" / "types"


def test_an_error_of_mypy_is_an_error_here(tmp_path: Path) -> None:
    """On one file with a wrong type, and on one without."""
    checked, file = runpy.run_path(str(PROGRAM))["checked"], tmp_path / "typed.py"
    file.write_text("number: int = 'one'\n")
    assert not checked([file], [])
    file.write_text("number: int = 1\n")
    assert checked([file], [])
