"""The ledger, read and written: only batches that this repository's own workflows attested count."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from jitbot.domain import attestation, events, life, record
from jitbot.domain.attestation import Batch
from jitbot.domain.errors import JitbotError, UnavailableError
from jitbot.domain.events import Event, Kind
from jitbot.domain.model import Finding, Settings, Sha
from jitbot.domain.ports import Added, Issuer, Repository
from jitbot.lifecycle.world import ISSUER_KEYS, MEMORY, World

MOST_EVENTS = 100  # in one batch: documents are whole, and a request to GitHub has its limits


@dataclass(frozen=True, kw_only=True)
class History:
    """What the ledger holds that can still matter. Not slotted: its lives are folded once, when asked for."""

    head: Sha
    events: tuple[Event, ...]
    ignored: tuple[Finding, ...]  # what lies there without a valid attestation
    doubt: str  # why something that may be ours could not be checked; empty if all was
    archived: frozenset[str]  # ids of the keys the ledger holds
    live_keys: Mapping[str, str]

    @cached_property
    def lives(self) -> Mapping[str, life.Life]:
        """Every request of the events, folded."""
        return life.fold(self.events)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of all events: what is recorded already."""
        return frozenset(event.key for event in self.events)

    @property
    def orphans(self) -> tuple[Event, ...]:
        """The ends recorded of roles that no request explains."""
        return tuple(event for event in self.events if event.kind is Kind.ENDED and not event.request)


def read(world: World, now: datetime) -> History:
    """Read the fetched ledger back to the last moment that can matter."""
    repository, issuer = world.repository, world.issuer
    head = repository.ledger()
    commits = repository.additions(now - MEMORY)
    contents = repository.read(
        entry.blob for commit in commits for entry in commit.entries if _ours(entry.path)
    )
    live, trouble = _live_keys(issuer)
    keys = {**_owned_keys(repository), **live}
    accepted, rejected = _sift(commits, contents, keys, issuer, world.settings)
    loaded = tuple(event for commit in accepted for event in _events(commit, contents))
    unique = {event.key: event for event in reversed(loaded)}
    return History(
        head=head,
        events=tuple(sorted(unique.values(), key=lambda event: (event.at, event.path))),
        ignored=tuple(_finding(commit, why) for commit, why in rejected),
        doubt=f"{trouble}, and {len(rejected)} batches cannot be checked without it"
        if trouble and rejected
        else "",
        archived=frozenset(
            _key_id(entry.path) for commit in accepted for entry in commit.entries if _is_key(entry.path)
        ),
        live_keys=live,
    )


def append(world: World, history: History, new: Sequence[Event]) -> Sha:
    """Record events on exactly the head that `history` was read at; those already there are left out.

    Raises BranchMovedError if the ledger has moved: read again, and decide again.
    """
    head = history.head
    fresh = [event for event in {event.key: event for event in new}.values() if event.key not in history.keys]
    for start in range(0, len(fresh), MOST_EVENTS):
        head = _append_batch(world, head, fresh[start : start + MOST_EVENTS], history if start == 0 else None)
    return head


def _append_batch(world: World, head: Sha, batch_events: Sequence[Event], history: History | None) -> Sha:
    files = {event.path: events.dump(event) for event in batch_events}
    if history is not None:
        new_keys = {
            kid: key for kid, key in history.live_keys.items() if kid not in history.archived and _plain(kid)
        }
        files |= {f"{attestation.KEYS}{kid}.json": f"{key}\n".encode() for kid, key in new_keys.items()}
    message = record.message(batch_events)
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    audience = attestation.audience(Batch(parent=head, message=message, blobs=blobs))
    token = world.issuer.token(audience)
    digest = audience.rpartition(":")[2][:16]
    at = batch_events[0].at
    files[f"{attestation.TOKENS}{at:%Y/%m/%d/%H%M%S}-{digest}.jwt"] = f"{token}\n".encode()
    return world.forge.commit("ledger", head, message, files)


def _sift(
    commits: Iterable[Added],
    contents: Mapping[Sha, bytes],
    keys: Mapping[str, str],
    issuer: Issuer,
    settings: Settings,
) -> tuple[list[Added], list[tuple[Added, str]]]:
    """Accept what a key that counts attests; each batch so accepted may archive keys that then count too."""
    waiting, counting = list(commits), dict(keys)
    verdicts: dict[Sha, str] = {}
    accepted: set[Sha] = set()
    learned = True
    while learned:
        learned = False
        for commit in waiting:
            if commit.commit in accepted:
                continue
            why = _objection(commit, contents, counting, issuer, settings)
            verdicts[commit.commit] = why or ""
            if why is None:
                accepted.add(commit.commit)
                new = _archived_keys(commit, contents)
                learned = learned or bool(new.keys() - counting.keys())
                counting = {**new, **counting}
    rejected = [(commit, verdicts[commit.commit]) for commit in waiting if commit.commit not in accepted]
    return [commit for commit in waiting if commit.commit in accepted], [
        each for each in rejected if _matters(each[0])
    ]


def _objection(
    commit: Added, contents: Mapping[Sha, bytes], keys: Mapping[str, str], issuer: Issuer, settings: Settings
) -> str | None:
    """Why a commit of the ledger is no batch of ours, or None if it is one."""
    tokens = [entry for entry in commit.entries if entry.path.startswith(attestation.TOKENS)]
    blobs = {entry.path: entry.blob for entry in commit.entries if entry not in tokens}
    if not commit.tidy or len(tokens) != 1 or not blobs or not all(map(_ours, blobs)):
        return "it is no batch of additions with one attestation"
    claims = issuer.verified(contents[tokens[0].blob].decode(errors="replace").strip(), keys)
    if claims is None:
        return "no key that counts has signed its attestation"
    batch = Batch(parent=commit.parent, message=commit.message, blobs=blobs)
    try:
        times = [event.at for event in _events(commit, contents)]
    except UnavailableError:
        times = []  # attested, but newer than we can read: whoever reads the events says so
    return attestation.objection(claims, batch=batch, settings=settings, times=times)


def _events(commit: Added, contents: Mapping[Sha, bytes]) -> list[Event]:
    """The events of a batch. Raises UnavailableError for one this jitbot cannot read: nothing may rest on the rest."""
    paths = [entry for entry in commit.entries if entry.path.startswith(events.FOLDER)]
    try:
        return [events.load(entry.path, contents[entry.blob]) for entry in paths]
    except ValueError as error:
        raise UnavailableError(
            f"the ledger's commit {commit.commit[:10]} cannot be read by this jitbot: {error}"
        ) from error


def _live_keys(issuer: Issuer) -> tuple[Mapping[str, str], str]:
    try:
        return issuer.keys(), ""
    except JitbotError as error:
        return {}, str(error)


def _owned_keys(repository: Repository) -> Mapping[str, str]:
    """The keys that main's code owners vouch for, if there are any."""
    entries = repository.entries(repository.main(), [ISSUER_KEYS])
    if not entries:
        return {}
    content = repository.read([entries[0].blob])[entries[0].blob]
    try:
        keys = json.loads(content)["keys"]
        return {str(key["kid"]): json.dumps(key, sort_keys=True) for key in keys}
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError(f"{ISSUER_KEYS} on main is not a JSON Web Key Set: {error}") from error


def _archived_keys(commit: Added, contents: Mapping[Sha, bytes]) -> dict[str, str]:
    return {
        _key_id(entry.path): contents[entry.blob].decode().strip()
        for entry in commit.entries
        if _is_key(entry.path)
    }


def _matters(commit: Added) -> bool:
    """The branch's first commit, from before there was anything to attest, is no finding."""
    return bool(commit.parent) or any(_ours(entry.path) for entry in commit.entries)


def _finding(commit: Added, why: str) -> Finding:
    what = commit.entries[0].path if commit.entries else "nothing added"
    message = f"commit {commit.commit[:10]} of the ledger is ignored: {why}"
    return Finding(
        code="unattested", message=message, file=what, hint="find out who pushed it; it has no effect"
    )


def _ours(path: str) -> bool:
    return path.startswith((events.FOLDER, attestation.TOKENS, attestation.KEYS))


def _is_key(path: str) -> bool:
    return path.startswith(attestation.KEYS)


def _key_id(path: str) -> str:
    return path.removeprefix(attestation.KEYS).removesuffix(".json")


def _plain(kid: str) -> bool:
    return kid.replace("-", "").replace("_", "").isalnum() and kid.isascii()
