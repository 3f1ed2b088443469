"""Reads commits of the ledger, some at a time, and keeps those that count: for the runs that act and for the audits.

Neither the size nor the number of what others push can exhaust a reader: of what is not attested only the names
and the token are looked at, and what may yet turn out to count is remembered by its name alone.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from jitbot.domain.enforce.plan import Doubt
from jitbot.domain.ledger import batches
from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batches import AddedCommit, Claims, Unreadable
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.bounds import EVENT_READ, TOKEN_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.ports import Oidc

_READ_AT_ONCE = 50  # batches of ours whose events are in memory together
_AGAIN_AT_ONCE = 200  # commits that are looked at once more together

T = TypeVar("T")
Contents = Callable[[Iterable[Sha], int], Mapping[Sha, bytes | None]]  # blobs, and the most bytes of each
Judged = Callable[
    [AddedCommit, int, Claims | str], None
]  # a commit, its order, and its claims or why it does not count


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBatch:
    """One commit of the ledger that counts, with its events. `order` counts the commits that were read."""

    commit: Sha
    order: int
    claims: Claims
    events: tuple[tuple[Event, str], ...]  # each with its path in that commit
    unreadable: Unreadable | None


@dataclass(slots=True, kw_only=True)
class BatchReader:
    """Takes the ledger's commits, parents first, and accepts what a key that counts attests.

    A batch so accepted vouches for keys, which count from then on, for what came before it too. `settings` are those
    a batch may be judged by, today's first. `judged` hears of each commit once, when it is certain; `again` reads
    commits once more.
    """

    contents: Contents
    again: Callable[[Sequence[Sha]], Iterable[AddedCommit]]
    issuer: Oidc
    settings: Sequence[Tenure]
    keys: dict[str, str]  # every key that counts, by its id
    judged: Judged = field(default=lambda *_: None)
    verified: list[VerifiedBatch] = field(default_factory=list)
    waiting: dict[Sha, int] = field(default_factory=dict)  # signed with a key that may count yet
    commits: int = 0

    def take(self, some: Sequence[AddedCommit]) -> None:
        """Judge these commits, and read the events of those that count."""
        numbered = list(enumerate(some, start=self.commits))
        self.commits += len(numbered)
        self._judge(numbered)

    def finish(self) -> None:
        """Judge again what no key spoke for, as long as that brings keys that count."""
        known = -1
        while self.waiting and len(self.keys) != known:
            known, before = len(self.keys), self.waiting
            self.waiting = {}
            for commits in _some(list(before), _AGAIN_AT_ONCE):
                self._judge([(before[added.commit], added) for added in self.again(commits)])
        for commits in _some(list(self.waiting), _AGAIN_AT_ONCE):
            for added in self.again(commits):
                self.judged(added, self.waiting[added.commit], batches.NO_KEY)
        self.verified.sort(key=lambda batch: batch.order)

    @property
    def in_doubt(self) -> Doubt:
        """What the events that cannot be read, of the batches that count, may be about."""
        unreadable = [batch.unreadable for batch in self.verified if batch.unreadable is not None]
        return Doubt(
            requests=frozenset(request for each in unreadable for request in each.requests),
            roles=frozenset(role for each in unreadable for role in each.roles),
        )

    def keys_of(self, added: AddedCommit) -> dict[str, str]:
        """The keys that a batch brings. Whoever calls this decides whether they count."""
        found = batches.keys_of(added)
        contents = self.contents(found.values(), TOKEN_READ)
        return {kid: _text(content) for kid, blob in found.items() if (content := contents[blob]) is not None}

    def _judge(self, numbered: Iterable[tuple[int, AddedCommit]]) -> None:
        accepted: list[tuple[int, AddedCommit, Claims]] = []
        for order, added, token in self._with_tokens(list(numbered)):
            verdict = self._claims(added, token)
            if isinstance(verdict, Claims):
                accepted.append((order, added, verdict))
            elif verdict == batches.NO_KEY and self._may_yet_count(token):
                self.waiting[added.commit] = order
            else:
                self.judged(added, order, verdict)
        for some in _some(accepted, _READ_AT_ONCE):
            self._read(some)

    def _with_tokens(
        self, numbered: Sequence[tuple[int, AddedCommit]]
    ) -> Iterator[tuple[int, AddedCommit, str]]:
        """Each commit with the text of its token; empty where it can be no batch."""
        tokens = {added.commit: batches.token_of(added) for _, added in numbered}
        contents = self.contents((token.blob for token in tokens.values() if token is not None), TOKEN_READ)
        for order, added in numbered:
            token = tokens[added.commit]
            content = contents[token.blob] if token is not None else None
            yield order, added, _text(content) if content is not None else ""

    def _claims(self, added: AddedCommit, token: str) -> Claims | str:
        if not token:
            return batches.NO_BATCH
        raw = self.issuer.verified(token, self.keys)
        if raw is None:
            return batches.NO_KEY
        return batches.claims_of(raw, added, self.settings)

    def _may_yet_count(self, token: str) -> bool:
        kid = self.issuer.key_id(token)
        return bool(kid) and kid not in self.keys

    def _read(self, accepted: Sequence[tuple[int, AddedCommit, Claims]]) -> None:
        """Read what attested batches hold, now that nobody else can have written it."""
        blobs = [entry.blob for _, added, _ in accepted for entry in batches.event_entries(added)]
        contents = self.contents(blobs, EVENT_READ)
        for order, added, claims in accepted:
            loaded, unreadable = batches.events_of(added, contents)
            if claims.is_late(event.at for event, _ in loaded):
                self.judged(added, order, batches.LATE)
                continue
            self.judged(added, order, claims)
            self.verified.append(
                VerifiedBatch(
                    commit=added.commit, order=order, claims=claims, events=loaded, unreadable=unreadable
                )
            )
            if batches.keys_of(added).keys() - self.keys.keys():
                self.keys = {
                    **self.keys_of(added),
                    **self.keys,
                }  # the first key of an id is the one that counts


def read_keys(content: bytes, where: str) -> Mapping[str, str]:
    """A JSON Web Key Set as keys by their id. Raises InvalidError for anything else."""
    try:
        keys = json.loads(content)["keys"]
        return {str(key["kid"]): json.dumps(key, sort_keys=True) for key in keys}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidError(f"{where} is not a JSON Web Key Set: {error}") from error


def _some(every: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (every[start : start + size] for start in range(0, len(every), size))


def _text(content: bytes) -> str:
    return content.decode(errors="replace").strip()
