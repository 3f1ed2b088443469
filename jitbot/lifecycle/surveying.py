"""What an auditor is shown of a period: the population, the rules that changed, and who could do what."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.audit.absences import Absences
from jitbot.domain.audit.entitlements import Entitlement, entitlement
from jitbot.domain.audit.items import Item
from jitbot.domain.audit.population import population, within
from jitbot.domain.audit.summary import Summary, summary
from jitbot.domain.codeowners import LOCATIONS
from jitbot.domain.events import Event
from jitbot.domain.model import Sha
from jitbot.domain.ports import DocumentReader, Repository
from jitbot.domain.ports.rule_log import RuleChange, RuleLog
from jitbot.lifecycle.gathering import CommitTree, read_rules
from jitbot.lifecycle.world import CODE

POLICIES = "policies/access/"
RULES = ("policies", *LOCATIONS, *CODE)  # what a decision reads, and what decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the survey was made of. `warnings` say what of the ledger was left out; `doubt` what nobody could check."""

    repository: str
    main: Sha
    ledger: Sha
    warnings: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A period as the record has it, seen at `now`. `end` is its first moment that is not in it."""

    start: datetime
    end: datetime
    now: datetime
    source: Source
    items: tuple[Item, ...]
    summary: Summary
    rule_changes: tuple[RuleChange, ...]
    entitlements: tuple[Entitlement, ...]

    @property
    def in_doubt(self) -> bool:
        """Whether something may be missing, since it could not be checked."""
        return bool(self.source.doubt)


def survey(
    events: Iterable[Event],
    *,
    source: Source,
    start: datetime,
    end: datetime,
    now: datetime,
    absences: Absences | None = None,
    unread: Collection[str] = (),
    rule_changes: tuple[RuleChange, ...] = (),
    entitlements: tuple[Entitlement, ...] = (),
) -> Survey:
    """The survey that these events give. They must hold each request of the period from its first event on.

    `absences` are those of requests' files and requesters on main; `unread` the requests of which an event could
    not be read.
    """
    items = within(population(events, now, absences, unread), start, end)
    return Survey(
        start=start,
        end=end,
        now=now,
        source=source,
        items=items,
        summary=summary(items, now),
        rule_changes=rule_changes,
        entitlements=entitlements,
    )


def changed_rules(log: RuleLog, start: datetime, end: datetime) -> tuple[RuleChange, ...]:
    """The commits on main that changed what decides."""
    return log.rule_changes(RULES, start, end)


def entitled(repository: Repository, documents: DocumentReader) -> tuple[Entitlement, ...]:
    """Each policy at main's tip: who may ask, and who may approve."""
    tree = CommitTree(repository=repository, commit=repository.main())
    entries = repository.entries(tree.commit, [POLICIES])
    names = [
        each.path.removeprefix(POLICIES).removesuffix(".yaml")
        for each in entries
        if each.path.endswith(".yaml")
    ]
    return tuple(entitlement(name, read_rules(tree, documents, name)) for name in names)
