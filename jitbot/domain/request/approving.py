"""Whether one person's approval of a pull request would change anything. If not, the reason is shown, and none is sent.

Nothing is decided here: what counts is decided from GitHub's own answers, after the merge.
"""

from collections.abc import Iterator, Sequence

from jitbot.domain.access.approvals.pending_approvals import why_not_counted
from jitbot.domain.access.break_glass import MERGES, is_break_glass
from jitbot.domain.access.post_review import PendingReview
from jitbot.domain.model import owners
from jitbot.domain.model.documents import Finding, People, errors
from jitbot.domain.model.github_objects import RepositoryAccess
from jitbot.domain.model.merge_facts import Actor, PullRequest
from jitbot.domain.text.amount import many
from jitbot.domain.views.request_summary import RequestSummary


def why_not_open(
    pull: PullRequest,
    access: RepositoryAccess,
    summaries: Sequence[RequestSummary],
    findings: Sequence[Finding],
) -> str:
    """Why this person's approval of this open pull request would change nothing, or may not be given; empty if it helps."""
    who, number = access.actor, pull.number
    if pull.base_branch != access.branch:
        return f"#{number} goes into {pull.base_branch}, not into {access.branch}: nothing there gives access"
    if by := _may_not(who, access):
        return by
    if pull.author.github_id == who.github_id:
        return f"#{number} is your own, and nobody approves their own request"
    if errors(findings):
        return f"merged as it is now, #{number} would be refused for good: no approval helps"
    if all(_counts_already(who, each) for each in summaries):
        return f"you approved #{number} at this commit already, and that counts"
    whys = [_why_not(who, each) for each in summaries]
    return f"your approval would not count: {'; '.join(dict.fromkeys(whys))}" if all(whys) else ""


def why_not_merged(
    pull: PullRequest, access: RepositoryAccess, reviews: Sequence[PendingReview], people: People
) -> str:
    """The same of a merged pull request: only the review of a break-glass is given then. `reviews` are those it requires."""
    who, number = access.actor, pull.number
    if by := _may_not(who, access):
        return by
    if not reviews:
        return f"#{number} is merged, and requires no review: an approval now would change nothing"
    if all(each.reviewed is not None for each in reviews):
        return f"#{number} is merged, and its review is given already"
    if owners.person_behind(who, people) is None:
        return _unknown(who)
    mine = [each for each in reviews if any(who.github_id == one.github_id for one in each.reviewers)]
    if not mine:
        named = ", ".join(dict.fromkeys(one.login for each in reviews for one in each.reviewers)) or "nobody"
        return f"{who.login} is no reviewer of this break-glass; one of these is: {named}"
    if all(each.head != pull.head for each in mine):
        return f"GitHub names another head of #{number} than was recorded: approve on its website"
    return ""


def what_it_does(pull: PullRequest, summaries: Sequence[RequestSummary]) -> Iterator[str]:
    """What an approval leads to, in a sentence or two."""
    previews = (each.grant_preview for each in summaries if each.grant_preview is not None)
    if any(is_break_glass(each.policy) for each in previews):
        yield f"jitbot needs no approval of a break-glass. {MERGES}"
        return
    missing = max((each.awaiting.missing for each in summaries if each.awaiting is not None), default=0)
    if missing > 1:
        yield f"{many(missing, 'approval')} are missing: it needs more than yours"
    elif pull.auto_merge:
        yield "Auto-merge is on: it merges once this is approved, and the merge grants it"
    else:
        yield "Auto-merge is off: somebody presses Merge once it is approved"


def moved(before: PullRequest, after: PullRequest) -> str:
    """What changed since the person looked, so that they did not see what they would approve; empty if nothing did."""
    if after.head != before.head:
        return f"somebody pushed to #{before.number} meanwhile: {before.head[:10]} is not its last commit any more"
    if after.base_branch != before.base_branch:
        return f"#{before.number} was moved to another base meanwhile"
    if (after.is_open, after.merged_at is None) != (before.is_open, before.merged_at is None):
        return f"#{before.number} was {'opened again' if after.is_open else 'merged or closed'} meanwhile"
    return ""


def _may_not(who: Actor, access: RepositoryAccess) -> str:
    if who.kind != "User":
        return f"{who.login} is no person, and an approval is a person's act: use a token of your own"
    if not access.may_write:
        return f"{who.login} may not write to {access.repository}, so an approval would not count"
    return ""


def _counts_already(who: Actor, summary: RequestSummary) -> bool:
    given = summary.awaiting.approvals if summary.awaiting is not None else ()
    return any(each.person.github_id == who.github_id for each in given)


def _unknown(who: Actor) -> str:
    return f"{who.login} (GitHub id {who.github_id}) is not in policies/people.yaml, so nothing they approve counts"


def _why_not(who: Actor, summary: RequestSummary) -> str:
    """Why an approval of this account would not count for one request; of break-glass none needs to."""
    if summary.parsed_case is None:  # of a deletion, too
        return f"{summary.path} cannot be judged"
    if is_break_glass(summary.parsed_case.policy):
        return ""
    if owners.person_behind(who, summary.parsed_case.people) is None:
        return _unknown(who)
    why = why_not_counted(who, summary.parsed_case)
    return (
        f"{who.login} {why}; it is for {' '.join(summary.parsed_case.owned_by.names) or 'nobody'}"
        if why
        else ""
    )
