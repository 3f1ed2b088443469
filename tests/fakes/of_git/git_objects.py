"""The objects and refs of one repository on this machine, read in this process: loose files, small packs, refs.

An object's name is made from its content, so a content that was read once is known in every repository; whether
an object is *here* is looked up each time.
"""

import hashlib
import os
import re
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
NAME = re.compile(r"[0-9a-f]{40}")
_MODES = {b"100644", b"100755", b"120000", b"160000", b"40000"}
_LARGEST = 1 << 22  # bytes of a pack that is read as a whole
_TICK = 50_000_000  # nanoseconds: more than a file's time may be behind the clock
_BOUND = 1 << 28  # bytes of contents that are remembered

_contents: dict[str, tuple[str, bytes]] = {EMPTY_TREE: ("tree", b"")}
_packs: dict[str, frozenset[str]] = {}
_size = 0


class UnsureError(Exception):
    """This question is not answered here: ask git itself."""


class Entry(NamedTuple):
    """One line of a tree; its mode in six digits."""

    name: bytes
    mode: str
    sha: str


class Commit(NamedTuple):
    """What is asked of a commit; its committer's time in seconds."""

    tree: str
    parents: tuple[str, ...]
    time: int
    message: bytes


class Objects:
    """One repository's objects and refs. Raises UnsureError for a repository that is not of the plain kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self._config = (0, 0, 0)
        self._plain = False
        self._whole = -1  # when the folder was last changed, as of when nothing in it said otherwise
        self._seen: set[str] = set()  # objects: no git of the tests takes one away
        self._listed = -1
        self._packed: frozenset[str] = frozenset()

    def plain(self) -> bool:
        """Whether all of the repository is in its own folder, whole, and in files that are read here."""
        try:
            if not self._whole_as_of(os.stat(self.folder).st_mtime_ns):
                return False
            seen = os.stat(f"{self.folder}/config")
            config = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
            if config != self._config:  # another clone, perhaps, in the same place
                self._seen.clear()
                self._config, self._plain = config, _usual(Path(f"{self.folder}/config").read_text())
        except (OSError, UnicodeDecodeError):
            return False
        return self._plain and not os.path.exists(f"{self.folder}/objects/info/alternates")

    def _whole_as_of(self, changed: int) -> bool:
        """Whether nothing in the folder says otherwise; not looked at again while the folder's own time stays.

        A time is kept only once it is older than a clock's tick, within which another file may come.
        """
        if changed == self._whole:
            return True
        there = os.listdir(self.folder)
        whole = "shallow" not in there and "commondir" not in there
        whole = whole and os.path.exists(f"{self.folder}/objects/pack")
        self._whole = changed if whole and time.time_ns() - changed > _TICK else -1
        return whole

    def read(self, name: str) -> tuple[str, bytes] | None:
        """The kind and the content of an object; None if it is not here."""
        if name == EMPTY_TREE:
            return _contents[name]
        if name in self._seen and name in _contents:
            return _contents[name]
        loose = f"{self.folder}/objects/{name[:2]}/{name[2:]}"
        if os.path.exists(loose):
            self._seen.add(name)
            return _contents.get(name) or _remember(name, _inflated(loose))
        if name in self._in_packs():
            self._seen.add(name)
            return _contents.get(name) or self._unpacked(name)
        return None

    def has(self, name: str) -> bool:
        """Whether an object is here, unread."""
        loose = f"{self.folder}/objects/{name[:2]}/{name[2:]}"
        return name in self._seen or os.path.exists(loose) or name in self._in_packs()

    def tree(self, name: str) -> tuple[Entry, ...]:
        """The entries of a tree, in their order. Raises UnsureError for what is none, or none that git would write."""
        found = self.read(name)
        if found is None or found[0] != "tree":
            raise UnsureError
        return _entries(found[1])

    def commit(self, name: str) -> Commit:
        """A commit. Raises UnsureError for what is none, or none that git would write."""
        found = self.read(name)
        if found is None or found[0] != "commit":
            raise UnsureError
        return _commit(found[1])

    def at(self, tree: str, path: bytes) -> tuple[str, str] | None:
        """The mode and the object at a path below a tree; None if there is none."""
        mode = "040000"
        for part in path.split(b"/"):
            if part in {b"", b".", b".."}:
                raise UnsureError
            if mode != "040000":
                return None
            found = next((each for each in self.tree(tree) if each.name == part), None)
            if found is None:
                return None
            mode, tree = found.mode, found.sha
        return mode, tree

    def write(self, kind: str, content: bytes) -> str:
        """Put an object here; gives its name."""
        whole = f"{kind} {len(content)}".encode() + b"\0" + content
        name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        file = f"{self.folder}/objects/{name[:2]}/{name[2:]}"
        if not os.path.exists(file):
            scratch = f"{self.folder}/objects/tmp_obj_{os.getpid()}_{threading.get_ident()}"
            put(scratch, zlib.compress(whole, 1))
            in_folder(os.replace, scratch, file)
            self._seen.add(name)
            _contents.get(name) or _remember(name, (kind, content))
        return name

    def refs(self, places: Iterable[str] = ("refs",)) -> dict[str, str]:
        """Each ref that is at one of these places or below, by its full name; of the others, no file is read."""
        places = tuple(places)
        found = self.packed_refs(places)
        for place in places:
            found.update(_loose(self.folder, place))
        for ref, name in found.items():
            if name.startswith("ref: "):
                found[ref] = self.refs([name.removeprefix("ref: ")]).get(name.removeprefix("ref: "), "")
        if not all(map(NAME.fullmatch, found.values())):
            raise UnsureError
        return dict(sorted(found.items(), key=lambda each: each[0].encode(errors="surrogateescape")))

    def packed_refs(self, places: Iterable[str]) -> dict[str, str]:
        """Those refs at these places or below that lie in one file together, where they may be out of date."""
        packed = f"{self.folder}/packed-refs"
        if not os.path.exists(packed):
            return {}
        below, found = tuple(f"{each}/" for each in places), dict[str, str]()
        for line in Path(packed).read_text().splitlines():
            name, _, ref = line.partition(" ")
            if line[:1] not in ("#", "^") and f"{ref}/".startswith(below):
                found[ref] = name
        return found

    def _in_packs(self) -> frozenset[str]:
        folder = f"{self.folder}/objects/pack"
        changed = os.stat(folder).st_mtime_ns
        if changed != self._listed:
            there = set(os.listdir(folder))
            packs = [file.removesuffix(".pack") for file in there if file.endswith(".pack")]
            files = [f"{pack}.idx" for pack in packs if f"{pack}.idx" in there]
            self._packed = frozenset().union(*(_index(f"{folder}/{file}") for file in files))
            self._listed = changed
        return self._packed

    def _unpacked(self, name: str) -> tuple[str, bytes]:
        """The object, and with it everything that lies in the same pack: read by git itself, in one process."""
        folder = f"{self.folder}/objects/pack"
        for file in os.listdir(folder):
            if file.endswith(".idx") and name in _index(f"{folder}/{file}"):
                if os.path.getsize(f"{folder}/{file.removesuffix('.idx')}.pack") > _LARGEST:
                    raise UnsureError
                _read_all(self.folder, _index(f"{folder}/{file}"))
        return _contents[name]


@cache
def repository(folder: Path) -> Objects:
    """The repository in this folder, which is bare or the `.git` of a clone."""
    return Objects(folder)


def _usual(settings: str) -> bool:
    """Whether a repository of these settings has all of its objects and refs in its own files."""
    return not re.search(r"promisor|partialclone|extensions|include|worktree", settings, re.IGNORECASE)


def _loose(folder: str, place: str) -> Iterator[tuple[str, str]]:
    """The refs that have a file of their own, with what is in it."""
    try:
        with os.scandir(f"{folder}/{place}") as inside:
            entries = [(each.is_dir(), each.name) for each in inside]
    except FileNotFoundError:
        return
    except NotADirectoryError:
        yield place, _line(f"{folder}/{place}")
        return
    for is_folder, name in entries:
        if is_folder:
            yield from _loose(folder, f"{place}/{name}")
        else:
            yield f"{place}/{name}", _line(f"{folder}/{place}/{name}")


def _line(file: str) -> str:
    """What is in a file of one line: `open` would take three times as long."""
    opened = os.open(file, os.O_RDONLY)
    try:
        return os.fsdecode(os.read(opened, 1 << 16)).strip()
    finally:
        os.close(opened)


def put(file: str, content: bytes) -> None:
    """Write a file."""
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        while content:
            content = content[os.write(opened, content) :]
    finally:
        os.close(opened)


def in_folder(bring: Callable[[str, str], None], source: str, target: str) -> None:
    """Bring a file to a place whose folder is there, nearly always."""
    try:
        bring(source, target)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        bring(source, target)


def _remember(name: str, found: tuple[str, bytes]) -> tuple[str, bytes]:
    global _size
    _size += len(found[1])
    if _size > _BOUND:
        _contents.clear()
        _contents[EMPTY_TREE] = ("tree", b"")
        _size = len(found[1])
    _contents[name] = found
    return found


def _inflated(file: str) -> tuple[str, bytes]:
    header, _, content = zlib.decompress(Path(file).read_bytes()).partition(b"\0")
    return header.decode().partition(" ")[0], content


def _index(file: str) -> frozenset[str]:
    """The names in a pack's index: https://git-scm.com/docs/gitformat-pack (version 2)."""
    if file not in _packs:
        read = Path(file).read_bytes()
        if read[:8] != b"\xfftOc\0\0\0\2":
            raise UnsureError
        (count,) = struct.unpack_from(">I", read, 8 + 255 * 4)
        start = 8 + 256 * 4
        _packs[file] = frozenset(read[at : at + 20].hex() for at in range(start, start + 20 * count, 20))
    return _packs[file]


def _read_all(folder: str, names: frozenset[str]) -> None:
    asked = "".join(f"{name}\n" for name in names).encode()
    command = ["git", f"--git-dir={folder}", "cat-file", "--batch", "--buffer"]
    rest = subprocess.run(command, input=asked, capture_output=True, check=True).stdout
    at = 0
    while at < len(rest):
        end = rest.index(b"\n", at)
        name, kind, size = rest[at:end].decode().split(" ")
        _remember(name, (kind, rest[end + 1 : end + 1 + int(size)]))
        at = end + 2 + int(size)


def as_tree(entries: Iterable[Entry]) -> bytes:
    """The content of a tree that has these entries, in git's order: a folder as if its name ended in a slash."""
    ordered = sorted(entries, key=lambda each: each.name + b"/" * (each.mode == "040000"))
    lines = (
        each.mode.lstrip("0").encode() + b" " + each.name + b"\0" + bytes.fromhex(each.sha)
        for each in ordered
    )
    return b"".join(lines)


@lru_cache(maxsize=20_000)
def _entries(content: bytes) -> tuple[Entry, ...]:
    found, at, last = [], 0, b""
    while at < len(content):
        space, end = content.find(b" ", at), content.find(b"\0", at)
        mode, name = content[at:space], content[space + 1 : end]
        key = name + b"/" if mode == b"40000" else name
        if mode not in _MODES or not name or b"/" in name or key <= last or len(content) < end + 21:
            raise UnsureError
        found.append(
            Entry(name=name, mode=mode.decode().rjust(6, "0"), sha=content[end + 1 : end + 21].hex())
        )
        at, last = end + 21, key
    if len({each.name for each in found}) < len(found):
        raise UnsureError
    return tuple(found)


_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)"
    rb"author [^\n]*> \d{1,10} [+-]\d{4}\ncommitter [^\n<>]*<[^\n<>]*> (\d{1,10}) [+-]\d{4}\n\n(.*)",
    re.DOTALL,
)


@lru_cache(maxsize=20_000)
def _commit(content: bytes) -> Commit:
    match = _COMMIT.fullmatch(content)
    if match is None or b"\0" in content:
        raise UnsureError
    parents = tuple(line.decode()[7:] for line in match[2].splitlines())
    return Commit(tree=match[1].decode(), parents=parents, time=int(match[3]), message=match[4])
