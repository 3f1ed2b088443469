"""The report and the pack of a real life agree, file by file; of a ledger that somebody tampered with neither says that it is complete."""

import csv
import html
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from acme_world import DAY, World
from audit_story import clone, live, vouched
from forging import push

PERIOD = ("--from", "2026-11-20", "--to", "2026-12-10")
Told = Mapping[str, Any]


@pytest.fixture
def lived(world: World) -> str:
    """acme after a life of everything, all of it removed by now."""
    return live(world)


def answers(world: World, tmp_path: Path, *, keys: bool = True) -> Told:
    """The rows of the first page, as page, CSV and JSON have them: they must agree. And the page, and the verdicts."""
    folder = clone(world)
    given = ("--keys", str(vouched(world))) if keys else ()
    tmp_path.mkdir(exist_ok=True)
    page, pack = tmp_path / "page.html", tmp_path / "pack"
    code = 0 if keys else 3
    job: dict[str, Any] = {"runner": folder.name, "workflow": "audit.yml", "code": code}
    world.jit("audit", "report", *PERIOD, *given, "--output", str(page), **job)
    world.jit("audit", "export", *PERIOD, *given, "--output", str(pack), **job)
    text, listed = page.read_text("utf-8"), json.loads((pack / "answers.json").read_text())
    with (pack / "answers.csv").open(newline="", encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    shown = re.findall(r'<td data-title="Answer"><div>(.*?)</div>', text)
    assert [html.unescape(each) for each in shown] == [each["answer"] for each in listed]
    assert [row["answer"] for row in table] == [each["answer"] for each in listed]
    index = (pack / "index.html").read_text("utf-8")
    assert re.findall(r'<td data-title="Answer"><div>(.*?)</div>', index) == shown
    for link in re.findall(r'<a href="([^"#]+)"', index):
        assert (pack / link).is_file()
    return {
        **{each["name"]: each for each in listed},
        "page": html.unescape(text),
        "verdicts": json.loads((pack / "verdicts.json").read_text()),
    }


def in_doubt(found: Told) -> set[str]:
    """The questions that keep the verdict from being clean; nobody looked at the protection in this life."""
    assert found["verdicts"]["clean"] is False
    rows = [each for each in found.values() if isinstance(each, Mapping) and "answer" in each]
    return {each["name"] for each in rows if each["exceptions"] or each["unknown"]}


def test_a_true_record_is_complete(world: World, lived: str, tmp_path: Path) -> None:
    """Every merged request file has its decision, every commit but the first is signed, nothing is left out."""
    found = answers(world, tmp_path)
    assert found["completeness"]["numbers"] == {
        "merged": 4, "decided": 4, "due": 0, "missing": 0, "commits": 12, "attested": 11, "left_out": 0,
        "unchecked": 0, "verified": 0, "failed": 0,
    }  # fmt: skip
    assert found["population"]["numbers"]["items"] == 4
    assert found["refused"]["numbers"] == {"refused": 1, "drawn": 1}
    assert in_doubt(found) == {"protection"}
    assert "10 items that the record does not explain" in found["page"]


def truncated(world: World) -> None:
    """The ledger is cut back to its beginning."""
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    world.later(DAY)


def forged(world: World) -> None:
    """Somebody adds a commit of their own."""
    push(world, {"events/lie.json": b"{}"})


def deleted(world: World) -> None:
    """Somebody takes an event's file away."""
    paths = world.github.store.git("ls-tree", "-r", "--name-only", "ledger", "events/").decode().split()
    push(world, {}, gone=(paths[0],))


@pytest.mark.parametrize(
    ("tamper", "exceptions", "left_out"), [(truncated, 4, 0), (forged, 0, 1), (deleted, 0, 1)]
)
def test_what_was_tampered_with_is_on_the_first_page(
    world: World, lived: str, tmp_path: Path, tamper: Callable[[World], None], exceptions: int, left_out: int
) -> None:  # fmt: skip
    """Decisions that are missing are exceptions; a commit that nothing signs changes no number, and is named."""
    before = answers(world, tmp_path / "a") if left_out else None
    tamper(world)
    found = answers(world, tmp_path / "b")
    complete = found["completeness"]
    assert (complete["exceptions"], complete["numbers"]["left_out"]) == (exceptions, left_out)
    assert in_doubt(found) - {"protection"} == ({"completeness"} if exceptions else set())
    if left_out:
        assert f"{left_out} part of the ledger left out." in complete["answer"]
        assert "Left out, or in doubt" in found["page"]
    if before is not None:
        others = {"completeness", "page", "refused"}  # the seed of the sample is the ledger's head
        assert {name: each for name, each in found.items() if name not in others} == {
            name: each for name, each in before.items() if name not in others
        }


def test_without_keys_nothing_is_called_complete(world: World, lived: str, tmp_path: Path) -> None:
    """Nobody vouches for them, so it is unknown whether the record is whole."""
    found = answers(world, tmp_path, keys=False)
    assert found["completeness"]["unknown"] >= 1
    assert "Nobody vouches for the keys" in found["completeness"]["answer"]
    assert found["verdicts"]["clean"] is False
