"""Numbers before their nouns: `1 grant` and `2 grants`, wherever jitbot says how many there are.

Read from the source: a noun that `many` counts anywhere is counted by it everywhere.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import jitbot
from jitbot.domain.text.amount import many

HOUSE = Path(jitbot.__file__).parent
MODULES = {
    path.relative_to(HOUSE).as_posix(): path
    for path in sorted(HOUSE.rglob("*.py"))
    if path.relative_to(HOUSE).parts[0] != "sandbox"
}
TEMPLATES = {path.name: path for path in sorted((HOUSE / "templates/report").glob("*.html"))}
VERBS = {"changes", "reviews", "requests"}  # such as in "alice requests"
NOUN = re.compile(r" (?:(?:more|other|older|earlier|new|such|denied) )?([a-z]+)\b")
BOUND = re.compile(r"(?:\w+\.)?_?[A-Z_]+(?:\.days)?")  # never is one


@pytest.mark.parametrize(
    ("number", "noun", "plural", "shown"),
    [
        (0, "grant", "", "0 grants"),
        (1, "grant", "", "1 grant"),
        (2, "grant", "", "2 grants"),
        (1, "person", "people", "1 person"),
        (2345, "person", "people", "2,345 people"),
    ],
)
def test_a_number_has_its_noun(number: int, noun: str, plural: str, shown: str) -> None:
    """One has the singular, and nothing else has."""
    assert many(number, noun, plural) == shown


@cache
def parsed(name: str) -> ast.Module:
    """A module's syntax."""
    return ast.parse(MODULES[name].read_text("utf-8"))


@cache
def plurals() -> frozenset[str]:
    """The nouns that are counted through `many`, in the plural."""
    found = set()
    for name in MODULES:
        for node in ast.walk(parsed(name)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "many" and len(node.args) > 1:
                words = [str(each.value) for each in node.args[1:] if isinstance(each, ast.Constant)]
                found |= {f"{words[0]}s" if len(words) == 1 else words[1]} if words else set()
    return frozenset(each.split()[-1] for each in found)


def by_hand(tree: ast.AST) -> Iterator[str]:
    """Where the source joins a number and a noun itself, or chooses the ending."""
    if isinstance(tree, ast.IfExp):
        ends = [str(each.value) for each in (tree.body, tree.orelse) if isinstance(each, ast.Constant)]
        if len(ends) == 2 and max(ends, key=len) == f"{min(ends, key=len)}s":
            yield f"{tree.lineno}: {ast.unparse(tree)}"
        if any(isinstance(each, ast.Compare) for each in ast.walk(tree.test)):
            return  # what is said of one, and of several, apart
    if isinstance(tree, ast.JoinedStr):
        for before, number, text in zip(
            [None, *tree.values], tree.values, [*tree.values[1:], None], strict=False
        ):
            if not isinstance(number, ast.FormattedValue) or not isinstance(text, ast.Constant):
                continue
            if not (words := NOUN.match(str(text.value))) or words[1] not in plurals():
                continue
            counted = ast.unparse(number.value)
            if words[1] in VERBS and "len(" not in counted:
                continue
            share = isinstance(before, ast.Constant) and str(before.value).endswith(" of ")
            if not share and not BOUND.fullmatch(counted):
                yield f"{tree.lineno}: {counted}{words[0]}"
    for child in ast.iter_child_nodes(tree):
        yield from by_hand(child)


@pytest.mark.parametrize("name", MODULES)
def test_what_is_counted_is_counted_by_one_function(name: str) -> None:
    """A number before a noun is joined to it by `many`; a bound, which never is one, may be written as it is."""
    assert [*by_hand(parsed(name))] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_pages_join_no_number_to_a_noun(name: str) -> None:
    """A template has no `many`: it says the number after what it counts."""
    found = re.findall(rf"\}}\}}{NOUN.pattern}", TEMPLATES[name].read_text("utf-8"))
    assert [each for each in found if each in plurals() - VERBS] == []


def test_what_is_joined_by_hand_is_found() -> None:
    """Numbers of any name, with a word between, and endings that are chosen; not limits, shares, and what is said apart."""
    assert {"grants", "people", "files"} <= plurals()
    for wrong in (
        "f'{number} grants'",
        "f'{len(x):,} more grants'",
        "f'has {x} files, or none'",
        "f'{len(x)} requests'",
        'f\'{x} file{"" if x == 1 else "s"}\'',
        "'person' if x == 1 else 'persons'",
    ):
        assert [*by_hand(ast.parse(wrong))], wrong
    for right in (
        "f'{many(2, \"file\")} of it'",
        "f'{MOST} files'",
        "f'{bounds.DAYS.days} days'",
        "f'{x} of {y} files'",
        "f'{x} files' if x > 1 else 'it'",
        "f'{x} is in files'",
        "f'{who} requests it'",
    ):
        assert [*by_hand(ast.parse(right))] == [], right
