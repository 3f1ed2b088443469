"""Is a role still as recorded? It is compared with what was read back after the grant, never with today's rendering."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import AccountState, ApprovedTerm, RequestState
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Listed, differences, unfinished
from jitbot.domain.model.documents import AccountId, Finding

LIST_LAG = timedelta(minutes=15)  # a role this young may be missing from AWS's list


def drifted(
    state: RequestState, account_state: AccountState, documents: iam.Documents, role: Listed
) -> str | None:
    """How a role differs from the record: by the list of roles, or by the whole role if it was read."""
    rightly = rightly_held(state, account_state, documents)
    if not any(iam.is_same(role.trust_policy, each.trust_policy) for each in rightly):
        return "its trust policy is not the one recorded"
    if has_role(account_state) and account_state.granted[-1].evidence.role_id != role.role_id:
        return "it is another role under the same name"
    if role.max_session_duration != int(iam.SESSION.total_seconds()):
        return "its session length is not the one recorded"
    if role.whole is None or _on_its_way(role.whole, account_state, rightly):
        return None
    wrongs = sorted((differences(role.whole, each) for each in rightly), key=len)
    return f"not as recorded: {', '.join(wrongs[0])}" if wrongs[0] else None


def _on_its_way(whole: Actual, account_state: AccountState, rightly: tuple[iam.Documents, ...]) -> bool:
    """Whether a role is between two of the documents it may hold. Once granted, it is never without its guards."""
    pending = len(rightly) > 1 or not has_role(account_state)
    return (
        pending
        and unfinished(whole, *rightly)
        and (bool(whole.inline_policies) or not has_role(account_state))
    )


def has_role(account_state: AccountState) -> bool:
    """Whether the role last granted here was not recorded as removed since."""
    return bool(account_state.granted) and not account_state.removed_after(account_state.granted[-1].at)


def replaced(account_state: AccountState, role: Listed) -> bool:
    """Whether somebody created the role again after its end was recorded. The new role is not denied."""
    denied = [event.evidence.role_id for event in account_state.ended]
    return bool(denied) and role.role_id not in denied


def rightly_held(
    state: RequestState, account_state: AccountState, documents: iam.Documents
) -> tuple[iam.Documents, ...]:
    """The documents that a role may have: those last read back, or those of a later approval that a run may be writing."""
    rightly: tuple[iam.Documents, ...] = ()
    for term in state.terms:
        granted = account_state.granted_for(term.commit)
        approved = tuple(each for each in term.documents if each.account_id == documents.account_id)
        rightly = granted.documents if granted is not None else rightly + approved
    return rightly


def vanished(account_state: AccountState, term: ApprovedTerm, now: datetime) -> bool:
    last = account_state.granted[-1] if account_state.granted else None
    return (
        last is not None and last.commit == term.commit and last.at + LIST_LAG <= now < term.window.expires_at
    )


def tag_findings(
    states: Iterable[RequestState], listed: Mapping[AccountId, tuple[Listed, ...]]
) -> tuple[Finding, ...]:
    """Roles whose tags were changed since they were made. This is reported to people and has no other effect."""
    whole = {role.role_name: role.whole for roles in listed.values() for role in roles}
    return tuple(finding for state in states for finding in _tags(state, whole))


def _tags(state: RequestState, whole: Mapping[str, Actual | None]) -> Iterator[Finding]:
    for documents in state.current.documents if state.current is not None else ():
        actual = whole.get(documents.role_name)
        if actual is not None and dict(actual.tags) != dict(documents.tags):
            message = f"the tags of role {actual.role_name} were changed; nothing is decided by them"
            hint = "find out who did it"
            yield Finding(code="tags-changed", message=message, file=state.request, hint=hint)
