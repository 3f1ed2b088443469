"""One file that is being parsed: its tree, the place of each part, and the findings so far."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from jitbot.domain.model.documents import Finding, Parsed, Position, Source
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import quoted

T = TypeVar("T")

Path = tuple[str | int, ...]  # from the root: keys and indices

_PLAIN = re.compile(r"[\w@/:-]{1,64}", re.ASCII)
MOST = 50  # findings shown for one file; more are shown once these are fixed


class Text(str):
    """A scalar. `plain`: it was written without quotes, which numbers must be."""

    plain: bool

    def __new__(cls, text: str = "", *, plain: bool = False) -> "Text":
        made = super().__new__(cls, text)
        made.plain = plain
        return made


class Document:
    """Collects the findings of one file. A part is sound while no finding lies in it or around it."""

    def __init__(self, source: Source) -> None:
        self.file = source.path
        self.value: Any = None  # stays None if the file cannot be read as one mapping
        self.places: dict[Path, Position] = {}
        self.keys: dict[Path, Position] = {}
        self._findings: dict[Finding, Path] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, once each, in the order of the file."""
        ordered = sorted(self._findings, key=lambda finding: (finding.line, finding.column, finding.code))
        if len(ordered) <= MOST:
            return tuple(ordered)
        more = f"{many(len(ordered) - MOST, 'finding')} more, not shown here"
        return (*ordered[:MOST], Finding(code="more-findings", message=more, file=self.file))

    @property
    def broken(self) -> set[Path]:
        """The paths that findings are about so far."""
        return set(self._findings.values())

    @property
    def where(self) -> Mapping[str, Position]:
        """Each value's place by its dotted path: `duration`, `parameters.table`, `accounts.0`."""
        return {dotted(path): place for path, place in self.places.items() if path}

    def refuse(self, path: Path, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        """Note a finding about the value at `path`, or about its key; a missing one is shown at its parent."""
        self.note(path, code, message, hint, self._place(path, key=key))

    def note(self, path: Path, code: str, message: str, hint: str, place: Position | None) -> None:
        """Note a finding in the part at `path`, shown at `place`; None is the file as a whole."""
        line, column = (place.line, place.column) if place else (0, 0)
        finding = Finding(code=code, message=message, file=self.file, line=line, column=column, hint=hint)
        self._findings.setdefault(finding, path)

    def sound(self, *path: str | int) -> bool:
        """Whether the part at `path`, if it is there, may be read: it was looked at and nothing was found."""
        if self.value is None:
            return False
        return not any(_related(path, broken) for broken in self._findings.values())

    def children(self, *path: str | int) -> tuple[tuple[Path, Any], ...]:
        """Path and value of each sound part of the mapping or list at `path`; none if it is neither."""
        part: Any = self.value if path in self.places else None
        for step in path if part is not None else ():
            part = part[step]
        items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
        return tuple(((*path, key), value) for key, value in items if self.sound(*path, key))

    def distinct(
        self, items: Iterable[tuple[Path, str]], code: str, sentence: str, *, key: bool = False
    ) -> None:
        """Note each item whose text, upper and lower case aside, an earlier one has already."""
        seen: set[str] = set()
        for path, text in items:
            if text.casefold() in seen:
                self.refuse(path, code, f"{quoted(text)} {sentence}", "each may be listed once", key=key)
            seen.add(text.casefold())

    def parsed(self, make: Callable[[Any], T]) -> Parsed[T]:
        """The value that `make` reads from the tree; the findings instead, if there is one."""
        findings = self.findings
        return Parsed(value=None, findings=findings) if findings else Parsed(value=make(self.value))

    def _place(self, path: Path, *, key: bool) -> Position | None:
        place = self.keys.get(path) if key else self.places.get(path)
        return place or self.keys.get(path[:-1]) or self.places.get(path[:-1])


def dotted(path: Path) -> str:
    """`parameters.table`, `accounts.0`: a path as people and `where` name it."""
    return ".".join(str(part) for part in path)


def named(path: Path) -> str:
    """The same for a sentence: on one line, and short; a part that is no plain name is quoted."""
    parts = (str(part) for part in path)
    return ".".join(part if _PLAIN.fullmatch(part) else quoted(part) for part in parts)


def _related(path: Path, broken: Path) -> bool:
    """Whether the broken part is this one, lies in it, or holds it. The file as a whole holds nothing back."""
    return broken[: len(path)] == path or (bool(broken) and path[: len(broken)] == broken)
