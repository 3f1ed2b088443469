"""What editors and pre-commit are given: every key explained, every file mapped, the hook's entry real."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from desk import ASK, TEXT, Desk

from jitbot.adapters.documents.shape import SCHEMAS
from jitbot.commands.setup import templates
from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.setup import scaffold

ANSWERS = scaffold.Answers(
    repository="acme/access",
    repository_id=7,
    owners={Login("bob"): GithubId(1002)},
    accounts={"prod": "111111111111"},
    upstream="acme/jitbot",
    release="6a69" * 10,
)
ROOT = Path(__file__).parents[3]


def hook() -> dict[str, Any]:
    """The hook of .pre-commit-hooks.yaml."""
    (found,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    return dict(found)


def test_every_schema_is_mapped_for_vs_code() -> None:
    """Each schema serves a pattern of files, by a path that exists, and each of our own files has one."""
    mapped = json.loads((ROOT / ".vscode/settings.json").read_text("utf-8"))["yaml.schemas"]
    assert {(ROOT / path).resolve() for path in mapped} == set(SCHEMAS.iterdir())
    for file in [*(ROOT / "policies").rglob("*.yaml"), ROOT / ASK]:
        fits = [path for path, pattern in mapped.items() if file.relative_to(ROOT).match(pattern)]
        assert len(fits) == 1, file


def test_a_data_only_repository_brings_its_schemas() -> None:
    """What `jitbot init` writes maps each file that it writes to a schema beside it, the very one that is applied."""
    written = scaffold.files(ANSWERS, templates.starters())
    mapped = json.loads(written[".vscode/settings.json"])["yaml.schemas"]
    for path, pattern in mapped.items():
        schema = written[path.removeprefix("./")]
        assert schema == (SCHEMAS / Path(path).name).read_text("utf-8")
        optional = pattern == "policies/account-groups.yaml"  # which a new repository does without
        assert (
            optional or pattern.startswith("requests/") or any(Path(file).match(pattern) for file in written)
        )
    for file in written:
        if file.startswith("policies/"):
            assert len([pattern for pattern in mapped.values() if Path(file).match(pattern)]) == 1, file
    assert json.loads(written[".vscode/extensions.json"])["recommendations"] == ["redhat.vscode-yaml"]


def test_the_hook_is_whole() -> None:
    """The hook has what pre-commit wants of one, and no more."""
    assert hook().keys() == {"id", "name", "description", "entry", "language", "files"}
    assert hook()["language"] == "python"


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        (ASK, True),
        ("policies/access/orders-db-read.yaml", True),
        ("policies/people.yaml", True),
        ("requests/README.md", False),
        ("other/policies/people.yaml", False),
    ],
)
def test_the_hook_looks_at_requests_and_policies(file: str, wanted: bool) -> None:
    """Files that jitbot reads are checked, others are not."""
    assert (re.search(hook()["files"], file) is not None) == wanted


def test_the_hooks_entry_works(desk: Desk) -> None:
    """The entry, given files as pre-commit gives them, passes the good and refuses the bad."""
    program, *arguments = shlex.split(hook()["entry"])
    assert program == "jitbot"
    assert (
        desk.run(*arguments, desk.write(ASK), "policies/people.yaml", "--at", "2026-11-24T09:00:00Z").code
        == 0
    )
    assert desk.run(*arguments, desk.write(ASK, TEXT.replace("2h", "2 hours"))).code == 1
