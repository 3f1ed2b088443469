"""A file that is written whole or not at all."""

import os
import tempfile
from pathlib import Path


def write_whole(file: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put a file in the place of another: a reader finds the former bytes or the new ones, never half of them.

    Nobody but this user can read it before it has its mode. Where it fails, nothing is left beside it; a process that
    is killed leaves a file with the same ending. Raises OSError.
    """
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.stem}-", suffix=file.suffix)
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            os.fchmod(opened.fileno(), mode)
        aside.replace(file)
    except BaseException:  # also for Ctrl-C
        aside.unlink(missing_ok=True)
        raise
