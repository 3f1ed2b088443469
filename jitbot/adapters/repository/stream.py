"""git's long answers, read part by part, for whoever reads all of a history: nothing of it is held that could be large."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import IO

from jitbot.adapters.repository import raw
from jitbot.adapters.repository.differing import Pair, search
from jitbot.adapters.repository.git import Git
from jitbot.domain.evidence import ChangeKind
from jitbot.domain.model import Sha
from jitbot.domain.ports.archive import Touched

MOST_PATHS = 20_000  # that one commit may change
LARGEST = 1 << 20  # bytes of one blob or one commit
_STATUS = {ChangeKind.ADDED: "A", ChangeKind.MODIFIED: "M", ChangeKind.DELETED: "D"}


def changes(git: Git, pairs: Sequence[Pair]) -> list[tuple[Touched, ...] | None]:
    """What differs between the trees of each pair, down to every file; None where that is too much to read."""
    found = search(git, list(dict.fromkeys(pairs)), most=MOST_PATHS)
    return [_touched(found[pair].found) if found[pair].whole else None for pair in pairs]


def _touched(differing: Iterable[raw.Difference]) -> tuple[Touched, ...]:
    return tuple(
        Touched(path=each.path, mode=each.mode, blob=each.blob, status=_STATUS[each.kind])
        for each in differing
    )


def contents(git: Git, wanted: Sequence[Sha], kind: str = "blob") -> Iterator[tuple[Sha, bytes | None]]:
    """The bytes of objects in this order; None for what is not of this kind, not here, or larger than any of ours."""
    fits: set[Sha] = set()
    with _asked(git, ("cat-file", "--batch-check=%(objecttype) %(objectsize)"), wanted) as sizes:
        for name, line in zip(wanted, sizes, strict=True):
            found, _, size = line.decode().strip().rpartition(" ")
            if found == kind and int(size) <= LARGEST:
                fits.add(name)
    asked = [name for name in wanted if name in fits]
    with _asked(git, ("cat-file", "--batch=%(objectsize)", "--buffer"), asked) as answer:
        for name in wanted:
            content = None
            if name in fits:
                content = answer.read(int(answer.readline()))
                answer.read(1)
            yield name, content


def objects(git: Git, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """For each name, whatever it spells, the object's own name and kind; both empty if there is none."""
    with _asked(git, ("cat-file", "--batch-check=%(objectname) %(objecttype)"), wanted) as answer:
        for line in itertools.islice(answer, len(wanted)):
            name, _, kind = line.decode(errors="replace").strip().rpartition(" ")
            yield ("", "") if kind in ("missing", "ambiguous") else (name, kind)


def _asked(git: Git, arguments: Sequence[str], lines: Iterable[str]) -> AbstractContextManager[IO[bytes]]:
    """git's answer while it comes, to a question of one line each."""
    asked = "".join(f"{line}\n" for line in lines)
    return git.streamed(*arguments, stdin=asked)
