"""git's long answers, read part by part, for a reader of a whole history. Nothing large is kept in memory."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from io import BufferedReader

from jitbot.adapters.git import plumbing
from jitbot.adapters.git.process import TURN, GitProcess
from jitbot.adapters.git.tree_diff import Pair, search
from jitbot.domain.ledger.git_history import Touched
from jitbot.domain.model.bounds import COMMIT_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import ChangeKind

_NAMES = TURN // 41  # of one question to a git that stays
_SIZES = "--batch-check=%(objecttype) %(objectsize)"
_STATUS = {ChangeKind.ADDED: "A", ChangeKind.MODIFIED: "M", ChangeKind.DELETED: "D"}


def changes(
    git: GitProcess, pairs: Sequence[Pair], *, below: str = "", most: int
) -> list[tuple[Touched, ...] | None]:
    """What differs between the trees of each pair, down to every file; None where that is too much to read."""
    found = search(git, list(dict.fromkeys(pairs)), below=below, most=most)
    touched = {pair: _touched(each.found) if each.whole else None for pair, each in found.items()}
    return [touched[pair] for pair in pairs]


def _touched(differing: Iterable[plumbing.Difference]) -> tuple[Touched, ...]:
    return tuple(
        Touched(path=each.path, mode=each.mode, blob=each.blob, status=_STATUS[each.kind])
        for each in differing
    )


def contents(git: GitProcess, wanted: Sequence[Sha], most: int) -> Iterator[tuple[Sha, bytes | None]]:
    """The bytes of blobs in this order; None for what is no blob, not here, or has more than `most` bytes.

    Sizes are asked before: git unpacks what it prints, and who pushes chooses how much that is.
    """
    for start in range(0, len(wanted), _NAMES):
        names = wanted[start : start + _NAMES]
        small = _small(git, names, most)
        with git.standing("cat-file", "--batch", stdin=_lines(small)) as answer:
            read = plumbing.objects(answer, "blob", small, most)
            known = frozenset(small)
            for name in names:
                yield next(read) if name in known else (name, None)


def _small(git: GitProcess, names: Sequence[Sha], most: int) -> list[Sha]:
    """Those that are blobs of at most so many bytes, which fit into one question."""
    small: list[Sha] = []
    with git.standing("cat-file", _SIZES, stdin=_lines(names)) as answer:
        for name in names:
            line = answer.readline()
            if not line.endswith(b"\n"):
                raise EOFError
            kind, _, size = line.decode().strip().rpartition(" ")
            if kind == "blob" and int(size) <= most:
                small.append(name)
    return small


def commits(git: GitProcess, wanted: Sequence[Sha]) -> dict[Sha, plumbing.CommitHeader]:
    """What commits say of themselves. Raises UnavailableError for what is none, or not here."""
    with _asked(git, ("--batch",), wanted) as answer:
        read = dict(plumbing.objects(answer, "commit", wanted, COMMIT_READ, cut=True))
    return {name: plumbing.commit(content or b"") for name, content in read.items()}


def objects(git: GitProcess, wanted: Sequence[str], *, lazily: bool = True) -> Iterator[tuple[str, str]]:
    """For each name, whatever it spells, the object's own name and kind; both empty if there is none.

    Not `lazily`: raises UnavailableError where a partial clone lacks one of them.
    """
    arguments = ("--batch-check=%(objectname) %(objecttype)",)
    with _asked(git, arguments, wanted, lazily=lazily) as answer:
        for line in itertools.islice(answer, len(wanted)):
            name, _, kind = line.decode(errors="replace").strip().rpartition(" ")
            yield ("", "") if kind in ("missing", "ambiguous") else (name, kind)


def _asked(
    git: GitProcess, arguments: Sequence[str], lines: Iterable[str], *, lazily: bool = True
) -> AbstractContextManager[BufferedReader]:
    """The answer of `git cat-file` while it comes, to a question of one line each, which all are asked before."""
    return git.streamed("cat-file", *arguments, "--buffer", stdin=_lines(lines), lazily=lazily)


def _lines(asked: Iterable[str]) -> str:
    return "".join(f"{each}\n" for each in asked)
