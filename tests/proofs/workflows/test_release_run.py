"""The release workflow, run by act for a tag of a made repository: from the tag to what would be published.

GitHub's attestation, the environment's reviewer and PyPI cannot be had here; `.github/docs/unproven.md` lists them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from acting import ROOT, SECONDS, Ran, told, used

from jitbot import __version__

REPOSITORY = "https://github.com/your-organisation/jitbot"
FILES = (
    "jitbot",
    ".ci",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "uv.lock",
    ".github/CHANGELOG.md",
    ".github/workflows",
)
# The tests, which took long enough elsewhere.
QUICK = """on: workflow_call
permissions: {}
jobs:
  ci:
    runs-on: ubuntu-24.04
    steps:
      - name: Nothing to test
        run: exit "${FAILS:-0}"
"""
GH = """#!/bin/sh
printf '%s\\n' "$@" > "$PUBLISHED/arguments"
cp notes.md "$PUBLISHED/notes.md"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Releasing:
    """A repository with jitbot on its main, and act."""

    act: str
    folder: Path
    packages: Path

    @property
    def clone(self) -> Path:
        """The clone in which its owner works."""
        return self.folder / "clone"

    def git(self, *arguments: str) -> None:
        """git, as the owner."""
        who = ("-c", "user.name=olivia", "-c", "user.email=olivia@acme.com")
        subprocess.run(
            ["git", *who, *arguments], cwd=self.clone, check=True, capture_output=True, env=self.machine()
        )

    def machine(self) -> dict[str, str]:
        """The runner: the repository's address leads to a folder, and `gh` notes what it is asked."""
        tools = (
            str(self.folder / "bin"),
            str(Path(sys.executable).parent),
            os.environ.get("PATH", os.defpath),
        )
        return {
            "HOME": str(self.folder),
            "PATH": os.pathsep.join(tools),
            "TMPDIR": str(self.folder),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.folder / 'remote'}.insteadOf",
            "GIT_CONFIG_VALUE_0": f"{REPOSITORY}.git",
        }

    def push(self, tag: str, **variables: str) -> Ran:
        """What runs once this tag is pushed."""
        self.git("tag", "--force", tag)
        self.git("push", "--quiet", "--force", "origin", tag)
        payload = self.folder / "payload.json"
        payload.write_text(json.dumps({"ref": f"refs/tags/{tag}", "repository": {"default_branch": "main"}}))
        shutil.rmtree(self.folder / "published", ignore_errors=True)
        (self.folder / "published").mkdir()
        given = {
            "ARTIFACTS": str(self.folder / "artifacts"),
            "PUBLISHED": str(self.folder / "published"),
            "UV_CACHE_DIR": str(self.packages),
            **variables,
        }
        done = subprocess.run(
            [
                self.act, "push", "--json", "--no-skip-checkout", "--platform", "ubuntu-24.04=-self-hosted",
                "--workflows", ".github/workflows/release.yml", "--eventpath", str(payload), "--actor", "olivia",
                "--secret", "GITHUB_TOKEN=a-token",
                *(part for name, value in given.items() for part in ("--env", f"{name}={value}")),
                *(part for uses in used(os.environ) for part in ("--local-repository", uses)),
            ],
            cwd=self.clone, env={**self.machine(), **os.environ, **self.machine()},
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
        return told(done)

    @property
    def published(self) -> list[str]:
        """What `gh` was asked; empty if it was not."""
        file = self.folder / "published" / "arguments"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture(scope="module")
def releasing(tools: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Releasing:
    """This repository's code and release workflow on the main of another one."""
    act, packages = tools
    folder = tmp_path_factory.mktemp("releasing")
    made = Releasing(act=act, folder=folder, packages=packages)
    for name in FILES:
        source, target = ROOT / name, made.clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (made.clone / ".github/workflows/ci.yml").write_text(QUICK)
    changelog = made.clone / ".github/CHANGELOG.md"
    waiting = re.compile(
        r"(## \[Unreleased\]\n).*?(?=\n## \[)", re.DOTALL
    )  # what waits here is not of a release
    changelog.write_text(waiting.sub(r"\1", changelog.read_text("utf-8")), "utf-8")
    program = folder / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(GH)
    program.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "remote")], check=True)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("remote", "add", "origin", f"{REPOSITORY}.git")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "A version")
    made.git("push", "--quiet", "origin", "main")
    return made


def test_a_tag_of_this_version_is_released(releasing: Releasing) -> None:
    """Checked, built, attested and published with its notes; nothing goes to PyPI."""
    ran = releasing.push(f"v{__version__}")
    assert ran.green, ran.output
    packages = [f"dist/jitbot-{__version__}-py3-none-any.whl", f"dist/jitbot-{__version__}.tar.gz"]
    attested = re.findall(r"stand-in: attested (\S+)", ran.output)
    assert sorted(attested) == packages
    asked = releasing.published
    assert asked[:3] == ["release", "create", f"v{__version__}"]
    assert sorted(asked[3:5]) == packages
    assert asked[5:] == ["--verify-tag", "--title", f"jitbot {__version__}", "--notes-file", "notes.md"]
    notes = (releasing.folder / "published/notes.md").read_text("utf-8")
    assert notes.startswith("### ")
    assert "## [" not in notes
    assert "Upload" not in ran.steps


def test_another_tag_publishes_nothing(releasing: Releasing) -> None:
    """The program of `.ci` names what differs, and neither is anything built nor attested."""
    ran = releasing.push("v99.0.0")
    assert ran.code != 0
    assert "the tag says 99.0.0" in ran.output
    assert ran.steps["Check the tag, and take the notes from the changelog"] == "failure"
    assert "Attest" not in ran.steps
    assert releasing.published == []


def test_red_tests_publish_nothing(releasing: Releasing) -> None:
    """Although the packages are built."""
    ran = releasing.push(f"v{__version__}", FAILS="1")
    assert ran.code != 0
    assert "Attest" not in ran.steps
    assert releasing.published == []


def test_a_commit_beside_main_publishes_nothing(releasing: Releasing) -> None:
    """Anyone with write access can tag a commit of their own; it is not on main."""
    releasing.git("checkout", "--quiet", "-B", "mallory")
    releasing.git("commit", "--quiet", "--allow-empty", "--message", "Mine")
    try:
        ran = releasing.push(f"v{__version__}")
    finally:
        releasing.git("checkout", "--quiet", "main")
    assert ran.code != 0
    assert len(ran.errors) == 1  # the annotation of the workflow itself
    assert "error: " not in ran.output  # of the program, which looks at the files
    assert "Attest" not in ran.steps
    assert releasing.published == []
