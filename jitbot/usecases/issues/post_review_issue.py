"""What the issue says that asks for a review after access. Only validated tokens are in it, no person's text."""

from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.model import timestamp
from jitbot.domain.model.grammar import policy_of
from jitbot.ports import Issue

_ASKS = """\
{who} has used **{policy}**. Access was given at once, when #{pull} was merged at {merged}, before anybody approved it.

One of {reviewers} reviews it by **{by}**. From then on every sweep fails until it is done.

1. Read #{pull}: what was asked for, and why. `git log ledger` tells what was given, and until when.
2. If it was right: open *Files changed* of #{pull}, then *Review changes*, and choose *Approve*. That it is merged \
already does not matter. The next run records the review and closes this issue.
3. If it was not: end the access now. Run the workflow *revoke* with `{pull}` as the request, or \
`jitbot revoke {pull} --reason "…"`. *Request changes* on the pull request is recorded too, but ends nothing.

Closing this issue, or editing it, changes nothing: jitbot puts it right until the review is there.
"""
_OBJECTED = "\n**{who} reviewed it and objects.** That is recorded. It stays red until a reviewer approves.\n"
_DONE = "{who} used {policy} in #{pull}; {reviewer} reviewed it at {at}, and approved.\n"
_TWIN = "Opened twice by mistake: #{number} is the one.\n"


def title_of(pending_review: PendingReview) -> str:
    """A debt in a few words: which policy, used by whom."""
    return f"{_policy(pending_review)} used by {pending_review.requester}"


def asked_for(pending_review: PendingReview, *, number: int, twin_of: int | None = None) -> Issue:
    """The issue of a debt as it should be; one that is a twin of another is closed."""
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
        return Issue(number=number, title=title, body=_TWIN.format(number=twin_of) + mark, is_open=False)
    if pending_review.reviewed is not None:
        told = pending_review.reviewed.evidence
        body = _DONE.format(**words, reviewer=told.get("by"), at=told.get("submitted_at"))
        return Issue(number=number, title=title, body=body + mark, is_open=False)
    reviewers = " ".join(f"@{each.login}" for each in pending_review.reviewers) or "nobody"
    body = _ASKS.format(**words, reviewers=reviewers, merged=timestamp.show(pending_review.merged_at))
    if pending_review.objections:
        body += _OBJECTED.format(who=pending_review.objections[-1].evidence.get("by"))
    return Issue(number=number, title=title, body=body + mark, is_open=True)


def _policy(pending_review: PendingReview) -> str:
    return policy_of(pending_review.request)
