"""What an auditor is shown of a period: the population, the rules that changed, and who could do what."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.audit.history.absences import Absences
from jitbot.domain.audit.report.entitlements import Entitlement, entitlement
from jitbot.domain.audit.report.population import population, within
from jitbot.domain.audit.report.rule_rows import RuleRow, rule_rows
from jitbot.domain.audit.report.summary import Summary, summary
from jitbot.domain.audit.report.use_rows import UseFigures, use_figures
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.git_history import RULE_PATHS, RuleChange
from jitbot.domain.ledger.stops import Stop, stops_of
from jitbot.domain.model.documents import POLICIES, Sha, policy_named
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.collect.collect_case import CommitTree, read_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSource:
    """The sources of the report. `warnings` say which parts of the ledger were left out; `doubt` what was not checked."""

    repository: str
    main: Sha
    ledger: Sha
    warnings: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodReport:
    """A period as the record has it, seen at `now`. `end` is its first moment that is not in it."""

    start: datetime
    end: datetime
    now: datetime
    source: ReportSource
    records: tuple[GrantRecord, ...]
    summary: Summary
    rule_changes: tuple[RuleRow, ...]
    entitlements: tuple[Entitlement, ...]
    stops: tuple[Stop, ...] = ()  # those that held in some part of the period

    @property
    def use(self) -> UseFigures:
        """What was done with the grants of the period, in figures."""
        return use_figures(self.records)

    @property
    def in_doubt(self) -> bool:
        """Whether something may be missing, since it could not be checked."""
        return bool(self.source.doubt)


def period_report(
    events: Iterable[Event],
    *,
    source: ReportSource,
    start: datetime,
    end: datetime,
    now: datetime,
    absences: Absences | None = None,
    unread: Collection[str] = (),
    rule_changes: tuple[RuleChange, ...] = (),
    entitlements: tuple[Entitlement, ...] = (),
) -> PeriodReport:
    """The report on these events. They must include each request of the period from its first event on.

    `absences` are those of requests' files and requesters on main; `unread` the requests of which an event could
    not be read.
    """
    every = tuple(events)
    records = within(population(every, now, absences, unread), start, end)
    return PeriodReport(
        start=start,
        end=end,
        now=now,
        source=source,
        records=records,
        summary=summary(records, now),
        rule_changes=rule_rows(rule_changes, every, now),
        entitlements=entitlements,
        stops=tuple(each for each in stops_of(every) if each.event.at < end and each.until > start),
    )


def changed_rules(git: Git, main: Sha, start: datetime, end: datetime) -> tuple[RuleChange, ...]:
    """The commits on main that changed what decides."""
    return git.rule_changes(main, RULE_PATHS, start, end)


def entitled(git: Git, documents: DocumentReader, at: datetime) -> tuple[Entitlement, ...]:
    """Each policy at main's tip: who may ask at this moment, and who may approve."""
    tree = CommitTree(git=git, commit=git.main())
    entries = git.entries(tree.commit, [POLICIES])
    names = [policy_named(each.path) for each in entries if each.path.endswith(".yaml")]
    return tuple(entitlement(name, read_rules(tree, documents, name), at) for name in names)
