"""Reads commits of the ledger, some at a time, and passes them to the verifier; runs and audits both use it.

Neither the size nor the number of pushed commits can exhaust a reader. Of a commit that is not attested only the file
names and the token are read. Of a commit that a later key may confirm only the name is kept.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from jitbot.domain.ledger import batches
from jitbot.domain.ledger.batch_verifier import BatchVerifier
from jitbot.domain.ledger.batches import AddedCommit, Claims
from jitbot.domain.model.bounds import EVENT_READ, TOKEN_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError

_READ_AT_ONCE = 250  # attested events that are in memory together, those of one batch aside
_AGAIN_AT_ONCE = 200  # commits that are looked at once more together

T = TypeVar("T")
Contents = Callable[[Iterable[Sha], int], Mapping[Sha, bytes | None]]  # blobs, and the most bytes of each
# A commit, its order, and its claims or why it does not count.
Judged = Callable[[AddedCommit, int, Claims | str], None]


@dataclass(slots=True, kw_only=True)
class BatchReader:
    """Takes the ledger's commits, parents first, and feeds them to the verifier.

    `judged` is called for each commit when its result is certain, and again if a later key confirms the commit. `again`
    reads commits a second time.
    """

    verifier: BatchVerifier
    contents: Contents
    again: Callable[[Sequence[Sha]], Iterable[AddedCommit]]
    judged: Judged
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
        while len(self.verifier.keys) != known:
            known, before = len(self.verifier.keys), self.waiting
            self.waiting = {}
            for commits in _some(list(before), _AGAIN_AT_ONCE):
                self._judge([(before[added.commit], added) for added in self.again(commits)])
        for commits in _some(list(self.waiting), _AGAIN_AT_ONCE):
            for added in self.again(commits):
                self.judged(added, self.waiting[added.commit], batches.NO_KEY)

    def trust(self, added: AddedCommit) -> None:
        """Accept the keys that a commit brings. The caller must know why they count."""
        if vouched := self.verifier.vouched(added):
            self.verifier.trust(vouched, self.contents(vouched.values(), TOKEN_READ))

    def _judge(self, numbered: Sequence[tuple[int, AddedCommit]]) -> None:
        tokens = {added.commit: entry.blob for _, added in numbered if (entry := batches.token_of(added))}
        contents = self.contents(tokens.values(), TOKEN_READ)
        accepted: list[tuple[int, AddedCommit, Claims]] = []
        for order, added in numbered:
            token = contents[tokens[added.commit]] if added.commit in tokens else None
            verdict = self.verifier.claims(added, token)
            if isinstance(verdict, Claims):
                accepted.append((order, added, verdict))
            elif verdict == batches.KEY_UNKNOWN:
                self.waiting[added.commit] = order
            else:
                self.judged(added, order, verdict)
        part: list[tuple[int, AddedCommit, Claims]] = []
        held = 0
        for each in accepted:
            more = len(batches.event_entries(each[1]))
            if part and held + more > _READ_AT_ONCE:
                self._read(part)
                part, held = [], 0
            part.append(each)
            held += more
        self._read(part)

    def _read(self, accepted: Sequence[tuple[int, AddedCommit, Claims]]) -> None:
        """Read what attested batches hold, now that nobody else can have written it."""
        blobs = [entry.blob for _, added, _ in accepted for entry in batches.event_entries(added)]
        contents = self.contents(blobs, EVENT_READ)
        for order, added, claims in accepted:
            verdict = self.verifier.accept(added, order, claims, contents)
            self.judged(added, order, verdict)
            if isinstance(verdict, Claims):
                self.trust(added)


def read_keys(content: bytes, where: str) -> Mapping[str, str]:
    """A JSON Web Key Set as keys by their id. Raises InvalidError for anything else."""
    try:
        keys = json.loads(content)["keys"]
        return {str(key["kid"]): json.dumps(key, sort_keys=True) for key in keys}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidError(f"{where} is not a JSON Web Key Set: {error}") from error


def _some(every: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (every[start : start + size] for start in range(0, len(every), size))
