"""Finds the open pull requests that can give nothing any more, with few calls: a list, and one more for each found.

What is wrong with one of them, or cannot be read, leaves that one open and hides no other.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request.closing import OpenChange, is_young, why_over
from jitbot.usecases.collect.collect_case import read_request
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.pull_request.checking import ProposedChanges, read_proposed

MOST = 50  # pull requests that one run looks into
_TURN = timedelta(hours=1)  # of more of them, each run looks into the next


def over(
    context: Context, history: LedgerView, branch: str, now: datetime
) -> tuple[tuple[PullRequest, str], ...]:
    """The open pull requests into this branch that can give nothing any more, each with the reason."""
    old = [
        pull
        for pull in context.github.open_pulls()
        if pull.base_branch == branch and not is_young(pull.created_at, now)
    ]
    chosen = _portion(old, now)
    fetch_heads(context, [each.number for each in chosen if context.git.pull_head(each.number) != each.head])
    return tuple(_among(context, history, chosen, now))


def why(context: Context, history: LedgerView, pull: PullRequest, now: datetime) -> str:
    """Why a pull request, open or closed, can give nothing any more; empty if it could, or its fetched head is another."""
    if context.git.pull_head(pull.number) != pull.head:
        return ""
    proposed = read_proposed(context.git, base=context.git.main(), head=pull.head)
    if proposed.unread:
        return ""
    changes = tuple(_change(context, history, proposed, path) for path in proposed.requests)
    return why_over(changes, proposed.touched, now)


def fetch_heads(context: Context, numbers: Sequence[int]) -> None:
    """Fetch these heads in one go; where git does not get them all, each on its own: one that is gone hides no other."""
    try:
        if numbers:
            context.git.fetch(numbers)
    except JitbotError:
        for number in numbers:
            with suppress(JitbotError):
                context.git.fetch([number])


def _portion(pulls: Sequence[PullRequest], now: datetime) -> Sequence[PullRequest]:
    """As many as one run looks into: from run to run the next ones, so that those that stay open hide no other."""
    if len(pulls) <= MOST:
        return pulls
    begin = int(now.timestamp() // _TURN.total_seconds()) * MOST % len(pulls)
    return [*pulls[begin:], *pulls[:begin]][:MOST]


def _among(
    context: Context, history: LedgerView, pulls: Sequence[PullRequest], now: datetime
) -> Iterator[tuple[PullRequest, str]]:
    for pull in pulls:
        try:
            reason = why(context, history, pull, now)
            reopened = context.github.history(pull.number).reopened_at if reason else None
        except JitbotError:
            continue
        if reason and not (reopened is not None and is_young(reopened, now)):
            yield pull, reason


def _change(context: Context, history: LedgerView, proposed: ProposedChanges, path: str) -> OpenChange:
    entry = proposed.at_head.get(path)
    return OpenChange(
        path=path,
        kind=proposed.kind(path),
        request=read_request(context.git, context.documents, entry).value if entry is not None else None,
        state=None if history.doubt_of(path) else history.state(path),
    )
