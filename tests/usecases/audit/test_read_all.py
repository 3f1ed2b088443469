"""The whole ledger read offline, in memory: which keys count, what of it counts, and what is said of the rest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
import whole_ledger
from acme_facts import NOW, sha
from builders import an_approval, an_outcome
from plain_ledger import ROOT, PlainLedger
from whole_ledger import read

from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.report.log_rows import asked_for, kept_for_rows, rows
from jitbot.domain.ledger import batches, commit_message
from jitbot.domain.ledger.batches import AddedCommit
from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.domain.ledger.git_history import HistoryStep, Touched
from jitbot.domain.model.documents import ISSUER_KEYS, Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.ports.git import Git
from jitbot.usecases.audit import read_all
from jitbot.usecases.audit.read_all import pinned_keys

SEVERAL = [an_outcome(EventType.FAILED, commit=sha(f"merge {each}")) for each in range(5)]


def kept(found: LedgerHistory) -> set[Sha]:
    """The merges of the events that count."""
    return {each.event.commit for each in found.recorded}


def a_ledger(*events: Event, **keys: bytes) -> PlainLedger:
    """A ledger with these events, the first of them in a batch that brings these keys."""
    plain = PlainLedger()
    for number, each in enumerate(events):
        files = {f"keys/x/{kid}.json": key for kid, key in keys.items()} if not number else None
        plain.push(each, files=files)
    return plain


@pytest.mark.parametrize(
    ("at_once", "paths", "portions"),
    [(1, 99, [1, 1, 1, 1, 1]), (2, 99, [2, 2, 1]), (400, 99, [5]), (400, 3, [3, 2]), (400, 0, [2, 1, 1, 1])],
)
def test_everything_that_counts_is_read_in_order(
    monkeypatch: pytest.MonkeyPatch, at_once: int, paths: int, portions: list[int]
) -> None:
    """Whatever the portions, of so many commits and of what they changed; a foreign commit among it is said, at its place."""
    taken: list[int] = []
    take = read_all._Reader.take

    def counted(reader: Any, steps: Sequence[HistoryStep]) -> None:
        taken.append(len(steps))
        take(reader, steps)

    monkeypatch.setattr(read_all._Reader, "take", counted)
    monkeypatch.setattr(read_all, "_AT_ONCE", at_once)
    monkeypatch.setattr(read_all, "PATHS_TOGETHER", paths)
    plain = a_ledger(*SEVERAL[:2])
    foreign = plain.push(files={"README": b"x"})
    plain.push(SEVERAL[2])
    found = read(plain, k0="zero")
    assert [each.event.commit for each in found.recorded] == [each.commit for each in SEVERAL[:3]]
    assert (found.commits, found.anchored, found.head) == (5, True, plain.commits[-1].commit)
    assert [(each.code, each.commit) for each in found.problems] == [("unattested", foreign)]
    assert [each.order for each in found.batches] == [1, 2, 4]
    assert taken == portions


def test_a_batch_that_counts_hides_no_deletion_of_its_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its token speaks for what it adds, which is recorded; that the commit deletes another event is said all the same."""
    plain = a_ledger(*SEVERAL[:2])
    first, second = plain.commits[-2:]
    path = next(each.path for each in first.entries if each.path.startswith("events/"))
    gone = Touched(path=path, mode="000000", blob=sha("nothing"), status="D")
    plainly = whole_ledger.step_of

    def step(added: AddedCommit) -> HistoryStep:
        found = plainly(added)
        return replace(found, touched=(*found.touched, gone)) if added.commit == second.commit else found

    monkeypatch.setattr(whole_ledger, "step_of", step)
    found = read(plain, k0="zero")
    assert [(each.code, each.commit) for each in found.problems] == [("event-deleted", second.commit)]
    assert kept(found) == {each.commit for each in SEVERAL[:2]}


def test_without_keys_those_of_the_first_batch_count() -> None:
    """Nobody vouched for them, and the history says so; where there are keys, they alone do."""
    plain = a_ledger(*SEVERAL[:2], k0=b"zero")
    found = read(plain)
    assert (kept(found), found.anchored) == ({each.commit for each in SEVERAL[:2]}, False)
    found = read(plain, k9="nine")
    assert (kept(found), found.anchored, dict(found.signers)) == (set(), True, {"k9": "nine"})
    assert [each.code for each in found.problems] == ["unattested"] * 2


def test_an_empty_ledger_has_no_first_batch() -> None:
    """Nor does one of foreign commits alone."""
    plain = PlainLedger()
    assert read(plain).recorded == ()
    plain.push(files={"README": b"x"})
    found = read(plain)
    assert (found.recorded, len(found.problems)) == ((), 1)
    plain.push(SEVERAL[0], files={"keys/x/k0.json": b"zero"})
    assert kept(read(plain)) == {SEVERAL[0].commit}


def test_a_key_that_is_vouched_for_later_counts_for_what_came_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The batch keeps its own date and place, whatever portion it came in."""
    monkeypatch.setattr(read_all, "_AT_ONCE", 2)
    plain = PlainLedger()
    plain.push(SEVERAL[0], kid="k1")
    for each in SEVERAL[1:4]:
        plain.push(each)
    plain.push(SEVERAL[4], files={"keys/x/k1.json": b"k1"})
    found = read(plain, k0="zero")
    assert kept(found) == {each.commit for each in SEVERAL}
    assert ([each.order for each in found.batches], found.problems) == ([1, 2, 3, 4, 5], ())
    assert {each.at for each in found.batches} == {NOW}


BROKEN = {
    "newer": lambda text: text.replace(b'"schema": 1', b'"schema": 2'),
    "said twice": lambda text: text.replace(b'"request"', b'"evidence": {}, "request"'),
    "twice within": lambda text: text.replace(b'"evidence": {', b'"evidence": {"facts": 1, "facts": 2, '),
    "no documents": lambda text: text.replace(b'"trust_policy"', b'"trust"'),
    "no JSON": lambda text: text[:-3],
    "no UTF-8": lambda text: text.replace(b"stuck", b"\xff"),
    "nested": lambda text: text.replace(b'"evidence": {', b'"evidence": {"facts": ' + b"[" * 100_000),
}


@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN)
def test_keeping_less_of_each_event_hides_nothing(spoil: Callable[[bytes], bytes]) -> None:
    """What nobody keeps is judged before: every other finding, and every row, is that of a whole reading."""
    approved, outcome = an_approval(), SEVERAL[0]
    plain = a_ledger(approved)
    path, text = approved.path.replace("0901", "0902"), spoil(dump(approved))
    assert text != dump(approved)
    filed = batches.filed(path, plain.commits[-1].commit)
    plain.push(files={filed: text, "keys/x/k9.json": b"nine"}, message=commit_message.message([approved]))
    plain.push(files={"events/README": b"x"})
    plain.push(outcome)
    whole, less = read(plain, k0="zero"), read(plain, kept_for_rows, k0="zero")
    assert [each.code for each in whole.problems] == ["unreadable", "unattested"]
    assert [each.event.key for each in less.recorded] == [approved.key, outcome.key]
    assert less.recorded != whole.recorded  # of which less is kept
    assert replace(less, recorded=()) == replace(whole, recorded=())
    shown = [list(rows(each.recorded, asked_for(each.recorded))) for each in (whole, less)]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("owned", [None, b"{}", b'{"keys": [{"kid": "k1"}]}'])
def test_the_keys_that_main_owns(owned: bytes | None) -> None:
    """None where there is no such file; one that does not read is an error."""

    class Clone:
        def main(self) -> Sha:
            return ROOT.commit

        def blobs_at(self, places: Iterable[Any]) -> dict[Any, Any]:
            return {each: None if owned is None else sha("keys") for each in places}

        def contents(self, blobs: Iterable[Sha]) -> list[tuple[Sha, bytes | None]]:
            return [(each, owned) for each in blobs]

    git = cast("Git", Clone())
    if owned == b"{}":
        with pytest.raises(InvalidError, match=f"{ISSUER_KEYS} on main is not a JSON Web Key Set"):
            pinned_keys(git)
        return
    assert set(pinned_keys(git)) == (set() if owned is None else {"k1"})
