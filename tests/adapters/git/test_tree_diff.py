"""Trees compared level by level, without git: what is found, what is opened, and where a budget ends it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from typing import Any

import pytest

from jitbot.adapters.git.tree_diff import EMPTY_TREE, Search, search, search_bringing
from jitbot.domain.model.bounds import DEEPEST
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

FILE, FOLDER, NOTHING, NONE = "100644", "040000", "000000", "0" * 40
Tree = Mapping[str, Any]  # by name: a text for a file, another such mapping for a folder


class Trees:
    """A git that compares these trees; `asked` are the pairs that it was asked about, in their order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.questions = 0
        self._trees: dict[str, Tree] = {EMPTY_TREE: {}}

    def name(self, tree: Tree) -> str:
        """The name of a tree, by what is in it."""
        known = next((name for name, each in self._trees.items() if each == tree), None)
        name = known or f"{len(self._trees):040x}"
        self._trees[name] = tree
        return name

    @contextmanager
    def standing(self, *_: str, stdin: str, lazily: bool) -> Iterator[BufferedReader]:
        """As `GitProcess.standing`."""
        assert lazily  # git itself brings a tree that is missing
        self.questions += 1
        yield self._ask(stdin)

    def _ask(self, lines: str) -> BufferedReader:
        *pairs, end = lines.splitlines()
        assert end == "."
        printed = b"".join(self._compared(*pair.split(" ")) for pair in pairs) + b".\n"
        return BufferedReader(BytesIO(printed))

    def _compared(self, one: str, other: str) -> bytes:
        self.asked.append((one, other))
        before, after = self._trees[one], self._trees[other]
        parts = [f"{one} {other}\n"]
        for name in sorted({*before, *after}):
            (old_mode, old), (mode, new) = (self._entry(tree.get(name)) for tree in (before, after))
            if (old_mode, old) != (mode, new):
                parts.append(f":{old_mode} {mode} {old} {new} M\0{name}\0")
        return "".join(parts).encode()

    def _entry(self, content: Any) -> tuple[str, str]:
        if content is None:
            return NOTHING, NONE
        if isinstance(content, str):
            return FILE, content.encode().hex().rjust(40, "f")
        return FOLDER, self.name(content)

    def search(self, before: Tree, after: Tree, below: str = "", most: int = 99) -> Search:
        """What differs between two trees."""
        pair = (self.name(before), self.name(after))
        git: Any = self
        return search(git, [pair], below=below, most=most)[pair]


@pytest.fixture
def git() -> Trees:
    """Such a git."""
    return Trees()


def told(found: Search) -> list[str]:
    """What was found, as git names it."""
    return sorted(f"{each.kind.value[0].upper()} {each.path}" for each in found.found)


BEFORE: Tree = {"a": {"x": "1", "xy": "1", "b": {"c": "1"}, "gone": "1"}, "d": "1", "same": {"e": "1"}}
AFTER: Tree = {"a": {"x": "2", "xy": "2", "b": {"c": "2"}, "new": {"n": "1"}}, "d": "2", "same": {"e": "1"}}


@pytest.mark.parametrize(
    ("below", "found", "seen"),
    [
        ("", ["A a/new/n", "D a/gone", "M a/b/c", "M a/x", "M a/xy", "M d"], 9),
        ("a/", ["A a/new/n", "D a/gone", "M a/b/c", "M a/x", "M a/xy"], 8),
        ("a/b/", ["M a/b/c"], 3),
        ("a/x", ["M a/x"], 2),
        ("a/b", [], 2),
        ("d", ["M d"], 1),
        ("d/", [], 1),
        ("same/", [], 0),
        ("nowhere", [], 0),
    ],
)
def test_what_differs_below_a_path(git: Trees, below: str, found: list[str], seen: int) -> None:
    """All of it, of a folder, or of one path; neither more is looked at, nor opened."""
    result = git.search(BEFORE, AFTER, below)
    assert (told(result), result.seen, result.whole) == (found, seen, True)


def test_only_what_may_hold_it_is_opened(git: Trees) -> None:
    """For a path, the folders on its way; a file is no folder, though one of the same name was."""
    git.search(BEFORE, AFTER, "a/x")
    assert len(git.asked) == 2
    git.asked.clear()
    git.search({"a": {"x": {"y": "1"}}}, {"a": {"x": "1"}}, "a/x")
    assert len(git.asked) == 2
    git.asked.clear()
    git.search({"a": "1"}, {"a": "2"})
    assert len(git.asked) == 1


def test_equal_trees_are_not_compared(git: Trees) -> None:
    """Not even git is started; beside others they are left out."""
    assert told(git.search(BEFORE, BEFORE)) == []
    assert git.questions == 0
    one, other = git.name(BEFORE), git.name(AFTER)
    anything: Any = git
    found = search(anything, [(one, one), (one, other)], below="d", most=9)
    assert [told(each) for each in found.values()] == [[], ["M d"]]
    assert git.asked == [(one, other)]


@pytest.mark.parametrize(
    ("before", "after", "below", "found"),
    [
        ({"a": {"x": "1"}}, {"a": "1"}, "", ["A a", "D a/x"]),
        ({"a": "1"}, {"a": {"x": "1"}}, "", ["A a/x", "D a"]),
        ({"a": {"x": "1"}}, {"a": "1"}, "a/x", ["D a/x"]),
        ({"a": "1"}, {"a": {"x": "1"}}, "a/x", ["A a/x"]),
        ({"a": {"x": "1"}}, {"a": "1"}, "a", ["A a"]),
        ({}, {"a": {}}, "", []),
    ],
)
def test_a_file_in_the_place_of_a_folder(
    git: Trees, before: Tree, after: Tree, below: str, found: list[str]
) -> None:
    """Each file that came or went is told, and what is asked for alone."""
    assert told(git.search(before, after, below)) == found


@pytest.mark.parametrize(("most", "seen", "whole"), [(9, 9, True), (8, 9, False), (1, 2, False)])
def test_no_more_is_looked_at_than_the_budget(git: Trees, most: int, seen: int, *, whole: bool) -> None:
    """One entry more shows that there is more; nothing after it is kept."""
    found = git.search(BEFORE, AFTER, most=most)
    assert (found.seen, found.whole) == (seen, whole)
    assert len(found.found) <= most + 1


def test_one_tree_in_two_comparisons_counts_in_both(git: Trees) -> None:
    """git is asked about it once."""
    pairs = [(EMPTY_TREE, git.name({name: {"x": "1"}})) for name in ("a", "b")]
    anything: Any = git
    found = search(anything, pairs, most=9)
    assert [told(each) for each in found.values()] == [["A a/x"], ["A b/x"]]
    assert len(git.asked) == 3


@pytest.mark.parametrize(("deep", "whole"), [(DEEPEST - 1, True), (DEEPEST, False)])
def test_folders_are_followed_so_deep(git: Trees, deep: int, *, whole: bool) -> None:
    """Beyond that nothing is told as if it were all."""
    tree: Tree = {"x": "1"}
    for _ in range(deep):
        tree = {"d": tree}
    found = git.search({}, tree, most=DEEPEST * 2)
    assert (found.whole, len(found.found)) == (whole, int(whole))


class Partial(Trees):
    """A git whose trees are at the remote, until they are brought."""

    def __init__(self) -> None:
        super().__init__()
        self.brought: list[set[Sha]] = []

    @contextmanager
    def standing(self, *_: str, stdin: str, lazily: bool) -> Iterator[BufferedReader]:
        """It fetches none by itself."""
        assert not lazily
        yield self._ask(stdin)

    def _compared(self, one: str, other: str) -> bytes:
        if not {one, other} <= {EMPTY_TREE, *(name for each in self.brought for name in each)}:
            raise UnavailableError("a tree is not here")
        return super()._compared(one, other)

    def bring(self, trees: Iterable[Sha]) -> None:
        """These trees."""
        self.brought.append(set(trees))


def test_trees_that_are_not_here_are_brought_level_by_level() -> None:
    """Those of each level in one call, before they are compared; the empty tree is everywhere."""
    partial = Partial()
    before, after = (partial.name(each) for each in (BEFORE, AFTER))
    git: Any = partial
    found = search_bringing(git, [(before, after)], partial.bring, most=99)
    assert told(found[before, after]) == ["A a/new/n", "D a/gone", "M a/b/c", "M a/x", "M a/xy", "M d"]
    levels = [
        (BEFORE, AFTER),
        (BEFORE["a"], AFTER["a"]),
        (BEFORE["a"]["b"], AFTER["a"]["b"], AFTER["a"]["new"]),
    ]
    assert partial.brought == [{partial.name(each) for each in level} for level in levels]
