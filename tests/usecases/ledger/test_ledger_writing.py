"""Writing to the ledger, in memory: in batches, on the head that was read, and never believed before it reads back."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from acme_facts import NOW, PATH, a_person, sha
from builders import an_approval, an_outcome
from plain_ledger import FOLDER, PlainLedger

from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.domain.ledger.stops import StopSubject, stopped_event
from jitbot.domain.model.bounds import BATCH_EVENTS
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.errors import BranchMovedError, UnavailableError
from jitbot.usecases.ledger import ledger as module
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView


def failures(number: int) -> list[Event]:
    """So many events of one request."""
    return [an_outcome(EventType.FAILED, commit=sha(f"merge {each}")) for each in range(number)]


def sizes(ledger: PlainLedger) -> list[int]:
    """How many events each batch of this run has."""
    return [sum(path.startswith("events/") for path in paths) for paths in ledger.written]


def test_what_is_new_is_written_once() -> None:
    """Neither twice in one record nor again; where nothing is new nothing is written, and nothing is looked at again."""
    plain = PlainLedger()
    ledger, (one, other) = Ledger(plain.context(), NOW), failures(2)
    assert ledger.add([one, one]) == (one, one)
    assert (sizes(plain), ledger.committed) == ([1], [one])
    plain.slept.clear()
    ledger.add([one])
    assert (sizes(plain), plain.slept) == ([1], [0.0])
    ledger.add([one, other])
    assert (sizes(plain), ledger.committed) == ([1, 1], [one, other])
    assert {event.key for event in ledger.read().events} == {one.key, other.key}


@pytest.mark.parametrize(
    ("number", "batches"),
    [(BATCH_EVENTS, [BATCH_EVENTS]), (BATCH_EVENTS + 1, [BATCH_EVENTS, 1]), (0, [])],
)
def test_a_batch_holds_so_many_events(number: int, batches: list[int]) -> None:
    """None is empty, and none has more."""
    plain = PlainLedger()
    Ledger(plain.context(), NOW).add(failures(number))
    assert sizes(plain) == batches


@pytest.mark.parametrize(("less", "batches"), [(0, [2, 1]), (1, [1, 1, 1])])
def test_a_batch_holds_so_many_bytes(monkeypatch: pytest.MonkeyPatch, less: int, batches: list[int]) -> None:
    """Two of them to the byte; a batch that is full begins anew."""
    each = len(dump(failures(1)[0]))
    monkeypatch.setattr(module, "BATCH_WRITTEN", 2 * each - less)
    plain = PlainLedger()
    Ledger(plain.context(), NOW).add(failures(3))
    assert sizes(plain) == batches


def test_a_stop_stands_alone() -> None:
    """A jitbot that cannot read it doubts nothing else."""
    subject, erin = StopSubject(policy="orders-db-read"), a_person("erin")
    stop = stopped_event(subject, erin, reason="x", rules=sha("rules"), at=NOW, run="")
    plain, (one, two, three) = PlainLedger(), failures(3)
    Ledger(plain.context(), NOW).add([one, two, stop, three])
    assert sizes(plain) == [2, 1, 1]
    plain = PlainLedger()
    Ledger(plain.context(), NOW).add([stop])
    assert sizes(plain) == [1]


def test_every_key_with_a_plain_name_is_vouched_for() -> None:
    """A name is a part of a path."""
    plain = PlainLedger(secrets={"../k1": "a", "": "b", "ключ": "c", "k.1": "d", "k-0_A": "e"})
    Ledger(plain.context(), NOW).add(failures(1))
    (paths,) = plain.written
    assert [path.rpartition("/")[2] for path in paths if path.startswith("keys/")] == ["k-0_A.json"]


def test_others_who_write_first_have_it_built_again() -> None:
    """On the ledger with what they wrote; if they never stop, nothing is recorded."""
    plain, seen = PlainLedger(), list[int]()
    ledger, (one, other) = Ledger(plain.context(), NOW), failures(2)

    def writes_once() -> None:
        plain.before_write = lambda: None
        plain.push(other)

    def build(history: LedgerView) -> Sequence[Event]:
        seen.append(len(history.events))
        return [one]

    plain.before_write = writes_once
    history, _ = ledger.transact(build)
    assert (seen, len(history.events)) == ([0, 1], 2)
    plain.before_write = lambda: plain.push(files={"README": b""})
    with pytest.raises(BranchMovedError, match="others keep writing"):
        ledger.add([replace(one, commit=sha("more"))])


def test_what_happened_is_added_to_what_is_there_now() -> None:
    """Others wrote since the branch was fetched: it is fetched before the first attempt, which is then the last."""
    plain = PlainLedger()
    ledger = Ledger(plain.context(), NOW)
    plain.push(*failures(1))
    ledger.add([replace(*failures(1), commit=sha("mine"))])
    assert (plain.slept, len(plain.written)) == (
        [0.0, 0.0],
        1,
    )  # before the attempt, and before it is read back


def test_what_cannot_be_checked_takes_no_record() -> None:
    """Nor is anything built on it."""
    plain = PlainLedger()
    plain.push(*failures(1))
    plain.silent = True
    plain.context().git.fetch()
    with pytest.raises(UnavailableError, match="the issuer does not answer"):
        Ledger(plain.context(), NOW).transact(lambda _: pytest.fail("it was built"))
    assert plain.written == []


def test_what_was_written_must_read_back() -> None:
    """Looked at again and again; what does not count is not acted upon."""
    plain = PlainLedger()

    def forgotten() -> None:
        plain.secrets = {"k1": "one"}

    plain.before_write = forgotten
    with pytest.raises(UnavailableError, match="does not read back"):
        Ledger(plain.context(), NOW).add(failures(1))
    assert plain.slept == [0.0, 0.0, 0.5, 1.0, 2.0, 4.0]
    plain = PlainLedger()
    Ledger(plain.context(), NOW).add(failures(1))
    assert plain.slept == [0.0, 0.0]


@pytest.mark.parametrize(
    ("where", "mode", "gone"),
    [
        ("events", PLAIN, True),
        ("events/2026/11", "120000", True),
        ("keys/2026/11/24", PLAIN, True),
        ("events/2026", FOLDER, False),
        ("README", PLAIN, False),
    ],
)
def test_a_file_in_the_place_of_a_folder_is_removed_once(where: str, mode: str, gone: bool) -> None:
    """With the first of the batches; what lies elsewhere, and a folder itself, stays."""
    plain = PlainLedger(lies={where: mode})
    Ledger(plain.context(), NOW).add(failures(BATCH_EVENTS + 1))
    assert plain.removed == ([where] if gone else [])


def test_an_approval_reads_back_with_its_request() -> None:
    """The view that is given has what was written."""
    plain = PlainLedger()
    history, recorded = Ledger(plain.context(), NOW).transact(lambda _: [an_approval()])
    assert (history.head, set(history.states)) == (Sha(plain.commits[-1].commit), {PATH})
    assert recorded == (an_approval(),)
