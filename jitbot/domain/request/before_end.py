"""What a person reads shortly before a grant ends: when that is, and how to have more time, where that is possible."""

from dataclasses import replace
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus
from jitbot.domain.model.documents import Parsed, Request, Sha
from jitbot.domain.model.merge_facts import ChangeKind, Rules
from jitbot.domain.text import duration, timestamp
from jitbot.domain.views.preview import preview_grant, unasked

SOON = timedelta(minutes=15)
_USUAL = timedelta(hours=1)  # of more time
_ANY = Sha("0" * 40)  # stands for a file that nobody has written yet


def ends_soon(grant: GrantStatus) -> bool:
    """Whether a live grant lasts for less than a quarter of an hour."""
    return grant.state is GrantState.LIVE and grant.left < SOON


def more_time(
    request: Request, rules: Rules, state: RequestState, catalogue: ActionCatalog, now: datetime
) -> timedelta | None:
    """How much longer this person can ask for, an hour at most; None if no extension would be granted.

    `request` is main's file and `rules` are main's. The decision itself is asked, as if the extension were merged now.
    """
    policy = rules.policy.value
    if policy is None:
        return None
    more = min(_USUAL, policy.max_duration - request.duration)
    if more < duration.MINIMUM:
        return None
    asked = replace(request, duration=request.duration + more)
    case = unasked(
        request.path,
        Parsed(value=asked),
        now,
        rules=rules,
        head_rules=rules,
        blob=_ANY,
        kind=ChangeKind.MODIFIED,
    )
    return None if preview_grant(case, now, catalogue, so_far=state).findings else more


def warning(grant: GrantStatus, more: timedelta | None, *, options: str = "", known: bool = True) -> str:
    """The sentence. `options` name the repository, for a person who named it; `known` is whether `more` is an answer."""
    left = duration.show(grant.left) if grant.left >= timedelta(minutes=1) else "less than a minute"
    ends = f"{grant.request} ends in {left}, at {timestamp.show(grant.expires_at)}"
    if not known:
        return ends
    if more is None:
        return f"{ends}, and cannot be extended; to ask anew: jitbot request --again {grant.request}{options}"
    longer = f"jitbot extend {grant.request} --by {duration.show(more)}{options}"
    return f"{ends}; an extension must be approved and merged before that: {longer}"
