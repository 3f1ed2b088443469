"""The formats in which git's plumbing answers, read into values."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jitbot.domain.errors import UnavailableError
from jitbot.domain.evidence import Change, ChangeKind
from jitbot.domain.model import Sha
from jitbot.domain.ports import Added, Entry

_KINDS = {"A": ChangeKind.ADDED, "M": ChangeKind.MODIFIED, "T": ChangeKind.MODIFIED, "D": ChangeKind.DELETED}
_PLAIN, _SUBMODULE = "100644", "160000"
_PARENT = re.compile(rb"parent [0-9a-f]{40}")
_RAW = re.compile(rb":\d{6} (\d{6}) [0-9a-f]{40} ([0-9a-f]{40}) ([A-Z])\d*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path that differs between two trees: as it is in the second."""

    path: str
    mode: str
    blob: Sha
    status: str  # A added, D deleted, M modified, T of another type


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit says of itself."""

    parents: tuple[Sha, ...]
    message: str


def entries(answer: bytes) -> Iterator[Entry]:
    """Read `ls-tree -z`: records of mode, type, name and path."""
    for record in answer.split(b"\0")[:-1]:
        meta, _, path = record.partition(b"\t")
        mode, _, blob = meta.decode().split(" ")
        yield Entry(path=path.decode(errors="surrogateescape"), mode=mode, blob=Sha(blob))


def differences(answer: bytes) -> dict[tuple[str, str], list[Difference]]:
    """Read `diff-tree --stdin -z`: a line with the two trees, then for each path a raw record and the path."""
    found: dict[tuple[str, str], list[Difference]] = {}
    current: list[Difference] = []
    parts = iter(answer.split(b"\0"))
    for part in parts:
        head, _, rest = part.rpartition(b"\n")
        for line in head.splitlines():
            one, other = line.decode().split(" ")
            current = found.setdefault((one, other), [])
        if match := _RAW.fullmatch(rest):
            mode, blob, status = (group.decode() for group in match.groups())
            path = next(parts).decode(errors="surrogateescape")
            current.append(Difference(path=path, mode=mode, blob=Sha(blob), status=status))
    return found


def objects(answer: bytes, kind: str, wanted: Sequence[Sha]) -> Iterator[tuple[Sha, bytes]]:
    """Read `cat-file --batch`: a line `name type size`, then that many bytes and a newline."""
    offset = 0
    for name in wanted:
        end = answer.index(b"\n", offset)
        _, _, rest = answer[offset:end].decode().partition(" ")
        if not rest.startswith(f"{kind} "):
            raise UnavailableError(f"git has no {kind} {name[:10]} here; fetch deeper (fetch-depth: 0)")
        size = int(rest.split(" ")[1])
        yield name, answer[end + 1 : end + 1 + size]
        offset = end + 1 + size + 1


def commit(content: bytes) -> Commit:
    """Read a commit object: its tree, its parents right below, more headers, an empty line, its message.

    Only the lines below the tree are parents, as for git itself: whoever may push can write any other header.
    """
    headers, _, message = content.partition(b"\n\n")
    parents = itertools.takewhile(_PARENT.fullmatch, headers.split(b"\n")[1:])
    names = tuple(Sha(line[7:].decode()) for line in parents)
    return Commit(parents=names, message=message.decode(errors="replace"))


def change(base: str, made: str, timestamp: int, difference: Difference) -> Change:
    """What the commit `made` did to one path."""
    kind = _KINDS.get(difference.status, ChangeKind.MODIFIED)
    return Change(
        path=difference.path,
        commit=Sha(made),
        base=Sha(base),
        committed_at=datetime.fromtimestamp(timestamp, UTC),
        kind=kind,
        mode=difference.mode,
        blob=None if kind is ChangeKind.DELETED else difference.blob,
    )


def added(made: Sha, found: Commit, differing: Sequence[Difference]) -> Added:
    """A commit of the ledger, by what it puts there; what it takes away has no effect on what was there.

    What a submodule's entry names is no object of this repository: it is left out, and the commit untidy.
    """
    put = [each for each in differing if each.status != "D"]
    return Added(
        commit=made,
        parent=found.parents[0] if found.parents else Sha(""),
        message=found.message,
        entries=tuple(
            Entry(path=each.path, mode=each.mode, blob=each.blob) for each in put if each.mode != _SUBMODULE
        ),
        tidy=len(found.parents) == 1 and bool(put) and all(each.mode == _PLAIN for each in put),
    )
