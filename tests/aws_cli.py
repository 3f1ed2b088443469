"""The real `aws` command line, installed outside the repository on first use."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

VERSION = "1.46.3"
INSTALL_SECONDS = 300


def aws_command(environ: Mapping[str, str]) -> str:
    """Where it lies; skips with the reason if it cannot be had, or fails where everything is required."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".cache")
    installed = cache / "jitbot-aws" / VERSION
    if not (installed / "bin/aws").is_file():
        try:
            _install(installed)
        except (subprocess.SubprocessError, OSError) as error:
            reason = f"the aws command line cannot be installed: {error}"
            if environ.get("JITBOT_REQUIRE_ALL") == "1":
                pytest.fail(reason)
            pytest.skip(reason)
    return str(installed / "bin/aws")


def _install(installed: Path) -> None:
    """Made in its place, since a virtual environment cannot be moved, and marked as whole by its program."""
    installed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=installed.parent) as scratch:
        lock = Path(scratch)
        shutil.rmtree(installed, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(installed)], check=True, timeout=INSTALL_SECONDS)
        subprocess.run(
            [str(installed / "bin/pip"), "install", "--quiet", f"awscli=={VERSION}"],
            check=True, capture_output=True, timeout=INSTALL_SECONDS, cwd=lock, env=dict(os.environ),
        )  # fmt: skip
