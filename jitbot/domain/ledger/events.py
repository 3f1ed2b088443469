"""The ledger's events: what was decided, what happened, and the evidence, each one JSON file that is never changed.

An event is known by its `key`: what it is about, not when it was written. So two runs that record the
same thing record it once.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import DOCUMENTS_WRITTEN, EVENT_WRITTEN
from jitbot.domain.model.documents import AccountId, Finding, Sha
from jitbot.domain.text import timestamp

SCHEMA = 1  # raise it with any change of what `dump` writes: `load` takes exactly that
FOLDER = "events/"
_NO_COMMIT = Sha("")  # of an event that belongs to no merge
_NO_ACCOUNT = AccountId("")  # of a decision, which is about all accounts
_NO_ASK, _NO_EVIDENCE = Ask(), Evidence()


class EventType(StrEnum):
    """Decisions are recorded before AWS is touched, outcomes after reading back.

    The last two are about the review that a break-glass approval requires: given, or not given in time.
    """

    APPROVED = "approved"
    EXTENDED = "extended"
    REFUSED = "refused"
    REVOKED = "revoked"
    GRANTED = "granted"
    ENDED = "ended"
    REMOVED = "removed"
    FAILED = "failed"
    VERIFIED = "verified"
    REVIEWED = "reviewed"
    OVERDUE = "overdue"


LEDGER = "ledger"  # the branch that holds the events
FORCE_PUSH, DELETION = "non_fast_forward", "deletion"  # as GitHub names the rules against them
LEDGER_RULES = frozenset({FORCE_PUSH, DELETION})  # nothing is recorded on a ledger without them
GIVES = (EventType.APPROVED, EventType.EXTENDED)
DECIDES = (*GIVES, EventType.REFUSED)


class EndReason(StrEnum):
    """Why a grant ended. All but EXPIRED are early, and final."""

    EXPIRED = "expired"
    RELEASED = "released"
    REVOKED = "revoked"
    DELETED = "deleted"
    OFFBOARDED = "offboarded"
    ORPHAN = "orphan"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the ledger.

    `commit` is the merge that the event belongs to. `account_id` and `role_name` are set on outcomes.
    `documents` are the approved ones on a decision, and the one read back on `granted`. `ask` is what was
    asked for, `evidence` what justified it.
    """

    kind: EventType
    at: datetime
    request: str
    commit: Sha = _NO_COMMIT
    account: str = ""
    account_id: AccountId = _NO_ACCOUNT
    role_name: str = ""
    why: EndReason | None = None
    window: iam.Window | None = None
    documents: tuple[iam.Documents, ...] = ()
    ask: Ask = _NO_ASK
    evidence: Evidence = _NO_EVIDENCE
    run: str = ""
    cause: str = ""  # of a failure, and of an end: it makes two of them different

    @property
    def key(self) -> str:
        """What the event is about, as 20 hex digits; equal keys are one event."""
        parts: list[str] = [
            self.kind,
            self.request,
            self.commit,
            self.account_id,
            self.role_name,
            self.why or "",
            self.cause,
        ]
        if self.kind in (EventType.FAILED, EventType.VERIFIED):
            parts.append(timestamp.show(self.at)[:10])  # once a cause a day
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]

    @property
    def path(self) -> str:
        """Where the event lies in the ledger."""
        day, _, time = timestamp.show(self.at).rstrip("Z").partition("T")
        return f"{FOLDER}{day.replace('-', '/')}/{time.replace(':', '')}-{self.kind}-{self.key}.json"


def dump(event: Event) -> bytes:
    """The event as the ledger keeps it: indented JSON, keys in a fixed order, one newline at the end."""
    text = json.dumps(_as_json(event), indent=2, ensure_ascii=False) + "\n"
    return text.encode(
        errors="backslashreplace"
    )  # half a surrogate, from a name git could not read: JSON's escape


def bounded(event: Event) -> tuple[Event, bytes]:
    """The event with its bytes, small enough to be read again; of one too large the evidence is left out.

    Raises ValueError for one that gives access: without its documents it would say nothing, so it must be refused.
    """
    content = dump(event)
    if len(content) <= EVENT_WRITTEN:
        return event, content
    if event.documents:
        raise ValueError(
            f"{event.kind} {event.request} has {len(content)} bytes, more than an event may have"
        )
    short = replace(event, ask=Ask(), evidence=event.evidence.shortened(len(content)))
    return short, dump(short)


def too_large(documents: tuple[iam.Documents, ...], file: str) -> tuple[Finding, ...]:
    """Why roles are more than one event can hold; empty if they are not."""
    size = sum(len(json.dumps(dump_documents(each), indent=2, ensure_ascii=False)) for each in documents)
    if size <= DOCUMENTS_WRITTEN:
        return ()
    message = (
        f"the {len(documents)} roles of this request have {size} bytes, more than the ledger takes at once"
    )
    hint = "ask for fewer accounts in one request"
    return (Finding(code="too-large-to-record", message=message, file=file, hint=hint),)


def _as_json(event: Event) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "event": event.kind,
        "at": timestamp.show(event.at),
        "request": event.request,
        "commit": event.commit,
        "account": event.account,
        "account_id": event.account_id,
        "role_name": event.role_name,
        "why": event.why,
        "cause": event.cause,
        "window": None if event.window is None else _dump_window(event.window),
        "ask": dict(event.ask.json),
        "evidence": dict(event.evidence.json),
        "documents": [dump_documents(each) for each in event.documents],
        "run": event.run,
    }


def load(path: str, content: bytes) -> Event:
    """Read an event back. Raises ValueError for anything that `dump` would not write there.

    The content and its order are compared, not the white space: formatting every event of a long ledger again takes
    longer than everything else that a run does with it.
    """
    try:
        raw = json.loads(content.decode(), object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deep to be an event") from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise ValueError(f"{path} is not an event of schema {SCHEMA}")
    try:
        event = _load(raw)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a whole event: {error}") from error
    if event.path != path:
        raise ValueError(f"{path} holds an event that belongs at {event.path}")
    if json.dumps(_as_json(event)) != json.dumps(raw):
        raise ValueError(f"{path} holds more, or other, than its event")
    return event


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """One object of JSON, in which nothing may be said twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice in one object of JSON")
    return found


def _load(raw: Mapping[str, object]) -> Event:
    window, documents = raw["window"], raw["documents"]
    if not isinstance(documents, list):
        raise TypeError("documents is not a list")
    return Event(
        kind=EventType(_text(raw, "event")),
        at=timestamp.parse(_text(raw, "at")),
        request=_text(raw, "request"),
        commit=Sha(_text(raw, "commit")),
        account=_text(raw, "account"),
        account_id=AccountId(_text(raw, "account_id")),
        role_name=_text(raw, "role_name"),
        why=None if raw["why"] is None else EndReason(_text(raw, "why")),
        cause=_text(raw, "cause"),
        window=None if window is None else _load_window(window),
        ask=Ask.load(_mapping(raw, "ask")),
        evidence=Evidence(_mapping(raw, "evidence")),
        documents=tuple(load_documents(each) for each in documents),
        run=_text(raw, "run"),
    )


def dump_documents(documents: iam.Documents) -> dict[str, object]:
    """One role's documents as JSON: the shape that `explain --format json` shows and `granted` records."""
    return {
        "account": documents.account,
        "account_id": documents.account_id,
        "role_name": documents.role_name,
        "role_arn": documents.role_arn,
        "path": documents.path,
        **_dump_window(documents.window),
        "max_session_duration": int(iam.SESSION.total_seconds()),
        "permissions_boundary": documents.permissions_boundary,
        "trust_policy": dict(documents.trust_policy),
        "permission_policy": dict(documents.permission_policy),
        "managed_policies": list(documents.managed_policies),
        "tags": dict(documents.tags),
    }


def load_documents(raw: object) -> iam.Documents:
    """The reverse of `dump_documents`. Raises ValueError, KeyError or TypeError for anything else."""
    if not isinstance(raw, dict):
        raise TypeError("documents are not an object")
    managed = raw["managed_policies"]
    if not isinstance(managed, list) or not all(isinstance(arn, str) for arn in managed):
        raise TypeError("managed_policies is not a list of text")
    return iam.Documents(
        account=_text(raw, "account"),
        account_id=AccountId(_text(raw, "account_id")),
        role_name=_text(raw, "role_name"),
        path=_text(raw, "path"),
        trust_policy=_mapping(raw, "trust_policy"),
        permission_policy=_mapping(raw, "permission_policy"),
        managed_policies=tuple(managed),
        permissions_boundary=_text(raw, "permissions_boundary"),
        tags={str(key): str(value) for key, value in _mapping(raw, "tags").items()},
        window=_load_window(raw),
    )


def _dump_window(window: iam.Window) -> dict[str, object]:
    starts = None if window.starts_at is None else timestamp.show(window.starts_at)
    return {"starts_at": starts, "expires_at": timestamp.show(window.expires_at)}


def _load_window(raw: object) -> iam.Window:
    if not isinstance(raw, dict):
        raise TypeError("a window is not an object")
    starts = raw["starts_at"]
    starts_at = None if starts is None else timestamp.parse(_text(raw, "starts_at"))
    return iam.Window(starts_at=starts_at, expires_at=timestamp.parse(_text(raw, "expires_at")))


def _text(raw: Mapping[str, object], key: str) -> str:
    value = raw[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is not text")
    return value


def _mapping(raw: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = raw[key]
    if not isinstance(value, dict):
        raise TypeError(f"{key} is not an object")
    return value
