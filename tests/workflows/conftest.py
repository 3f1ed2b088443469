"""The repository's workflows at work: acme with jitbot's own files on its main, and act to run them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from acting import ROOT, Runner
from github_says import GitHubSays, github_says
from installed import UnavailableError, go_without, program
from office import Office
from rich.console import Console

from jitbot.cli import main
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage


@pytest.fixture(scope="session")
def says() -> GitHubSays:
    """GitHub's own parser. Skips where it cannot run, and fails instead if JITBOT_REQUIRE_ALL=1."""
    try:
        return github_says(os.environ)
    except UnavailableError as error:
        go_without(str(error), os.environ)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """act, and uv's warm cache. Skips where they cannot be had, and fails instead if JITBOT_REQUIRE_ALL=1."""
    try:
        return _tool("act"), _warm_packages(tmp_path_factory.mktemp("tools"))
    except UnavailableError as error:
        go_without(str(error), os.environ)


@pytest.fixture(scope="module")
def office(tools: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """acme in real time, with this repository's code and workflows merged into its main."""
    home, (act, packages) = tmp_path_factory.mktemp("runner"), tools
    with Acme(Clock()) as acme:
        stage = Stage(acme=acme, jitbot=main, console=Console(file=StringIO()))
        office = Office(stage=stage, runner=Runner(acme=acme, act=act, folder=home, packages=packages))
        office.move_in()
        yield office


def _tool(name: str) -> str:
    """A program that the test extra brings, beside the Python that runs."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return program(name, {"PATH": places})


def _warm_packages(home: Path) -> Path:
    """uv's cache with all that the lock names, so that the jobs need no network; the user's own, where there is one."""
    uv = _tool("uv")
    cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    command = [uv, "sync", "--quiet", "--project", str(ROOT), "--locked", "--no-dev", "--no-build"]
    environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(home / "warm"), "UV_PYTHON_DOWNLOADS": "never"}
    done = subprocess.run(
        [*command, "--no-install-project"], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise UnavailableError(f"uv cannot install what the lock names: {done.stderr[-500:]}")
    return Path(cache)
