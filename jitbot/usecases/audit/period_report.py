"""What an auditor is shown of a period: the population, the rules that changed, and who could do what."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from jitbot.domain.access_review.entitlements import Entitlement, entitlement
from jitbot.domain.audit.history.absences import Absences
from jitbot.domain.audit.history.access_reviews import AccessReviews
from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.audit.history.rule_times import came_to_main
from jitbot.domain.audit.report.overview.answer import AuditAnswer
from jitbot.domain.audit.report.overview.completeness_answer import Completeness, completeness_answer
from jitbot.domain.audit.report.overview.first_page import active_table, answers_table, populations_table
from jitbot.domain.audit.report.overview.grant_answers import (
    active_answer,
    population_answer,
    question_answers,
    refused_answer,
)
from jitbot.domain.audit.report.overview.policy_figures import PolicyFigures, figures_table, policy_figures
from jitbot.domain.audit.report.overview.populations import (
    ActiveGrants,
    Population,
    active_at,
    last_moment,
    populations,
)
from jitbot.domain.audit.report.pack_table import PackTable
from jitbot.domain.audit.report.population import population, within
from jitbot.domain.audit.report.rules.protection_rows import (
    SafeguardRow,
    protection_answer,
    protection_table,
    safeguard_rows,
)
from jitbot.domain.audit.report.rules.protection_rows import figures as protection_figures
from jitbot.domain.audit.report.rules.protection_rows import in_short as protection_in_short
from jitbot.domain.audit.report.rules.review_rows import ReviewRows, review_rows
from jitbot.domain.audit.report.rules.rule_rows import RuleRow, rule_rows, rules_answer, rules_table
from jitbot.domain.audit.report.rules.rule_rows import figures as rule_figures
from jitbot.domain.audit.report.rules.rule_rows import in_short as rules_in_short
from jitbot.domain.audit.report.sample import refusals
from jitbot.domain.audit.report.summary import Summary, summary
from jitbot.domain.audit.report.use_rows import UseFigures, use_answer, use_figures
from jitbot.domain.audit.report.use_rows import in_short as use_in_short
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.git_history import RULE_PATHS, RuleChange
from jitbot.domain.ledger.stops import Stop, stops_of
from jitbot.domain.model.documents import POLICIES, Sha, policy_named
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.collect.collect_case import read_rules, tree_at_main

_NO_REVIEWS = ReviewRows()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSource:
    """The sources of the report. `warnings` say which parts of the ledger were left out; `doubt` what was not checked.

    `completeness` is None where nobody tested it.
    """

    repository: str
    main: Sha
    ledger: Sha
    warnings: tuple[str, ...] = ()
    doubt: str = ""
    completeness: Completeness | None = None


@dataclass(frozen=True, kw_only=True)
class PeriodReport:
    """A period as the record has it, judged as of `judged_at`. `end` is its first moment that is not in it.

    The page, the pack and the summary of a job show the same parts of it, and count nothing of their own. Not slotted: a
    part is worked out once, when it is asked for.
    """

    start: datetime
    end: datetime
    judged_at: datetime
    source: ReportSource
    records: tuple[GrantRecord, ...]
    summary: Summary
    rule_changes: tuple[RuleRow, ...]
    entitlements: tuple[Entitlement, ...]
    stops: tuple[Stop, ...] = ()  # those that held in some part of the period
    protection: tuple[SafeguardRow, ...] = ()
    reviews: ReviewRows = _NO_REVIEWS

    @cached_property
    def answers(self) -> tuple[AuditAnswer, ...]:
        """The rows of the first page, in their order. A part of the report adds its own here."""
        return (
            population_answer(self.summary),
            completeness_answer(self.source.completeness),
            *question_answers(self.summary),
            rules_answer(self.rule_changes),
            protection_answer(self.protection),
            self.reviews.answer,
            use_answer(self.use),
            refused_answer(self.summary, self.refusals),
            active_answer(self.active),
        )

    @property
    def tables(self) -> tuple[PackTable, ...]:
        """The tables of the pack beside the population. A part of the report adds its own here."""
        return (
            answers_table(self.answers),
            populations_table(self.populations),
            active_table(self.active),
            figures_table(self.figures),
            rules_table(self.rule_changes),
            protection_table(self.protection),
            *self.reviews.tables,
        )

    @property
    def verdicts(self) -> Mapping[str, object]:
        """What the parts beside the grants add to the pack's `verdicts.json`."""
        return {
            "rule_changes": rule_figures(self.rule_changes),
            "access_reviews": self.reviews.as_json(),
            "protection": protection_figures(self.protection),
        }

    @property
    def in_short(self) -> str:
        """What the parts beside the grants found, as the end of a sentence. A part of the report adds its own here."""
        return "".join(
            (
                rules_in_short(self.rule_changes),
                self.reviews.in_short,
                use_in_short(self.use),
                protection_in_short(self.protection),
            )
        )

    @cached_property
    def use(self) -> UseFigures:
        """What was done with the grants of the period, in figures."""
        return use_figures(self.records)

    @cached_property
    def figures(self) -> tuple[PolicyFigures, ...]:
        """The figures of each policy, and of all."""
        return policy_figures(self.records, self.entitlements)

    @cached_property
    def active(self) -> ActiveGrants:
        """What gave access at the period's last moment."""
        return active_at(self.records, last_moment(self.end, self.judged_at))

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        """Who may ask, what was granted, used, and is gone."""
        return populations(self.records, self.entitlements, self.judged_at)

    @property
    def seed(self) -> str:
        """What samples depend on where nobody chose it: the head of the ledger, which nobody knows beforehand."""
        return self.source.ledger

    @cached_property
    def refusals(self) -> tuple[GrantRecord, ...]:
        """The refusals that are shown as a negative test."""
        return refusals(self.records, seed=self.seed)

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
    made_at: datetime | None = None,
    access_reviews: AccessReviews | None = None,
) -> PeriodReport:
    """The report on these events. They must include each request of the period from its first event on.

    `absences` are those of requests' files and requesters on main; `unread` the requests of which an event could
    not be read. What is open is judged as of `now`. A change of the rules belongs to no later period, so what may still
    have been recorded of one after `now` is awaited, as far as `made_at` allows.
    """
    every = tuple(events)
    records = within(population(every, now, absences, unread), start, end)
    return PeriodReport(
        start=start,
        end=end,
        judged_at=now,
        source=source,
        records=records,
        summary=summary(records, now),
        rule_changes=rule_rows(rule_changes, every, min(made_at or now, now + RULES_RECORDED_WITHIN)),
        entitlements=entitlements,
        stops=tuple(each for each in stops_of(every) if each.event.at < end and each.until > start),
        protection=safeguard_rows(every, start, end, now),
        reviews=review_rows(access_reviews or AccessReviews(), start, end, entitlements),
    )


def changed_rules(
    git: Git, main: Sha, events: Iterable[Event], start: datetime, end: datetime, now: datetime
) -> tuple[RuleChange, ...]:
    """The commits of a period that changed what decides, whatever dates their authors gave them."""
    came = came_to_main(git.rule_changes(main, RULE_PATHS), events, now)
    return tuple(each for each in came if start <= each.at < end)


def entitled(git: Git, documents: DocumentReader, at: datetime) -> tuple[Entitlement, ...]:
    """Each policy at main's tip: who may ask at this moment, and who may approve."""
    tree = tree_at_main(git)
    entries = git.entries(tree.commit, [POLICIES])
    names = [policy_named(each.path) for each in entries if each.path.endswith(".yaml")]
    return tuple(entitlement(name, read_rules(tree, documents, name), at) for name in names)
