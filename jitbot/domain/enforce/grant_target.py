"""The way into a grant: which role, until when, who may enter; and why somebody does not get in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantState, grant_statuses
from jitbot.domain.model import duration, timestamp
from jitbot.domain.model.errors import InvalidError


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTarget:
    """One request in one account, as the person who uses it needs it. Empty `granted_at`: not granted yet."""

    request: str
    requester: str
    principal: str  # as the ledger recorded it: `life.principal_text`
    account: str
    account_id: str
    role_arn: str
    state: GrantState
    why: str  # how it ended
    starts_at: datetime | None
    granted_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who AWS says somebody is: the answer of `sts:GetCallerIdentity`."""

    arn: str
    userid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Credentials of a role. The secret parts never show in a `repr`, so never in a log or a traceback."""

    access_key: str
    secret_key: str
    token: str
    expires_at: datetime

    def __repr__(self) -> str:
        """Nothing that opens anything."""
        return f"Session({self.access_key}, until {timestamp.show(self.expires_at)})"


def grant_targets(lives: Mapping[str, RequestState], now: datetime) -> tuple[GrantTarget, ...]:
    """Every approved request in each of its accounts."""
    found = []
    for each in grant_statuses(lives.values(), now):
        life = lives[each.request]
        term, account_state = life.current, life.account_state(each.account_id)
        if term is not None:
            granted = max((event.at for event in account_state.granted), default=None)
            found.append(
                GrantTarget(
                    request=each.request, requester=each.requester, principal=str(term.ask.get("principal", "")),
                    account=each.account, account_id=each.account_id, role_arn=each.role_arn,
                    state=each.state, why=each.why, starts_at=term.window.starts_at,
                    granted_at=granted, expires_at=each.expires_at,
                )
            )  # fmt: skip
    return tuple(found)


def newest(found: Iterable[GrantTarget], caller: Caller) -> str:
    """The request of the caller's that is live and was granted last. Raises InvalidError if there is none."""
    mine = [target for target in found if target.state is GrantState.LIVE and is_principal(target, caller)]
    if not mine:
        raise InvalidError(
            f"nothing is live for {caller.arn}; `jitbot status` lists what there is, or name a request"
        )
    return max(mine, key=lambda target: (target.granted_at or target.expires_at, target.request)).request


def one(found: Sequence[GrantTarget], request: str, account: str | None) -> GrantTarget:
    """The door of a request in the account meant. Raises InvalidError if there is none, or one of several."""
    there = [target for target in found if target.request == request]
    if not there:
        raise InvalidError(
            f"{request} was never approved, so there is nothing to use; `jitbot explain` says more"
        )
    fits = [target for target in there if account in (None, target.account, target.account_id)]
    names = ", ".join(sorted(target.account for target in there))
    if not fits:
        raise InvalidError(f"{request} is not for the account {account}; it is for {names}")
    if len(fits) > 1:
        raise InvalidError(
            f"{request} is for several accounts ({names}); say which: --account {fits[0].account}"
        )
    return fits[0]


def ensure_open(target: GrantTarget, now: datetime) -> None:
    """Raise InvalidError, with what to do, unless the ledger says that this grant can be used now."""
    if target.state is GrantState.ENDED:
        when = f" at {timestamp.show(target.expires_at)}" if target.why == "expired" else ""
        how = "expired" if target.why == "expired" else f"ended early ({target.why})"
        raise InvalidError(f"{target.request} {how}{when}; ask anew in a new file")
    if target.state is GrantState.PLANNED and target.starts_at is not None:
        left = duration.show(target.starts_at - now)
        raise InvalidError(
            f"{target.request} begins at {timestamp.show(target.starts_at)}, in {left}; try again then"
        )
    if target.state is GrantState.APPROVED:
        raise InvalidError(
            f"{target.request} is approved and not granted yet in {target.account}; the grant workflow does that, try again soon"
        )


def is_principal(target: GrantTarget, caller: Caller) -> bool:
    """Whether AWS's answer names the recorded principal. Steers messages alone: AWS decides who gets in."""
    name, _, session = target.principal.rpartition(" as ")
    if not name:
        return caller.arn == target.principal
    if name.startswith("arn:"):
        return caller.userid == session
    permission_set, _, account = name.rpartition(" in ")
    parts = caller.arn.split(":", 5)
    if len(parts) != 6 or parts[4] != account:
        return False
    role, _, who = parts[5].removeprefix("assumed-role/").partition("/")
    return who == session and role.rpartition("_")[0] == f"AWSReservedSSO_{permission_set}"


def why_refused(target: GrantTarget, caller: Caller, said: str) -> str:
    """What a refusal of `sts:AssumeRole` means for a grant that the ledger calls live, and what to do."""
    if not is_principal(target, caller):
        return (
            f"you are {caller.arn}, and this grant is for {target.principal} alone: "
            "sign in as that, or choose its profile with --profile"
        )
    partition, namespace = target.role_arn.split(":")[1], target.role_arn.split("/")[1]
    return (
        "the grant is live and you are the one it is for, but AWS does not let you assume it. Your own user or "
        f"permission set most likely lacks sts:AssumeRole on arn:{partition}:iam::*:role/{namespace}/*: "
        "`jitbot bootstrap --requesters` prints what an administrator adds. "
        f"Or the role was changed by hand in AWS. AWS said: {said}"
    )
