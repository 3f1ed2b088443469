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
    signers: Mapping[str, str]  # every key that counts, by its id

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


def read(world: World, now: datetime, *, since: datetime | None = None) -> History:
    """Read the fetched ledger back to the last moment that can matter, or to `since`, for whoever looks further."""
    repository, issuer = world.repository, world.issuer
    head = repository.ledger()
    commits = repository.additions(now - MEMORY if since is None else since)
    contents = repository.read(
        entry.blob for commit in commits for entry in commit.entries if _ours(entry.path)
    )
    live, trouble = _live_keys(issuer)
    keys = {**_owned_keys(repository), **live}
    accepted, rejected, signers = _sift(commits, contents, keys, issuer, world.settings)
    loaded = tuple(event for commit in accepted for event in _events(commit, contents))
    unique = {event.key: event for event in reversed(loaded)}
    return History(
        head=head,
        events=tuple(sorted(unique.values(), key=lambda event: (event.at, event.path))),
        ignored=tuple(_finding(commit, why) for commit, why in rejected),
        doubt=f"{trouble}, and {len(rejected)} batches cannot be checked without it"
        if trouble and rejected
        else "",
        signers=signers,
    )


def append(world: World, history: History, new: Sequence[Event], now: datetime) -> History:
    """Record events on exactly the head that `history` was read at; those already there are left out.

    What was written is read back: only what counts for the next run may be acted upon by this one. Raises
    BranchMovedError if the ledger has moved: read again, and decide again.
    """
    fresh = [event for event in {event.key: event for event in new}.values() if event.key not in history.keys]
    head = history.head
    for start in range(0, len(fresh), MOST_EVENTS):
        head = _append_batch(world, head, fresh[start : start + MOST_EVENTS], history.signers)
    return _read_back(world, fresh, now) if fresh else history


def _append_batch(world: World, head: Sha, batch: Sequence[Event], signers: Mapping[str, str]) -> Sha:
    """Commit one batch. Every path names the head it is made for, so that nothing can lie there already.

    Each batch vouches for all keys that count now: so those of yesterday count under the one of tomorrow.
    """
    files = {_filed(event.path, head): events.dump(event) for event in batch}
    keys = {kid: key for kid, key in signers.items() if _plain(kid)}
    files |= {
        f"{attestation.KEYS}{_folder(head)}/{kid}.json": f"{key}\n".encode() for kid, key in keys.items()
    }
    message = record.message(batch)
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    token = world.issuer.token(attestation.audience(Batch(parent=head, message=message, blobs=blobs)))
    files[f"{attestation.TOKENS}{batch[0].at:%Y/%m/%d}/{_folder(head)}.jwt"] = f"{token}\n".encode()
    return world.forge.commit("ledger", head, message, files)


def _read_back(world: World, written: Sequence[Event], now: datetime) -> History:
    """The ledger with what was just written in it. Raises UnavailableError if it does not count."""
    for pause in (0.0, 0.5, 1.0, 2.0, 4.0):
        world.sleep(pause)
        world.repository.fetch()
        history = read(world, now)
        if all(event.key in history.keys for event in written):
            return history
    raise UnavailableError(
        "what was recorded does not read back as ours; nothing is done on it before it does"
    )


def _sift(
    commits: Iterable[Added],
    contents: Mapping[Sha, bytes],
    keys: Mapping[str, str],
    issuer: Issuer,
    settings: Settings,
) -> tuple[list[Added], list[tuple[Added, str]], Mapping[str, str]]:
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
    counted = [commit for commit in waiting if commit.commit in accepted]
    return counted, [each for each in rejected if _matters(each[0])], counting


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
        return [events.load(_unfiled(entry.path, commit.parent), contents[entry.blob]) for entry in paths]
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
    return path.rpartition("/")[2].removesuffix(".json")


def _folder(head: Sha) -> str:
    """Names a batch by the head it is made for: nobody can know it before that head is there."""
    return head[:20]


def _filed(path: str, head: Sha) -> str:
    day, _, name = path.rpartition("/")
    return f"{day}/{_folder(head)}/{name}"


def _unfiled(path: str, parent: Sha) -> str:
    """The event's own path. Raises ValueError if it does not lie in the folder of its batch."""
    folder, _, name = path.rpartition("/")
    day, _, batch = folder.rpartition("/")
    if batch != _folder(parent):
        raise ValueError(f"{path} does not lie in the folder of its batch")
    return f"{day}/{name}"


def _plain(kid: str) -> bool:
    return kid.replace("-", "").replace("_", "").isalnum() and kid.isascii()
