"""The ledger of one run: read, kept up to date, and written.

A run records its decisions on exactly the head that it read, or it decides again. It reads back what it wrote: it may
act only on events that count for the next run too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from jitbot.domain.ledger import attestation, batches, commit_message, events
from jitbot.domain.ledger.attestation import Batch
from jitbot.domain.ledger.events import STOPS, Event
from jitbot.domain.model.bounds import BATCH_EVENTS, BATCH_WRITTEN
from jitbot.domain.model.documents import FOLDER, Sha
from jitbot.domain.model.errors import BranchMovedError, UnavailableError
from jitbot.ports.git import Git
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerReader, LedgerView

# Seconds before each attempt to write, since others write too. A person who keeps pushing can only delay a run.
_PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_UNTIL_IT_READS = (0.0, 0.5, 1.0, 2.0, 4.0)  # seconds before each look at what was just written
MOVING = "others keep writing to the ledger, so nothing could be recorded; the next run does it"

Build = Callable[[LedgerView], Sequence[Event]]
Write = Callable[[], LedgerView]


class Ledger:
    """The ledger of one run. `at` is the moment of the run."""

    def __init__(self, context: Context, at: datetime) -> None:
        self.context = context
        self.at = at
        self.committed: list[Event] = []  # by this run's own commits, which no other run can have made
        self._reader = LedgerReader(context=context, at=at)

    def read(self) -> LedgerView:
        """The ledger as it was last fetched."""
        return self._reader.read()

    def refresh(self) -> LedgerView:
        """Fetch the ledger, and read what is new in it."""
        self.context.git.fetch()
        return self.read()

    def transact(
        self, build: Build, beside: Callable[[Write], LedgerView] = lambda write: write()
    ) -> tuple[LedgerView, tuple[Event, ...]]:
        """Record the events that `build` makes from the last fetched ledger. If somebody wrote since, `build` is called again.

        `beside` makes each write, and may load at the same time what is needed after it.
        Returns the ledger with these events, and the events. Raises BranchMovedError if others keep writing, and
        UnavailableError if the ledger cannot be checked.
        """
        for pause in _PAUSES:
            self.context.sleep(pause)
            history = self.read()
            if history.doubt:
                raise UnavailableError(history.doubt)
            new = tuple(build(history))
            try:
                return beside(partial(self._append, history, new)), new
            except BranchMovedError:
                self.context.git.fetch()
        raise BranchMovedError(MOVING)

    def add(self, new: Sequence[Event]) -> tuple[Event, ...]:
        """Fetch, and record what happened. That stays true if others write at the same time."""
        self.context.git.fetch()
        _, recorded = self.transact(lambda _: new)
        return recorded

    def _append(self, history: LedgerView, new: Sequence[Event]) -> LedgerView:
        """Record events on exactly the head that `history` was read at; those already there are left out.

        Raises BranchMovedError if the ledger has moved: read again, and decide again.
        """
        fresh = [
            event for event in {event.key: event for event in new}.values() if event.key not in history.keys
        ]
        head = history.head
        in_the_way = _InTheWay(git=self.context.git, head=head)
        for batch in _batches(fresh):
            head = self._append_batch(head, batch, history.signers, in_the_way)
            self.committed += [event for event, _ in batch.values()]
        return self._read_back(fresh) if fresh else history

    def _append_batch(
        self,
        head: Sha,
        batch: Mapping[str, tuple[Event, bytes]],
        signers: Mapping[str, str],
        in_the_way: "_InTheWay",
    ) -> Sha:
        """Commit one batch. Every path names the head it is made for, so that nothing can lie there already.

        Each batch vouches for all keys that count now: so those of yesterday count under the one of tomorrow.
        """
        events = [event for event, _ in batch.values()]
        files = {batches.filed(path, head): content for path, (_, content) in batch.items()}
        keys = {kid: key for kid, key in signers.items() if _plain(kid)}
        # By day: one folder of all would grow without end.
        place = f"{events[0].at:%Y/%m/%d}/{batches.folder(head)}"
        files |= {f"{attestation.KEYS}{place}/{kid}.json": f"{key}\n".encode() for kid, key in keys.items()}
        message = commit_message.message(events)
        blobs = {path: attestation.blob_name(content) for path, content in files.items()}
        token = self.context.issuer.token(
            attestation.audience(Batch(parent=head, message=message, blobs=blobs))
        )
        files[f"{attestation.TOKENS}{place}{attestation.TOKEN_ENDS}"] = f"{token}\n".encode()
        return self.context.github_write.commit_on_branch(
            "ledger", head, message, files, in_the_way.of(files)
        )

    def _read_back(self, written: Sequence[Event]) -> LedgerView:
        """The ledger with the events that were just written. Raises UnavailableError if they do not count."""
        for pause in _UNTIL_IT_READS:
            self.context.sleep(pause)
            history = self.refresh()
            if all(event.key in history.keys for event in written):
                return history
        raise UnavailableError(
            "what was recorded does not read back as attested; nothing is done before it does"
        )


def _batches(fresh: Sequence[Event]) -> Iterator[Mapping[str, tuple[Event, bytes]]]:
    """Events in batches that GitHub accepts and a reader can hold in memory, each with its bytes, by its path.

    A stop and a lift have a batch of their own. A jitbot that cannot read one then knows no request that it is about,
    and so gives nothing to anybody; beside other events it would doubt only their requests.
    """
    batch: dict[str, tuple[Event, bytes]] = {}
    size = 0
    for event in fresh:
        kept, content = events.bounded(event)
        alone = kept.kind in STOPS
        if batch and (alone or len(batch) == BATCH_EVENTS or size + len(content) > BATCH_WRITTEN):
            yield batch
            batch, size = {}, 0
        batch[kept.path] = (kept, content)
        size += len(content)
        if alone:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch


@dataclass(slots=True, kw_only=True)
class _InTheWay:
    """Files that somebody pushed in the place of a folder. They are removed, since the record must be written now.

    They are looked for at the fetched head. Later batches of the same record are written on heads that are not fetched,
    but the first batch has removed these files already.
    """

    git: Git
    head: Sha
    gone: set[str] = field(default_factory=set)

    def of(self, files: Iterable[str]) -> tuple[str, ...]:
        """The paths that a commit of these files must remove."""
        folders = batches.folders_of(files) - self.gone
        found = self.git.entries(self.head, sorted(folders))
        now = tuple(entry.path for entry in found if entry.path in folders and entry.mode != FOLDER)
        self.gone.update(now)
        return now


def _plain(kid: str) -> bool:
    return kid.replace("-", "").replace("_", "").isalnum() and kid.isascii()
