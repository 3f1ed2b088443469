"""Reads commits of the ledger, some at a time, and passes them to the verifier; runs and audits both use it.

Neither the size nor the number of pushed commits can exhaust a reader. Of a commit that is not attested only the file
names and the token are read. Of a commit that a later key may confirm only the name is kept.
"""

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
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
_Numbered = tuple[int, AddedCommit]  # with its order
_Claimed = tuple[int, AddedCommit, Claims]
_Refused = tuple[int, AddedCommit, str]  # and why it does not count
# A commit, its order, and its claims or why it does not count.
Judged = Callable[[AddedCommit, int, Claims | str], None]


@dataclass(slots=True, kw_only=True)
class BatchReader:
    """Takes the ledger's commits, parents first, and feeds them to the verifier.

    `judged` is called for each commit when its result is certain, and again if a later key confirms the commit. `again`
    reads commits by what they add. `filed` reads them by what the ledger has in the folders of their batches, of those of
    which that is quicker.
    """

    verifier: BatchVerifier
    contents: Contents
    again: Callable[[Sequence[Sha]], Iterable[AddedCommit]]
    judged: Judged
    filed: Callable[[Sequence[Sha]], Iterable[AddedCommit]] = lambda _: ()
    waiting: dict[Sha, int] = field(default_factory=dict)  # signed with a key that may count yet
    commits: int = 0
    # Of `waiting`, what was judged by its batch's folders alone.
    _by_folder: set[Sha] = field(default_factory=set)

    def take(self, some: Sequence[AddedCommit], *, passed_over: Container[Sha] = ()) -> None:
        """Judge these commits, and read the events of those that count. Those passed over are only counted."""
        numbered = list(enumerate(some, start=self.commits))
        self.commits += len(numbered)
        self._judge([each for each in numbered if each[1].commit not in passed_over])

    def take_passed_over(self, numbered: Mapping[Sha, int]) -> None:
        """Judge commits that were passed over, each with its order."""
        self._judge_added(numbered)

    def take_named(self, commits: Sequence[Sha]) -> None:
        """As `take`, of commits by their names: each by its batch's folders if that counts, else by what it adds."""
        numbered = {name: order for order, name in enumerate(commits, start=self.commits)}
        self.commits += len(numbered)
        self._judge_named(numbered)

    def finish(self) -> None:
        """Judge again what no key spoke for, and say of the rest that none does."""
        self.settle()
        for commits in _some(list(self.waiting), _AGAIN_AT_ONCE):
            for added in self.again(commits):
                self.judged(added, self.waiting[added.commit], batches.NO_KEY)

    def settle(self) -> None:
        """Judge again what no key spoke for, as long as that brings keys that count."""
        self._repeat(self._judge_named)
        if self._by_folder:
            self._repeat(self._judge_added)

    def trust(self, added: AddedCommit) -> None:
        """Accept the keys that a commit brings. The caller must know why they count."""
        if vouched := self.verifier.vouched(added):
            self.verifier.trust(vouched, self.contents(vouched.values(), TOKEN_READ))

    def _repeat(self, judge: Callable[[Mapping[Sha, int]], None]) -> None:
        known = -1
        while len(self.verifier.keys) != known:
            known, before = len(self.verifier.keys), self.waiting
            self.waiting = {}
            judge(before)

    def _judge_named(self, numbered: Mapping[Sha, int]) -> None:
        """Judge commits by what lies in the folders of their batches, and those that do not count so by what they add.

        An attestation speaks for a parent, a message and files, wherever these files are found. Of a commit that does not
        count somebody may have changed the folder.
        """
        for some in _some(list(numbered), _AGAIN_AT_ONCE):
            accepted, others = self._claims([(numbered[added.commit], added) for added in self.filed(some)])
            late = {added.commit for _, added, _ in self._read(accepted)}
            counted = {added.commit for _, added, _ in accepted} - late
            waiting = {added.commit for _, added, why in others if why == batches.KEY_UNKNOWN}
            self.waiting |= {name: numbered[name] for name in some if name in waiting}
            self._by_folder |= waiting
            self._judge_added({name: numbered[name] for name in some if name not in counted | waiting})

    def _judge_added(self, numbered: Mapping[Sha, int]) -> None:
        """Judge commits by what they add, some at a time."""
        self._by_folder -= numbered.keys()
        for some in _some(list(numbered), _AGAIN_AT_ONCE):
            self._judge([(numbered[added.commit], added) for added in self.again(some)])

    def _judge(self, numbered: Sequence[_Numbered]) -> None:
        accepted, others = self._claims(numbered)
        for order, added, why in [*others, *self._read(accepted)]:
            if why == batches.KEY_UNKNOWN:
                self.waiting[added.commit] = order
            else:
                self.judged(added, order, why)

    def _claims(self, numbered: Sequence[_Numbered]) -> tuple[list[_Claimed], list[_Refused]]:
        """What the tokens of these commits say, and why those of the others do not count."""
        tokens = {added.commit: entry.blob for _, added in numbered if (entry := batches.token_of(added))}
        contents = self.contents(tokens.values(), TOKEN_READ)
        accepted: list[_Claimed] = []
        others: list[_Refused] = []
        for order, added in numbered:
            token = contents[tokens[added.commit]] if added.commit in tokens else None
            verdict = self.verifier.claims(added, token)
            if isinstance(verdict, Claims):
                accepted.append((order, added, verdict))
            else:
                others.append((order, added, verdict))
        return accepted, others

    def _read(self, accepted: Sequence[_Claimed]) -> list[_Refused]:
        """Read what these batches hold, in parts, now that nobody else can have written it. Gives those that are late."""
        late: list[_Refused] = []
        part: list[_Claimed] = []
        held = 0
        for each in accepted:
            more = len(batches.event_entries(each[1]))
            if part and held + more > _READ_AT_ONCE:
                late += self._read_part(part)
                part, held = [], 0
            part.append(each)
            held += more
        return [*late, *self._read_part(part)]

    def _read_part(self, accepted: Sequence[_Claimed]) -> Iterator[_Refused]:
        blobs = [entry.blob for _, added, _ in accepted for entry in batches.event_entries(added)]
        contents = self.contents(blobs, EVENT_READ)
        for order, added, claims in accepted:
            verdict = self.verifier.accept(added, order, claims, contents)
            if isinstance(verdict, Claims):
                self.judged(added, order, verdict)
                self.trust(added)
            else:
                yield order, added, verdict


def read_keys(content: bytes, where: str) -> Mapping[str, str]:
    """A JSON Web Key Set as keys by their id. Raises InvalidError for anything else."""
    try:
        keys = json.loads(content)["keys"]
        return {str(key["kid"]): json.dumps(key, sort_keys=True) for key in keys}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidError(f"{where} is not a JSON Web Key Set: {error}") from error


def _some(every: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (every[start : start + size] for start in range(0, len(every), size))
