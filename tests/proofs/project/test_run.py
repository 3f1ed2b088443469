"""`.ci/run` itself, with stand-ins for what it starts: red if anything of it is, and the closing lines are its last."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
README = "README.md"
STAND_IN = """#!/bin/sh
words="$(basename "$0") $*"
echo "$words" >> "$NOTES"
case "|$FAILS|" in *"|$words|"*) code=1 ;; *) code=0 ;; esac
case "$words" in
  "python3 -m venv .venv") mkdir -p .venv/bin; for each in $PROGRAMS; do cp "$0" ".venv/bin/$each"; done ;;
  pytest*) echo "=== $words: closed with $code ===" ;;
esac
exit $code
"""
PROGRAMS = ("pip", "pytest", "python", "ruff", "uv", "zizmor", "check-jsonschema", "jitbot")


BROWSER = ("chromium", "chromedriver")
UTILITIES = ("bash", "basename", "cat", "cp", "dirname", "mkdir", "mktemp", "rm", "tail", "tee", "xargs")


def run(
    folder: Path, *, fails: str = "", there: tuple[str, ...] = BROWSER
) -> tuple[int, list[str], list[str]]:
    """The exit code, what was printed, and what was started, where these commands fail, with `|` between them.

    `there` are the programs of a browser that the machine has. Its administrator runs it.
    """
    for name in (".ci", ".github"):
        shutil.copytree(ROOT / name, folder / name)
    own = folder / "bin"
    own.mkdir()
    (own / "id").write_text("#!/bin/sh\necho 0\n")
    for name in ("python3", "apt-get", *there):
        (own / name).write_text(STAND_IN)
    for path in own.iterdir():
        path.chmod(0o755)
    for name in UTILITIES:
        (own / name).symlink_to(str(shutil.which(name)))
    notes = folder / "notes"
    environ = {
        "PATH": str(own), "NOTES": str(notes), "FAILS": fails, "PROGRAMS": " ".join(PROGRAMS),
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
    assert [each for each in started if each.startswith(("pip", "pytest", "uv"))] == [
        "pip install -q -e .[test]", "pytest ", "pip install -q uv", "uv pip install -q -e .[dev]", "pytest tests/proofs",
    ]  # fmt: skip
    assert {each.partition(" ")[0] for each in started} == {"python3", *PROGRAMS}


@pytest.mark.parametrize(
    "fails",
    [
        "pytest ",
        "pytest tests/proofs",
        "pip install -q -e .[test]",
        "pip install -q uv",
        "uv pip install -q -e .[dev]|pip install -q -e .[dev]",
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
    assert {*fails.split("|")} <= {*started}
    assert code != 0
    goes_on = not fails.startswith(("pip", "uv", "pytest ")) or "proofs" in fails
    assert goes_on == ("pytest tests/proofs" in started)
    if goes_on:
        assert printed[-1] == "=== pytest : closed with 0 ==="


def test_pip_installs_where_uv_cannot(tmp_path: Path) -> None:
    """uv does not find the registry of every machine."""
    code, _, started = run(tmp_path, fails="uv pip install -q -e .[dev]")
    assert code == 0
    assert "pip install -q -e .[dev]" in started


@pytest.mark.parametrize("there", [(), *((each,) for each in BROWSER)])
@pytest.mark.parametrize("fails", ["", "update -qq", "install -y -qq chromium chromium-driver"])
def test_a_browser_is_there_before_the_proofs(tmp_path: Path, there: tuple[str, ...], fails: str) -> None:
    """It is installed if any part of it is missing; without it there is no proof."""
    code, _, started = run(tmp_path, fails=fails and f"apt-get {fails}", there=there)
    installs = [each for each in started if each.startswith("apt-get")]
    wanted = ["apt-get update -qq", "apt-get install -y -qq chromium chromium-driver"]
    assert installs == (wanted[:1] if fails.startswith("update") else wanted)
    assert (code == 0) == (not fails) == ("pytest tests/proofs" in started)
