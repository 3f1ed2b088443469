"""What is released: built as the release workflow builds it, from the files of this folder that git knows."""

import email
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from pathlib import Path

import pytest
import yaml
from installed import UnavailableError, go_without, program

from jitbot import __version__

ROOT = Path(__file__).parents[3]
PLACES = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
INFO = f"jitbot-{__version__}.dist-info"
CONSUMER = """from jitbot.domain.text import duration

reveal_type(duration.show)
wrong: int = duration.show.__name__
"""


def tracked(*folders: str) -> set[str]:
    """The files in these folders that a commit of everything would have."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {name for name in listed.split("\0") if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the archive. Skips where the build tool cannot be fetched, or fails if all is required."""
    folder = tmp_path_factory.mktemp("release")
    for name in tracked("."):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    workflow = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    (build,) = [
        step["run"] for step in workflow["jobs"]["build"]["steps"] if "uv build" in step.get("run", "")
    ]
    environ = {**os.environ, **PLACES, "UV_PYTHON_DOWNLOADS": "never", "UV_PYTHON": sys.executable}
    done = subprocess.run(
        ["bash", "-e", "-c", build], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode and "Failed to fetch" in done.stderr:
        go_without(f"the build tool cannot be fetched: {done.stderr[-300:]}", os.environ)
    assert done.returncode == 0, done.stderr
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    """The one wheel."""
    (found,) = built.glob("*.whl")
    assert found.name == f"jitbot-{__version__}-py3-none-any.whl"
    return zipfile.ZipFile(found)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    """What the wheel says of itself."""
    return email.message_from_bytes(wheel.read(f"{INFO}/METADATA"))


@pytest.fixture(scope="module")
def site(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which the wheel is installed, and nothing else."""
    folder = tmp_path_factory.mktemp("site") / "venv"
    try:
        uv = program("uv", PLACES)
    except UnavailableError as error:
        go_without(str(error), os.environ)
    environ = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    for command in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--offline", "--no-deps", "--python", str(folder / "bin/python"), str(wheel.filename)],
    ):  # fmt: skip
        subprocess.run([uv, *command], env=environ, check=True, capture_output=True)
    return folder / "bin/python"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Each file of jitbot/, templates, schemas and catalogs too; no test, no tool, nothing of this repository's own rules."""
    names = {name for name in wheel.namelist() if not name.endswith("/")}
    written = {name for name in names if name.startswith(f"{INFO}/")}
    assert names - written == tracked("jitbot")
    assert {name.partition("/")[2] for name in written} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "licenses/LICENSE",
        "top_level.txt",
    }
    assert "jitbot/py.typed" in names


def test_the_license_is_in_the_wheel(wheel: zipfile.ZipFile, metadata: Message) -> None:
    """Its text, and its name as SPDX has it."""
    text = wheel.read(f"{INFO}/licenses/LICENSE").decode()
    assert text == (ROOT / "LICENSE").read_text("utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 2026 jitbot contributors\n")
    assert metadata["License-Expression"] == "MIT"


def test_the_archive_builds_and_holds_no_tests(built: Path) -> None:
    """The wheel was built from it; a few files of the tests would only look like all of them."""
    (found,) = built.glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {each.name.partition("/")[2] for each in archive if each.isfile()}
    assert {"LICENSE", "README.md", "pyproject.toml", "PKG-INFO"} <= names
    assert tracked("jitbot") <= names
    assert not {
        name for name in names if name.startswith(("tests", ".ci", ".github", "policies", "requests"))
    }


def test_the_metadata_is_that_of_the_project(metadata: Message) -> None:
    """Name, version, Python and addresses, as an index shows them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert (metadata["Name"], metadata["Version"]) == ("jitbot", __version__)
    assert metadata["Requires-Python"] == project["requires-python"]
    assert set(metadata.get_all("Classifier", ())) == set(project["classifiers"])
    assert set(metadata.get_all("Project-URL", ())) == {
        f"{name}, {url}" for name, url in project["urls"].items()
    }


def test_what_is_installed_runs(site: Path, tmp_path: Path) -> None:
    """The command of the wheel, with the packages of this environment, says its version; its templates are there."""
    (packages,) = site.parents[1].glob("lib/python*/site-packages")
    code = "import jitbot, sys; print(jitbot.__file__); from jitbot.cli import run; sys.argv = ['jitbot', '--version']; run()"
    environ = {**os.environ, "PYTHONPATH": str(packages)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    place, version = ran.stdout.splitlines()
    assert Path(place).is_relative_to(packages)
    assert version == f"jitbot {__version__}"


def test_who_imports_it_sees_its_types(site: Path, tmp_path: Path) -> None:
    """mypy reads the annotations of an installed jitbot, and finds a wrong use."""
    (tmp_path / "consumer.py").write_text(CONSUMER)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", str(site)]
    ran = subprocess.run(
        [*command, "--cache-dir", str(tmp_path / "cache"), "consumer.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 'Revealed type is "def (' in ran.stdout
    assert "timedelta" in ran.stdout
    assert 'expression has type "str", variable has type "int"' in ran.stdout
    assert "import-untyped" not in ran.stdout
    assert ran.stdout.count(" error: ") == 1
