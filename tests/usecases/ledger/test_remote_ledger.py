"""The ledger's branch through the API, of plain answers: which files are read, and which events count."""

from unittest.mock import create_autospec

import pytest
from acme_facts import BASE, NOW, PATH, a_person, sha
from builders import an_approval, an_outcome

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import Event, EventType, dump
from jitbot.domain.ledger.stops import StopSubject, stopped_event
from jitbot.domain.model.documents import PLAIN
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger

APPROVAL = an_approval()
STOP = stopped_event(
    StopSubject(policy="orders-db-read"), a_person("erin"), reason="x", rules=sha("rules"), at=NOW, run=""
)


def read(files: dict[str, Event | bytes]) -> tuple[UnverifiedLedger, list[str]]:
    """A ledger with these files, once it was read; and the paths of which the content was asked."""
    github = create_autospec(GitHubRead, instance=True)
    github.tip.return_value = BASE
    entries = tuple(AddedEntry(path=path, mode=PLAIN, blob=sha(path)) for path in files)
    github.folders.return_value = {"events/2026/11/24": entries}
    github.contents.side_effect = lambda blobs: {
        sha(path): content if isinstance(content, bytes) else dump(content)
        for path, content in files.items()
        if sha(path) in blobs
    }
    ledger = UnverifiedLedger(github)
    ledger.events(NOW, NOW)
    (asked,) = github.contents.call_args.args
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
