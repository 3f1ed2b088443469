"""Is the record of rules whole and true? Every event is compared with main, and every commit with the events."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jitbot.domain.access.rule_changes.rule_event import approvals_of, author_of
from jitbot.domain.access.rule_changes.rule_review import lacking, recorded_paths, why_not
from jitbot.domain.audit.history.findings import AuditFinding, Severity, Subject
from jitbot.domain.audit.history.ledger_history import RecordedEvent
from jitbot.domain.audit.history.limits import RULES_RECORDED_WITHIN
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import RuleOutcome
from jitbot.domain.ledger.git_history import RuleChange
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.text import timestamp

_LOOK = "find out which run of `jitbot grant` recorded it, and what main was then"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHistory:
    """The changes of the rules on main's first-parent line, oldest first, and the rules before each recorded one."""

    changes: tuple[RuleChange, ...] = ()
    before: Mapping[Sha, Rules] = field(default_factory=dict)


def problems(
    recorded: Iterable[RecordedEvent], history: RuleHistory, now: datetime
) -> Iterator[AuditFinding]:
    """What is wrong with the record of rules. A ledger without one has nothing wrong."""
    events = [each for each in recorded if each.event.kind is EventType.RULES]
    if not events:
        return
    changes = {change.commit: change for change in history.changes}
    seen: set[Sha] = set()
    for each in events:
        commit = each.event.commit
        subject = Subject(name=f"the rules at {commit[:10]}", event=each.path, commit=each.batch.commit)
        if commit in seen:
            yield subject.problem("rules-recorded-twice", "the same commit has two events", _LOOK)
        seen.add(commit)
        if (change := changes.get(commit)) is None:
            said = "main's first-parent line has no such commit that changes the rules"
            yield subject.problem("rules-not-on-main", said, _LOOK)
        else:
            yield from _one(subject, each.event, change, history.before.get(commit))
    yield from _missing(history.changes, seen, now)


def _one(subject: Subject, event: Event, change: RuleChange, rules: Rules | None) -> Iterator[AuditFinding]:
    count = len(change.paths) if change.whole else None
    if (event.evidence.paths, event.evidence.paths_count) != (recorded_paths(change), count):
        said = "the commit changes other files than are recorded"
        yield subject.problem("rules-other-paths", said, _LOOK)
    if (why := _judged_otherwise(event, change, rules)) is not None:
        yield subject.problem("rules-judged-otherwise", why, "look at the pull request's reviews on GitHub")


def _judged_otherwise(event: Event, change: RuleChange, rules: Rules | None) -> str | None:
    """Why the recorded outcome does not follow from the recorded facts; None if it does."""
    evidence = event.evidence
    if evidence.outcome not in set(RuleOutcome):
        return f"an outcome is recorded that this jitbot does not know: {evidence.outcome}"
    by_pull_request = evidence.outcome in (RuleOutcome.REVIEWED, RuleOutcome.UNREVIEWED)
    if by_pull_request is not (evidence.pull_request is not None):
        return (
            f"it is recorded as {evidence.outcome}, which its pull request, or the lack of one, contradicts"
        )
    if rules is None:
        return None
    author, head, approvals = author_of(event), Sha(evidence.head), approvals_of(event)
    for review in approvals:
        if why := why_not(review, author, head, rules.people):
            return f"the approval of {review.user.login} is recorded as counting, and that account {why}"
    if not change.whole:
        return None  # nobody knows whose approval it needs; an older jitbot called it reviewed after any
    lacks = lacking(change, approvals, rules, event.came_at)
    if (not lacks) is not (evidence.outcome == RuleOutcome.REVIEWED):
        return (
            f"it is recorded as {evidence.outcome}, and by the rules before it {lacks or 'it was approved'}"
        )
    return None


def _missing(changes: Iterable[RuleChange], seen: set[Sha], now: datetime) -> Iterator[AuditFinding]:
    """The commits after the first one of the record that have no event."""
    began = False
    for change in changes:
        began = began or change.commit in seen
        if not began or change.commit in seen:
            continue
        late = not abs(now - change.at) <= RULES_RECORDED_WITHIN  # a date ahead of us is no excuse
        yield Subject(commit=change.commit).problem(
            "rules-not-recorded" if late else "rules-record-due",
            f"commit {change.commit[:10]} of {timestamp.show(change.at)} changes the rules, and no event says how it came",
            "the ledger was cut short, or `jitbot grant` did not run: look at its runs, and at the commit on GitHub"
            if late
            else "the next run of `jitbot grant` records it",
            Severity.BROKEN if late else Severity.NOTE,
        )
