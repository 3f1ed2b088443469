"""The record of rules: after the grants, an event for each commit on main that changed what decides.

It comes last in a run. Whatever goes wrong in it becomes a warning: it fails no run, and delays no grant.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jitbot.domain.access.doubt import GITHUB_LAG
from jitbot.domain.access.rule_changes.rule_event import RuleOrigin, rule_event
from jitbot.domain.access.rule_changes.rule_review import reviewed
from jitbot.domain.ledger import commit_message
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.git_history import RULE_PATHS, RuleChange
from jitbot.domain.model.bounds import EVER, MEMORY, RESERVE, RULE_CHANGES
from jitbot.domain.model.documents import Finding, Sha
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.merge_facts import PullRequest, Push
from jitbot.domain.model.parsed_case import fitting
from jitbot.domain.text.amount import many
from jitbot.usecases.collect.collect_case import CommitTree, read_rules
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.report import Report

MAIN = "main"
BEGINS_BEFORE = timedelta(days=1)  # how far the first run of a repository looks back: runs come late
ASKED_FOR = timedelta(hours=12)  # how long after a commit GitHub is asked again for what it did not say
_MERGES = frozenset({"pr_merge", "merge_queue_merge"})
_PUSHES = frozenset({"push", "force_push", "branch_creation"})


def with_rule_changes(ledger: Ledger, report: Report, history: LedgerView) -> Report:
    """Add to a run's report the changes of the rules that it recorded; what stays due is a warning."""
    if report.dry or history.doubt:
        return report
    warnings: tuple[Finding, ...] = ()
    recorded: tuple[Event, ...] = ()
    try:
        events, waits = _events(ledger, history)
        warnings = (waits,) if waits is not None else ()
        if events:
            _, recorded = ledger.transact(lambda _: events)
    except JitbotError as error:
        warnings = (_due(f"changes of the rules are not recorded yet: {error}"),)
    return replace(report, recorded=report.recorded + recorded, warnings=report.warnings + warnings)


def _events(ledger: Ledger, history: LedgerView) -> tuple[list[Event], Finding | None]:
    """The events of the oldest commits that have none, in main's order, up to one that must wait; and why it must."""
    context, now = ledger.context, ledger.at
    due = _due_commits(context, history, now)
    some = dict(list(due.items())[:RULE_CHANGES])
    events: list[Event] = []
    for change in context.git.changes_of_rules(some, RULE_PATHS):
        left = context.github.calls_left()
        if left is not None and left < RESERVE:
            return events, _due(
                f"waiting: {many(len(due) - len(events), 'change')} of the rules, as GitHub allows {many(left, 'more call')} now"
            )
        origin = _origin(context, change, now)
        if origin.why and abs(now - change.at) < ASKED_FOR:
            return events, _due(
                f"how commit {change.commit[:10]} changed the rules is not known yet: {origin.why}"
            )
        events.append(rule_event(change, origin, now=now, run=context.run.url))
    return events, None


def _due_commits(context: Context, history: LedgerView, now: datetime) -> Mapping[Sha, datetime]:
    """The commits of these weeks that changed the rules and have no event, oldest first.

    The record of a repository begins with its first run, and with the day before it.
    """
    touching = context.git.touching_rules(now - MEMORY, RULE_PATHS)
    recorded = {event.commit for event in history.events if event.kind is EventType.RULES}
    due = {commit: at for commit, at in touching.items() if commit not in recorded}
    if not due or _began_earlier(context, now):
        return due
    if not recorded:
        return {commit: at for commit, at in due.items() if at >= now - BEGINS_BEFORE}
    order = list(touching)
    begins = min(order.index(commit) if commit in touching else -1 for commit in recorded)
    return {commit: at for commit, at in due.items() if order.index(commit) > begins}


def _began_earlier(context: Context, now: datetime) -> bool:
    """Whether the ledger holds such an event that is older than what a run reads.

    The message alone is looked at. Anyone who may push can write one: then a run records more, and never less.
    """
    saying = f"{commit_message.RECORD}: {commit_message.RULES}"
    recent = context.git.batches(now - MEMORY, saying=saying)
    return len(context.git.batches(EVER, saying=saying)) > len(recent)


def _origin(context: Context, change: RuleChange, now: datetime) -> RuleOrigin:
    """How a commit came to main, by what GitHub says now; what it does not say, or cannot, is unknown."""
    young = abs(now - change.at) < GITHUB_LAG
    try:
        listed = context.github.pulls_of(change.commit)
        found = _merged_as(context, listed, change.commit)
        move = None if found else _move(context, change.commit, change.at, now)
        if move is not None and move.kind in _MERGES:  # a rebase makes several commits of one pull request
            found = _merged_as(context, listed, move.after)
        if len(found) == 1:
            return _by_pull_request(context, change, found[0], young=young)
    except JitbotError as error:
        return RuleOrigin(why=str(error))
    if found:
        return RuleOrigin(why="GitHub lists several pull requests that were merged as this commit")
    if move is None or move.kind not in _PUSHES:
        return RuleOrigin(why="GitHub lists neither the pull request that was merged as it, nor a push of it")
    return RuleOrigin(why="GitHub's lists may lag") if young else RuleOrigin(pushed_by=move.actor)


def _by_pull_request(context: Context, change: RuleChange, pull: PullRequest, *, young: bool) -> RuleOrigin:
    reviews = context.github.reviews(pull.number)
    gone = any(each.state == "DISMISSED" for each in reviews)
    dismissals = context.github.history(pull.number).dismissals if gone else ()
    rules = read_rules(CommitTree(git=context.git, commit=change.base), context.documents, "")
    review = reviewed(change, pull, reviews, dismissals, rules)
    if review.lacks and young:
        return RuleOrigin(why="GitHub's list of reviews may lag")
    return RuleOrigin(pull_request=pull, review=review)


def _merged_as(context: Context, listed: Sequence[PullRequest], commit: Sha) -> tuple[PullRequest, ...]:
    number = context.settings.repository_id
    return fitting(tuple(listed), commit=commit, default_branch=MAIN, repository_id=number, requester=None)


def _move(context: Context, commit: Sha, at: datetime, now: datetime) -> Push | None:
    """The first move of main that brought a commit; None if GitHub lists none."""
    since = min(max(at, now - MEMORY), now) - BEGINS_BEFORE
    return next(_bringing(context, context.github.pushes_since(MAIN, since), commit), None)


def _bringing(context: Context, moves: Sequence[Push], commit: Sha) -> Iterator[Push]:
    holds = context.git.holds
    return (each for each in moves if holds(each.after, commit) and not holds(each.before, commit))


def _due(message: str) -> Finding:
    return Finding(
        code="rules-not-recorded",
        message=message,
        file=RULE_PATHS[0],
        hint="access is not affected; the next run of `jitbot grant` asks again",
    )
