"""git's long answers, read part by part, and what hostile commits can do to a reader, bounded.

Whoever may push can make a commit whose tree unfolds into millions of paths: git alone would collect them all
before it says the first. So trees are compared here level by level, and a commit that is too much is given up.
"""

import itertools
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jitbot.adapters.repository.git import NEVER_ASK, last_line
from jitbot.domain.errors import UnavailableError
from jitbot.domain.model import Sha
from jitbot.domain.ports.archive import Touched

MOST_PATHS = 20_000  # that one commit may change
LARGEST = 1 << 20  # bytes of one blob or one commit
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_TREE = "040000"
_CHUNK = 1 << 16
_RAW = re.compile(rb":(\d{6}) (\d{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ([A-Z])\d*", re.ASCII)
_DIFF = ("diff-tree", "--stdin", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none")

Pair = tuple[str, str]  # two trees


def changes(root: Path, pairs: Sequence[Pair]) -> list[tuple[Touched, ...] | None]:
    """What differs between the trees of each pair, down to every file; None where that is too much to read."""
    found: list[list[Touched]] = [[] for _ in pairs]
    given_up: set[int] = set()
    frontier = [(number, "", pair) for number, pair in enumerate(pairs) if pair[0] != pair[1]]
    while frontier:
        level = _one_level(root, dict.fromkeys(pair for _, _, pair in frontier))
        below = []
        for number, prefix, pair in frontier:
            entries = level[pair]
            if number in given_up or entries is None or len(found[number]) + len(entries) > MOST_PATHS:
                given_up.add(number)
                continue
            for entry in entries:
                found[number] += entry.files(prefix)
                below += [(number, f"{prefix}{entry.name}/", each) for each in entry.folders()]
        frontier = _bounded(below, given_up)
    return [None if number in given_up else tuple(each) for number, each in enumerate(found)]


def _bounded(frontier: list[tuple[int, str, Pair]], given_up: set[int]) -> list[tuple[int, str, Pair]]:
    """The folders still to be compared, but for those of commits that have too many."""
    counts: dict[int, int] = {}
    for number, _, _ in frontier:
        counts[number] = counts.get(number, 0) + 1
    given_up |= {number for number, count in counts.items() if count > MOST_PATHS}
    return [each for each in frontier if each[0] not in given_up]


class _Entry:
    """One line of a comparison: what a name was, and what it is."""

    def __init__(self, raw: re.Match[bytes], name: str) -> None:
        self.name = name
        was, self._mode, self._old, self._new, self._status = (each.decode() for each in raw.groups())
        self._was_folder, self._is_folder = was == _TREE, self._mode == _TREE

    def files(self, prefix: str) -> Iterator[Touched]:
        """The change as one of a file; nothing if only folders are concerned."""
        if self._is_folder and self._was_folder:
            return
        status, mode, blob = self._status, self._mode, self._new
        if self._is_folder:  # in the place of a file, if there was one
            status, mode, blob = "D", "000000", "0" * 40
            if self._status == "A":
                return
        elif self._was_folder:
            status = "A"
            if self._status == "D":
                return
        yield Touched(path=f"{prefix}{self.name}", mode=mode, blob=Sha(blob), status=status)

    def folders(self) -> Iterator[Pair]:
        """The folders to compare below."""
        if self._was_folder or self._is_folder:
            yield (
                self._old if self._was_folder else EMPTY_TREE,
                self._new if self._is_folder else EMPTY_TREE,
            )


def _one_level(root: Path, pairs: Iterable[Pair]) -> dict[Pair, list[_Entry] | None]:
    """The entries that differ directly in the trees of each pair; None where those alone are too many."""
    found: dict[Pair, list[_Entry] | None] = {pair: [] for pair in pairs}
    current: list[_Entry] = []
    with reading(root, _DIFF, [" ".join(pair) for pair in found]) as answer:
        parts = _parts(answer)
        for part in parts:
            head, _, rest = part.rpartition(b"\n")
            for line in head.splitlines():
                one, other = line.decode().split(" ")
                current = []
                found[one, other] = current
            if match := _RAW.fullmatch(rest):
                name = next(parts).decode(errors="surrogateescape")
                if len(current) <= MOST_PATHS:
                    current.append(_Entry(match, name))
    return {pair: None if each is None or len(each) > MOST_PATHS else each for pair, each in found.items()}


def _parts(answer: IO[bytes]) -> Iterator[bytes]:
    """The answer, cut at its NULs."""
    rest = b""
    while chunk := answer.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def contents(root: Path, wanted: Sequence[Sha], kind: str = "blob") -> Iterator[tuple[Sha, bytes | None]]:
    """The bytes of objects in this order; None for what is not of this kind, not here, or larger than any of ours."""
    fits: set[Sha] = set()
    with reading(root, ("cat-file", "--batch-check=%(objecttype) %(objectsize)"), wanted) as sizes:
        for name, line in zip(wanted, sizes, strict=True):
            found, _, size = line.decode().strip().rpartition(" ")
            if found == kind and int(size) <= LARGEST:
                fits.add(name)
    asked = [name for name in wanted if name in fits]
    with reading(root, ("cat-file", "--batch=%(objectsize)", "--buffer"), asked) as answer:
        for name in wanted:
            content = None
            if name in fits:
                content = answer.read(int(answer.readline()))
                answer.read(1)
            yield name, content


def objects(root: Path, wanted: Sequence[str]) -> Iterator[tuple[str, str]]:
    """For each name, whatever it spells, the object's own name and kind; both empty if there is none."""
    with reading(root, ("cat-file", "--batch-check=%(objectname) %(objecttype)"), wanted) as answer:
        for line in itertools.islice(answer, len(wanted)):
            name, _, kind = line.decode(errors="replace").strip().rpartition(" ")
            yield ("", "") if kind in ("missing", "ambiguous") else (name, kind)


@contextmanager
def reading(root: Path, arguments: Sequence[str], asked: Iterable[str]) -> Iterator[IO[bytes]]:
    """git's answer while it comes, to a question of one line each. A run that is left early is stopped.

    Raises UnavailableError with git's last words if it fails.
    """
    with tempfile.TemporaryFile() as question, tempfile.TemporaryFile() as said:
        for line in asked:
            question.write(f"{line}\n".encode(errors="surrogateescape"))
        question.seek(0)
        command = ("git", "-C", str(root), *arguments)
        try:
            process = subprocess.Popen(
                command, stdin=question, stdout=subprocess.PIPE, stderr=said, env={**os.environ, **NEVER_ASK}
            )
        except OSError as error:
            raise UnavailableError(f"git cannot be run: {error.strerror}") from None
        if process.stdout is None:
            raise UnavailableError("git does not answer")
        with process.stdout as answer:
            try:
                yield answer
                left_early = bool(answer.read(1))
            except BaseException:
                process.kill()
                process.wait()
                raise
        if left_early:
            process.kill()
        code = process.wait()
        if code != 0 and not left_early:
            said.seek(0)
            raise UnavailableError(f"git {arguments[0]} failed: {last_line(said.read(_CHUNK))}")
