"""The review that break-glass owes: read, recorded, asked for in one issue, and missed out loud.

It comes last in a run, and nothing that goes wrong in it undoes or holds up what the run did before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain import moments, reviews_after
from jitbot.domain.errors import JitbotError
from jitbot.domain.events import Event
from jitbot.domain.model import Finding
from jitbot.domain.ports import Issue
from jitbot.domain.reviews_after import Debt
from jitbot.lifecycle import carrying
from jitbot.lifecycle.asking import asked_for, title_of
from jitbot.lifecycle.ending import people_at_main
from jitbot.lifecycle.history import History
from jitbot.lifecycle.one_issue import keep_one
from jitbot.lifecycle.recording import record
from jitbot.lifecycle.report import Report
from jitbot.lifecycle.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One debt as it stands after this run's look at the reviews. `event` is new to the ledger."""

    debt: Debt
    event: Event | None = None
    trouble: tuple[Finding, ...] = ()


def with_reviews(
    world: World, report: Report, history: History, now: datetime, *, late_fails: bool
) -> Report:
    """The report of a run, with the reviews that were read and recorded, and the issues that ask for them.

    `late_fails`: a review that is overdue, or an objection, fails the run. Otherwise it is only told.
    """
    owing = [(life.owing, debt) for life in history.lives.values() for debt in life.debts]
    if not owing:
        return report
    read = [_read(world, debt, events, now) for events, debt in owing]
    trouble = [finding for each in read for finding in each.trouble]
    new = tuple(each.event for each in read if each.event is not None)
    if new and not report.dry:
        trouble += _recorded(world, new, now)
    if not report.dry:
        trouble += _issues(world, [each.debt for each in read])
    told = [_told(each.debt, now) for each in read if each.debt.reviewed is None]
    loud = [finding for finding in told if late_fails and finding.code != "review-due"]
    return replace(
        report,
        recorded=report.recorded + (() if report.dry else new),
        warnings=report.warnings + tuple(finding for finding in told if finding not in loud),
        alarms=(*report.alarms, *trouble, *loud),
    )


def _read(world: World, debt: Debt, events: Sequence[Event], now: datetime) -> _Read:
    """What the forge says of a debt's review now. What cannot be read changes nothing, and is told."""
    if debt.reviewed is not None:
        return _Read(debt=debt)
    try:
        people = people_at_main(world)
        if people is None:
            return _Read(
                debt=debt, trouble=(_finding(debt, "review-unread", "main's people.yaml cannot be read"),)
            )
        judged = reviews_after.judge(debt, world.forge.reviews(debt.pull_request), people)
    except JitbotError as error:
        return _Read(
            debt=debt, trouble=(_finding(debt, "review-unread", f"its reviews cannot be read: {error}"),)
        )
    event = None
    if judged is not None:
        event = reviews_after.review_event(debt, *judged, now=now, run=world.run.url)
    elif reviews_after.must_remind(debt, now):
        event = reviews_after.overdue_event(debt, now=now, run=world.run.url)
    if event is None or event.key in {each.key for each in events}:
        return _Read(debt=debt)
    since = next(each for each in reviews_after.debts([*events, event]) if each.commit == debt.commit)
    return _Read(debt=since, event=event)


def _recorded(world: World, new: tuple[Event, ...], now: datetime) -> list[Finding]:
    try:
        record(world, carrying.Outcome(events=new), now)
    except JitbotError as error:
        return [_plain("review-unrecorded", f"reviews were read and could not be recorded: {error}")]
    return []


def _issues(world: World, debts: Sequence[Debt]) -> list[Finding]:
    """Exactly one issue for each debt, open until it is reviewed. Everything is compared, so any run repairs."""
    try:
        since = min(debt.merged_at for debt in debts)
        found = world.issues.ours(since)
        for debt in debts:
            _one_issue(world, debt, found, since)
    except JitbotError as error:
        message = f"the issue that asks for a review could not be opened or kept current: {error}"
        return [_plain("review-issue", message)]
    return []


def _one_issue(world: World, debt: Debt, found: Iterable[Issue], since: datetime) -> None:
    def wanted(issue: Issue, twin_of: int | None) -> Issue:
        return asked_for(debt, number=issue.number, twin_of=twin_of)

    owed = debt.reviewed is None
    keep_one(world.issues, found, wanted, marker=debt.marker, since=since, owed=owed)


def _told(debt: Debt, now: datetime) -> Finding:
    by = moments.show(debt.review_by)
    if debt.objections:
        who = str(debt.objections[-1].evidence.get("by", "a reviewer"))
        return _finding(debt, "review-objected", f"{who} reviewed it and objects")
    if debt.overdue(now):
        return _finding(debt, "review-overdue", f"its review was due by {by}, and nobody has approved it")
    return _finding(debt, "review-due", f"to be reviewed by {by}")


def _finding(debt: Debt, code: str, message: str) -> Finding:
    who = " ".join(each.login for each in debt.reviewers) or "nobody"
    hint = (
        f"one of these approves pull request #{debt.pull_request}: {who}; "
        f"or ends it: `jitbot revoke {debt.pull_request} --reason …`"
    )
    return Finding(
        code=code, message=f"break-glass, {title_of(debt)}: {message}", file=debt.request, hint=hint
    )


def _plain(code: str, message: str) -> Finding:
    return Finding(code=code, message=message, file="", hint="the next run tries again")
