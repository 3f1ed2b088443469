"""A person's approval of a pull request: what they would approve, whether it helps, and the review, bound to that head."""

from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.github_objects import RepositoryAccess
from jitbot.domain.model.merge_facts import ChangeKind, PullRequest, Review
from jitbot.domain.request import approving
from jitbot.domain.views.request_summary import RequestSummary
from jitbot.ports.person_review import PersonReview
from jitbot.usecases.collect.collect_case import rules_at_main
from jitbot.usecases.context import Context
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.pull_request.request_summary import brief, recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGround:
    """What a person would approve, as it was read once; `why_not` is the reason not to, or empty."""

    pull: PullRequest
    access: RepositoryAccess
    summaries: tuple[RequestSummary, ...]
    findings: tuple[Finding, ...] = ()
    why_not: str = ""


def look(context: Context, number: int, now: datetime) -> ApprovalGround:
    """Read a pull request, open or merged. Raises InvalidError for one that is closed, or asks for no access."""
    access, pull = context.github.access(), context.github.pull(number)
    if pull.is_open:
        shown = brief(context, pull, now)
        if not any(each.kind is not ChangeKind.DELETED for each in shown.summaries):
            raise InvalidError(f"#{number} asks for no access: review it on its page, {pull.url}/files")
        why = approving.why_not_open(pull, access, shown.summaries, shown.findings)
        return ApprovalGround(
            pull=pull, access=access, summaries=shown.summaries, findings=shown.findings, why_not=why
        )
    if pull.merged_at is None:
        raise InvalidError(f"#{number} was closed, not merged: there is nothing to approve")
    history = ledger_view.read(context, now)
    summaries = recorded(context, history, str(number), now)
    reviews = [
        each
        for state in history.states.values()
        for each in state.post_reviews
        if each.pull_request == number
    ]
    people = rules_at_main(context, "").people.value or {}
    why = approving.why_not_merged(pull, access, reviews, people)
    return ApprovalGround(pull=pull, access=access, summaries=summaries, why_not=why)


def submit(context: Context, reviews: PersonReview, ground: ApprovalGround) -> str:
    """Approve exactly what was looked at. Returns what came between, if that makes the approval count for nothing.

    Raises InvalidError, with nothing sent, if it is not what was looked at any more, and UnavailableError if it is not
    known whether GitHub took the approval.
    """
    pull, number = ground.pull, ground.pull.number
    if why := approving.moved(pull, context.github.pull(number)):
        raise InvalidError(f"{why}; nothing was approved. Look again: jitbot approve {number}")
    try:
        given = reviews.approve(number, pull.head)
    except UnavailableError as error:
        given = _found(context, ground, error)
    if (given.commit, given.state) != (pull.head, "APPROVED"):
        raise UnavailableError(
            f"GitHub recorded {given.state} of {given.commit[:10]}, not an approval of {pull.head[:10]}: see {pull.url}"
        )
    after = context.github.pull(number)
    return approving.moved(pull, after) if after.is_open else ""


def _found(context: Context, ground: ApprovalGround, error: UnavailableError) -> Review:
    """The approval, if GitHub took it although its answer was lost."""
    for each in reversed(context.github.reviews(ground.pull.number)):
        mine = each.user.github_id == ground.access.actor.github_id
        if mine and each.commit == ground.pull.head and each.state == "APPROVED":
            return each
    raise UnavailableError(f"{error}; no approval is there, so try again") from error
