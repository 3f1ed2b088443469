"""The ledger, read and written: only batches that this repository's own workflows attested count."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from jitbot.domain import attestation, events, life, record
from jitbot.domain.attestation import Batch
from jitbot.domain.errors import JitbotError, UnavailableError
from jitbot.domain.events import Event, Kind
from jitbot.domain.model import Finding, Sha
from jitbot.domain.ports import Issuer, Repository
from jitbot.lifecycle.sifting import Sifted, filed, folder, sift
from jitbot.lifecycle.world import ISSUER_KEYS, MEMORY, World, file_at_main

MOST_EVENTS = 100  # in one batch: documents are whole, and a request to GitHub has its limits


@dataclass(frozen=True, kw_only=True)
class History:
    """What the ledger holds that can still matter. Not slotted: its lives are folded once, when asked for."""

    head: Sha
    main: Sha  # whose code owners vouched for keys
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


def read(world: World, now: datetime, *, since: datetime | None = None, requester: str = "") -> History:
    """Read the fetched ledger back to the last moment that can matter, and with `since` what concerns one requester further."""
    repository, issuer = world.repository, world.issuer
    head = repository.ledger()
    live, trouble = _live_keys(issuer)
    commits = repository.batches(now - MEMORY)
    if since is not None:
        older = repository.batches(since, saying=f"Requester: {requester}")
        known = set(commits)
        commits = (*(each for each in older if each not in known), *commits)
    found = sift(repository, issuer, world.settings, {**_owned_keys(repository), **live}, commits)
    loaded = [event for batch in found.counted.values() for event in batch.events]
    unique = {event.key: event for event in reversed(loaded)}
    return History(
        head=head,
        main=repository.main(),
        events=tuple(sorted(unique.values(), key=lambda event: (event.at, event.path))),
        ignored=found.findings,
        doubt=_doubt(found, trouble),
        signers=found.keys,
    )


def read_again(world: World, history: History, now: datetime) -> History:
    """Fetch, and read what `read` gave once more: the same, where neither branch has moved and nothing was in doubt."""
    world.repository.fetch()
    tips = (world.repository.ledger(), world.repository.main())
    return history if tips == (history.head, history.main) and not history.doubt else read(world, now)


def _doubt(found: Sifted, trouble: str) -> str:
    """Why what does not count may be ours all the same; empty if it cannot.

    One commit with an unknown key is somebody's forgery. Where nothing else counts, all may be ours, signed
    before the issuer changed its keys: live grants must not pass for orphans then.
    """
    if found.unchecked and trouble:
        return f"{trouble}, and {found.unchecked} batches cannot be checked without it"
    if found.unchecked and not found.counted:
        return (
            f"nothing in the ledger counts, and {found.unchecked} batches were signed with keys that the issuer"
            f" does not publish: if it changed its keys, add the old one to {ISSUER_KEYS}"
        )
    return ""


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
    files = {filed(event.path, head): events.dump(event) for event in batch}
    keys = {kid: key for kid, key in signers.items() if _plain(kid)}
    place = f"{batch[0].at:%Y/%m/%d}/{folder(head)}"  # by day: one folder of all would grow without end
    files |= {f"{attestation.KEYS}{place}/{kid}.json": f"{key}\n".encode() for kid, key in keys.items()}
    message = record.message(batch)
    blobs = {path: attestation.blob_name(content) for path, content in files.items()}
    token = world.issuer.token(attestation.audience(Batch(parent=head, message=message, blobs=blobs)))
    files[f"{attestation.TOKENS}{place}.jwt"] = f"{token}\n".encode()
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


def _live_keys(issuer: Issuer) -> tuple[Mapping[str, str], str]:
    try:
        return issuer.keys(), ""
    except JitbotError as error:
        return {}, str(error)


def _owned_keys(repository: Repository) -> Mapping[str, str]:
    """The keys that main's code owners vouch for, if there are any."""
    content = file_at_main(repository, ISSUER_KEYS)
    if content is None:
        return {}
    try:
        keys = json.loads(content)["keys"]
        return {str(key["kid"]): json.dumps(key, sort_keys=True) for key in keys}
    except (ValueError, KeyError, TypeError) as error:
        raise UnavailableError(f"{ISSUER_KEYS} on main is not a JSON Web Key Set: {error}") from error


def _plain(kid: str) -> bool:
    return kid.replace("-", "").replace("_", "").isalnum() and kid.isascii()
