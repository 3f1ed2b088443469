"""Which programs a test may start: git. What starts another one is a proof, and lies in `tests/proofs`.

What plays acme whole lies apart, too, in `tests/played`.

A proof takes seconds where other tests take milliseconds, and what it starts is not on every machine. So `pytest`
alone leaves the proofs out; `pytest tests/proofs` runs them, and CI runs both.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

PLAYED, PROOFS = "played", "proofs"
APART = (PLAYED, PROOFS)  # folders of their own commands: `pytest tests/played`, `pytest tests/proofs`
ROOT = Path(__file__).parents[2]
# What is started once for many tests, by a word of its command.
SHARED = {
    "judge.mjs": "the independent judge answers every question of a run, and pytest prints how many",
    "npm": "installs that judge on first use",
    "warm_jitbot.py": "loads jitbot once; each jitbot that a test starts is a fork of it",
}


def git_alone(patch: pytest.MonkeyPatch, temporary: Path) -> None:
    """From now on, a test that starts another program than git fails, unless it is a proof.

    A stand-in that the test wrote itself, below the folder for temporary files, is no program of this machine.
    """
    written = (temporary, Path(tempfile.gettempdir()))
    start: Any = subprocess.Popen.__init__

    def checked(self: object, args: Any, *rest: Any, **more: Any) -> None:
        one = isinstance(args, str | bytes | os.PathLike)
        words: list[str] = [*map(os.fsdecode, [args] if one else args)]
        current = os.environ.get("PYTEST_CURRENT_TEST", "")
        proof = current.startswith(f"tests/{PROOFS}/")
        if current and not proof and not _may_start(words, more.get("env"), written):
            pytest.fail(
                f"this test starts {words[0]}: move it to tests/{PROOFS}, which holds what needs another program than git"
            )
        start(self, args, *rest, **more)

    patch.setattr(subprocess.Popen, "__init__", checked)


def _may_start(words: Sequence[str], environ: Any, written: Sequence[Path]) -> bool:
    """git, what many tests share, a stand-in that a test wrote itself, or what is not there."""
    names = [Path(word).name for word in words]
    if names[0] == "git" or SHARED.keys() & set(names):
        return True
    path = (os.environ if environ is None else environ).get("PATH")
    found = shutil.which(words[0], path=path)
    if found is None:
        return True
    return not Path(found).is_relative_to(ROOT) and any(map(Path(found).is_relative_to, written))
