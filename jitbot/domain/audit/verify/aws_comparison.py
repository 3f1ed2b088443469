"""Compare the roles that exist now with the ledger. This changes nothing; a sweep would."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.audit.history.findings import AuditFinding, Subject
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Listed
from jitbot.domain.enforce import plan
from jitbot.domain.enforce.changes import Deny
from jitbot.domain.ledger.batches import NO_DOUBT, Doubt
from jitbot.domain.ledger.events import EndReason, Event
from jitbot.domain.model.documents import AccountId

_ENDS = "`jitbot sweep` ends it; find out in CloudTrail who did this"


def problems(
    states: Mapping[str, RequestState],
    listed: Mapping[AccountId, tuple[Listed, ...]],
    orphans: Iterable[Event],
    ends: plan.EarlyEnds,
    now: datetime,
    doubt: Doubt = NO_DOUBT,
) -> Iterator[AuditFinding]:
    """Every role that no request explains, that differs, that is gone, or that is there again. Read whole.

    `ends` are the deletions and offboardings that a sweep must have carried out by now. A request or role in doubt
    gets no finding that an unreadable event could explain: a sweep leaves it alone too.
    """
    roles = {(role.account_id, role.role_name): role for each in listed.values() for role in each}
    undone = {
        (documents.account_id, documents.role_name)
        for state in states.values()
        if (term := state.current) is not None
        for documents in term.documents
        if (role := roles.get((documents.account_id, documents.role_name))) is not None
        and plan.undone(state.account_state(documents.account_id), term, role, now)
    }
    for change in plan.to_end(states, listed, orphans, ends, now, doubt):
        where = f"{change.role_name} in {change.account or change.account_id}"
        if isinstance(change, Deny) and change.why is EndReason.ORPHAN:
            message = f"role {where} is under jitbot's path, and no request explains it"
            yield Subject(request=change.request).problem("role-unexplained", message, _ENDS)
        elif (change.account_id, change.role_name) in undone:
            continue  # reported below
        elif isinstance(change, Deny) and change.why is EndReason.DRIFT:
            yield Subject(request=change.request).problem(
                "role-differs", f"role {where}: {change.detail}", _ENDS
            )
        elif isinstance(change, Deny):
            yield Subject(request=change.request).problem(
                "role-not-ended", f"role {where} was to end ({change.why}), and has not", _ENDS
            )
    for state in states.values():
        yield from _ended(state, roles, now)


def _ended(
    state: RequestState, roles: Mapping[tuple[AccountId, str], Listed], now: datetime
) -> Iterator[AuditFinding]:
    """What was ended early must be denied as long as a session may live; what was removed must be gone."""
    for documents in state.current.documents if state.current is not None else ():
        role = roles.get((documents.account_id, documents.role_name))
        account_state, over = state.account_state(documents.account_id), documents.window.expires_at
        if role is None:
            continue
        where = f"{role.role_name} in {documents.account}"
        if account_state.removed_after(over):
            yield Subject(request=state.request).problem(
                "role-there-again", f"role {where} was recorded as removed, and is there", _ENDS
            )
        elif account_state.end is not None and now < over + iam.SESSION and not _denied(role):
            message = f"role {where} was ended early, and is not denied"
            yield Subject(request=state.request).problem("role-not-denied", message, _ENDS)


def _denied(role: Listed) -> bool:
    return role.whole is not None and role.whole.denied
