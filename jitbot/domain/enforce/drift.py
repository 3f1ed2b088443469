"""Is a role still what was recorded of it? Compared with what was read back then, never with what today would render."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from jitbot.domain.access.request_state import AccountState, ApprovedTerm, RequestState
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Listed, differences, unfinished
from jitbot.domain.model.documents import AccountId, Finding

LIST_LAG = timedelta(minutes=15)  # a role this young may be missing from AWS's list


def drifted(
    life: RequestState, account_state: AccountState, documents: iam.Documents, role: Listed
) -> str | None:
    """What shows a role to be other than recorded: what the list tells of it, or all of it where it was read."""
    rightly = rightly_held(life, account_state, documents)
    if iam.canonical(role.trust_policy) not in {iam.canonical(each.trust_policy) for each in rightly}:
        return "its trust policy is not the one recorded"
    if stands(account_state) and account_state.granted[-1].evidence.role_id != role.role_id:
        return "it is another role under the same name"
    if role.max_session_duration != int(iam.SESSION.total_seconds()):
        return "its session length is not the one recorded"
    if role.whole is None or _on_its_way(role.whole, account_state, rightly):
        return None
    wrongs = sorted((differences(role.whole, each) for each in rightly), key=len)
    return f"not as recorded: {', '.join(wrongs[0])}" if wrongs[0] else None


def _on_its_way(whole: Actual, account_state: AccountState, rightly: tuple[iam.Documents, ...]) -> bool:
    """Whether a role is between two of the documents it may hold. Once granted, it is never without its guards."""
    pending = len(rightly) > 1 or not stands(account_state)
    return (
        pending and unfinished(whole, *rightly) and (bool(whole.inline_policies) or not stands(account_state))
    )


def stands(account_state: AccountState) -> bool:
    """Whether the role last granted here was not recorded as removed since."""
    return bool(account_state.granted) and not account_state.removed_after(account_state.granted[-1].at)


def replaced(account_state: AccountState, role: Listed) -> bool:
    """Whether someone made the role anew after its end was recorded: no denial is on this one."""
    denied = [event.evidence.role_id for event in account_state.ended]
    return bool(denied) and role.role_id not in denied


def rightly_held(
    life: RequestState, account_state: AccountState, documents: iam.Documents
) -> tuple[iam.Documents, ...]:
    """What a role may rightly hold: what was last read back, or any later approval that may be on its way."""
    rightly: tuple[iam.Documents, ...] = ()
    for term in life.terms:
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
    lives: Iterable[RequestState], listed: Mapping[AccountId, tuple[Listed, ...]]
) -> tuple[Finding, ...]:
    """Roles read whole whose tags are not those they were made with: told to people, and nothing else."""
    whole = {role.role_name: role.whole for roles in listed.values() for role in roles}
    return tuple(finding for life in lives for finding in _tags(life, whole))


def _tags(life: RequestState, whole: Mapping[str, Actual | None]) -> Iterator[Finding]:
    for documents in life.current.documents if life.current is not None else ():
        actual = whole.get(documents.role_name)
        if actual is not None and dict(actual.tags) != dict(documents.tags):
            message = f"the tags of role {actual.role_name} were changed; nothing is decided by them"
            hint = "find out who did it"
            yield Finding(code="tags-changed", message=message, file=life.request, hint=hint)
