"""Does this commit of the ledger count? Only a commit that a workflow of main attested counts.

Anyone with write access can push to the branch. So of a commit that is not attested, only the names of its files and
its token are read. Runs and audits both use this module, so they accept the same commits.
"""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from jitbot.domain.ledger import attestation, commit_message, events
from jitbot.domain.ledger.attestation import Batch, Tenure
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.bounds import BATCH_READ
from jitbot.domain.model.documents import Sha

LATE = attestation.LATE
NO_BATCH = "it is no batch of additions with one attestation"
NO_KEY = "no key that counts has signed its attestation"
KEY_UNKNOWN = f"{NO_KEY} yet"  # it names one that a later batch may vouch for
# Kinds of events that give and end nothing; the second part of an event's name is its kind.
_IDLE = (
    [EventType.REFUSED],
    [EventType.FAILED],
    [EventType.VERIFIED],
    [EventType.REVIEWED],
    [EventType.OVERDUE],
    [EventType.RULES],
    [EventType.USED],
    [EventType.LIFTED],  # what is not read as lifted stays stopped
)
FOLDERS = (events.FOLDER, attestation.TOKENS, attestation.KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What events of the ledger that cannot be read may be about: requests, and names of roles."""

    requests: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


NO_DOUBT = Doubt()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedEntry:
    """One entry of a git tree."""

    path: str
    mode: str
    blob: Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedCommit:
    """One commit of the ledger: the files that it adds. `well_formed`: one parent, only plain files, and not too many."""

    commit: Sha
    parent: Sha
    message: str
    entries: tuple[AddedEntry, ...]
    well_formed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the token of a batch that counts says. `workflow` as `job_workflow_ref` names it, `run` as GitHub does.

    `actor_id` is the GitHub id of the account that started the run; empty if the token does not say it.
    """

    issued_at: datetime
    workflow: str
    run: str
    actor_id: str = ""

    def is_late(self, times: Iterable[datetime]) -> bool:
        """Whether the batch records a time too far from when its token was issued."""
        return attestation.is_late(times, int(self.issued_at.timestamp()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Events of a batch that counts which this jitbot cannot read, and what they may be about."""

    commit: Sha
    path: str  # of the first of them
    why: str
    requests: frozenset[str]
    roles: frozenset[str]
    idle: bool  # whether none of them can give or end anything, by the kind in its name


def is_ours(path: str) -> bool:
    """Whether jitbot's batches write files at such a path."""
    return path.startswith(FOLDERS)


def token_of(added: AddedCommit) -> AddedEntry | None:
    """The one attestation of a well-formed batch of jitbot's files; None for any other commit."""
    tokens = [entry for entry in added.entries if entry.path.startswith(attestation.TOKENS)]
    others = len(added.entries) - len(tokens)
    fits = added.well_formed and len(tokens) == 1 and others > 0 and len(added.entries) <= BATCH_READ
    return tokens[0] if fits and all(is_ours(entry.path) for entry in added.entries) else None


def batch_of(added: AddedCommit) -> Batch:
    """What a token must speak for: all that the commit adds, the token aside."""
    token = token_of(added)
    blobs = {entry.path: entry.blob for entry in added.entries if entry is not token}
    return Batch(parent=added.parent, message=added.message, blobs=blobs)


def claims_of(raw: Mapping[str, object], added: AddedCommit, settings: Iterable[Tenure]) -> Claims | str:
    """What correctly signed claims say, or why they do not speak for this batch under any of these settings."""
    batch, why = batch_of(added), "main has no settings that can be read"
    for each in (each.settings for each in settings if each.holds(raw.get("iat"))):
        objection = attestation.objection(raw, batch=batch, settings=each, times=())
        if objection is None:
            return Claims(
                issued_at=datetime.fromtimestamp(int(str(raw["iat"])), UTC),
                workflow=sys.intern(str(raw.get("job_workflow_ref", ""))),
                run=str(raw.get("run_id", "")),
                actor_id=str(raw.get("actor_id", "")),
            )
        why = objection
    return why


def event_entries(added: AddedCommit) -> tuple[AddedEntry, ...]:
    """The files of a batch that hold events."""
    return tuple(entry for entry in added.entries if entry.path.startswith(events.FOLDER))


def events_of(
    added: AddedCommit, contents: Mapping[Sha, bytes | None]
) -> tuple[tuple[tuple[Event, str], ...], Unreadable | None]:
    """The events of a batch that counts, each with its path, and those that cannot be read: too large, or newer than this jitbot."""
    loaded: list[tuple[Event, str]] = []
    unread: list[tuple[str, str]] = []
    for entry in event_entries(added):
        try:
            loaded.append((event_of(entry.path, contents.get(entry.blob), added.parent), entry.path))
        except ValueError as error:
            unread.append((entry.path, str(error)))
    return tuple(loaded), _unreadable(added, loaded, unread) if unread else None


def event_of(path: str, content: bytes | None, parent: Sha | None) -> Event:
    """The event of one file of a batch. `parent` is the head that the batch was made for; None where nobody knows it.

    Raises ValueError for a file that is missing or cannot be read, and for one outside the folder of its batch.
    """
    if content is None:
        raise ValueError(f"{path} is not here, or larger than any event")
    return events.load(unfiled(path, parent), content)


def keys_of(added: AddedCommit) -> Mapping[str, Sha]:
    """The keys that a batch vouches for: the id of each, and its blob."""
    return {
        entry.path.rpartition("/")[2].removesuffix(".json"): entry.blob
        for entry in added.entries
        if entry.path.startswith(attestation.KEYS)
    }


def folders_of(paths: Iterable[str]) -> frozenset[str]:
    """Every folder above these files. If a file has the name of such a folder, the files cannot be added."""
    return frozenset(path[:end] for path in paths for end, each in enumerate(path) if each == "/")


def folder(head: Sha) -> str:
    """Names a batch by the head it is made for: nobody can know it before that head is there."""
    return head[:20]


def filed(path: str, head: Sha) -> str:
    """Where an event lies in the ledger, in the folder of its batch."""
    day, _, name = path.rpartition("/")
    return f"{day}/{folder(head)}/{name}"


def unfiled(path: str, parent: Sha | None) -> str:
    """The event's own path. Raises ValueError if it does not lie in the folder of its batch, where that is known."""
    place, _, name = path.rpartition("/")
    day, _, batch = place.rpartition("/")
    if parent is not None and batch != folder(parent):
        raise ValueError(f"{path} does not lie in the folder of its batch")
    return f"{day}/{name}"


def concerned(message: str, read: Collection[str]) -> frozenset[str]:
    """The requests that may lack an event: those that the message names, and no event that was read is about.

    If there is none such, all that the message names: then any of them may lack one.
    """
    named = frozenset(commit_message.trailers(message, "Request"))
    return named - frozenset(read) or named


def _unreadable(
    added: AddedCommit, loaded: Sequence[tuple[Event, str]], unread: Sequence[tuple[str, str]]
) -> Unreadable:
    """What those events may be about, by the message that the token attests."""
    known = {event.request for event, _ in loaded}
    path, why = unread[0]
    return Unreadable(
        commit=added.commit,
        path=path,
        why=why,
        requests=concerned(added.message, known),
        roles=frozenset(commit_message.trailers(added.message, "Role")),
        idle=all(each.rpartition("/")[2].split("-")[1:2] in _IDLE for each, _ in unread),
    )
