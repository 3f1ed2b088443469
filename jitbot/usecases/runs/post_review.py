"""The required review of break-glass grants: read from GitHub, recorded, asked for in one issue; the run fails while it is overdue.

It comes last in a run, and nothing that goes wrong in it undoes or holds up what the run did before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.access import post_review
from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.ledger.events import Event
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.github_objects import Issue
from jitbot.domain.text import timestamp
from jitbot.usecases.context import Context
from jitbot.usecases.decide.early_ends import people_at_main
from jitbot.usecases.issues.post_review_issue import asked_for, title_of
from jitbot.usecases.issues.single_issue import keep_one
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One required review, after this run has read GitHub's reviews. `event` is new to the ledger."""

    pending_review: PendingReview
    event: Event | None = None
    trouble: tuple[Finding, ...] = ()


def with_reviews(ledger: Ledger, report: Report, history: LedgerView, *, late_fails: bool) -> Report:
    """Add to a run's report the reviews that were read and recorded, and keep the issues that ask for them.

    With `late_fails` an overdue review or an objection fails the run. Without it, it is a warning.
    """
    context, now = ledger.context, ledger.at
    required = [
        (state.review_events, pending_review)
        for state in history.states.values()
        for pending_review in state.post_reviews
    ]
    if not required:
        return report
    read = [_read(context, pending_review, events, now) for events, pending_review in required]
    trouble = [finding for each in read for finding in each.trouble]
    new = tuple(each.event for each in read if each.event is not None)
    if new and not report.dry:
        trouble += _recorded(ledger, new)
    if not report.dry:
        trouble += _issues(context, [each.pending_review for each in read])
    findings = [_open_review(each.pending_review, now) for each in read if not each.pending_review.reviewed]
    failing = [finding for finding in findings if late_fails and finding.code != "review-due"]
    return replace(
        report,
        recorded=report.recorded + (() if report.dry else new),
        warnings=report.warnings + tuple(finding for finding in findings if finding not in failing),
        alarms=(*report.alarms, *trouble, *failing),
    )


def _read(context: Context, pending_review: PendingReview, events: Sequence[Event], now: datetime) -> _Read:
    """Read the merge's reviews from GitHub. What cannot be read changes nothing and becomes a finding."""
    if pending_review.reviewed is not None:
        return _Read(pending_review=pending_review)
    try:
        people = people_at_main(context).value
        if people is None:
            return _Read(
                pending_review=pending_review,
                trouble=(_finding(pending_review, "review-unread", "main's people.yaml cannot be read"),),
            )
        judged = post_review.judge(
            pending_review, context.github.reviews(pending_review.pull_request), people
        )
    except JitbotError as error:
        return _Read(
            pending_review=pending_review,
            trouble=(_finding(pending_review, "review-unread", f"its reviews cannot be read: {error}"),),
        )
    event = None
    if judged is not None:
        event = post_review.review_event(pending_review, *judged, now=now, run=context.run.url)
    elif post_review.must_remind(pending_review, now):
        event = post_review.overdue_event(pending_review, now=now, run=context.run.url)
    if event is None or event.key in {each.key for each in events}:
        return _Read(pending_review=pending_review)
    since = next(
        each for each in post_review.pending_reviews([*events, event]) if each.commit == pending_review.commit
    )
    return _Read(pending_review=since, event=event)


def _recorded(ledger: Ledger, new: tuple[Event, ...]) -> list[Finding]:
    try:
        ledger.add(new)
    except JitbotError as error:
        return [_plain("review-unrecorded", f"reviews were read and could not be recorded: {error}")]
    return []


def _issues(context: Context, post_reviews: Sequence[PendingReview]) -> list[Finding]:
    """Keep exactly one issue for each required review, open until the review is given.

    Every run compares the whole issue with what it should be, so any run repairs it.
    """
    try:
        since = min(pending_review.merged_at for pending_review in post_reviews)
        found = context.issues.ours(since)
        for pending_review in post_reviews:
            _one_issue(context, pending_review, found, since)
    except JitbotError as error:
        message = f"the issue that asks for a review could not be opened or kept current: {error}"
        return [_plain("review-issue", message)]
    return []


def _one_issue(
    context: Context, pending_review: PendingReview, found: Iterable[Issue], since: datetime
) -> None:
    def wanted(issue: Issue, twin_of: int | None) -> Issue:
        return asked_for(pending_review, issue, twin_of)

    needed = pending_review.reviewed is None
    keep_one(context.issues, found, wanted, marker=pending_review.marker, since=since, needed=needed)


def _open_review(pending_review: PendingReview, now: datetime) -> Finding:
    by = timestamp.show(pending_review.review_by)
    if pending_review.objections:
        who = pending_review.objections[-1].evidence.by or "a reviewer"
        return _finding(pending_review, "review-objected", f"{who} reviewed it and objects")
    if pending_review.overdue(now):
        return _finding(
            pending_review, "review-overdue", f"its review was due by {by}, and nobody has approved it"
        )
    return _finding(pending_review, "review-due", f"to be reviewed by {by}")


def _finding(pending_review: PendingReview, code: str, message: str) -> Finding:
    who = " ".join(each.login for each in pending_review.reviewers) or "nobody"
    hint = (
        f"one of these approves pull request #{pending_review.pull_request}: {who}; "
        f"or ends it: `jitbot release {pending_review.pull_request} --reason …`"
    )
    return Finding(
        code=code,
        message=f"break-glass, {title_of(pending_review)}: {message}",
        file=pending_review.request,
        hint=hint,
    )


def _plain(code: str, message: str) -> Finding:
    return Finding(code=code, message=message, file="", hint="the next run tries again")
