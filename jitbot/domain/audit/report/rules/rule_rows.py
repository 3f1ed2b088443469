"""The changes of the rules in a period, as git and the ledger have them: one row each, on the page and in the pack."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from jitbot.domain.access.rule_changes.rule_event import record_of_rules
from jitbot.domain.access.rule_changes.rule_review import NOT_READ, recorded_paths
from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.audit.report.overview.answer import AuditAnswer, in_words
from jitbot.domain.audit.report.pack_table import PackTable, cells_of
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.ledger.events import Event
from jitbot.domain.ledger.evidence import RuleOutcome
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model.documents import Sha
from jitbot.domain.text.amount import many

NOT_RECORDED = "not recorded"  # in the place of an outcome
TABLE = "rule-changes"  # of the pack
CONTROL = "CC8.1"  # of SOC 2: changes are authorised, documented and approved
_ANSWERS = {
    RuleOutcome.REVIEWED: ControlAnswer.YES,
    RuleOutcome.UNREVIEWED: ControlAnswer.NO,
    RuleOutcome.PUSHED: ControlAnswer.NO,
    RuleOutcome.UNKNOWN: ControlAnswer.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One commit on main that changed the rules. `paths` are those that are recorded of it at most.

    `reviewed` answers whether owners approved it before it came to main. "not required" is answered of what is older
    than the record of rules, of which git alone says something.
    """

    commit: Sha
    at: datetime
    subject: str
    paths: tuple[str, ...]
    paths_count: int | None  # None: more than are read
    reviewed: ControlAnswer
    outcome: str
    pull_request: int | None = None
    author: str = ""
    approved_by: tuple[str, ...] = ()
    pushed_by: str = ""
    why: str = ""
    run: str = ""
    app: bool = False  # an app opened the pull request: one person may be on record

    @property
    def in_words(self) -> str:
        """How it came to main, in a few words for people."""
        if self.outcome == RuleOutcome.REVIEWED:
            opened = f"; {self.author}, an app, opened it" if self.app else ""
            return f"approved by {', '.join(self.approved_by)}{opened}"
        if self.outcome == RuleOutcome.PUSHED:
            return f"no review: pushed past the rules by {self.pushed_by or 'an account that is gone'}"
        if self.outcome == RuleOutcome.UNREVIEWED:
            return f"no review: {self.why}"
        return f"{self.outcome}: {self.why}"


NAMES = tuple(each.name for each in fields(RuleRow))  # the columns, in their order


def rule_rows(changes: Iterable[RuleChange], events: Iterable[Event], now: datetime) -> tuple[RuleRow, ...]:
    """Each change, in main's order, with what is recorded of it; of two events of one commit the first counts."""
    recorded = record_of_rules(events)
    began = min((event.at for event in recorded.values()), default=now)
    rows, after = [], False
    for each in changes:
        after = after or each.commit in recorded
        rows.append(_row(each, recorded.get(each.commit), now, older=not after and each.at < began))
    return tuple(rows)


def exceptions(rows: Iterable[RuleRow]) -> tuple[RuleRow, ...]:
    """The changes that no owner reviewed."""
    return tuple(row for row in rows if row.reviewed is ControlAnswer.NO)


def doubts(rows: Iterable[RuleRow]) -> tuple[RuleRow, ...]:
    """The changes of which nobody knows who reviewed them."""
    return tuple(row for row in rows if row.reviewed is ControlAnswer.UNKNOWN)


def figures(rows: Sequence[RuleRow]) -> Mapping[str, object]:
    """The changes counted, and those without a review one by one, with the control that they are an exception to."""
    return {
        "control": CONTROL,
        "changes": len(rows),
        "reviewed": sum(row.reviewed is ControlAnswer.YES for row in rows),
        "exceptions": [{"commit": row.commit, "why": row.in_words} for row in exceptions(rows)],
        "unknown": [{"commit": row.commit, "why": row.in_words} for row in doubts(rows)],
    }


def in_short(rows: Sequence[RuleRow]) -> str:
    """The exceptions and doubts as the end of a sentence; empty if there are none."""
    lacking, unknown = len(exceptions(rows)), len(doubts(rows))
    parts = [f"{lacking:,} without a review"] if lacking else []
    parts += [f"{unknown:,} unknown"] if unknown else []
    return f"; of {many(len(rows), 'change')} of the rules {', '.join(parts)}" if parts else ""


def rules_answer(rows: Sequence[RuleRow]) -> AuditAnswer:
    """The row of the first page."""
    counts = [(answer.value, sum(row.reviewed is answer for row in rows)) for answer in ControlAnswer]
    return AuditAnswer(
        name="rule_changes",
        question="Was every change of the rules approved by an owner?",
        answer=f"Of {many(len(rows), 'change')} on main: {in_words(counts)}."
        if rows
        else "No rule was changed in this period.",
        section="rules",
        files=(f"{TABLE}.csv", f"{TABLE}.json"),
        numbers={"changes": len(rows), **dict(counts)},
        exceptions=len(exceptions(rows)),
        unknown=len(doubts(rows)),
    )


def rules_table(rows: Sequence[RuleRow]) -> PackTable:
    """The rows for the pack."""
    return PackTable(
        name=TABLE,
        about="Every commit on main that changed policies, CODEOWNERS, workflows or jitbot: pull request, author, who approved "
        'it. `reviewed` is "no" of an exception (SOC 2 CC8.1), and "not required" of what is older than the record of rules. '
        "`app` is true where an app opened the pull request: one person may be on record. Of many paths a hundred are named; `paths_count` says how many there are.",
        heads=NAMES,
        rows=cells_of(rows, NAMES),
        between=", ",
    )


def _row(change: RuleChange, event: Event | None, now: datetime, *, older: bool) -> RuleRow:
    count = len(change.paths) if change.whole else None
    reviewed, outcome, why = _answer(change, event, now, older=older)
    evidence = event.evidence if event is not None else None
    return RuleRow(
        commit=change.commit,
        at=change.at,
        subject=change.subject,
        paths=recorded_paths(change),
        paths_count=count,
        reviewed=reviewed,
        outcome=outcome,
        pull_request=evidence.pull_request if evidence else None,
        author=evidence.author.login if evidence else "",
        approved_by=tuple(each.login for each in evidence.approvals) if evidence else (),
        pushed_by=evidence.by if evidence else "",
        why=why,
        run=event.run if event is not None else "",
        app=evidence is not None and evidence.author.is_app,
    )


def _answer(
    change: RuleChange, event: Event | None, now: datetime, *, older: bool
) -> tuple[ControlAnswer, str, str]:
    if event is not None:
        outcome = event.evidence.outcome
        known = next((each for each in RuleOutcome if each == outcome), RuleOutcome.UNKNOWN)
        if known is RuleOutcome.REVIEWED and not change.whole:
            return ControlAnswer.UNKNOWN, RuleOutcome.UNKNOWN, NOT_READ
        return _ANSWERS[known], known, event.evidence.reason
    if not change.base:
        return ControlAnswer.NOT_REQUIRED, NOT_RECORDED, "main's first commit makes the rules"
    if abs(now - change.at) <= RULES_RECORDED_WITHIN:
        return ControlAnswer.NOT_DUE, NOT_RECORDED, "the next run of `jitbot grant` records it"
    if older:
        return ControlAnswer.NOT_REQUIRED, NOT_RECORDED, "it is older than the record of rules"
    return ControlAnswer.UNKNOWN, NOT_RECORDED, "no event says how it came to main"
