"""Packages for node, installed outside the repository, and the one process that runs the independent evaluator.

The evaluator is AGPL-licensed: it runs as a program of its own, in tests alone, and is never part of what
jitbot ships.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest

HERE = Path(__file__).parent
MANIFEST = ("package.json", "package-lock.json", ".npmrc")
INSTALL_SECONDS = 300


class UnavailableError(Exception):
    """A program from outside cannot run on this machine; the message says why."""


class Evaluator:
    """The running program: batches in, answers out, in order."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests = requests
        self._answers = answers

    def answer(self, batch: Mapping[str, Any]) -> list[Any]:
        """Send one batch and wait for its answers, one for each question."""
        self._requests.write(json.dumps(batch) + "\n")
        self._requests.flush()
        line = self._answers.readline()
        if not line:
            raise RuntimeError("the evaluator stopped before it answered")
        answers: list[Any] = json.loads(line)
        return answers


@contextmanager
def running(environ: Mapping[str, str]) -> Iterator[Evaluator]:
    """One evaluator for as long as the block lasts. Raises UnavailableError where node or the packages are missing."""
    packages = install(environ)
    command = [program("node", environ), str(HERE / "judge.mjs"), f"{packages}/"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        yield Evaluator(node.stdin, node.stdout)


def install(environ: Mapping[str, str], manifest: Path = HERE) -> Path:
    """The folder that holds exactly the packages that `manifest` locks; installs them on first use.

    Installed aside and moved into place, so that of two test processes at once each finds a whole folder.
    """
    npm = program("npm", environ)
    digest = hashlib.sha256(b"".join((manifest / name).read_bytes() for name in MANIFEST)).hexdigest()[:16]
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".cache")
    installed = cache / f"jitbot-{manifest.name}" / digest
    if installed.is_dir():
        return installed
    installed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=installed.parent) as scratch:
        aside = Path(scratch) / digest
        aside.mkdir()
        for name in MANIFEST:
            shutil.copy(manifest / name, aside / name)
        _npm_ci(npm, aside, environ)
        try:
            aside.rename(installed)
        except OSError:
            # Another process was first, and what it installed is the same.
            if not installed.is_dir():
                raise
    return installed


def go_without(reason: str, environ: Mapping[str, str]) -> NoReturn:
    """Skip the test with the reason; where everything is required, fail it."""
    if environ.get("JITBOT_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _npm_ci(npm: str, folder: Path, environ: Mapping[str, str]) -> None:
    try:
        subprocess.run(
            [npm, "ci", "--loglevel=error"],
            cwd=folder,
            env=dict(environ),
            capture_output=True,
            text=True,
            check=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        raise UnavailableError(f"npm cannot install what the tests need: {error.stderr[:500]}") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"npm did not install what the tests need in {INSTALL_SECONDS} s") from error


def program(name: str, environ: Mapping[str, str]) -> str:
    """Where a program lies. Raises UnavailableError if it is not installed."""
    found = shutil.which(name, path=environ.get("PATH", os.defpath))
    if found is None:
        raise UnavailableError(f"{name} is not installed, so what needs it cannot run")
    return found
