"""What commits of the ledger added, proven by the names of their trees: git opens none of these trees for it.

Every path of a batch names the head that the batch was made for. So what the tip has under a commit's parent is put into
the parent's tree, in memory. If the result has the name of the commit's own tree, the commit added that and changed
nothing else, since git makes a tree's name of all that lies in it. Of any other commit nothing is said here.
"""

import hashlib
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from jitbot.adapters.git.process import GitProcess
from jitbot.adapters.git.tree_diff import EMPTY_TREE, Pair, TooManyError
from jitbot.domain.ledger import batches
from jitbot.domain.ledger.git_history import Touched
from jitbot.domain.model.bounds import BATCH_READ, DEEPEST
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

_AT = 4  # folders above the part of a path that names the head: events/2026/11/24/<head>/...
_NAMED = len(batches.folder(Sha("0" * 40)))  # letters of the head in it
_BYTES, _MORE_BYTES = 2_000, 1 << 20  # of the list of what the tip has: for each commit, and besides
_CHUNK = 1 << 20
# Commits that git compares one by one; the others together, with all that follows them in their part.
_ALONE = 20
_FOLLOWED = 500_000  # files that git finds changed, in all commits together: they stay in memory

Changes = Mapping[Sha, tuple[Touched, ...] | None]
Compare = Callable[[Mapping[Sha, Pair]], Changes]
_Entry = tuple[bytes, bytes]  # a file by its path, and by its mode, a blank and its blob in twenty bytes


@dataclass(slots=True)
class _Folder:
    """One tree: its entries in git's order, in which a folder's name ends with a slash."""

    order: list[bytes] = field(default_factory=list)
    entries: dict[bytes, bytes] = field(default_factory=dict)  # as a tree object has them
    folders: "dict[bytes, _Folder | bytes]" = field(default_factory=dict)  # as bytes: closed
    changed: set[bytes] = field(default_factory=set)  # those whose names are not made yet

    def add(self, parts: Sequence[bytes], entry: bytes) -> bool:
        """Add a file, unless something is in its place, or a file in the place of a folder above it. Says whether it did."""
        folder, last = self, parts[-1]
        for part in parts[:-1]:
            if part in folder.entries:
                return False
            folder.changed.add(part + b"/")
            folder = folder.opened(part + b"/") or folder.new(part + b"/")
        if last in folder.entries or last + b"/" in folder.entries:
            return False
        mode, _, blob = entry.partition(b" ")
        folder.put(last, b"%s %s\0%s" % (mode, last, blob))
        return True

    def remove(self, parts: Sequence[bytes]) -> None:
        """Remove a file, and each folder that is empty then: git keeps none. Raises KeyError if it is not there."""
        if len(parts) == 1:
            self._unset(parts[0])
            return
        key = parts[0] + b"/"
        folder = self.opened(key)
        if folder is None:
            raise KeyError(key)
        folder.remove(parts[1:])
        self.changed.add(key)
        if not folder.order:
            del self.folders[key]
            self.changed.remove(key)
            self._unset(key)

    def new(self, key: bytes) -> "_Folder":
        """A folder in it, which is empty."""
        folder = self.folders[key] = _Folder()
        self.put(key, b"")
        return folder

    def opened(self, key: bytes) -> "_Folder | None":
        """One of its folders."""
        folder = self.folders.get(key)
        if isinstance(folder, bytes):
            self.folders[key] = folder = _Folder.of(folder)
        return folder

    def close(self, parts: Sequence[bytes]) -> None:
        """Keep the folder of a file in less memory: nobody comes back to most."""
        folder, above = self, self
        for part in parts[:-1]:
            above = folder
            if (below := folder.folders.get(part + b"/")) is None or isinstance(below, bytes):
                return
            folder = below
        if not folder.folders:
            above.folders[parts[-2] + b"/"] = folder.content()

    @classmethod
    def of(cls, content: bytes) -> "_Folder":
        """A tree of files alone, by its content."""
        folder, at = cls(), 0
        while at < len(content):
            ends = content.index(b"\0", at) + 21
            entry = content[at:ends]
            folder.put(entry[:-21].partition(b" ")[2], entry)
            at = ends
        return folder

    def content(self) -> bytes:
        """The tree, as git has it."""
        return b"".join(map(self.entries.__getitem__, self.order))

    def name(self) -> bytes:
        """The name that git gives this tree, in twenty bytes. The names of its folders are made first, each once."""
        for key in self.changed:
            below = self.folders[key]
            assert isinstance(below, _Folder)  # noqa: S101 - what was changed is open until it is named
            self.entries[key] = b"40000 %s\0%s" % (key[:-1], below.name())
        self.changed.clear()
        content = self.content()
        return hashlib.sha1(b"tree %d\0%s" % (len(content), content), usedforsecurity=False).digest()

    def put(self, key: bytes, entry: bytes) -> None:
        """Put a new entry into it, by its name or, of a folder, by that with a slash."""
        insort(self.order, key)
        self.entries[key] = entry

    def _unset(self, key: bytes) -> None:
        del self.entries[key]
        del self.order[bisect_left(self.order, key)]


class Replay:
    """Follows a line of commits, each of which is the first parent of the next, by the files that its tip has.

    `compare` asks git what commits changed, each by its two trees; None for what is too much to read.
    """

    def __init__(self, compare: Compare, line: frozenset[Sha], tip: Iterable[bytes]) -> None:
        self._compare, self._line, self._left = compare, line, _ALONE
        self._root, self._tree, self._room = _Folder(), EMPTY_TREE, _FOLLOWED
        self._filed: dict[bytes, list[bytes]] = {}  # records of the tip, by the head that their paths name
        for record in tip:
            parts = record.split(b"/", _AT + 1)
            if len(parts) > _AT:
                self._filed.setdefault(parts[_AT][:_NAMED], []).append(record)

    def changes(self, parents: Mapping[Sha, Sha], pairs: Mapping[Sha, Pair]) -> Changes:
        """What commits changed, parents first, each by its first parent and the trees of both."""
        found: dict[Sha, tuple[Touched, ...] | None] = {}
        rest: dict[Sha, Pair] = {}
        for name, pair in pairs.items():
            added = self._added(parents[name], pair) if name in self._line else None
            if added is not None:
                found[name] = added
            elif self._left and name in self._line and pair[0] == self._tree:
                self._left -= 1
                found |= self._compare({name: pair})
                self._follow(found[name], pair)
            else:
                rest[name] = pair
        try:
            compared = self._compare(rest)
        except TooManyError:  # who asks again asks for fewer, and some of these were followed already
            self._forget()
            raise
        for name, pair in rest.items():
            if name in self._line:
                self._follow(compared[name], pair)
        return {**found, **compared}

    def _added(self, parent: Sha, trees: Pair) -> tuple[Touched, ...] | None:
        """What a commit added to the tree of its first parent; None where that is not proven. `trees`: before and after."""
        before, after = trees
        if before != self._tree:
            return None
        filed = [_listed(record) for record in self._filed.pop(batches.folder(parent).encode(), ())]
        files = [(path.split(b"/"), entry) for path, entry in filed]
        depths = [len(parts) for parts, _ in files]
        if sum(depths) > BATCH_READ or max(depths, default=0) > DEEPEST:
            return None
        added = [parts for parts, entry in files if self._root.add(parts, entry)]
        if len(added) < len(files) or self._root.name().hex() != after:
            for parts in added:
                self._root.remove(parts)
            return None
        self._tree = after
        for parts in added:
            self._root.close(parts)
        return tuple(_touched(path, entry) for path, entry in filed)

    def _follow(self, touched: Iterable[Touched] | None, trees: Pair) -> None:
        """Move on by what git says that a commit changed. Where that is not all, or too much, nothing later is proven."""
        before, after = trees
        if before != self._tree:
            return
        changed = list(touched or ())
        self._room -= len(changed)
        with suppress(KeyError):  # then the name does not fit
            for each in changed:
                if each.status != "A":
                    self._root.remove(_parts(each.path))
            for each in changed:
                if each.status != "D":
                    self._root.add(_parts(each.path), _entry(each))
        self._tree = after if self._room >= 0 and self._root.name().hex() == after else ""
        if not self._tree:
            self._forget()

    def _forget(self) -> None:
        """Prove nothing any more, and keep nothing for it."""
        self._root, self._filed, self._tree, self._left = _Folder(), {}, "", 0


def listed(git: GitProcess, tip: Sha, commits: int) -> Iterable[bytes]:
    """Every file of the tip of a branch with so many commits, as `ls-tree` has it; nothing if these are too many for it.

    Of what git fails to list, as much as it listed: who may push chooses the tip's folders, and stops nobody with them.
    """
    found: list[bytes] = []
    left, rest = commits * _BYTES + _MORE_BYTES, b""
    options = ("-r", "-t", "-z", "--full-tree", tip)  # -t: folders count, so that they cannot be without end
    # git follows no folders below each other without end, and ends where one of them cannot be read.
    with suppress(_TooLongError, UnavailableError), git.streamed("ls-tree", *options, stdin="") as answer:
        while chunk := answer.read(_CHUNK):
            if (left := left - len(chunk)) < 0:
                found = []
                raise _TooLongError
            *records, rest = (rest + chunk).split(b"\0")
            found += [each for each in records if b" tree " not in each[:12]]
    return found


class _TooLongError(Exception):
    """Ends git."""


def _listed(record: bytes) -> _Entry:
    """`mode type name<tab>path`."""
    meta, _, path = record.partition(b"\t")
    mode, _, blob = meta.split(b" ")
    return path, b"%s %s" % (mode, bytes.fromhex(blob.decode()))


def _touched(path: bytes, entry: bytes) -> Touched:
    mode, _, blob = entry.partition(b" ")
    return Touched(
        path=path.decode(errors="surrogateescape"), mode=mode.decode(), blob=Sha(blob.hex()), status="A"
    )


def _parts(path: str) -> list[bytes]:
    return path.encode(errors="surrogateescape").split(b"/")


def _entry(touched: Touched) -> bytes:
    return b"%s %s" % (touched.mode.encode(), bytes.fromhex(touched.blob))
