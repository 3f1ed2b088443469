"""The way into a grant: which role, until when, who may enter; and why somebody does not get in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain import duration, moments
from jitbot.domain.errors import InvalidError
from jitbot.domain.life import Life
from jitbot.domain.standing import State, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One request in one account, as the person who uses it needs it. Empty `granted_at`: not granted yet."""

    request: str
    requester: str
    principal: str  # as the ledger recorded it: `life.principal_text`
    account: str
    account_id: str
    role_arn: str
    state: State
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
        return f"Session({self.access_key}, until {moments.show(self.expires_at)})"


def doors(lives: Mapping[str, Life], now: datetime) -> tuple[Door, ...]:
    """Every approved request in each of its accounts."""
    found = []
    for each in standings(lives.values(), now):
        life = lives[each.request]
        term, holding = life.current, life.holding(each.account_id)
        if term is not None:
            granted = max((event.at for event in holding.granted), default=None)
            found.append(
                Door(
                    request=each.request, requester=each.requester, principal=str(term.ask.get("principal", "")),
                    account=each.account, account_id=each.account_id, role_arn=each.role_arn,
                    state=each.state, why=each.why, starts_at=term.window.starts_at,
                    granted_at=granted, expires_at=each.expires_at,
                )
            )  # fmt: skip
    return tuple(found)


def newest(found: Iterable[Door], caller: Caller) -> str:
    """The request of the caller's that is live and was granted last. Raises InvalidError if there is none."""
    mine = [door for door in found if door.state is State.LIVE and is_principal(door, caller)]
    if not mine:
        raise InvalidError(
            f"nothing is live for {caller.arn}; `jitbot status` lists what there is, or name a request"
        )
    return max(mine, key=lambda door: (door.granted_at or door.expires_at, door.request)).request


def one(found: Sequence[Door], request: str, account: str | None) -> Door:
    """The door of a request in the account meant. Raises InvalidError if there is none, or one of several."""
    there = [door for door in found if door.request == request]
    if not there:
        raise InvalidError(
            f"{request} was never approved, so there is nothing to use; `jitbot explain` says more"
        )
    fits = [door for door in there if account in (None, door.account, door.account_id)]
    names = ", ".join(sorted(door.account for door in there))
    if not fits:
        raise InvalidError(f"{request} is not for the account {account}; it is for {names}")
    if len(fits) > 1:
        raise InvalidError(
            f"{request} is for several accounts ({names}); say which: --account {fits[0].account}"
        )
    return fits[0]


def ensure_open(door: Door, now: datetime) -> None:
    """Raise InvalidError, with what to do, unless the ledger says that this grant can be used now."""
    if door.state is State.ENDED:
        when = f" at {moments.show(door.expires_at)}" if door.why == "expired" else ""
        how = "expired" if door.why == "expired" else f"ended early ({door.why})"
        raise InvalidError(f"{door.request} {how}{when}; ask anew in a new file")
    if door.state is State.PLANNED and door.starts_at is not None:
        left = duration.show(door.starts_at - now)
        raise InvalidError(
            f"{door.request} begins at {moments.show(door.starts_at)}, in {left}; try again then"
        )
    if door.state is State.APPROVED:
        raise InvalidError(
            f"{door.request} is approved and not granted yet in {door.account}; the grant workflow does that, try again soon"
        )


def is_principal(door: Door, caller: Caller) -> bool:
    """Whether AWS's answer names the recorded principal. Steers messages alone: AWS decides who gets in."""
    name, _, session = door.principal.rpartition(" as ")
    if not name:
        return caller.arn == door.principal
    if name.startswith("arn:"):
        return caller.userid == session
    permission_set, _, account = name.rpartition(" in ")
    parts = caller.arn.split(":", 5)
    if len(parts) != 6 or parts[4] != account:
        return False
    role, _, who = parts[5].removeprefix("assumed-role/").partition("/")
    return who == session and role.rpartition("_")[0] == f"AWSReservedSSO_{permission_set}"


def why_refused(door: Door, caller: Caller, said: str) -> str:
    """What a refusal of `sts:AssumeRole` means for a grant that the ledger calls live, and what to do."""
    if not is_principal(door, caller):
        return (
            f"you are {caller.arn}, and this grant is for {door.principal} alone: "
            "sign in as that, or choose its profile with --profile"
        )
    partition, namespace = door.role_arn.split(":")[1], door.role_arn.split("/")[1]
    return (
        "the grant is live and you are the one it is for, but AWS does not let you assume it. Your own user or "
        f"permission set most likely lacks sts:AssumeRole on arn:{partition}:iam::*:role/{namespace}/*: "
        "`jitbot bootstrap --requesters` prints what an administrator adds. "
        f"Or the role was changed by hand in AWS. AWS said: {said}"
    )
