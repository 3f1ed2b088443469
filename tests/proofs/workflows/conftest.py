"""The repository's workflows at work: acme with jitbot's own files on its main, and act to run them."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from compileall import compile_dir
from io import StringIO
from pathlib import Path
from py_compile import PycInvalidationMode

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
        _made_once(tmp_path_factory, "warm", lambda folder: _sync(folder, {}))
        return _tool("act"), _packages()
    except UnavailableError as error:
        go_without(str(error), os.environ)


@pytest.fixture(scope="session")
def quick_uv(tools: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a `uv` that copies what the real one installed from the same lock once, for tests of other things.

    jitbot itself comes compiled with it: a module whose source is another, Python compiles anew.
    """

    def make(folder: Path) -> None:
        installed, program = folder / "installed", folder / "uv"
        _sync(installed, {"UV_COMPILE_BYTECODE": "1", "UV_CACHE_DIR": str(tools[1])})
        _compile(folder / "compiled")
        program.write_text(
            "#!/bin/sh\n"
            f'if [ "$1 $2 $3 $5 $6 $7 $8" = "{_SYNC}" ] && cmp -s "$4/uv.lock" "{ROOT}/uv.lock"\n'
            f'then cp -al "{installed}/." "$UV_PROJECT_ENVIRONMENT/" && exec cp -a "{folder}/compiled/." "$4/"\n'
            f'else exec "{_tool("uv")}" "$@"\n'
            "fi\n"
        )
        program.chmod(0o755)

    return _made_once(tmp_path_factory, "quick-uv", make)


@pytest.fixture(scope="module")
def office(
    tools: tuple[str, Path], quick_uv: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """acme in real time, with this repository's code and workflows merged into its main."""
    home, (act, packages) = tmp_path_factory.mktemp("runner"), tools
    with Acme(Clock()) as acme:
        stage = Stage(acme=acme, jitbot=main, console=Console(file=StringIO()))
        runner = Runner(acme=acme, act=act, folder=home, packages=packages, programs=(str(quick_uv),))
        office = Office(stage=stage, runner=runner)
        office.move_in()
        yield office


def _tool(name: str) -> str:
    """A program that the test extra brings, beside the Python that runs."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return program(name, {"PATH": places})


def _packages() -> Path:
    """uv's cache, so that the jobs need no network; the user's own, where there is one."""
    asked = subprocess.run([_tool("uv"), "cache", "dir"], capture_output=True, text=True, check=True)
    return Path(asked.stdout.strip())


def _made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one process of this run makes, and all others use."""
    root = factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder, whole = root / name, root / f"{name}.made"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            make(folder)
            whole.touch()
    return folder


def _compile(folder: Path) -> None:
    """jitbot's modules compiled, and nothing else of it, each with the digest of its source."""
    shutil.copytree(ROOT / "jitbot", folder / "jitbot", ignore=shutil.ignore_patterns("__pycache__"))
    compiled = compile_dir(folder, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    assert compiled
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix != ".pyc":
            file.unlink()


_SYNC = "sync --quiet --project --locked --no-dev --no-build --no-install-project"  # as the action asks


def _sync(environment: Path, variables: dict[str, str]) -> None:
    """Install what the lock names into an environment. Raises UnavailableError where uv cannot."""
    first, second, third, *rest = _SYNC.split(" ")
    variables = {"UV_PROJECT_ENVIRONMENT": str(environment), "UV_PYTHON_DOWNLOADS": "never", **variables}
    command = [_tool("uv"), first, second, third, str(ROOT), *rest]
    done = subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise UnavailableError(f"uv cannot install what the lock names: {done.stderr[-500:]}")
