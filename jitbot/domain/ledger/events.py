"""The ledger's events: what was decided, what happened, and the evidence, each one JSON file that is never changed.

An event is known by its `key`: what it is about, not when it was written. So two runs that record the
same thing record it once.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from jitbot.domain.aws import iam
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import DOCUMENTS_WRITTEN, EVENT_WRITTEN
from jitbot.domain.model.documents import AccountId, Finding, Sha
from jitbot.domain.text import timestamp
from jitbot.domain.text.json_codec import MOMENT, OBJECT, TEXT, Codec, by_name, many, one_of, or_none, record
from jitbot.domain.text.json_object import JsonObject

SCHEMA = 1  # raise it with any change of what `dump` writes: `load` takes exactly that
FOLDER = "events/"
_NO_COMMIT = Sha("")  # of an event that belongs to no merge
_NO_ACCOUNT = AccountId("")  # of a decision, which is about all accounts
_NO_ASK, _NO_EVIDENCE = Ask(), Evidence()


class EventType(StrEnum):
    """Decisions are recorded before AWS is touched, outcomes after reading back.

    REVIEWED and OVERDUE are about the review that a break-glass approval requires: given, or not given in time. RULES
    is about a commit on main that changed the rules. STOPPED and LIFTED are about an emergency stop. PROTECTION_SEEN is
    what a run saw of the rules that protect main and ledger, PROTECTION_SAID what an admin says of all of them. These
    five are about no single request. USED is about a grant that is over: what CloudTrail showed of its use.
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
    RULES = "rules"
    STOPPED = "stopped"
    LIFTED = "lifted"
    USED = "used"
    # An older jitbot knows a kind by its first word alone, and takes these for kinds that give and end nothing.
    PROTECTION_SEEN = "verified-protection"
    PROTECTION_SAID = "reviewed-protection"


LEDGER = "ledger"  # the branch that holds the events
FORCE_PUSH, DELETION = "non_fast_forward", "deletion"  # as GitHub names the rules against them
LEDGER_RULES = frozenset({FORCE_PUSH, DELETION})  # nothing is recorded on a ledger without them
GIVES = (EventType.APPROVED, EventType.EXTENDED)
DECIDES = (*GIVES, EventType.REFUSED)
STOPS = (EventType.STOPPED, EventType.LIFTED)
PROTECTION = (EventType.PROTECTION_SEEN, EventType.PROTECTION_SAID)
# A stop after a lifted one is another stop, and each look is another look.
_EACH_BY_ITSELF = (EventType.STOPPED, *PROTECTION)


class EndReason(StrEnum):
    """Why a grant ended. All but EXPIRED are early, and final."""

    EXPIRED = "expired"
    RELEASED = "released"
    REVOKED = "revoked"
    STOPPED = "stopped"
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
    cause: str = ""  # of a failure and of an end, or the run that looked: it makes two of them different

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
        if self.kind is EventType.VERIFIED and self.evidence.online.left:
            parts.append("left")  # one of that day that got all answers is another one
        if self.kind in _EACH_BY_ITSELF:
            parts.append(timestamp.show(self.at))
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]

    @property
    def came_at(self) -> datetime:
        """When what it is about came to main, at the latest: as GitHub said of the merge, else when it was recorded."""
        return self.evidence.merged_at or self.at

    @property
    def path(self) -> str:
        """Where the event lies in the ledger."""
        day, _, time = timestamp.show(self.at).rstrip("Z").partition("T")
        return f"{FOLDER}{day.replace('-', '/')}/{time.replace(':', '')}-{self.kind}-{self.key}.json"


def dump(event: Event) -> bytes:
    """The event as the ledger keeps it: indented JSON, keys in a fixed order, one newline at the end."""
    text = json.dumps(_as_json(event), indent=2, ensure_ascii=False) + "\n"
    # Half a surrogate, from a name git could not read: JSON's escape.
    return text.encode(errors="backslashreplace")


def bounded(event: Event) -> tuple[Event, bytes]:
    """The event with its bytes, small enough to be read again; of one too large the evidence is left out.

    Raises ValueError for one that gives access: without its documents it would say nothing, so it must be refused.
    """
    content = dump(event)
    if len(content) <= EVENT_WRITTEN:
        return event, content
    if event.documents:
        raise ValueError(
            f"{event.kind} {event.request} has more bytes than an event may have: {len(content)}"
        )
    short = replace(event, ask=Ask(), evidence=event.evidence.shortened(len(content)))
    return short, dump(short)


def too_large(documents: tuple[iam.Documents, ...], file: str) -> tuple[Finding, ...]:
    """Why roles are more than one event can hold; empty if they are not."""
    # Indenting is slow, and no role is 16 levels deep: it makes of each character at most a line of so many blanks.
    if sum(34 * len(json.dumps(dump_documents(each))) for each in documents) <= DOCUMENTS_WRITTEN:
        return ()
    size = sum(len(json.dumps(dump_documents(each), indent=2, ensure_ascii=False)) for each in documents)
    if size <= DOCUMENTS_WRITTEN:
        return ()
    message = f"the roles of this request have more bytes than the ledger takes at once: {size}"
    hint = "ask for fewer accounts in one request"
    return (Finding(code="too-large-to-record", message=message, file=file, hint=hint),)


def _as_json(event: Event) -> dict[str, object]:
    return {"schema": SCHEMA, **OBJECT.load(_EVENT.dump(event))}


def load(path: str, content: bytes) -> Event:
    """Read an event back. Raises ValueError for anything that `dump` would not write there.

    The content and its order are compared, not the white space: formatting every event of a long ledger again takes
    longer than everything else that a run does with it.
    """
    try:
        raw = _STRICT.decode(content.decode())
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deep to be an event") from error
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise ValueError(f"{path} is not an event of schema {SCHEMA}")
    try:
        event = _EVENT.load(raw)
    except ValueError as error:
        raise ValueError(f"{path} is not a whole event: {error}") from error
    if event.path != path:
        raise ValueError(f"{path} holds an event that belongs at {event.path}")
    if not _is_same(_as_json(event), raw):
        raise ValueError(f"{path} holds more, or other, than its event")
    return event


def _is_same(one: object, other: object) -> bool:
    """Whether two values are the same JSON, the order of keys included. What was kept as it was read is not looked into."""
    if one is other:
        return True
    if isinstance(one, str):  # of any kind: a word of an enumeration is a text
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(_is_same, one.values(), other.values()))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return type(one) is type(other) and one == other


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """One object of JSON, in which nothing may be said twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice in one object of JSON")
    return found


_STRICT = json.JSONDecoder(object_pairs_hook=_once)


def dump_documents(documents: iam.Documents) -> dict[str, object]:
    """One role's documents as JSON: the shape that `explain --format json` shows and `granted` records."""
    return {
        "account": documents.account,
        "account_id": documents.account_id,
        "role_name": documents.role_name,
        "role_arn": documents.role_arn,
        "path": documents.path,
        **OBJECT.load(_WINDOW.dump(documents.window)),
        "max_session_duration": int(iam.SESSION.total_seconds()),
        "permissions_boundary": documents.permissions_boundary,
        "trust_policy": _as_read(documents.trust_policy),
        "permission_policy": _as_read(documents.permission_policy),
        "managed_policies": list(documents.managed_policies),
        "tags": dict(documents.tags),
    }


def load_documents(raw: object) -> iam.Documents:
    """The reverse of `dump_documents`. Raises ValueError or TypeError for anything else."""
    found = OBJECT.load(raw)
    return iam.Documents(
        account=TEXT.at(found, "account"),
        account_id=AccountId(TEXT.at(found, "account_id")),
        role_name=TEXT.at(found, "role_name"),
        path=TEXT.at(found, "path"),
        trust_policy=OBJECT.at(found, "trust_policy"),
        permission_policy=OBJECT.at(found, "permission_policy"),
        managed_policies=many(TEXT).at(found, "managed_policies"),
        permissions_boundary=TEXT.at(found, "permissions_boundary"),
        tags=by_name(TEXT).at(found, "tags"),
        window=_WINDOW.load(found),
    )


def _kept(make: Callable[[Mapping[str, object]], JsonObject]) -> Codec[JsonObject]:
    """An object of which every key is kept as it is."""
    return Codec(lambda value: make(OBJECT.load(value)), lambda kept: _as_read(kept.json))


def _as_read(kept: Mapping[str, object]) -> dict[str, object]:
    """An object as JSON has it: the very one that was read, which then need not be compared."""
    return kept if isinstance(kept, dict) else dict(kept)


_WINDOW = record(iam.Window, starts_at=or_none(MOMENT), expires_at=MOMENT)
_EVENT = record(
    Event,
    {"kind": "event"},
    kind=one_of(EventType),
    at=MOMENT,
    request=TEXT,
    commit=TEXT,
    account=TEXT,
    account_id=TEXT,
    role_name=TEXT,
    why=or_none(one_of(EndReason)),
    cause=TEXT,
    window=or_none(_WINDOW),
    ask=_kept(Ask.load),
    evidence=_kept(Evidence),
    documents=many(Codec(load_documents, dump_documents)),
    run=TEXT,
)
