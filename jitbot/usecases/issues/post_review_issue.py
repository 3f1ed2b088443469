"""The text of the issue that asks for a required review. It has only validated tokens, no person's text."""

from jitbot import catalogs
from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.model.github_objects import Issue
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.text import timestamp
from jitbot.usecases.issues.single_issue import twin

_ASKS = catalogs.text("issues/review-wanted.md")
_OBJECTED = catalogs.text("issues/review-objected.md")
_DONE = catalogs.text("issues/review-given.md")


def title_of(pending_review: PendingReview) -> str:
    """A required review in a few words: which policy was used, and by whom."""
    return f"{_policy(pending_review)} used by {pending_review.requester}"


def asked_for(pending_review: PendingReview, issue: Issue, twin_of: int | None = None) -> Issue:
    """The issue of a required review as it should be. A second issue for the same review is closed."""
    mark = f"\n<!-- {pending_review.marker} -->"
    by = timestamp.show(pending_review.review_by)
    words = {
        "who": pending_review.requester,
        "policy": _policy(pending_review),
        "pull": pending_review.pull_request,
        "by": by,
    }
    title = f"Review by {by}: {title_of(pending_review)}"
    if twin_of is not None:
        return twin(issue, title, twin_of, mark)
    if pending_review.reviewed is not None:
        evidence = pending_review.reviewed.evidence
        body = _DONE.format(**words, reviewer=evidence.by, at=evidence.submitted_at)
        return Issue(number=issue.number, title=title, body=body + mark, is_open=False)
    reviewers = (
        " or ".join(f"@{each.login}" for each in pending_review.reviewers)
        or "a reviewer of the policy (nobody is one now)"
    )
    body = _ASKS.format(**words, reviewers=reviewers, merged=timestamp.show(pending_review.merged_at))
    if pending_review.objections:
        body += _OBJECTED.format(who=pending_review.objections[-1].evidence.by)
    return Issue(number=issue.number, title=title, body=body + mark, is_open=True)


def _policy(pending_review: PendingReview) -> str:
    return policy_of(pending_review.request)
