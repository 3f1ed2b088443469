"""Which commits a reader looks at, how often and in which portions: by what lies in their folders, by what they add, again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from acme_facts import NOW, sha, the_settings
from builders import an_outcome
from plain_ledger import PlainLedger

from jitbot.domain.ledger.attestation import Tenure
from jitbot.domain.ledger.batch_verifier import BatchVerifier
from jitbot.domain.ledger.batches import NO_BATCH, NO_KEY, AddedCommit, Claims
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import Sha
from jitbot.usecases.ledger import verify_batches
from jitbot.usecases.ledger.verify_batches import BatchReader

EVENTS = [an_outcome(EventType.FAILED, commit=sha(f"merge {each}")) for each in range(6)]


@dataclass(slots=True, kw_only=True)
class Reading:
    """A reader of a ledger, and what it asked for. `folders` is what lies in the folders of the commits' batches."""

    plain: PlainLedger = field(default_factory=PlainLedger)
    folders: dict[Sha, AddedCommit] = field(default_factory=dict)
    filed: list[list[Sha]] = field(default_factory=list)
    added: list[list[Sha]] = field(default_factory=list)
    events: list[int] = field(default_factory=list)  # how many were read together
    judged: dict[Sha, list[object]] = field(default_factory=dict)
    reader: BatchReader = field(init=False)

    def __post_init__(self) -> None:
        context = self.plain.context()
        verifier = BatchVerifier(
            signatures=context.issuer, settings=[Tenure(settings=the_settings())], keys={"k0": "zero"}
        )
        self.reader = BatchReader(
            verifier=verifier,
            contents=self._contents,
            again=self._added,
            judged=self._judged,
            filed=self._filed,
        )

    def _contents(self, blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
        wanted = list(blobs)
        if most == EVENT_READ:
            self.events.append(len(wanted))
        return {each: self.plain.blobs[each] for each in wanted}

    def _added(self, commits: Sequence[Sha]) -> list[AddedCommit]:
        self.added.append(list(commits))
        return [each for each in self.plain.commits if each.commit in commits]

    def _filed(self, commits: Sequence[Sha]) -> list[AddedCommit]:
        self.filed.append(list(commits))
        return [self.folders[each] for each in commits if each in self.folders]

    def _judged(self, added: AddedCommit, _: int, verdict: Claims | str) -> None:
        why = verdict if isinstance(verdict, str) else "counts"
        self.judged.setdefault(added.commit, []).append(why)

    def pushed(self, *events: int, kid: str = "k0", **files: bytes) -> Sha:
        """A batch with these events, signed with this key, and with the keys that are given."""
        keys = {f"keys/x/{name}.json": key for name, key in files.items()}
        return self.plain.push(*(EVENTS[each] for each in events), kid=kid, files=keys)

    def lies_as_it_was(self, commit: Sha) -> None:
        """The folders of its batch hold what it added."""
        self.folders[commit] = self._of(commit)

    def lies_otherwise(self, commit: Sha, other: Sha) -> None:
        """They hold what another commit added: somebody changed them."""
        self.folders[commit] = replace(self._of(commit), entries=self._of(other).entries)

    def _of(self, commit: Sha) -> AddedCommit:
        return next(each for each in self.plain.commits if each.commit == commit)

    def counted(self) -> list[Sha]:
        """What counts by now, once for each time that it was accepted."""
        return [each.commit for each in self.reader.verifier.ordered]


def test_a_batch_that_its_folders_show_is_looked_at_no_further() -> None:
    """It is accepted once; what is not found there is judged by what it adds."""
    reading = Reading()
    one, other = reading.pushed(0), reading.pushed(1)
    reading.lies_as_it_was(one)
    reading.reader.take_named([one, other])
    reading.reader.finish()
    assert reading.counted() == [one, other]
    assert (reading.filed, reading.added) == ([[one, other]], [[other]])
    assert reading.judged == {one: ["counts"], other: ["counts"]}


def test_a_batch_whose_folders_were_changed_counts_by_what_it_added() -> None:
    """At once, where what lies there is no batch of a key that may count yet."""
    reading = Reading()
    one, other = reading.pushed(0), reading.pushed(1)
    reading.lies_otherwise(one, other)
    reading.reader.take_named([one])
    assert (reading.counted(), reading.added) == ([one], [[one]])


@pytest.mark.parametrize("known", [True, False])
def test_a_token_of_an_unknown_key_in_a_folder_hides_no_batch(known: bool) -> None:
    """It may be a later key's, so it waits; where no batch brings that key, what the commit added decides."""
    reading = Reading()
    one = reading.pushed(0)
    forged = reading.pushed(1, kid="k9")
    keys: dict[str, Any] = {"k9": b"k9"} if known else {}
    brings = reading.pushed(2, **keys)
    reading.lies_otherwise(one, forged)
    reading.reader.take_named([one, brings])
    assert (reading.counted(), reading.added) == ([brings], [[brings]])
    reading.reader.finish()
    assert reading.counted() == [one, brings]
    assert reading.judged == {one: ["counts"], brings: ["counts"]}
    assert reading.reader.waiting == {}


def test_what_no_key_speaks_for_is_told_when_nothing_more_can_change_it() -> None:
    """Once, and it is not looked at more often for the folders of others, of which there are none."""
    reading = Reading()
    forged, plain = reading.pushed(0, kid="k9"), reading.plain.push(files={"x": b""})
    reading.reader.take_named([forged, plain])
    assert reading.judged == {plain: [NO_BATCH]}
    assert reading.reader.waiting == {forged: 0}
    reading.added.clear()
    reading.reader.finish()
    assert reading.judged == {plain: [NO_BATCH], forged: [NO_KEY]}
    assert reading.added == [[forged], [forged]]  # once more by the keys of now, and to tell it


@pytest.mark.parametrize(
    ("batches", "together"),
    [
        ([[0, 1], [2]], [3]),
        ([[0, 1], [2, 3]], [2, 2]),
        ([[0, 1, 2, 3], [4]], [4, 1]),  # a batch is never read in two parts
        ([[0], [1], [2], [3]], [3, 1]),
    ],
)
def test_so_many_events_are_in_memory_together(
    monkeypatch: pytest.MonkeyPatch, batches: list[list[int]], together: list[int]
) -> None:
    """Those of whole batches; none is read twice, and nothing is read of nothing."""
    monkeypatch.setattr(verify_batches, "_READ_AT_ONCE", 3)
    reading = Reading()
    commits = [reading.pushed(*each) for each in batches]
    reading.reader.take([each for each in reading.plain.commits if each.commit in commits])
    assert (reading.events, reading.counted()) == (together, commits)
    assert reading.reader.commits == len(commits)


def test_a_batch_that_records_another_time_is_judged_by_what_it_adds_too() -> None:
    """Its folders show it, and it does not count for its times: so it is told, and waits for nothing."""
    reading = Reading()
    reading.plain.now = NOW.replace(year=2025)
    late = reading.pushed(0)
    reading.lies_as_it_was(late)
    reading.reader.take_named([late])
    reading.reader.finish()
    assert (reading.counted(), reading.reader.waiting, len(reading.judged[late])) == ([], {}, 1)


def test_what_was_looked_at_by_what_it_adds_is_not_looked_at_so_again() -> None:
    """Its folders hid it until their key came; its own token is of a key that never comes."""
    reading = Reading()
    waits = reading.pushed(0, kid="k8")
    other = reading.pushed(1, kid="k9")
    brings = reading.pushed(2, k9=b"k9")
    reading.lies_otherwise(waits, other)
    reading.reader.take_named([waits, brings])
    reading.added.clear()
    reading.reader.finish()
    assert reading.judged == {brings: ["counts"], waits: [NO_KEY]}
    assert reading.added == [[waits], [waits]]  # by the keys of now, and to tell it
