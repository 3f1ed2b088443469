"""The warning before a grant ends, by main's files: whether an extension of it would be granted now."""

from datetime import datetime, timedelta

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantStatus
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.request import before_end
from jitbot.usecases.collect.collect_case import read_request, read_rules, tree_at_main
from jitbot.usecases.context import Context


def warning(
    context: Context, state: RequestState, grant: GrantStatus, now: datetime, *, options: str = ""
) -> str:
    """What to say of the end of a grant; empty while it lasts for a quarter of an hour or more. Calls nobody."""
    if not before_end.ends_soon(grant):
        return ""
    try:
        more, known = _more_time(context, state, grant, now), True
    except JitbotError:  # no warning may keep somebody from using what they have
        more, known = None, False
    return before_end.warning(grant, more, options=options, known=known)


def _more_time(context: Context, state: RequestState, grant: GrantStatus, now: datetime) -> timedelta | None:
    git = context.git
    tree = tree_at_main(git)
    for entry in git.entries(tree.commit, [grant.request]):
        request = read_request(git, context.documents, entry).value
        if request is not None:
            rules = read_rules(tree, context.documents, policy_of(grant.request))
            return before_end.more_time(request, rules, state, context.catalogue, now)
    return None
