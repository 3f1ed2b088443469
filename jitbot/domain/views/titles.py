"""A pull request's title: who, what, where, how long and with what, as far as GitHub's 256 characters go.

If not everything fits, the most important part stays: accounts in the order of accounts.yaml, requests by their risk.
A person's text cannot look like another part: a value that is not a plain token is quoted and comes last.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.aws.risk import Level
from jitbot.domain.model.documents import Request
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.text import duration, escape
from jitbot.domain.text.amount import many
from jitbot.domain.views.grant_preview import GrantPreview
from jitbot.domain.views.request_summary import RequestSummary, worst_first

LONGEST = 256  # characters that GitHub takes
_NAMED = 3  # requests of one pull request that are named before the rest is counted
_NAME = 40  # characters of one name: those that are valid are shorter
_PLAIN = re.compile(r"[A-Za-z0-9._/@+-]+", re.ASCII)


# Where GitHub merges by itself on the one approval that is enough, check.yml does not run for that approval.
ONE_APPROVAL = " (one approval)"


def title(summaries: Iterable[RequestSummary]) -> str:
    """The title; empty if a request does not read. It says where one approval of any owner is enough for everything."""
    every = worst_first(summaries)
    return _marked(_title(every), one=all(map(_takes_one, every)))


def proposed(grant_preview: GrantPreview) -> str:
    """The title under which a new request is proposed: the one that `check` would give it, so that it need not."""
    request = grant_preview.request
    summary = RequestSummary(
        path=request.path, kind=ChangeKind.ADDED, request=request, grant_preview=grant_preview
    )
    return _marked(_title([summary]), one=grant_preview.requirement.any_owner_will_do)


def _marked(whole: str, *, one: bool) -> str:
    return f"{whole}{ONE_APPROVAL}" if whole and one and len(whole) + len(ONE_APPROVAL) <= LONGEST else whole


def _takes_one(summary: RequestSummary) -> bool:
    """Whether it asks for access that any one owner may approve; the end of access is not approved by jitbot."""
    awaiting = None if summary.kind is ChangeKind.DELETED else summary.awaiting
    return awaiting is not None and awaiting.requirement.any_owner_will_do


def _title(every: Sequence[RequestSummary]) -> str:
    known = [(each, each.request) for each in every if each.request is not None]
    if len(known) < len(every):
        return ""
    whole = "; ".join(_short(*each, LONGEST) for each in known)
    if len(whole) <= LONGEST:
        return whole
    for number in range(min(_NAMED, len(known)), 0, -1):
        left = len(known) - number
        rest = f"; +{many(left, 'more request')}" if left else ""
        space = (LONGEST - len(rest) - 2 * (number - 1)) // number
        shown = [_short(*each, space) for each in known[:number]]
        if all(len(each) <= space for each in shown):
            break
    return "; ".join(each[:space] for each in shown) + rest


def asked(grant_preview: GrantPreview, verb: str, ending: str) -> str:
    """The title under which more time is proposed, as in `alice extends orders-db-read in prod to 4h`."""
    head = f"{_name(grant_preview.request.requester)} {verb} {grant_preview.policy.name} in "
    return head + _listed(grant_preview.where, LONGEST - len(head) - len(ending)) + ending


def headline(grant_preview: GrantPreview, verb: str, ending: str) -> str:
    """The first line of the commit of a proposal, as in `Ask for orders-db-read in prod for 2h`."""
    head = f"{verb} {grant_preview.policy.name} in "
    return head + _listed(grant_preview.where, LONGEST - len(head) - len(ending)) + ending


def _short(summary: RequestSummary, request: Request, space: int) -> str:
    """One request in at most so many characters: what does not fit of accounts and parameters is counted."""
    grant_preview = summary.grant_preview
    head = f"{_name(request.requester)}: {_name(policy_of(request.path))} in "
    ending = _ending(summary, request)
    where = grant_preview.where if grant_preview is not None else request.accounts
    given = [] if grant_preview is None or summary.kind is ChangeKind.DELETED else grant_preview.parameters
    values = [f"{_name(name)}={_value(value)}" for name, value in given]
    space -= len(head) + len(ending)
    least = min(len(", ".join(("", *values))), space // 2)
    accounts = _listed(where, space - least)
    return f"{head}{accounts}{ending}{_more(values, space - len(accounts))}"


def _ending(summary: RequestSummary, request: Request) -> str:
    grant_preview, former = summary.grant_preview, summary.former
    if summary.kind is ChangeKind.DELETED:
        return ", ends access"
    length = duration.show(request.duration)
    if summary.kind is ChangeKind.MODIFIED and grant_preview is not None and former is not None:
        longer = grant_preview.window.expires_at - former.window.expires_at
        length = f"+{duration.show(longer)} to {length}" if longer > timedelta() else f"to {length}"
    unknown = grant_preview is not None and grant_preview.risk.level is Level.UNKNOWN
    glass = grant_preview is not None and is_break_glass(grant_preview.policy)
    rehearsed = grant_preview is not None and grant_preview.is_rehearsal
    marks = f"{', break-glass' if glass else ''}{', rehearsal' if rehearsed else ''}"
    return f", {length}{marks}{', risk not known' if unknown else ''}"


def _listed(names: Sequence[str], space: int) -> str:
    """`prod`, `prod and staging`, or as many as fit, the first in any case, and how many more there are."""
    shown = [_name(each) for each in names]
    whole = " and ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else "".join(shown)
    if len(whole) <= space:
        return whole
    for number in range(len(shown) - 1, 1, -1):
        text = f"{', '.join(shown[:number])} +{len(shown) - number} more"
        if len(text) <= space:
            return text
    return f"{shown[0]} +{len(shown) - 1} more" if len(shown) > 1 else shown[0]


def _more(values: Sequence[str], space: int) -> str:
    """Parameters after all else, as many as fit, and how many more there are."""
    for number in range(len(values), 0, -1):
        left = f" +{len(values) - number} more" if number < len(values) else ""
        text = f", {', '.join(values[:number])}{left}"
        if len(text) <= space:
            return text
    left = f", +{len(values)} more"
    return left if values and len(left) <= space else ""


def _name(text: str) -> str:
    shown = escape.literal(text)
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"


def _value(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(escape.literal(text))
