"""The bench starts: every part of it finds what it measures with."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def test_every_part_of_the_bench_is_found() -> None:
    """As CONTRIBUTING says it: the whole, from any folder, and without the tests' own settings."""
    done = subprocess.run(
        [sys.executable, str(BENCH), "--help"], capture_output=True, text=True, check=False, cwd="/"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "PART" in done.stdout
