"""The ledger's branch, read through the API. Nothing is verified here; a clone can verify who wrote it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from jitbot.domain.access import request_state
from jitbot.domain.ledger import batches, events
from jitbot.domain.ledger.events import LEDGER, Event
from jitbot.domain.model.bounds import MEMORY
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.grammar import RequestPath, parse_request_path
from jitbot.domain.text.amount import many
from jitbot.ports.github_read import GitHubRead

MOST = 4000  # events to read one by one; with more a clone is the better way
_NAME = re.compile(r"\d{6}-([a-z]+)-[0-9a-f]{20}\.json", re.ASCII)
_SILENT = frozenset({"removed", "verified"})  # kinds that change nothing for a person


@dataclass(slots=True)
class UnverifiedLedger:
    """The events on the branch, unverified; each event is read once."""

    github: GitHubRead
    most: int = MOST
    unreadable: int = 0  # events of another jitbot, or none at all
    _known: dict[Sha, Event | None] = field(default_factory=dict)

    def events(self, since: datetime, until: datetime) -> tuple[Event, ...]:
        """The events of these days, oldest first. Raises InvalidError if there is no ledger, or it holds too much."""
        tip = self.github.tip(LEDGER)
        if tip is None:
            raise InvalidError("the repository has no branch ledger, so nothing was ever granted")
        folders = [f"{events.FOLDER}{day:%Y/%m/%d}" for day in _days(since.date(), until.date())]
        listed = self.github.folders(tip, folders, deep=True)
        found = {
            entry.blob: entry.path
            for entries in listed.values()
            for entry in entries
            if _is_event(entry.path)
        }
        missing = [blob for blob in found if blob not in self._known]
        if len(missing) > self.most:
            raise InvalidError(
                f"the ledger holds {many(len(missing), 'event')} of these days, too many to read one by one: "
                "run this in a clone of the access repository"
            )
        contents = self.github.contents(missing)
        self._known.update({blob: _load(found[blob], contents.get(blob)) for blob in missing})
        self.unreadable = sum(self._known[blob] is None for blob in found)
        known = (self._known[blob] for blob in found)
        return tuple(
            sorted((event for event in known if event is not None), key=lambda each: (each.at, each.path))
        )

    def states(self, now: datetime) -> Mapping[str, request_state.RequestState]:
        """Every request of the days that can still matter."""
        return request_state.fold_events(self.events(now - MEMORY, now))


def _days(first: date, last: date) -> Iterator[date]:
    # A day more at the end: GitHub's clock and this machine's need not agree about midnight.
    for number in range((last - first).days + 2):
        yield first + timedelta(days=number)


def _is_event(path: str) -> bool:
    match = _NAME.fullmatch(path.rpartition("/")[2])
    return match is not None and path.count("/") == 5 and match[1] not in _SILENT


def _load(path: str, content: bytes | None) -> Event | None:
    """The event, without a check who wrote it. The branch's tip does not show for which head its batch was made."""
    try:
        event = batches.event_of(path, content, parent=None)
    except ValueError:
        return None
    # Anyone who may push can write an event: one about no possible request is none.
    named = not event.request or isinstance(parse_request_path(event.request), RequestPath)
    return event if named else None
