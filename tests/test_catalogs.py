"""The catalogs are read as they were meant: a slip of the pen in one of them is an error, and never a shorter list."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import pytest

from jitbot import catalogs
from jitbot.domain.model.codeowners import parse

TEXTS = {
    "opened-twice": {"number"},
    "record-broken": {"words", "at", "run", "head", "main", "findings"},
    "record-verified": {"words", "at", "run", "head"},
    "review-given": {"who", "policy", "pull", "reviewer", "at"},
    "review-objected": {"who"},
    "protection-lost": {"at", "run", "lost"},
    "protection-seen": {"at", "run"},
    "review-wanted": {"who", "policy", "pull", "merged", "reviewers", "by"},
    "verification-stopped": {"at", "run", "why"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A table of two fields."""

    name: str
    many: tuple[str, ...]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file that is read as the catalog `c`."""
    monkeypatch.setattr(catalogs, "_HERE", tmp_path)
    return tmp_path / "c.toml"


def test_what_is_asked_for_is_what_is_there(written: Path) -> None:
    """Lists come in the order of the keys, and each table as a row."""
    written.write_text('b = ["x", "y"]\na = ["z"]\n')
    assert catalogs.lists("c", "a", "b") == (frozenset({"z"}), frozenset({"x", "y"}))
    written.write_text('[[row]]\nname = "n"\nmany = ["2", "1"]\n')
    assert catalogs.table("c", "row", Row) == (Row(name="n", many=("2", "1")),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('a = ["z"]\n', "holds a, not a, b"),
        ('a = ["z"]\nb = ["z"]\nbb = ["z"]\n', "holds a, b, bb, not a, b"),
        ('a = ["z"]\nb = []\n', "c.toml: b is no list, or an empty one"),
        ('a = ["z"]\nb = "z"\n', "c.toml: b is no list, or an empty one"),
        ('a = ["z"]\nb = ["z", 1]\n', "c.toml: b holds what is no text, or an empty one"),
        ('a = ["z"]\nb = ["z", ""]\n', "c.toml: b holds what is no text, or an empty one"),
        ('a = ["z"]\nb = ["x", "y", "x"]\n', "c.toml: b has an entry twice"),
        ("a = [z]\n", "Invalid value"),
    ],
)
def test_a_list_that_is_not_as_its_reader_expects_is_an_error(written: Path, text: str, why: str) -> None:
    """A key nobody reads, one that is not there, no entry, or one twice."""
    written.write_text(text)
    with pytest.raises(ValueError, match=re.escape(why)):
        catalogs.lists("c", "a", "b")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("row = []\n", ValueError),
        ('[[rows]]\nname = "n"\nmany = ["1"]\n', ValueError),
        ('more = 1\n[[row]]\nname = "n"\nmany = ["1"]\n', ValueError),
        ('[[row]]\nname = "n"\n', TypeError),
        ('[[row]]\nname = "n"\nmany = ["1"]\nmore = "x"\n', TypeError),
        ('[[row]]\nname = "n"\nmany = []\n', ValueError),
        ('[[row]]\nname = "n"\nmany = ["1", "1"]\n', ValueError),
        ('[[row]]\nname = ""\nmany = ["1"]\n', ValueError),
        ('[[row]]\nname = 1\nmany = ["1"]\n', ValueError),
    ],
)
def test_a_table_that_is_not_as_its_reader_expects_is_an_error(
    written: Path, text: str, error: type[Exception]
) -> None:
    """No table, another key, a field too many or too few, an empty value, or an entry twice."""
    written.write_text(text)
    with pytest.raises(error):
        catalogs.table("c", "row", Row)


def test_the_texts_hold_the_words_that_are_put_in() -> None:
    """A place that nothing fills would stop a run, and one that is lost would hide what it told."""
    folder = Path(catalogs.__file__).with_name("issues")
    assert {path.name for path in folder.iterdir()} == {f"{name}.md" for name in TEXTS}
    for name, words in TEXTS.items():
        found = Formatter().parse(catalogs.text(f"issues/{name}.md"))
        assert {field for _, field, _, _ in found if field is not None} == words, name


def test_every_catalog_is_shipped() -> None:
    """What is read from the package is in the package: pyproject.toml names each of its files."""
    setup = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    folder = Path(catalogs.__file__).parent
    patterns = setup["tool"]["setuptools"]["package-data"]["jitbot"]
    shipped = {file for pattern in patterns for file in folder.parent.glob(pattern)}
    there = {file for kind in ("*.toml", "*.md") for file in folder.rglob(kind)}
    assert len(there) > 10
    assert there <= shipped


def test_no_global_key_stands_twice_in_another_case() -> None:
    """AWS compares condition keys without case; each of the global ones begins with `aws:`."""
    keys, _ = catalogs.lists("condition_keys", "global", "not_in_session")
    assert len({key.casefold() for key in keys}) == len(keys)
    assert [key for key in keys if not re.fullmatch(r"aws:[A-Z][A-Za-z0-9]+", key)] == []


def test_the_codes_of_errors_are_written_as_aws_writes_them() -> None:
    """A blank, or a word of ours, would never be met."""
    (codes,) = catalogs.lists("aws_errors", "unclear")
    assert [code for code in codes if not re.fullmatch(r"[A-Z][A-Za-z]+", code)] == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A managed policy, as it lies in the catalog."""

    name: str
    level: str
    can: str


def test_each_managed_policy_is_named_once_as_aws_names_it() -> None:
    """A second entry of a name would replace the first; a name in other letters would never be met."""
    names = [each.name for each in catalogs.table("managed_policies", "policy", Managed)]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z]+", name)] == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A doubtful shape, as it lies in the catalog."""

    code: str
    shape: str
    message: str
    hint: str


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("codeowners-negation", "!docs @bob"),
        ("codeowners-brackets", "docs/[ab] @bob"),
        ("codeowners-escaped-hash", "docs/\\#1 @bob"),
        ("codeowners-backslash", "docs/\\a @bob"),
        ("codeowners-hash", "docs/a#1 @bob"),
        ("codeowners-triple-star", "docs/*** @bob"),
        ("codeowners-trailing-stars", "docs/**/ @bob"),
        ("codeowners-empty-segment", "docs//a @bob"),
        ("codeowners-non-ascii", "docs/é @bob"),
    ],
)
def test_each_doubt_about_codeowners_is_found(code: str, line: str) -> None:
    """Each shape of the catalog finds a line of its own, so that none of them is a slip of the pen."""
    assert code in {finding.code for finding in parse(line).findings}
    doubts = catalogs.table("codeowners", "doubt", Doubt)
    assert [doubt.code for doubt in doubts].count(code) == 1
    assert len(doubts) == 9
