"""The ledger's branch through the API, of plain answers: which files are read, and which events count."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import create_autospec

import pytest
from acme_facts import BASE, DAY, NOW, PATH, SECOND, a_person, sha
from builders import an_approval, an_outcome

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.domain.ledger.stops import StopSubject, stopped_event
from jitbot.domain.model.documents import PLAIN
from jitbot.domain.model.errors import InvalidError
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger

APPROVAL = an_approval()
STOP = stopped_event(
    StopSubject(policy="orders-db-read"), a_person("erin"), reason="x", rules=sha("rules"), at=NOW, run=""
)


def a_ledger(files: Mapping[str, Event | bytes], **changes: Any) -> UnverifiedLedger:
    """A ledger with these files on one day."""
    github = create_autospec(GitHubRead, instance=True)
    github.tip.return_value = BASE
    entries = tuple(AddedEntry(path=path, mode=PLAIN, blob=sha(path)) for path in files)
    github.folders.return_value = {"events/2026/11/24": entries}
    github.contents.side_effect = lambda blobs: {
        sha(path): content if isinstance(content, bytes) else dump(content)
        for path, content in files.items()
        if sha(path) in blobs
    }
    return UnverifiedLedger(github, **changes)


def calls(ledger: UnverifiedLedger, name: str) -> list[Any]:
    """What GitHub was asked by this method, in turn."""
    return [list(call.args) for call in getattr(ledger.github, name).call_args_list]


def read(files: Mapping[str, Event | bytes]) -> tuple[UnverifiedLedger, list[str]]:
    """A ledger with these files, once it was read; and the paths of which the content was asked."""
    ledger = a_ledger(files)
    ledger.events(NOW, NOW)
    ((asked,),) = calls(ledger, "contents")
    return ledger, [path for path in files if sha(path) in asked]


def filed(event: Event) -> str:
    """Where an event lies, in the folder of its batch."""
    day, _, name = event.path.rpartition("/")
    return f"{day}/{'a' * 20}/{name}"


def test_events_with_and_without_a_request_are_read() -> None:
    """A stop names none, and refuses and ends all the same."""
    ledger, asked = read({filed(APPROVAL): APPROVAL, filed(STOP): STOP})
    assert set(asked) == {filed(APPROVAL), filed(STOP)}
    assert sorted(each.kind for each in ledger.events(NOW, NOW)) == [EventType.APPROVED, EventType.STOPPED]
    assert ledger.states(NOW)[PATH].stopped == STOP
    assert ledger.unreadable == 0


REMOVED = an_outcome(EventType.REMOVED)


@pytest.mark.parametrize(
    "path",
    [
        f"{filed(APPROVAL).rpartition('/')[0]}/README.md",
        APPROVAL.path,  # outside the folder of any batch
        f"more/{filed(APPROVAL)}",
        filed(REMOVED),  # it changes nothing for a person
    ],
)
def test_what_cannot_be_an_event_that_matters_is_not_read(path: str) -> None:
    """By its name alone, and it is not called unreadable."""
    ledger, asked = read({path: REMOVED, filed(APPROVAL): APPROVAL})
    assert asked == [filed(APPROVAL)]
    assert (ledger.events(NOW, NOW), ledger.unreadable) == ((APPROVAL,), 0)


def test_the_days_are_those_that_are_asked_for_and_one_more() -> None:
    """The clocks of two machines need not agree about midnight."""
    ledger = a_ledger({})
    assert ledger.events(NOW - DAY, NOW) == ()
    days = [f"events/2026/11/{day}" for day in (23, 24, 25)]
    assert calls(ledger, "folders") == [[BASE, days]]


def test_without_the_branch_nothing_was_granted() -> None:
    """That is said, and nothing else is asked."""
    ledger = a_ledger({filed(APPROVAL): APPROVAL})
    ledger.github.tip.return_value = None  # type: ignore[attr-defined]
    with pytest.raises(InvalidError, match="no branch ledger, so nothing was ever granted"):
        ledger.events(NOW, NOW)
    assert calls(ledger, "folders") == []


LATER = replace(APPROVAL, at=NOW + SECOND)


def test_each_event_is_read_once_and_all_are_told_in_their_order() -> None:
    """A second look asks for what is new alone."""
    ledger, asked = read({filed(LATER): LATER, filed(APPROVAL): APPROVAL})
    assert set(asked) == {filed(LATER), filed(APPROVAL)}
    assert ledger.events(NOW, NOW) == (APPROVAL, LATER)
    assert calls(ledger, "contents")[1:] == [[[]]]


@pytest.mark.parametrize(("most", "reads"), [(1, False), (2, True)])
def test_more_events_than_are_read_one_by_one_are_an_error(most: int, reads: bool) -> None:
    """It says what reads them; what was read before is no part of the number."""
    ledger = a_ledger({filed(LATER): LATER, filed(APPROVAL): APPROVAL}, most=most)
    if not reads:
        with pytest.raises(InvalidError, match=r"2 events of these days, .* a clone"):
            ledger.events(NOW, NOW)
        assert calls(ledger, "contents") == []
        return
    ledger.events(NOW, NOW)
    ledger.most = 0
    assert len(ledger.events(NOW, NOW)) == 2


NAMELESS = replace(APPROVAL, request="requests/orders-db-read")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (filed(APPROVAL), b"{}"),
        (filed(APPROVAL), dump(APPROVAL).replace(b'"schema": 1', b'"schema": 99')),
        (filed(NAMELESS), NAMELESS),
    ],
    ids=["garbage", "a newer one", "no possible request"],
)
def test_what_does_not_read_is_counted_and_hides_nothing(path: str, content: Event | bytes) -> None:
    """Anyone who may push can write it."""
    ledger, _ = read({path: content, filed(LATER): LATER})
    assert (ledger.events(NOW, NOW), ledger.unreadable) == ((LATER,), 1)


def test_what_did_not_come_is_counted_too() -> None:
    """An event whose bytes are cut short is not taken for absent."""
    ledger = a_ledger({filed(APPROVAL): APPROVAL})
    ledger.github.contents.side_effect = lambda _: {}  # type: ignore[attr-defined]
    assert (ledger.events(NOW, NOW), ledger.unreadable) == ((), 1)
