"""The formats in which git's plumbing answers, read into values."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from typing import NamedTuple

from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.model.bounds import COMMIT_READ
from jitbot.domain.model.documents import FOLDER, PLAIN, Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import Change, ChangeKind

_SUBMODULE, _NOTHING = "160000", "000000"
_TREE = re.compile(rb"tree ([0-9a-f]{40})\n")
_PARENT = re.compile(rb"parent [0-9a-f]{40}")
_COMMITTED = re.compile(rb"^committer .* (\d{1,18}) [-+]\d{4}$", re.MULTILINE)
_RAW = re.compile(rb":(\d{6} \d{6} [0-9a-f]{40} [0-9a-f]{40}) [A-Z]\d*\0")
_RECORD = re.compile(_RAW.pattern + rb"([^\0]*)\0")
_PAIR = re.compile(rb"([^: \n]+) ([^\n]+)\n")
END = "."  # no name of an object: `diff-tree --stdin` repeats such a line, and sends what it has printed
_END = f"{END}\n".encode()
_LATEST = 253_402_300_799  # the last second that a datetime can be; a commit may claim any
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One path that differs between two trees: as it is in the second."""

    path: str
    mode: str
    blob: Sha
    kind: ChangeKind


class TreeRecord(NamedTuple):
    """One entry that differs between two trees: a file, a folder, or something else that git can hold."""

    name: str
    old_mode: str
    mode: str
    old_blob: Sha
    blob: Sha

    @property
    def trees(self) -> tuple[str, str]:
        """The folder it was and the folder it is; empty where it was or is none."""
        old = self.old_blob if self.old_mode == FOLDER else ""
        return old, self.blob if self.mode == FOLDER else ""

    def as_file(self, path: str) -> Difference | None:
        """What became of the file of this name; None if it neither was nor is one."""
        was, is_now = (mode not in (_NOTHING, FOLDER) for mode in (self.old_mode, self.mode))
        if is_now:
            kind = ChangeKind.MODIFIED if was else ChangeKind.ADDED
            return Difference(path=path, mode=self.mode, blob=self.blob, kind=kind)
        if was:
            return Difference(path=path, mode=_NOTHING, blob=Sha("0" * 40), kind=ChangeKind.DELETED)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitHeader:
    """What a commit says of itself."""

    parents: tuple[Sha, ...]
    message: str
    claimed: int = 0  # its date, as its author chose it; 0 if it has none
    whole: bool = True  # not: too large, and read only as far as its parents go
    tree: str = ""  # empty if its first line does not name one


def entries(answer: bytes) -> Iterator[AddedEntry]:
    """Read `ls-tree -z`: records of mode, type, name and path."""
    for record in answer.split(b"\0")[:-1]:
        meta, _, path = record.partition(b"\t")
        mode, _, blob = meta.decode().split(" ")
        yield AddedEntry(path=path.decode(errors="surrogateescape"), mode=mode, blob=Sha(blob))


def tree(content: bytes) -> Iterator[AddedEntry]:
    """Read a tree object: for each entry its mode, a space, its name, a zero and twenty bytes."""
    at = 0
    while at < len(content):
        names = content.index(b"\0", at)
        mode, _, name = content[at:names].partition(b" ")
        at = names + 21
        yield AddedEntry(
            path=name.decode(errors="surrogateescape"),
            mode=mode.decode().zfill(6),
            blob=Sha(content[names + 1 : at].hex()),
        )


def records(answer: BufferedReader) -> Iterator[tuple[tuple[str, str], TreeRecord | None]]:
    """Read `diff-tree --stdin -z`: a line with the two trees, given as None, then for each entry a raw record and its name.

    The answer ends with the line `END`, which git repeats. Raises EOFError if it ends before.
    """
    held, at, pair = b"", 0, ("", "")
    while not held.startswith(_END, at):
        if found := _RECORD.match(held, at):
            said, name = found.groups()
            old_mode, mode, old_blob, blob = said.decode().split(" ")
            yield (
                pair,
                TreeRecord(name.decode(errors="surrogateescape"), old_mode, mode, Sha(old_blob), Sha(blob)),
            )
        elif found := _PAIR.match(held, at):
            pair = (found[1].decode(), found[2].decode())
            yield pair, None
        else:
            part_ends = held.find(b"\0" if held.startswith(b":", at) else b"\n", at) >= 0
            if part_ends and not _RAW.match(held, at):  # not only that its name is still to come
                raise UnavailableError("git's diff-tree answers in a form that this jitbot does not know")
            more = answer.read1(_CHUNK)
            if not more:
                raise EOFError
            held, at = held[at:] + more, 0
            continue
        at = found.end()


def objects(
    answer: BufferedReader, kind: str, wanted: Sequence[Sha], most: int, *, cut: bool = False
) -> Iterator[tuple[Sha, bytes | None]]:
    """Read `cat-file --batch`: a line `name type size`, then that many bytes and a newline.

    None for what is no object of this kind, or has more than `most` bytes; with `cut`, the first `most` bytes and
    one more of such a one. Raises UnavailableError for what is not here at all and EOFError where the answer ends too early.
    """
    for name in wanted:
        line = answer.readline().decode()
        if not line.endswith("\n"):
            raise EOFError
        _, _, rest = line.rstrip("\n").partition(" ")
        what, _, size = rest.partition(" ")
        if not size.isdecimal():
            raise UnavailableError(f"git has no {kind} {name[:10]} here; fetch deeper (fetch-depth: 0)")
        length = int(size)
        wanted_bytes = min(length, most + 1) if what == kind and (cut or length <= most) else 0
        content = answer.read(wanted_bytes) if wanted_bytes or (what == kind and not length) else None
        _skip(answer, length - wanted_bytes)
        if answer.read(1) != b"\n":
            raise EOFError
        yield name, content


def _skip(answer: BufferedReader, size: int) -> None:
    while size > 0 and (passed := len(answer.read(min(size, _CHUNK)))):
        size -= passed


def tree_of(commit: bytes) -> str | None:
    """The tree of a commit object, which its first line names; None if it does not, as in a forged one."""
    found = _TREE.match(commit)
    return found[1].decode() if found else None


def commit(content: bytes) -> CommitHeader:
    """Read a commit object: its tree, its parents right below, more headers, an empty line, its message.

    Only the lines below the tree are parents, as for git itself: anyone who may push can write any other header. Of
    one that was cut the parents are read, and nothing is said of its message.
    """
    headers, _, message = content.partition(b"\n\n")
    parents = itertools.takewhile(_PARENT.fullmatch, headers.split(b"\n")[1:])
    names = tuple(Sha(line[7:].decode()) for line in parents)
    root = tree_of(content) or ""
    if len(content) > COMMIT_READ:
        return CommitHeader(parents=names, message="", whole=False, tree=root)
    dated = _COMMITTED.search(headers)
    return CommitHeader(
        parents=names,
        message=message.decode(errors="replace"),
        claimed=int(dated[1]) if dated else 0,
        tree=root,
    )


def change(base: str, made: str, timestamp: int, difference: Difference) -> Change:
    """What the commit `made` did to one path."""
    return Change(
        path=difference.path,
        commit=Sha(made),
        base=Sha(base),
        committed_at=moment(timestamp),
        kind=difference.kind,
        mode=difference.mode,
        blob=None if difference.kind is ChangeKind.DELETED else difference.blob,
    )


def moment(timestamp: int) -> datetime:
    """A commit's date. Its author chooses it, and may choose one that no calendar has."""
    return datetime.fromtimestamp(min(max(timestamp, 0), _LATEST), UTC)


def added(
    made: Sha, commit: CommitHeader | None, differing: Sequence[Difference], *, whole: bool
) -> AddedCommit:
    """A commit of the ledger with the files that it adds. What it removes has no effect on older batches.

    A submodule's entry names no object of this repository: it is left out, and the commit is not `well_formed`.
    `commit` is None if the name is not a commit.
    """
    put = [each for each in differing if each.kind is not ChangeKind.DELETED]
    plain = bool(put) and all(each.mode == PLAIN for each in put)
    parents = commit.parents if commit is not None else ()
    return AddedCommit(
        commit=made,
        parent=parents[0] if parents else Sha(""),
        message=commit.message if commit is not None else "",
        entries=tuple(
            AddedEntry(path=each.path, mode=each.mode, blob=each.blob)
            for each in put
            if each.mode != _SUBMODULE
        ),
        well_formed=whole and commit is not None and commit.whole and len(parents) == 1 and plain,
    )
