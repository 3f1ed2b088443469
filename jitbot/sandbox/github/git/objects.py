"""What git prints about its objects, read into values."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_SIGNATURE = re.compile(r"(.*?) ?<([^>]*)> (-?\d+) [+-]\d{4}", re.DOTALL)
_STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "T": "changed"}


class GitError(Exception):
    """git refused; the text is what it wrote on its standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who made a commit, and when, as the commit itself claims."""

    name: str
    email: str
    when: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit object."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """What a diff says of one file. `blob` is the new content's, or the old one's if it was removed."""

    path: str
    previous_path: str | None
    status: str
    old_blob: str
    blob: str
    mode: str
    additions: int
    deletions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a tree."""

    mode: str
    kind: str
    sha: str
    name: str


def parse_commit(sha: str, text: str) -> Commit:
    """Read what `cat-file` prints of a commit."""
    head, _, message = text.partition("\n\n")
    lines = [line.partition(" ")[::2] for line in head.split("\n")]
    fields = dict(lines)
    return Commit(
        sha=sha,
        tree=fields["tree"],
        parents=tuple(value for key, value in lines if key == "parent"),
        author=_signature(fields["author"]),
        committer=_signature(fields["committer"]),
        message=message,
    )


def _signature(text: str) -> Signature:
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        raise GitError(f"unreadable signature {text!r}")
    return Signature(name=match[1], email=match[2], when=datetime.fromtimestamp(int(match[3]), UTC))


def parse_changes(text: str) -> list[FileChange]:
    """Read `diff-tree -z --raw --numstat`: first every file's modes and blobs, then its lines."""
    fields = iter(text.split("\0")[:-1])
    raw: list[tuple[list[str], str, str | None]] = []
    counted: dict[str, tuple[int, int]] = {}
    for field in fields:
        if field.startswith(":"):
            words = field[1:].split(" ")
            first = next(fields)
            raw.append((words, next(fields), first) if words[4][0] == "R" else (words, first, None))
        else:
            added, removed, path = field.split("\t")
            if not path:  # a rename: both names follow
                next(fields)
                path = next(fields)
            counted[path] = (_count(added), _count(removed))
    return [_change(words, path, previous, counted[path]) for words, path, previous in raw]


def _change(words: list[str], path: str, previous: str | None, lines: tuple[int, int]) -> FileChange:
    old_mode, new_mode, old_blob, new_blob, letter = words
    removed = letter == "D"
    return FileChange(
        path=path,
        previous_path=previous,
        status=_STATUS[letter[0]],
        old_blob=old_blob,
        blob=old_blob if removed else new_blob,
        mode=old_mode if removed else new_mode,
        additions=lines[0],
        deletions=lines[1],
    )


def _count(text: str) -> int:
    return 0 if text == "-" else int(text)  # git counts no lines in binary files


def parse_entries(listing: bytes) -> list[Entry]:
    """Read `ls-tree -z`."""
    entries = []
    for line in listing.decode(errors="surrogateescape").split("\0")[:-1]:
        words, _, path = line.partition("\t")
        mode, kind, sha = words.split(" ")
        entries.append(Entry(mode=mode, kind=kind, sha=sha, name=path.rpartition("/")[2]))
    return entries
