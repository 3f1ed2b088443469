"""git's long answers, read part by part, for whoever reads all of a history: nothing of it is held that could be large."""

import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jitbot.adapters.repository import raw
from jitbot.adapters.repository.differing import Pair, search
from jitbot.adapters.repository.git import NEVER_ASK, Git, last_line
from jitbot.domain.errors import UnavailableError
from jitbot.domain.evidence import ChangeKind
from jitbot.domain.model import Sha
from jitbot.domain.ports.archive import Touched

MOST_PATHS = 20_000  # that one commit may change
LARGEST = 1 << 20  # bytes of one blob or one commit
_LONGEST = 600.0  # seconds that one comparison of many commits may take
_CHUNK = 1 << 16
_STATUS = {ChangeKind.ADDED: "A", ChangeKind.MODIFIED: "M", ChangeKind.DELETED: "D"}


def changes(root: Path, pairs: Sequence[Pair]) -> list[tuple[Touched, ...] | None]:
    """What differs between the trees of each pair, down to every file; None where that is too much to read."""
    found = search(Git(root, timeout=_LONGEST), list(dict.fromkeys(pairs)), most=MOST_PATHS)
    return [_touched(found[pair].found) if found[pair].whole else None for pair in pairs]


def _touched(differing: Iterable[raw.Difference]) -> tuple[Touched, ...]:
    return tuple(
        Touched(path=each.path, mode=each.mode, blob=each.blob, status=_STATUS[each.kind])
        for each in differing
    )


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
