"""The parts of the pages that are made from the code are what the code gives now."""

from pathlib import Path

import pytest
from commands_page import commands, verbs
from files_page import KINDS, SCHEMAS, keys
from made import DOCS, PARTS, names, pages, written
from setups_page import TYPICAL

from jitbot.cli import VERBS


def named(page: Path) -> str:
    """A page by its path, for the name of a test."""
    return page.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("page", pages(), ids=named)
def test_a_page_is_as_it_is_made(page: Path) -> None:
    """Run `.venv/bin/python tests/docs` to bring it up to date."""
    text = page.read_text("utf-8")
    assert text == written(text), "run: .venv/bin/python tests/docs"


def test_every_part_is_on_a_page() -> None:
    """Nothing is made that nobody reads, no page asks for a part that is not made, and no mark is left open."""
    texts = [page.read_text("utf-8") for page in pages()]
    assert sorted(name for text in texts for name in names(text)) == sorted(PARTS)
    assert sum(text.count("<!-- made: ") for text in texts) == len(PARTS)


def test_every_verb_and_every_kind_of_file_is_there() -> None:
    """The reference leaves out none of them."""
    assert [line.split("](")[0].removeprefix("| [") for line in verbs().splitlines()[2:]] == list(VERBS)
    assert all(f"\n### jitbot {name}\n" in commands() for name in (*VERBS, "audit verify", "import people"))
    assert {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.json")} == set(KINDS)


def test_the_keys_are_those_of_the_schemas() -> None:
    """Keys of objects in lists and in maps too, each with what it means."""
    found = {each.path: each for name in KINDS for each in keys(name)}
    assert {
        "duration",
        "statements[].actions",
        "approvals[].when.duration_over",
        "people.<login>.github_id",
    } <= set(found)
    assert found["requester"].must
    assert not found["ticket"].must
    assert [path for path, each in found.items() if not each.meaning] == []


def test_typical_requests_are_granted_and_refused() -> None:
    """The tables of the set-ups show both, so that neither is an accident of how they are read."""
    for name in TYPICAL:
        shown = PARTS[f"{name}-decided"]()
        assert "**granted**" in shown
        assert "refused: `" in shown
