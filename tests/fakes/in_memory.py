"""Where the temporary files of the tests lie: in memory, where Linux has room for them.

On a disk, the kernel works ten times as long for each file that is made.
"""

import os
from collections.abc import Mapping
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder there that nobody else may read
ENOUGH = 2 << 30  # bytes; all tests together need a tenth of it at a time


def place(environ: Mapping[str, str], memory: Path = MEMORY) -> Path | None:
    """The folder in memory; None where `TMPDIR` names another.

    None too where it is small, as in many containers, or where nothing can be started from it.
    """
    if "TMPDIR" in environ or not os.access(memory, os.W_OK | os.X_OK):
        return None
    there = os.statvfs(memory)
    roomy = there.f_bavail * there.f_frsize > ENOUGH
    return memory if roomy and not there.f_flag & os.ST_NOEXEC else None
