"""What a pull request should show, and which of its comments is jitbot's; of a merged one from the ledger alone.

Apart from `commenting`, which judges open ones with all that a change of rules may do: a run that notifies of what it
recorded loads none of that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.model.documents import Finding, Sha
from jitbot.domain.model.github_objects import Comment, Status
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.views import merged_comment
from jitbot.domain.views.comment_body import is_ours
from jitbot.domain.views.merged_comment import MergedRequest
from jitbot.usecases.collect.collect_case import CaseCollector
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a pull request should show. An empty body or title means: no change. `begin`: make a comment if there is none."""

    number: int
    body: str = ""
    begin: bool = True
    title: str = ""
    statuses: tuple[tuple[str, Status], ...] = ()
    findings: tuple[Finding, ...] = ()
    head: Sha | None = None
    was_titled: str = ""
    # The head at which it can give nothing any more: it is closed once the comment says so.
    close: Sha | None = None
    # What is there already, where it was read with the rest.
    statuses_there: Mapping[str, Status] | None = None
    comments_there: tuple[Comment, ...] | None = None


def of_merged(context: Context, history: LedgerView, number: int, now: datetime) -> Shown:
    """What a merged pull request should show, from the ledger alone; no body if the ledger has no event of it."""
    found = merged_comment.merged_requests(history.events, history.states, number, now)
    if not found:
        return Shown(number=number)
    collector = CaseCollector(context=context)
    merged = [replace(each, doubt=history.doubt_of(each.path)) for each in found]
    described = [_described(context, collector, each) for each in merged]
    return Shown(number=number, body=merged_comment.outcome(described, number=number))


def _described(context: Context, collector: CaseCollector, each: MergedRequest) -> MergedRequest:
    main = context.git.main()
    policy = collector.rules(main, policy_of(each.path)).policy.value
    gone = not context.git.entries(main, [each.path])
    return replace(each, description=policy.description if policy is not None else "", gone=gone)


def to_edit(shown: Shown) -> Comment | None:
    """jitbot's one comment there, if its text is another one than it should be."""
    found = ours(shown.comments_there or ())
    if not shown.body or len(found) != 1 or not found[0].node_id or same(found[0].body, shown.body):
        return None
    return found[0]


def ours(comments: Iterable[Comment]) -> list[Comment]:
    """jitbot's comments, by author and by marker: another author's comment with the marker is not one of them."""
    found = [each for each in comments if each.by_actions and is_ours(each.body)]
    return sorted(found, key=lambda each: each.comment_id)


def same(one: str, other: str) -> bool:
    """Whether two texts of comments are the same, however GitHub ends their lines."""
    return one.replace("\r\n", "\n").strip() == other.strip()
