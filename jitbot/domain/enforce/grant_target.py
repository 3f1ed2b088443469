"""Entering a grant: which one the person means, whether it is usable, whose it is, and what a refusal by AWS means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce.grant_status import GrantState, GrantStatus, refused_requests
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.text import duration, timestamp


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
        """A text without the secret parts."""
        return f"Session({self.access_key}, until {timestamp.show(self.expires_at)})"


def newest(found: Iterable[GrantStatus], caller: Caller) -> str:
    """The request of the caller's that is live and was granted last. Raises InvalidError if there is none."""
    mine = [grant for grant in found if grant.state is GrantState.LIVE and is_principal(grant, caller)]
    if not mine:
        raise InvalidError(
            f"nothing is live for {caller.arn}; `jitbot status` lists what there is, or name a request"
        )
    return max(mine, key=lambda grant: (grant.granted_at or grant.expires_at, grant.request)).request


def one(found: Sequence[GrantStatus], state: RequestState, account: str | None) -> GrantStatus:
    """The grant of a request in the account meant. Raises InvalidError if there is none, or one of several."""
    request = state.request
    there = [grant for grant in found if grant.request == request]
    if not there:
        raise InvalidError(why_not_granted(state))
    fits = [grant for grant in there if account in (None, grant.account, grant.account_id)]
    names = ", ".join(sorted(grant.account for grant in there))
    if not fits:
        raise InvalidError(f"{request} is not for the account {account}; it is for {names}")
    if len(fits) > 1:
        raise InvalidError(
            f"{request} is for several accounts ({names}); say which: --account {fits[0].account}"
        )
    return fits[0]


def why_not_granted(state: RequestState) -> str:
    """Why a request that the ledger knows was never granted, and what to do."""
    found = refused_requests([state])
    if not found:
        return f"{state.request} was never approved, so there is nothing to use"
    (last,) = found
    reasons = "; ".join(last.reasons) or "no reason is recorded"
    again = f"jitbot request --again {last.pull_request or state.request}"
    return f"{state.request} was refused at {timestamp.show(last.at)}: {reasons}. Ask anew: {again}"


def ensure_open(grant: GrantStatus, now: datetime) -> None:
    """Raise InvalidError, with what to do, unless the ledger says that this grant can be used now."""
    if grant.state is GrantState.ENDED:
        when = f" at {timestamp.show(grant.ended_at)}" if grant.ended_at is not None else ""
        how = f"expired{when}" if grant.why == "expired" else f"ended{when} ({grant.why})"
        raise InvalidError(f"{grant.request} {how}; ask anew: jitbot request --again {grant.request}")
    if grant.state is GrantState.PLANNED and grant.starts_at is not None:
        left = duration.show(grant.starts_at - now)
        raise InvalidError(
            f"{grant.request} begins at {timestamp.show(grant.starts_at)}, in {left}; try again then"
        )
    if grant.state is GrantState.APPROVED:
        raise InvalidError(
            f"{grant.request} is approved and not granted yet in {grant.account}; the grant workflow does that, try again soon"
        )


def is_principal(grant: GrantStatus, caller: Caller) -> bool:
    """Whether AWS's answer names the recorded principal. Steers messages alone: AWS decides who gets in."""
    name, _, session = grant.principal.rpartition(" as ")
    if not name:
        return caller.arn == grant.principal
    if name.startswith("arn:"):
        return caller.userid == session
    permission_set, _, account = name.rpartition(" in ")
    parts = caller.arn.split(":", 5)
    if len(parts) != 6 or parts[4] != account:
        return False
    role, _, who = parts[5].removeprefix("assumed-role/").partition("/")
    return who == session and role.rpartition("_")[0] == f"AWSReservedSSO_{permission_set}"


def session_name(grant: GrantStatus) -> str:
    """What the session is called in CloudTrail. AWS takes no name of one letter, and GitHub has such logins."""
    return f"jit-{grant.requester}"


def why_refused(grant: GrantStatus, caller: Caller, said: str) -> str:
    """What a refusal of `sts:AssumeRole` means for a grant that the ledger calls live, and what to do."""
    if not is_principal(grant, caller):
        return (
            f"you are {caller.arn}, and this grant is for {grant.principal} alone: "
            "sign in as that, or choose its profile with --profile"
        )
    namespace = grant.role_arn.split("/")[1]
    return (
        "the grant is live and you are the one it is for, but AWS does not let you assume it. Your own user or "
        f"permission set most likely lacks sts:AssumeRole on arn:aws:iam::*:role/{namespace}/*: "
        "`jitbot bootstrap --requesters` prints what an administrator adds. "
        "Or your session carries tags (of EKS Pod Identity, or of attributes for access control): AWS then asks for "
        "sts:TagSession, which no grant allows, so use credentials without tags. "
        f"Or the role was changed by hand in AWS. AWS said: {said}"
    )
