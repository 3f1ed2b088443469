"""`.ci/run` itself, with stand-ins for what it starts: red if anything of it is, and the closing lines are its last."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
README = "README.md"
STAND_IN = """#!/bin/sh
words="$(basename "$0") $*"
echo "$words" >> "$NOTES"
[ "$words" = "$FAILS" ] && code=1 || code=0
case "$words" in
  "python3 -m venv .venv") mkdir -p .venv/bin; for each in $PROGRAMS; do cp "$0" ".venv/bin/$each"; done ;;
  pytest*) echo "=== $words: closed with $code ===" ;;
esac
exit $code
"""
PROGRAMS = ("pip", "pytest", "python", "ruff", "zizmor", "check-jsonschema", "jitbot")


def run(folder: Path, *, fails: str = "") -> tuple[int, list[str], list[str]]:
    """The exit code, what was printed, and what was started, where one command fails."""
    for name in (".ci", ".github"):
        shutil.copytree(ROOT / name, folder / name)
    own = folder / "bin"
    own.mkdir()
    for name in ("python3", "chromium", "chromedriver"):
        (own / name).write_text(STAND_IN)
        (own / name).chmod(0o755)
    notes = folder / "notes"
    environ = {
        "PATH": f"{own}:{os.environ['PATH']}", "NOTES": str(notes), "FAILS": fails, "PROGRAMS": " ".join(PROGRAMS),
    }  # fmt: skip
    ran = subprocess.run(
        ["bash", str(folder / ".ci/run")],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return ran.returncode, ran.stdout.splitlines(), notes.read_text().splitlines()


def test_it_runs_the_readmes_command_and_the_proofs(tmp_path: Path) -> None:
    """The command as it is written there; the closing lines come last, its own at the very end."""
    written = [line for line in (ROOT / README).read_text("utf-8").splitlines() if line.endswith("pytest")]
    assert any(line in (ROOT / ".ci/run").read_text("utf-8") for line in written)
    code, printed, started = run(tmp_path)
    assert code == 0
    assert printed[-2:] == ["=== pytest tests/proofs: closed with 0 ===", "=== pytest : closed with 0 ==="]
    assert [each for each in started if each.startswith(("pip", "pytest"))] == [
        "pip install -q -e .[test]", "pytest ", "pip install -q -e .[dev]", "pytest tests/proofs",
    ]  # fmt: skip
    assert {each.partition(" ")[0] for each in started} == {"python3", *PROGRAMS}


@pytest.mark.parametrize(
    "fails",
    [
        "pytest ",
        "pytest tests/proofs",
        "pip install -q -e .[dev]",
        "ruff check .",
        "ruff format --check .",
        "python .ci/types",
        "zizmor --quiet --offline --strict-collection --persona auditor .",
        "jitbot demo",
    ],
)
def test_whatever_is_red_makes_it_red(tmp_path: Path, fails: str) -> None:
    """The README's command, a proof, an installation, or what is looked at beside the proofs."""
    code, printed, started = run(tmp_path, fails=fails)
    assert fails in started
    assert code != 0
    if not fails.startswith(("pip", "pytest ")) or "proofs" in fails:
        assert printed[-1] == "=== pytest : closed with 0 ==="
