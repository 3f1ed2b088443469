"""Values that one choice draws where Hypothesis would make ten: its own work for each is most of a property test's time.

All that could be drawn is made once, before, and each size is as likely as the others. What comes first is smallest: a
failing test shows that.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations, cycle, islice, permutations
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


def arranged(values: Sequence[T], *, least: int = 0, most: int) -> st.SearchStrategy[tuple[T, ...]]:
    """From `least` to `most` of these values, in any order, none twice."""
    return evenly(permutations(values, length) for length in range(least, most + 1))


def some(values: Sequence[T]) -> st.SearchStrategy[frozenset[T]]:
    """Any of these values, in no order."""
    return evenly(map(frozenset, combinations(values, length)) for length in range(len(values) + 1))


def evenly(kinds: Iterable[Iterable[T]]) -> st.SearchStrategy[T]:
    """One value of one kind; every kind is about as likely as the others, however many values it has.

    Hypothesis draws what stands in front in a list of more than some hundred more often. So the kinds take turns, and the
    values of each are mixed, always in the same way: any part of the list is like the whole.
    """
    found = [list(kind) for kind in kinds]
    longest = max(map(len, found))
    turns = zip(*(islice(cycle(_mixed(kind)), longest) for kind in found), strict=True)
    return st.sampled_from([each for turn in turns for each in turn])


def _mixed(values: Sequence[T]) -> list[T]:
    """The first stays the first."""
    others = list(values[1:])
    Random(0).shuffle(others)  # noqa: S311 - no secret
    return [*values[:1], *others]
