"""The whole ledger as it was read: every attested event with its place in history, and everything suspicious."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from jitbot.domain.audit.history.findings import AuditFinding, Subject
from jitbot.domain.ledger.batches import Doubt
from jitbot.domain.ledger.events import DECIDES, STOPS, Event, EventType
from jitbot.domain.model.documents import Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedCommit:
    """One attested commit of the ledger. `order` counts all of them, parents before their children."""

    commit: Sha
    order: int
    at: datetime  # the commit's own date
    issued_at: datetime  # when GitHub signed its token
    workflow: str  # as `job_workflow_ref` names it
    run: str
    actor_id: str = ""  # of the account that started the run, as the token names it; empty if it does not


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """One event and the commit it came in; `path` is the file's in that commit.

    `copies` are later commits with the same event: anyone with write access can commit an attested batch again beside itself.
    """

    event: Event
    batch: AttestedCommit
    path: str
    copies: tuple[Sha, ...] = ()

    def is_in(self, commits: Collection[Sha]) -> bool:
        """Whether the event was recorded in one of these commits."""
        return any(each in commits for each in (self.batch.commit, *self.copies))

    @property
    def subject(self) -> Subject:
        """The event, as findings name it."""
        event = self.event
        name = f"{event.kind} {event.request}".rstrip()  # some are of no request
        return Subject(name=name, event=self.path, commit=self.batch.commit, request=event.request)

    def is_by(self, workflow: str) -> bool:
        """Whether a run of the workflow with this file name recorded it, as its token says."""
        return self.batch.workflow.partition("@")[0].endswith(f"/{workflow}")


@dataclass(frozen=True, kw_only=True)
class LedgerHistory:
    """Everything the ledger ever recorded, oldest first. Not slotted: it is sorted by request once, when asked for.

    `signers` are the keys that count, by id. `anchored` is False if nobody vouched for the first of them.
    `problems` are the findings about other commits: unattested, edited, deleted, redated or unreadable.
    """

    head: Sha
    recorded: tuple[RecordedEvent, ...]
    batches: tuple[AttestedCommit, ...]
    signers: Mapping[str, str]
    anchored: bool
    problems: tuple[AuditFinding, ...]
    commits: int = 0  # of the branch, attested or not
    passed_over: int = 0  # commits that were not judged: they cannot concern the person asked about
    in_doubt: Doubt = field(default_factory=Doubt)  # what attested events that could not be read may be about

    @cached_property
    def by_request(self) -> Mapping[str, tuple[RecordedEvent, ...]]:
        """What is recorded of each request."""
        grouped: dict[str, list[RecordedEvent]] = {}
        for each in self.recorded:
            grouped.setdefault(each.event.request, []).append(each)
        return {name: tuple(found) for name, found in grouped.items()}

    @cached_property
    def stops(self) -> tuple[RecordedEvent, ...]:
        """Every emergency stop, and every lift of one."""
        return tuple(each for each in self.recorded if each.event.kind in STOPS)

    @cached_property
    def decisions(self) -> Mapping[tuple[str, Sha], RecordedEvent]:
        """The first decision of each merge of each request. The refusal of a whole commit is none."""
        found: dict[tuple[str, Sha], RecordedEvent] = {}
        for each in self.recorded:
            if each.event.kind in DECIDES and each.event.request:
                found.setdefault((each.event.request, each.event.commit), each)
        return found

    @property
    def verified(self) -> tuple[Sha, ...]:
        """The heads of the ledger that verifications found, and recorded, oldest first."""
        heads = (each.evidence.head for each in self.events if each.kind is EventType.VERIFIED)
        return tuple(Sha(head) for head in heads if head)

    @property
    def verified_mains(self) -> tuple[Sha, ...]:
        """The commits of main up to which verifications looked, and recorded it, each once."""
        mains = (each.evidence.main for each in self.events if each.kind is EventType.VERIFIED)
        return tuple(dict.fromkeys(Sha(main) for main in mains if main))

    @property
    def events(self) -> Iterator[Event]:
        """Every attested event, oldest first."""
        return (each.event for each in self.recorded)
