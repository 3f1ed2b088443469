"""Decides which commits of the ledger count. The caller reads the bytes and passes them in, so nothing here does I/O.

A batch that counts vouches for keys. These keys count from then on, also for batches that were refused before because
no key had signed them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jitbot.domain.ledger import batches
from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batches import (
    AddedCommit,
    Claims,
    Doubt,
    Unreadable,
)
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.kept_event import EventKeeper
from jitbot.domain.model.documents import Sha


class Signatures(Protocol):
    """Checks which key signed a token. Both answers are computed; no other system is asked."""

    def verified(self, token: str, keys: Mapping[str, str]) -> Mapping[str, object] | None:
        """The claims of a token whose signature one of these keys proves; None if none does."""
        ...

    def key_id(self, token: str) -> str:
        """The key a token says it was signed with; empty if it says none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBatch:
    """One commit of the ledger that counts, with its events. `order` counts the commits that were read."""

    commit: Sha
    order: int
    claims: Claims
    events: tuple[tuple[Event, str], ...]  # each with its path in that commit
    unreadable: Unreadable | None


@dataclass(slots=True, kw_only=True)
class BatchVerifier:
    """Judges commits by their tokens, and keeps those that count.

    `settings` are those a batch may be judged by, today's first, gone through for each batch as far as needed; `keys` is every key that counts, by its id. `keep` gives
    what is kept of each event that was read: all of it, packed.
    """

    signatures: Signatures
    settings: Iterable[Tenure]
    keys: dict[str, str]
    keep: Callable[[Event], Event] = field(default_factory=lambda: EventKeeper().keep)
    verified: list[VerifiedBatch] = field(default_factory=list)

    def claims(self, added: AddedCommit, token: bytes | None) -> Claims | str:
        """What the token of a commit says, or why the commit does not count. `token`: as `token_of` names it, if it is short."""
        text = _text(token) if token is not None and batches.token_of(added) is not None else ""
        if not text:
            return batches.NO_BATCH
        raw = self.signatures.verified(text, self.keys)
        if raw is not None:
            return batches.claims_of(raw, added, self.settings)
        kid = self.signatures.key_id(text)
        return batches.KEY_UNKNOWN if kid and kid not in self.keys else batches.NO_KEY

    def accept(
        self, added: AddedCommit, order: int, claims: Claims, contents: Mapping[Sha, bytes | None]
    ) -> Claims | str:
        """Keep a commit with its claims and the bytes of its `event_entries`. Returns the reason if its times do not fit."""
        loaded, unreadable = batches.events_of(added, contents)
        if claims.is_late(event.at for event, _ in loaded):
            return batches.LATE
        self.verified.append(
            VerifiedBatch(
                commit=added.commit,
                order=order,
                claims=claims,
                events=tuple((self.keep(event), path) for event, path in loaded),
                unreadable=unreadable,
            )
        )
        return claims

    def vouched(self, added: AddedCommit) -> Mapping[str, Sha]:
        """The keys that a commit brings and that do not count yet: the first key of an id is the one that counts."""
        return {kid: blob for kid, blob in batches.keys_of(added).items() if kid not in self.keys}

    def trust(self, vouched: Mapping[str, Sha], contents: Mapping[Sha, bytes | None]) -> None:
        """Accept these keys from now on, except those whose bytes cannot be read."""
        for kid, blob in vouched.items():
            if (content := contents[blob]) is not None:
                self.keys[kid] = _text(content)

    @property
    def ordered(self) -> Sequence[VerifiedBatch]:
        """What counts, in the order of the ledger."""
        return sorted(self.verified, key=lambda batch: batch.order)

    @property
    def unreadable(self) -> Sequence[tuple[int, Unreadable]]:
        """The events that cannot be read, of the batches that count, each with the batch's order."""
        return [(each.order, each.unreadable) for each in self.ordered if each.unreadable is not None]

    @property
    def in_doubt(self) -> Doubt:
        """What the events that cannot be read may be about."""
        unreadable = [each for _, each in self.unreadable]
        return Doubt(
            requests=frozenset(request for each in unreadable for request in each.requests),
            roles=frozenset(role for each in unreadable for role in each.roles),
        )


def _text(content: bytes) -> str:
    return content.decode(errors="replace").strip()
