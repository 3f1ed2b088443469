"""Reads the requester's other requests under the same policy, for people: no decision depends on them."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain.model.documents import Request, same_login
from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.views.other_requests import OtherRequest, OtherRequests, asked, by_ledger
from jitbot.usecases.collect.collect_case import read_request
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.pull_request.checking import ProposedChanges, read_proposed

_MOST = 10  # open pull requests of one person that are looked into


def other_requests(
    context: Context,
    pull: PullRequest,
    request: Request,
    history: LedgerView | None,
    now: datetime,
    *,
    proposed: ProposedChanges,
    doubt: str = "",
) -> OtherRequests:
    """What the author of this pull request has, waits for and gets later under the policy of this request."""
    found = list(_among(context, proposed, request, None))
    if history is not None:
        found += by_ledger(history.states.values(), request, now)
    why = [doubt or "the ledger could not be read"] if doubt or history is None else []
    try:
        pulls = _open_pulls(context, pull)
        for each in pulls[:_MOST]:
            try:
                found += _of_pull(context, each, request)
            except JitbotError as error:  # hides no other
                why.append(f"#{each.number} could not be read: {error}")
        if len(pulls) > _MOST:
            why.append(f"{len(pulls) - _MOST} more open pull requests were not looked into")
    except JitbotError as error:
        why.append(str(error))
    return OtherRequests(found=tuple(found), doubt="; ".join(why))


def _open_pulls(context: Context, pull: PullRequest) -> list[PullRequest]:
    """The other open pull requests of the author, with their heads fetched in one go."""
    author = pull.author.github_id
    pulls = [
        each
        for each in context.github.open_pulls()
        if each.author.github_id == author
        and each.number != pull.number
        and each.base_branch == pull.base_branch
    ]
    if old := [each.number for each in pulls[:_MOST] if context.git.pull_head(each.number) != each.head]:
        context.git.fetch(old)
    return pulls


def _of_pull(context: Context, pull: PullRequest, request: Request) -> Iterator[OtherRequest]:
    head = context.git.pull_head(pull.number)
    if head is None:
        raise UnavailableError("its head is not here")
    proposed = read_proposed(context.git, base=context.git.main(), head=head)
    yield from _among(context, proposed, request, pull.number)


def _among(
    context: Context, proposed: ProposedChanges, request: Request, number: int | None
) -> Iterator[OtherRequest]:
    """The requests of this requester under this policy that a branch asks for, this one aside."""
    for path, entry in () if proposed.unread else proposed.at_head.items():
        if path != request.path and policy_of(path) == policy_of(request.path):
            found = read_request(context.git, context.documents, entry).value
            if found is not None and same_login(found.requester, request.requester):
                yield asked(found, number)
