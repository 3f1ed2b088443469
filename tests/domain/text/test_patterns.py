"""When two patterns can match the same text."""

import re
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jitbot.domain.text.patterns import pattern_covers, patterns_overlap

LONGEST = 4
# Two patterns that both have a star have at most three letters each: if they meet, then on six or fewer.
TEXTS = ["".join(letters) for length in range(2 * LONGEST - 1) for letters in product("ab", repeat=length)]
patterns = st.text(alphabet="ab*?", max_size=LONGEST)


@cache
def matched(pattern: str) -> set[str]:
    """Every short text that a pattern matches, found by trying them all."""
    shape = re.compile(pattern.replace("*", ".*").replace("?", "."))
    return {text for text in TEXTS if shape.fullmatch(text)}


@settings(max_examples=500, deadline=None)
@given(patterns, patterns)
def test_patterns_meet_where_a_text_matches_both(one: str, other: str) -> None:
    """The answer is that of trying every text, whichever pattern is named first."""
    expected = bool(matched(one) & matched(other))
    assert patterns_overlap(one, other) is patterns_overlap(other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("", "", True),
        ("", "*", True),
        ("", "?", False),
        ("", "a", False),
        ("**", "", True),
        ("a", "a", True),
        ("a", "A", False),
        ("a", "b", False),
        ("a", "?", True),
        ("?", "?", True),
        ("?", "*", True),
        ("?", "ab", False),
        ("a*", "*b", True),
        ("a*", "b*", False),
        ("*a", "*b", False),
        ("a*b", "ab", True),
        ("a*b", "a", False),
        ("a*a", "a", False),
        ("*a*", "bbb", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("table/*", "table/or?ers*", True),
        ("table/*", "tabel/*", False),
        ("x.y", "x-y", False),  # nothing else is a wildcard
        ("[ab]", "a", False),
    ],
)
def test_a_star_is_any_text_and_a_mark_one_character(one: str, other: str, expected: bool) -> None:
    """Stars and marks count on both sides; every other character stands for itself."""
    assert (patterns_overlap(one, other), patterns_overlap(other, one)) == (expected, expected)


def test_many_stars_cost_no_patience() -> None:
    """The work grows with the product of the lengths, not with the number of ways to split a text."""
    assert not patterns_overlap("*a" * 150 + "b", "a*" * 150 + "c")


@pytest.mark.parametrize(
    ("wide", "narrow", "covers"),
    [
        ("a", "a", True), ("a", "b", False), ("?", "a", True), ("?", "?", True), ("a", "?", False), ("?", "*", False),
        ("*", "?", True), ("*", "*", True), ("a?", "a*", False), ("a*", "a?b", True), ("", "", True), ("", "?", False),
        ("a*", "a", True), ("a*", "ab", True), ("**", "", True), ("a*b", "a", False), ("*a", "ab", False),
    ],
)  # fmt: skip
def test_a_pattern_covers_what_is_narrower(wide: str, narrow: str, *, covers: bool) -> None:
    """A mark is any character, and not any text."""
    assert pattern_covers(wide, narrow) is covers


@settings(max_examples=300, deadline=None)
@given(patterns, patterns)
def test_what_is_covered_is_matched(wide: str, narrow: str) -> None:
    """Whatever the narrower one matches, the wider one does; where it is not sure, it says no."""
    if pattern_covers(wide, narrow):
        assert matched(narrow) <= matched(wide)
