"""Which batches of the ledger a log of one person can pass over: those that change nothing of what it shows.

Such a log shows what names the person, and what is recorded of the requests that the person made. So a batch is judged
if its bytes may name the person. It is judged later if it turns out to be about such a request, or may say why a request
was made of which something is shown, or has an event that is shown, of which the first counts, or has a missing key.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from jitbot.domain.ledger import batches
from jitbot.domain.ledger.batch_verifier import BatchVerifier
from jitbot.domain.ledger.batches import AddedCommit
from jitbot.domain.ledger.git_history import HistoryStep
from jitbot.domain.ledger.mentions import Glimpse, Mentions, glimpse
from jitbot.domain.model.bounds import EVENT_WRITTEN
from jitbot.domain.model.documents import Sha
from jitbot.ports.git import Git

# Bytes that are looked through of commits that are taken together; what has more is judged.
_SCANNED = 1 << 26
_KEYS_AT_ONCE = 8  # batches that are judged together for a key; twice as many each time


class PassedOver:
    """What was passed over in a reading of the ledger for one login. `known_keys` are those that count from the start."""

    def __init__(self, git: Git, person: str, *, known_keys: Collection[str]) -> None:
        self._git, self._person, self._mentions = git, person.casefold(), Mentions(person)
        self._known_keys = frozenset(known_keys)
        self._orders: dict[Sha, int] = {}
        self._by_request: dict[str, list[Sha]] = defaultdict(list)
        self._saying_why: dict[str, list[Sha]] = defaultdict(list)
        self._by_event: dict[str, list[Sha]] = defaultdict(list)
        self._by_key: dict[str, list[Sha]] = defaultdict(list)
        self._keys: dict[str, Sha] = {}
        self._seen = 0  # batches that count and were looked at
        self._at_once = _KEYS_AT_ONCE
        self.keys_differ = False  # whether batches bring different keys under one id

    @property
    def count(self) -> int:
        """How many commits were passed over, and not judged since."""
        return len(self._orders)

    def choose(self, steps: Sequence[HistoryStep], start: int) -> frozenset[Sha]:
        """Which of these commits to pass over; `start` is the order of the first of them."""
        batched: dict[int, AddedCommit] = {}
        for order, step in enumerate(steps, start=start):
            added = step.added
            if batches.token_of(added) is None:
                continue
            self._learn_keys(added)
            # What changes or removes something is judged, since the log counts that in any case.
            if all(each.status == "A" for each in step.touched):
                batched[order] = added
        seen = self._looked_through(
            entry.blob for each in batched.values() for entry in batches.event_entries(each)
        )
        return frozenset(added.commit for order, added in batched.items() if self._passes(added, order, seen))

    def concerning(self, verifier: BatchVerifier, *, waiting: bool) -> Mapping[Sha, int]:
        """Commits to judge after all, with their orders, as what counts so far shows. `waiting`: some lack a key."""
        wanted = [commit for commit in self._concerned(verifier) if commit in self._orders]
        while waiting and not wanted and (bringing := self._bringing(verifier.keys)):
            wanted = [commit for commit in bringing if commit in self._orders]
        numbered = {commit: self._orders.pop(commit) for commit in dict.fromkeys(wanted)}
        return dict(sorted(numbered.items(), key=lambda each: each[1]))

    def _learn_keys(self, added: AddedCommit) -> None:
        for kid, blob in batches.keys_of(added).items():
            if kid not in self._known_keys:
                self.keys_differ |= self._keys.setdefault(kid, blob) != blob
                self._by_key[kid].append(added.commit)

    def _looked_through(self, blobs: Iterable[Sha]) -> Mapping[Sha, Glimpse]:
        """What is seen of each event that cannot name the person."""
        found: dict[Sha, Glimpse] = {}
        left = _SCANNED
        for blob, content in self._git.contents(blobs, EVENT_WRITTEN):
            if content is not None and (left := left - len(content)) < 0:
                break
            if not self._mentions.may_be_in(content) and (seen := glimpse(content)) is not None:
                found[blob] = seen
        return found

    def _passes(self, added: AddedCommit, order: int, seen: Mapping[Sha, Glimpse]) -> bool:
        """Whether to pass over this commit; if so, what may make it matter is noted."""
        entries = batches.event_entries(added)
        if any(entry.blob not in seen for entry in entries):
            return False
        self._orders[added.commit] = order
        for entry in entries:
            self._by_event[_key(entry.path)].append(added.commit)
            self._by_request[seen[entry.blob].request].append(added.commit)
            if seen[entry.blob].may_say_why:
                self._saying_why[seen[entry.blob].request].append(added.commit)
        return True

    def _concerned(self, verifier: BatchVerifier) -> Iterator[Sha]:
        """What was passed over and concerns an event that counts and was not looked at yet."""
        since, self._seen = self._seen, len(verifier.verified)
        for batch in verifier.verified[since:]:
            for event, path in batch.events:
                yield from self._by_event.pop(_key(path), ())
                yield from self._saying_why.pop(event.request, ())
                if event.ask.requester.casefold() == self._person:
                    yield from self._by_request.pop(event.request, ())

    def _bringing(self, keys: Collection[str]) -> Sequence[Sha]:
        """The next few commits that bring a key which does not count yet."""
        found: list[Sha] = []
        for kid, commits in self._by_key.items():
            if kid not in keys:
                found += commits[: self._at_once]
                del commits[: self._at_once]
        self._at_once *= 2
        return found


def _key(path: str) -> str:
    """The key of an event, by the name of its file: an event that lies elsewhere cannot be read."""
    return path.rpartition("-")[2]
