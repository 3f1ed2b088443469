"""The company of 300 at a terminal of 80 columns: no dialogue and no list of findings is longer than a screen."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from asking_office import Terminal
from company import accounts
from desk import said
from organisation import NOW, Laid
from spoilt import LOST

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme

LINES = 40


def height(text: str) -> int:
    """The lines that a text takes at 80 columns."""
    return sum(max(-(-len(line) // 80), 1) for line in text.splitlines())


@pytest.fixture(scope="module")
def large(organisations: Mapping[str, Laid]) -> Iterator[Acme]:
    """The company on the embedded GitHub, today: whole processes read the real clock."""
    with Acme(Clock(), tree=organisations["company"].tree) as acme:
        yield acme


@pytest.mark.parametrize("lost", LOST)
def test_findings_fit_on_a_screen(organisations: Mapping[str, Laid], tmp_path: Path, lost: str) -> None:
    """Whatever is lost, its cause is named in at most 40 lines; machines get every finding."""
    root = tmp_path / "access"
    shutil.copytree(organisations["company"].root, root)
    spoil, code = LOST[lost]
    spoil(root)
    answer = said("check", folder=root, now=NOW)
    assert f"[{code}]" in answer.out
    assert height(answer.out) <= LINES
    assert re.search(r"\d\d problems|\d\d warnings", answer.out.splitlines()[-1])


def test_json_keeps_each_finding(organisations: Mapping[str, Laid], tmp_path: Path) -> None:
    """As many as there are policies, each with its own file."""
    root = tmp_path / "access"
    shutil.copytree(organisations["company"].root, root)
    spoil, code = LOST["every principal"]
    spoil(root)
    found = said("check", "--format", "json", folder=root, now=NOW).json["warnings"]
    files = [each["file"] for each in found if each["code"] == code]
    assert len(files) == len(set(files)) == 80


def test_the_dialogue_fits_on_a_screen(large: Acme, tmp_path: Path) -> None:
    """For one of sre, who may use most of the policies, in one of 60 accounts; a part of a name is enough to choose."""
    environ = {
        "GITHUB_TOKEN": large.token("sre-4"),
        "GITHUB_API_URL": large.github.api_url,
        "JITBOT_REPOSITORY": large.repository,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "COLUMNS": "80",
    }
    with Terminal(["request"], environ=environ, folder=tmp_path) as sre:
        listed = sre.reads("part of a name):", seconds=60)
        assert "more; type a part of a name" in listed
        sre.types("orders-table")
        assert "fits none" in sre.reads("part of a name):")
        sre.types("port-forward")
        assert f"and {len(accounts()) - 6 - 20} more" in sre.reads("several with commas):")
        sre.types("orders")
        assert "knows: orders-production, orders-staging, orders-development" in sre.reads(
            "several with commas):"
        )
        sre.types("orders-production")
        sre.reads("instance: the id of the instance")
        shown = sre.shown
    narrowed = shown.index("fits none")
    assert height(shown[:narrowed]) <= LINES
    assert height(shown[narrowed:]) <= LINES
