"""The whole ledger as it was read: every attested event with its place in history, and all that was odd."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jitbot.domain.audit.verify.findings import AuditFinding
from jitbot.domain.enforce.plan import Doubt
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.documents import Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCommit:
    """One attested commit of the ledger. `order` counts all of them, parents before their children."""

    commit: Sha
    order: int
    at: datetime  # the commit's own date
    issued_at: datetime  # when GitHub signed its token
    workflow: str  # as `job_workflow_ref` names it
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """One event and the batch it came in; `path` is the file's in that commit."""

    event: Event
    batch: LedgerCommit
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHistory:
    """Everything the ledger ever recorded, oldest first.

    `signers` are the keys that count, by id; `anchored` is False where nobody vouched for the first of them.
    `problems` are what was found beside it: unattested, edited, deleted, redated, unreadable.
    """

    head: Sha
    recorded: tuple[RecordedEvent, ...]
    batches: tuple[LedgerCommit, ...]
    signers: Mapping[str, str]
    anchored: bool
    problems: tuple[AuditFinding, ...]
    commits: int = 0  # of the branch, attested or not
    in_doubt: Doubt = field(default_factory=Doubt)  # what attested events that could not be read may be about
    by_request: Mapping[str, tuple[RecordedEvent, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        grouped: dict[str, list[RecordedEvent]] = {}
        for each in self.recorded:
            grouped.setdefault(each.event.request, []).append(each)
        object.__setattr__(self, "by_request", {name: tuple(found) for name, found in grouped.items()})

    @property
    def unread(self) -> frozenset[str]:
        """The requests of which an attested event could not be read."""
        return self.in_doubt.requests

    @property
    def events(self) -> Iterator[Event]:
        """Every attested event, oldest first."""
        return (each.event for each in self.recorded)
