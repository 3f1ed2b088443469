"""git objects, whose names are made from their contents: each is read once in a run, since it can never change.

A run reads the ledger several times, each time a few commits longer. What it read before it need not ask for
again, and a git that is not started costs nothing. Only answers are remembered, never that something is missing.
"""

from collections.abc import Iterable, Iterator, Sequence

from jitbot.adapters.git import plumbing
from jitbot.adapters.git.process import GitProcess
from jitbot.adapters.git.tree_diff import EMPTY_TREE, Bring, Pair, Search, search_bringing
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.bounds import COMMIT_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

_REMEMBERED = 1 << 25  # bytes of contents, all together
_FIRST_LINE = 46  # bytes of a commit: `tree `, a name, and the line's end
_SMALL = 1 << 16  # bytes: a larger one is read again
_ENTRIES = 200_000  # that differ, in all comparisons together
_ARGUMENTS, _ARGUMENT_BYTES = 200, 100_000  # of one command line


class Objects:
    """The commits, trees and blobs of one clone, within what a run may remember of them.

    `bring` is handed the trees that are compared, where one of them is not here.
    """

    def __init__(
        self, git: GitProcess, *, bring: Bring = lambda _: None, remembered: int = _REMEMBERED
    ) -> None:
        self._git = git
        self._bring = bring
        self._bytes_left = remembered
        self._entries_left = _ENTRIES
        self._contents: dict[tuple[str, Sha], bytes] = {}
        self._trees: dict[str, str] = {EMPTY_TREE: EMPTY_TREE}
        self._listed: dict[tuple[str, ...], bytes] = {}
        self._searches: dict[tuple[Pair, str, int], Search] = {}

    def read(
        self, kind: str, names: Iterable[Sha], most: int, *, cut: bool = False
    ) -> Iterator[tuple[Sha, bytes | None]]:
        """Each of these with its bytes; None for what is of another kind or has more than `most` bytes.

        With `cut`, of such a one the first `most` bytes and one more. Raises UnavailableError for what is not here.
        """
        wanted = dict.fromkeys(names)
        unknown = {name: None for name in wanted if (kind, name) not in self._contents}
        answers = self._asked(kind, list(unknown), most, cut=cut)
        for name in wanted:
            if name in unknown:
                _, content = next(answers)
                self._remember(kind, name, content)
            else:
                content = self._contents[kind, name]
            yield name, content if content is not None and (cut or len(content) <= most) else None
        next(answers, None)  # so that git ends, and its failure is raised

    def commits(self, names: Iterable[Sha]) -> dict[Sha, plumbing.CommitHeader | None]:
        """What commits say of themselves; None for what is none. One too large is read as far as its parents go."""
        read = self.read("commit", names, COMMIT_READ, cut=True)
        return {name: plumbing.commit(content) if content is not None else None for name, content in read}

    def tree(self, commit: Sha) -> Sha:
        """The tree of a commit. Raises UnavailableError if the commit is not here; the tree itself may not be."""
        return Sha(self._trees_of({commit})[commit])

    def entries(self, commit: Sha, paths: Sequence[str], *, lazily: bool = True) -> tuple[AddedEntry, ...]:
        """The entries of a commit's tree at these paths, or directly in a folder whose path ends in /.

        What they name is not opened. Not `lazily`: raises UnavailableError where a tree above them is not here.
        """
        return tuple(
            entry for some in _portions(paths) for entry in self._entries(commit, some, lazily=lazily)
        )

    def differing(
        self, pairs: Sequence[tuple[str, Sha]], *, below: str = "", most: int
    ) -> dict[tuple[str, Sha], Search]:
        """What differs between each pair of commits; the empty tree stands for a commit before the first."""
        trees = self._trees_of({name for pair in pairs for name in pair})
        between = {(base, commit): (trees[base], trees[commit]) for base, commit in pairs}
        found = {pair: self._searches.get((pair, below, most)) for pair in between.values()}
        unknown = [pair for pair, known in found.items() if known is None]
        searched = search_bringing(self._git, unknown, self._bring, below=below, most=most)
        for pair, each in searched.items():
            if each.seen < self._entries_left:
                self._entries_left -= each.seen + 1
                self._searches[pair, below, most] = each
        return {pair: found[trees_] or searched[trees_] for pair, trees_ in between.items()}

    def _entries(self, commit: Sha, paths: Sequence[str], *, lazily: bool) -> Iterator[AddedEntry]:
        asked = (commit, *paths)
        if asked not in self._listed:
            options = ("-z", "--full-tree", commit, "--", *paths)
            self._listed[asked] = self._git.ask("ls-tree", *options, lazily=lazily)
        return plumbing.entries(self._listed[asked])

    def _asked(
        self, kind: str, wanted: Sequence[Sha], most: int, *, cut: bool
    ) -> Iterator[tuple[Sha, bytes | None]]:
        if wanted:
            asked = "".join(f"{name}\n" for name in wanted)
            with self._git.standing("cat-file", "--batch", stdin=asked, lazily=kind != "tree") as answer:
                yield from plumbing.objects(answer, kind, wanted, most, cut=cut)

    def _remember(self, kind: str, name: Sha, content: bytes | None) -> None:
        if content is not None and len(content) <= min(_SMALL, self._bytes_left):
            self._bytes_left -= len(content)
            self._contents[kind, name] = content

    def _trees_of(self, commits: set[str]) -> dict[str, str]:
        """The tree of each commit: `diff-tree --stdin` compares two trees a line, but not two commits."""
        for name in commits - self._trees.keys():
            if (tree := plumbing.tree_of(self._contents.get(("commit", Sha(name)), b""))) is not None:
                self._trees[name] = tree
        wanted = [Sha(name) for name in sorted(commits - self._trees.keys())]
        # Of the commit's first line, since git would look whether the tree is here.
        for name, content in self._asked("commit", wanted, _FIRST_LINE, cut=True):
            if (tree := plumbing.tree_of(content or b"")) is None:
                raise UnavailableError(f"git has no commit {name[:10]} here; fetch deeper (fetch-depth: 0)")
            self._trees[name] = tree
        return {commit: self._trees[commit] for commit in commits}


def _portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    """Paths in portions that a command line takes: people choose how many there are, and how long each is."""
    start = size = 0
    for end, path in enumerate(paths):
        size += len(path) * 4 + 1
        if end > start and (end - start == _ARGUMENTS or size > _ARGUMENT_BYTES):
            yield paths[start:end]
            start, size = end, len(path) * 4 + 1
    yield paths[start:]
