"""What differs between trees, found level by level and within a budget.

Anyone who may push chooses the trees that are compared here. git's own recursion would follow one kilobyte of
nested trees into millions of paths; this walk opens one level after the other, and stops where a budget ends.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from jitbot.adapters.git import plumbing
from jitbot.adapters.git.process import TURN, GitProcess
from jitbot.domain.model.bounds import DEEPEST, PATHS_TOGETHER
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_OPTIONS = ("--stdin", "-z", "--raw", "--no-renames", "--no-abbrev")

_PAIRS = TURN // 82 - 1  # of a turn: two names, a blank, and the line's end

Pair = tuple[str, str]  # two trees


@dataclass(slots=True, kw_only=True)
class Search:
    """What was found between two trees. Not `whole`: more differs than the budget let be looked at."""

    most: int
    seen: int = 0
    cut: bool = False
    found: list[plumbing.Difference] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether everything was looked at."""
        return not self.cut and self.seen <= self.most


Bring = Callable[[Iterable[Sha]], None]  # trees that may be at the remote


class TooManyError(Exception):
    """More differs between several pairs than is held at a time: fewer may be asked together, and one alone always."""


def search(git: GitProcess, pairs: Collection[Pair], *, below: str = "", most: int) -> Mapping[Pair, Search]:
    """The differences of each pair, without renames: of all paths, of a folder (`below` ends in /), or of one path.

    `most` bounds, for each pair, how many entries are looked at, files and folders together. Raises TooManyError where
    those of several pairs are too many together.
    """
    return _search(git, pairs, below, most, None, left=PATHS_TOGETHER if len(pairs) > 1 else math.inf)


def search_bringing(
    git: GitProcess, pairs: Collection[Pair], bring: Bring, *, below: str = "", most: int
) -> Mapping[Pair, Search]:
    """As `search`, in a clone that may lack trees: then those of each level are brought together, before they are compared."""
    try:
        return _search(git, pairs, below, most, lambda _: None)
    except UnavailableError:
        return _search(git, pairs, below, most, bring)


def _search(
    git: GitProcess,
    pairs: Collection[Pair],
    below: str,
    most: int,
    bring: Bring | None,
    left: float = math.inf,
) -> Mapping[Pair, Search]:
    searches = {pair: Search(most=most) for pair in pairs}
    asked: dict[Pair, list[tuple[Search, str]]] = {
        pair: [(each, "")] for pair, each in searches.items() if pair[0] != pair[1]
    }
    if not asked:
        return searches
    for _ in range(DEEPEST):
        if bring is not None:
            bring({Sha(tree) for pair in asked for tree in pair} - {EMPTY_TREE})
        deeper: dict[Pair, list[tuple[Search, str]]] = {}
        for pair, record in _level(git, asked, lazily=bring is None):
            for each, folder in asked[pair]:
                _take(each, record, folder, below, deeper)
                left -= 1
            if left < 0:
                raise TooManyError
        if not deeper:
            return searches
        asked = deeper
    for each, _ in (asker for askers in asked.values() for asker in askers):
        each.cut = True
    return searches


def _level(
    git: GitProcess, pairs: Iterable[Pair], *, lazily: bool
) -> Iterator[tuple[Pair, plumbing.TreeRecord]]:
    """The entries that differ between two trees, not what lies in their folders.

    Raises UnavailableError for a pair that git passes over, since it cannot read one of them: it does not say so.
    """
    left = iter(pairs)
    while portion := list(islice(left, _PAIRS)):
        asked = "".join(f"{one} {other}\n" for one, other in portion) + f"{plumbing.END}\n"
        unread = dict.fromkeys(portion)
        with git.standing("diff-tree", *_OPTIONS, stdin=asked, lazily=lazily) as answer:
            for pair, record in plumbing.records(answer):
                if record is None:
                    unread.pop(pair, None)
                else:
                    yield pair, record
        for one, other in unread:
            raise UnavailableError(
                f"git cannot read the tree {one[:10]} or {other[:10]}; fetch it all: `git fetch --refetch`"
            )


def _take(
    each: Search,
    record: plumbing.TreeRecord,
    folder: str,
    below: str,
    deeper: dict[Pair, list[tuple[Search, str]]],
) -> None:
    """One entry into a search: a file is found, a folder is to be opened, one that became the other is both.

    A folder is opened as well where what is asked for may lie in it.
    """
    if not each.whole:
        return
    path = folder + record.name
    inside = (not below or below.endswith("/")) and path.startswith(below)
    is_file, is_folder = inside or path == below, inside or below.startswith(f"{path}/")
    if not (is_file or is_folder):
        return
    each.seen += 1
    old, new = record.trees
    if is_folder and (old or new):
        pair = (old or EMPTY_TREE, new or EMPTY_TREE)
        deeper.setdefault(pair, []).append((each, f"{path}/"))
    if is_file and (difference := record.as_file(path)) is not None:
        each.found.append(difference)
