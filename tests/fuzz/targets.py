"""What is fuzzed, and what must be so whatever comes: each target takes bytes, and raises where it is not so.

No input may do more than be refused: only the error that the function documents comes out, every finding has its
place, and what is accepted reads the same to a second reader.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from jitbot.adapters import documents
from jitbot.adapters.documents import strict_yaml
from jitbot.domain.ledger import events
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Parsed, Source
from jitbot.domain.text import duration
from jitbot.domain.text.visible import unseen_in

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "jitbot" / "sandbox" / "acme"
BAD = ROOT / "tests" / "adapters" / "documents" / "bad_documents"
PARSERS: tuple[tuple[str, Callable[[Source], Parsed[Any]]], ...] = (
    ("requests/orders-db-read/2026-11/24-alice-refunds.yaml", documents.parse_request),
    ("policies/access/orders-db-read.yaml", documents.parse_policy),
    ("policies/people.yaml", documents.parse_people),
    ("policies/settings.yaml", documents.parse_settings),
    ("policies/accounts.yaml", documents.parse_accounts),
    ("policies/account-groups.yaml", documents.parse_account_groups),
    ("policies/notify.yaml", documents.parse_notify),
    ("policies/people.yaml", documents.parse_entries),
    ("policies/teams.yaml", documents.parse_teams),
)
PATHS = (
    "a",
    "a/b",
    "requests/orders-db-read/2026-11/24-alice-x.yaml",
    "policies/settings.yaml",
    "a b/c.yaml",
)
_PIECE = re.compile(r"([0-9]+)([dhm])", re.ASCII)
_MINUTES = {"d": 1440, "h": 60, "m": 1}


class WrongError(Exception):
    """What must be so is not."""


def document(data: bytes) -> None:
    """One of the six kinds of file: a value or findings, never both nor neither; as YAML's own reader has it."""
    path, parse = PARSERS[data[0] % len(PARSERS) if data else 0]
    source = Source(path=path, content=data[1:])
    parsed = parse(source)
    lines = source.content.count(b"\n") + source.content.count(b"\r") + 1
    _hold((parsed.value is None) == bool(parsed.findings), "a value beside findings, or neither")
    for each in parsed.findings:
        _hold(each.file == path and 0 <= each.line <= lines + 1, f"a finding at no place: {each}")
        _hold(_is_seen(each.message) and len(each.message) < 2000, f"a message that nobody reads: {each}")
    read = strict_yaml.read(source)
    if not read.findings:
        other = yaml.load(source.content, Loader=yaml.BaseLoader)  # noqa: S506 - makes text, lists and mappings, nothing else
        _hold(read.value == other, "what was read is not what YAML's own reader for text finds")


def length(data: bytes) -> None:
    """A duration: in its bounds, as counted by hand, and written it reads back; or a ValueError."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        read = duration.parse(text)
    except ValueError as error:
        _hold(_is_seen(str(error)) and len(str(error)) < 500, "a sentence that nobody reads")
        return
    _hold(duration.MINIMUM <= read <= duration.MAXIMUM, "outside its bounds")
    pieces = _PIECE.findall(text)
    _hold("".join(number + unit for number, unit in pieces) == text, "more than numbers and units")
    counted = sum(int(number) * _MINUTES[unit] for number, unit in pieces)
    _hold(read.total_seconds() == 60 * counted, "another length than counted by hand")
    _hold(duration.parse(duration.show(read)) == read, "it does not read back")


def owners(data: bytes) -> None:
    """CODEOWNERS: every finding at a place, no line both obeyed and doubted, and the last match owns a path."""
    text = data.decode("utf-8", "replace")
    found = codeowners.parse(text)
    lines = text.split("\n")
    for each in found.findings:
        _hold(0 <= each.line <= len(lines), f"a finding at no place: {each}")
    doubted = {each.line for each in found.findings}
    _hold(not doubted & {rule.line for rule in found.rules}, "obeyed and doubted")
    for path in PATHS:
        covering = [rule for rule in found.rules if rule.covers(path)]
        last = covering[-1] if covering else None
        _hold(found.rule_for(path) == last, f"another line than the last owns {path}")


def event(data: bytes) -> None:
    """The ledger's event: what is read is written back as the same; or a ValueError."""
    path = "events/2026/11/24/090100-approved-00000000000000000000.json"
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raw = json.loads(data)
        path = f"events/2026/11/24/090100-{raw['event']}-{'0' * 20}.json"
    try:
        read = events.load(_right_path(path, data), data)
    except ValueError:
        return
    again = events.load(read.path, events.dump(read))
    _hold(again == read, "it does not read back")
    _hold(json.loads(events.dump(read)) == json.loads(data), "it tells another story than the file")


def _right_path(path: str, data: bytes) -> str:
    """The path at which the event would be accepted, as the refusal of another one names it."""
    try:
        events.load(path, data)
    except ValueError as error:
        found = re.search(r"belongs at (events/\S+)", str(error))
        return found[1] if found else path
    return path


def _is_seen(text: str) -> bool:
    """Whether nothing in a sentence is hidden, or moves what follows."""
    return not list(unseen_in(text))


def _hold(holds: object, otherwise: str) -> None:
    if not holds:
        raise WrongError(otherwise)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "documents": document,
    "durations": length,
    "codeowners": owners,
    "events": event,
}


def seeds(target: str) -> Iterator[bytes]:
    """Good and bad examples to begin with, from the repository's own files."""
    if target == "documents":
        for number, folder in enumerate(("requests", "access", "people", "settings", "accounts", "teams")):
            for file in sorted(ACME.rglob("*.yaml")):
                if folder in (file.stem, *file.parts):
                    yield bytes([number]) + file.read_bytes()
        yield from (b"\0" + file.read_bytes() for file in sorted(BAD.glob("*.yaml")))
    elif target == "durations":
        yield from (
            b"90m",
            b"2h",
            b"1h30m",
            b"7d",
            b"in 4 hrz",
            b"1e3h",
            b"-1h",
            b"9999999h",
            b"\xef\xbc\x91h",
        )
    elif target == "codeowners":
        yield (ACME / ".github" / "CODEOWNERS").read_bytes()
        yield (BAD / "codeowners.txt").read_bytes()
    else:
        yield from _events()


def _events() -> Iterator[bytes]:
    """One event of each kind, whole."""
    from datetime import UTC, datetime

    at = datetime(2026, 11, 24, 9, 1, tzinfo=UTC)
    for kind in events.EventType:
        yield events.dump(events.Event(kind=kind, at=at, request="requests/a/2026-11/24-alice-x.yaml"))
