"""What is written in more than one place is the same there: versions of Python and of tools, hooks, addresses."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from starting import APART

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OPTIONS = PROJECT["tool"]["pytest"]["ini_options"]
PRE_COMMIT = ROOT / ".pre-commit-config.yaml"


def read(path: str) -> Any:
    """A YAML file of the project."""
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def test_the_same_pythons_are_promised_and_tried(program_of_ci: Callable[[str], ModuleType]) -> None:
    """The classifiers, the least version, the jobs of CI, ruff's targets, and what the action installs on."""
    oldest, *newer = program_of_ci("types").pythons()
    assert PROJECT["project"]["requires-python"] == f">={oldest}"
    jobs = read(".github/workflows/ci.yml")["jobs"]
    assert jobs["versions"]["strategy"]["matrix"]["python"] == newer
    used = [
        step["with"]["python-version"]
        for steps in (
            jobs["ci"]["steps"],
            jobs["played"]["steps"],
            read(".github/actions/jitbot/action.yml")["runs"]["steps"],
        )
        for step in steps
        if "python-version" in step.get("with", {})
    ]
    assert used == [oldest] * 3
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    (targets,) = re.findall(
        r"^for newer in (.+); do \S*ruff check ", (ROOT / ".ci/clean").read_text("utf-8"), re.MULTILINE
    )
    assert targets.split() == [f"py{each.replace('.', '')}" for each in newer]
    assert newer == sorted(newer, key=lambda each: int(each.removeprefix("3.")))


def test_each_folder_that_pytest_leaves_out_is_run_for_every_change() -> None:
    """It has a command of its own, and a job of CI that starts it."""
    left_out = {each for each in OPTIONS["norecursedirs"] if each.startswith("tests/")}
    assert left_out == {f"tests/{each}" for each in APART}
    starts = [
        step["run"] for job in read(".github/workflows/ci.yml")["jobs"].values() for step in job["steps"][-1:]
    ]
    assert {"bash .ci/run", "bash .ci/played"} <= {*starts}
    text = "".join((ROOT / ".ci" / each).read_text("utf-8") for each in ("run", "played"))
    assert {*re.findall(r"^\.venv/bin/pytest (tests/\w+)(?: |$)", text, re.MULTILINE)} == left_out


def test_the_lock_has_a_wheel_for_each_python(program_of_ci: Callable[[str], ModuleType]) -> None:
    """Nothing that jitbot or its tests need is built where it is installed, on any of them, on CI's machines."""
    wheels: dict[str, list[str]] = {}
    for each in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]:
        names = [wheel["url"].rpartition("/")[2] for wheel in each.get("wheels", ())]
        wheels.setdefault(each["name"], []).extend(names)
    assert wheels.pop("jitbot") == []
    assert len(wheels) > 50
    for python in program_of_ci("types").pythons():
        tag = rf"-(py3|py2\.py3|cp3\d+-abi3|cp{python.replace('.', '')})-(.+-)?(any|.*manylinux.*x86_64.*)\.whl$"
        assert [
            name for name, found in wheels.items() if not any(re.search(tag, each) for each in found)
        ] == []


def hooks() -> list[dict[str, Any]]:
    """The hooks that contributors install."""
    return [hook for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]


def test_contributors_and_ci_have_the_same_tools() -> None:
    """Each tool that a hook installs has the version of the lock, and looks as `.ci/clean` looks."""
    locked = {
        each["name"]: each["version"]
        for each in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    }
    pinned = [each.split("==") for hook in hooks() for each in hook.get("additional_dependencies", ())]
    assert len(pinned) == 3
    assert pinned == [[name, locked[name]] for name, _ in pinned]
    run = (ROOT / ".ci/clean").read_text("utf-8").splitlines()
    for hook in hooks():
        tool = hook["entry"].removesuffix(" --force-exclude").removeprefix(".venv/bin/")
        looked = tool.replace("ruff format", "ruff format --check")  # the hook writes what CI asks for
        assert f".venv/bin/{looked} ." in run or hook["id"] in ("jitbot-check", "mypy")


def test_the_hook_for_access_repositories_is_used_here() -> None:
    """It looks at the same files as the one that others take from this repository."""
    (offered,) = read(".pre-commit-hooks.yaml")
    (own,) = [hook for hook in hooks() if hook["id"] == offered["id"]]
    assert own["files"] == offered["files"]
    assert own["entry"].removeprefix(".venv/bin/") == offered["entry"]


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_a_form_asks_what_is_needed(form: str) -> None:
    """Each field has a name of its own, and most must be filled in."""
    fields = [
        each for each in read(f".github/ISSUE_TEMPLATE/{form}.yml")["body"] if each["type"] != "markdown"
    ]
    assert len({each["id"] for each in fields}) == len(fields)
    assert sum(each.get("validations", {}).get("required", False) for each in fields) >= 3


def test_a_weakness_is_reported_in_private() -> None:
    """The chooser and the form for bugs lead to the policy, and there is no issue without a form."""
    chooser = read(".github/ISSUE_TEMPLATE/config.yml")
    assert chooser["blank_issues_enabled"] is False
    repository = PROJECT["project"]["urls"]["Repository"]
    links = [each["url"] for each in chooser["contact_links"]]
    assert links[0] == f"{repository}/security/policy"
    assert all(link.startswith(f"{repository}/") for link in links)
    first = read(".github/ISSUE_TEMPLATE/bug.yml")["body"][0]
    assert "(../security/policy)" in first["attributes"]["value"]
    assert (ROOT / ".github/SECURITY.md").is_file()


def test_the_addresses_are_one_repositorys() -> None:
    """Each begins with the repository's own, and those of files lead to a file."""
    urls = PROJECT["project"]["urls"]
    assert all(url == urls["Repository"] or url.startswith(f"{urls['Repository']}/") for url in urls.values())
    paths = [re.fullmatch(r".+/(?:blob|tree)/main/(.+)", url) for url in urls.values()]
    assert [each[1] for each in paths if each and not (ROOT / each[1]).exists()] == []
    assert len([each for each in paths if each]) == 2
