"""The entries of a registry file with their lines, and how its text is changed so that everything else stays as it is.

Comments, blank lines, order and the entries of others are never rewritten: an edit replaces the lines of one entry.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from jitbot.domain.model.account_groups import ACCOUNT_GROUPS
from jitbot.domain.model.documents import ACCOUNTS, PEOPLE, TEAMS
from jitbot.domain.model.errors import InvalidError

# The key that the entries of a file are below.
UNDER = {PEOPLE: "people", TEAMS: "", ACCOUNTS: "", ACCOUNT_GROUPS: ""}

Value = str | list["Value"] | dict[str, "Value"]  # what YAML holds, read strictly: every scalar is text


class ImportSource(StrEnum):
    """What `source:` says of an entry: the import that it belongs to."""

    CSV = "csv"
    GITHUB = "github"
    ORGANIZATIONS = "organizations"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One entry of a registry file: its key, the line of the key (from 1), and its value."""

    key: str
    line: int
    value: Value

    def belongs_to(self, source: ImportSource) -> bool:
        """Whether it is an import's own: an entry without this `source:` is never touched by it."""
        return isinstance(self.value, dict) and self.value.get("source") == source


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntries:
    """A registry file: its text, and its entries in order, each on lines of its own.

    `column` is that of the keys (from 1); `end` the first line after the last entry; `rest` what is beside the entries.
    """

    path: str
    text: str
    entries: tuple[FileEntry, ...]
    column: int
    end: int
    rest: Mapping[str, Value]

    @property
    def by_key(self) -> Mapping[str, Value]:
        """The value of each entry, by key."""
        return {each.key: each.value for each in self.entries}

    def own(self, source: ImportSource) -> Mapping[str, FileEntry]:
        """The entries that belong to this import, by key."""
        return {each.key: each for each in self.entries if each.belongs_to(source)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """What becomes of an import's own entries in one file; entries of others are in none of these."""

    path: str
    added: Mapping[str, Value]
    changed: Mapping[str, Value]
    removed: tuple[str, ...]
    left_alone: tuple[str, ...]  # entries of others that have the key of one that is wanted

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def compare(file: FileEntries, wanted: Mapping[str, Value], source: ImportSource) -> FileChanges:
    """What must change for the import's own entries to be these. Keys are compared without case, as GitHub does."""
    own = {key.casefold(): each for key, each in file.own(source).items()}
    others = {each.key.casefold() for each in file.entries} - own.keys()
    named = {key.casefold() for key in wanted}
    return FileChanges(
        path=file.path,
        added={key: value for key, value in wanted.items() if key.casefold() not in own.keys() | others},
        changed={
            own[key.casefold()].key: value
            for key, value in wanted.items()
            if key.casefold() in own and own[key.casefold()].value != value
        },
        removed=tuple(each.key for key, each in own.items() if key not in named),
        left_alone=tuple(key for key in wanted if key.casefold() in others),
    )


def edited(file: FileEntries, changes: FileChanges) -> str:
    """The text of the file with these changes. Raises InvalidError for an entry that cannot be changed without a loss."""
    lines = _opened(file)
    kept: list[str] = []
    position = 0
    if not file.entries:
        kept, position = lines, len(lines)
    for entry, end in _spans(file):
        kept += lines[position : entry.line - 1]
        own = lines[entry.line - 1 : end]
        if entry.key in changes.changed:
            kept += _rewritten(file, entry, own, changes.changed[entry.key])
        elif entry.key not in changes.removed:
            kept += own
        position = end
    added = [line for key, value in changes.added.items() for line in rendered(key, value, file.column - 1)]
    return "\n".join([*kept, *added, *lines[position:]]) + "\n"


def as_meant(before: FileEntries, changes: FileChanges, after: FileEntries) -> bool:
    """Whether the edited file says exactly what was meant: read back, entry by entry, in order, and nothing else changed."""
    meant = [
        (each.key, changes.changed.get(each.key, each.value))
        for each in before.entries
        if each.key not in changes.removed
    ]
    said = [(each.key, each.value) for each in after.entries]
    return said == [*meant, *changes.added.items()] and after.rest == before.rest


def rendered(key: str, value: Value, indent: int) -> list[str]:
    """An entry as an import writes it: on one line, or, with a list in it, with one line for each item."""
    edge, name = " " * indent, _scalar(key)
    if not isinstance(value, dict) or not any(isinstance(part, list) for part in value.values()):
        return [f"{edge}{name}: {_flow(value)}"]
    lines = [f"{edge}{name}:"]
    for part, content in value.items():
        if isinstance(content, list):
            lines += [f"{edge}  {part}:", *(f"{edge}    - {_flow(item)}" for item in content)]
        else:
            lines.append(f"{edge}  {part}: {_flow(content)}")
    return lines


# What YAML reads as this very text, inside braces too; anything else is quoted as JSON, which YAML reads as well.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._@+/-]*|[0-9]{1,11}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?", re.ASCII)
_ONE_LINE = re.compile(r"(?P<entry>.*\})(?P<comment>\s+#.*)?", re.ASCII)
_ITEM = re.compile(r"(?P<edge> *)- (?P<item>.*?)(?:\s+#.*)?", re.ASCII)


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) or _MOMENT.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _flow(value: Value) -> str:
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return f"{{{', '.join(f'{_scalar(key)}: {_flow(part)}' for key, part in value.items())}}}"


def _opened(file: FileEntries) -> list[str]:
    """The lines of a file that may get entries: an empty one begins, `{}` goes away."""
    lines = file.text.rstrip("\n").split("\n") if file.text.strip() else []
    if file.entries:
        return lines
    lines = [line for line in lines if not re.fullmatch(r"\{\}\s*", line)]
    key = UNDER[file.path]
    return [*lines, f"{key}:"] if key and f"{key}:" not in lines else lines


def _spans(file: FileEntries) -> Iterable[tuple[FileEntry, int]]:
    """Each entry with the number of its last line: blank lines and comments after it belong to what follows."""
    lines = file.text.split("\n")
    starts = [each.line for each in file.entries] + [file.end]
    for entry, (first, following) in zip(file.entries, pairwise(starts), strict=True):
        last = following - 1
        while last > first and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
            last -= 1
        yield entry, last


def _rewritten(file: FileEntries, entry: FileEntry, own: Sequence[str], value: Value) -> list[str]:
    """The lines of a changed entry; a comment in it stays where it is, or the entry is not changed."""
    new = rendered(entry.key, value, file.column - 1)
    if len(own) == 1 and len(new) == 1:
        match = _ONE_LINE.fullmatch(own[0])
        return [f"{new[0]}{match['comment'] or ''}"] if match else new
    if items := _with_items(entry.value, value, own):
        return items
    if any("#" in line for line in own):
        raise InvalidError(
            f"{file.path}:{entry.line}: {entry.key} has comments that a change would lose: "
            "write one item on each line, or the whole entry on one"
        )
    return new


def _with_items(old: Value, new: Value, own: Sequence[str]) -> list[str]:
    """An entry of which only the items of its list change, line by line; empty if it is not written so."""
    (before, after) = (_list_of(each) for each in (old, new))
    if before is None or after is None or before[0] != after[0]:
        return []
    items = {number: match for number, line in enumerate(own) if (match := _ITEM.fullmatch(line))}
    shown = [_flow(item) for item in before[1]]
    written = [match["item"] for match in items.values()]
    if not items or [re.sub(r"[\s'\"]", "", each) for each in written] != [
        re.sub(r"[\s'\"]", "", each) for each in shown
    ]:
        return []
    wanted = [_flow(item) for item in after[1]]
    gone = {number for number, text in zip(items, shown, strict=True) if text not in wanted}
    last, edge = max(items), items[max(items)]["edge"]
    lines: list[str] = []
    for number, line in enumerate(own):
        lines += [] if number in gone else [line]
        if number == last:
            lines += [f"{edge}- {text}" for text in wanted if text not in shown]
    return lines


def _list_of(value: Value) -> tuple[dict[str, Value], list[Value]] | None:
    """An entry's scalars, and its list."""
    if not isinstance(value, dict):
        return None
    lists = [part for part in value.values() if isinstance(part, list)]
    plain: dict[str, Value] = {key: part for key, part in value.items() if isinstance(part, str)}
    return (plain, lists[0]) if len(lists) == 1 and len(plain) + 1 == len(value) else None


def items_of(value: Value) -> list[Value]:
    """The items of an entry's list; none for an entry without one."""
    found = _list_of(value)
    return [] if found is None else found[1]
