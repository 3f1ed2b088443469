"""From a grant's specification to the exact AWS documents that approvers see and AWS enforces.

Pure text work: nothing here asks AWS. The two guards are explained at `_guards`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from jitbot.domain.model.documents import (
    AccountId,
    Conditions,
    Finding,
    IamRole,
    IamUser,
    IdentityCenter,
    Person,
    Policy,
    Principal,
    Request,
    Settings,
    Statement,
)
from jitbot.domain.text import timestamp
from jitbot.domain.text.packed import is_packed_alike, plain

Document = Mapping[str, object]

POLICY_NAME = "jitbot"  # of the one inline policy in each grant
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"  # AWS's own: nobody in the account can edit it
SESSION = timedelta(hours=1)  # MaxSessionDuration: no session outlives its grant's tombstone
TRUST_LIMIT = 2048  # characters without white space: IAM quotas, "role trust policy length"
PERMISSION_LIMIT = 10240  # likewise, "role policy size", all inline policies of a role together
SWITCH_ROLE_LIMIT = 64  # the console's Switch Role takes path and name together up to this
TAG_VALUE_LIMIT = 256
MANAGED_LIMIT = 9  # of the ten a role may have, one stays free for DENY_ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When access holds: from `starts_at` (None: as soon as it exists) until, not at, `expires_at`."""

    starts_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """One role in one account, complete: what is approved, written, read back and compared."""

    account: str
    account_id: AccountId
    role_name: str
    path: str
    trust_policy: Document
    permission_policy: Document
    managed_policies: tuple[str, ...]  # ARNs
    permissions_boundary: str  # ARN
    tags: Mapping[str, str]
    window: Window

    @property
    def role_arn(self) -> str:
        """The ARN AWS will give the role."""
        return f"arn:aws:iam::{self.account_id}:role{self.path}{self.role_name}"


def render(
    *,
    settings: Settings,
    policy: Policy,
    request: Request,
    person: Person,
    account: str,
    account_id: AccountId,
    window: Window,
) -> Documents:
    """The documents of `request` in one account. The caller has checked eligibility; a person has a principal.

    Raises ValueError if the person has none, and KeyError for a placeholder that nothing fills.
    """
    if person.principal is None:
        raise ValueError(f"{person.login} has no AWS principal")
    values = {**request.parameters, "account_id": account_id, "account": account, "requester": person.login}
    statements = tuple(_fill(statement, values) for statement in policy.statements)
    return Documents(
        account=account,
        account_id=account_id,
        role_name=role_name(settings=settings, request=request, policy=policy.name, account_id=account_id),
        path=f"/{settings.namespace}/",
        trust_policy=_trust_policy(person.principal, window),
        permission_policy=_permission_policy(statements, window, only_granted=not policy.managed_policies),
        managed_policies=tuple(sorted(f"arn:aws:iam::aws:policy/{name}" for name in policy.managed_policies)),
        permissions_boundary=boundary_arn(settings, account_id),
        tags=_tags(settings, policy, request),
        window=window,
    )


def role_name(*, settings: Settings, request: Request, policy: str, account_id: AccountId) -> str:
    """`jit-<login>-<policy>-<10 hex>`: the same request and account always give the same name.

    Lower case, because AWS compares role names without case; short enough for the console's Switch Role.
    """
    identity = json.dumps([settings.repository_id, request.path, account_id])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:10]
    space = SWITCH_ROLE_LIMIT - len(f"/{settings.namespace}/{settings.namespace}--{digest}")
    readable = f"{request.requester}-{policy}".lower()[:space].rstrip("-")
    return f"{settings.namespace}-{readable}-{digest}"


def own_name(settings: Settings, purpose: str) -> str:
    """What bootstrap calls jitbot's own role for `purpose` (grant, sweep or audit), and `boundary` the policy around all grants."""
    return f"{settings.namespace}bot-{purpose}"


def boundary_arn(settings: Settings, account_id: AccountId) -> str:
    """The permissions boundary that every grant in the account carries; bootstrap made it."""
    return f"arn:aws:iam::{account_id}:policy/{own_name(settings, 'boundary')}"


# `default`: who reads the ledger keeps documents packed.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=plain)


def canonical(document: object) -> str:
    """One text for one meaning: compact JSON with sorted keys, for sizes, digests and comparison."""
    return _CANONICAL.encode(document)


def is_same(one: object, other: object) -> bool:
    """Whether two documents have one meaning. Of two that were packed from the same text, neither is opened."""
    return is_packed_alike(one, other) or canonical(one) == canonical(other)


def digest(documents: Documents) -> str:
    """The sha256 of all that AWS would hold for these documents, in hex."""
    parts = [documents.role_arn, documents.trust_policy, documents.permission_policy]
    parts += [list(documents.managed_policies), documents.permissions_boundary, dict(documents.tags)]
    return hashlib.sha256(canonical(parts).encode()).hexdigest()


def read_window(trust_policy: Document) -> Window | None:
    """The window a trust policy spells, or None if any of its statements does not spell one exactly.

    `ListRoles` returns trust policies and no tags, so this is how a sweep knows ends without a call for each role.
    """
    statements = trust_policy.get("Statement")
    if not isinstance(statements, list) or not statements:
        return None
    windows = [_statement_window(statement) for statement in statements]
    first = windows[0]
    return first if all(window == first for window in windows) else None


def preflight(documents: Documents, *, file: str) -> tuple[Finding, ...]:
    """What AWS would refuse about these documents because of their size; empty if it would accept them.

    Quotas: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    sizes = (
        ("trust policy", len(canonical(documents.trust_policy)), TRUST_LIMIT),
        ("permission policy", len(canonical(documents.permission_policy)), PERMISSION_LIMIT),
        ("role path and name", len(documents.path + documents.role_name), SWITCH_ROLE_LIMIT),
        ("longest tag", max(map(len, documents.tags.values())), TAG_VALUE_LIMIT),
        ("list of managed policies", len(documents.managed_policies), MANAGED_LIMIT),
    )
    return tuple(
        Finding(
            code="too-big-for-aws",
            message=f"the {what} in {documents.account} comes to {size}; AWS takes at most {limit}",
            file=file,
            hint="ask for less, or split the policy in two",
        )
        for what, size, limit in sizes
        if size > limit
    )


def _trust_policy(principal: Principal, window: Window) -> Document:
    """Only this principal, only in the window. The session name stays free, for console and profiles."""
    trusted, pin = _who(principal)
    statements = [
        # A statement of its own: the keys of an AssumeRole request need not all be there for SetSourceIdentity.
        {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": trusted}, "Action": action}
        | {"Condition": {**pin, **_dates(window)}}
        for sid, action in (("Assume", "sts:AssumeRole"), ("NameSource", "sts:SetSourceIdentity"))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _who(principal: Principal) -> tuple[str, dict[str, object]]:
    """The trust policy's principal, and the conditions that pin the one person behind it."""
    match principal:
        case IamUser(arn=arn):
            return arn, {}
        case IamRole(arn=arn, userid=userid):
            return arn, {"StringEquals": {"aws:userid": userid}}
        case IdentityCenter(account=account, permission_set=permission_set, user_name=user_name):
            reserved = f"arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/"
            # Sixteen marks, never a star: `Developer_*` would let the permission set `Developer_x` in.
            # The second form is of a home region other than us-east-1; only AWS can create under this path.
            role = f"AWSReservedSSO_{permission_set}_{'?' * 16}"
            # A role id has 21 characters; with a star, a user named `x:alice@acme.com` would be taken for alice.
            return f"arn:aws:iam::{account}:root", {
                "ArnLike": {"aws:PrincipalArn": [reserved + role, f"{reserved}*/{role}"]},
                "StringLike": {"aws:userid": f"AROA{'?' * 17}:{user_name}"},
            }
        case _:
            assert_never(principal)


def _permission_policy(statements: tuple[Statement, ...], window: Window, *, only_granted: bool) -> Document:
    allows = [
        {"Sid": f"Grant{number}", "Effect": "Allow", "Action": list(statement.actions)}
        | {"Resource": list(statement.resources), "Condition": _joined(statement.conditions, window)}
        for number, statement in enumerate(statements)
    ]
    granted = sorted({action for statement in statements for action in statement.actions})
    return {"Version": "2012-10-17", "Statement": allows + _guards(window, granted if only_granted else None)}


def _guards(window: Window, granted: list[str] | None) -> list[dict[str, object]]:
    """The denials that hold whatever a resource policy or a managed policy says.

    Without the first, a bucket policy that names the session lets it in after expiry; without the last,
    one widens it before. `aws:ViaAWSService` spares the calls that a service makes for the session (KMS
    behind a secret). A managed policy allows more than we can list, so it goes without the last.
    """
    guards = [_deny("Expired", "DateGreaterThanEquals", window.expires_at)]
    if window.starts_at is not None:
        guards.append(_deny("NotYet", "DateLessThan", window.starts_at))
    if granted is not None:
        via = {"BoolIfExists": {"aws:ViaAWSService": "false"}}
        guards.append(
            {"Sid": "OnlyGranted", "Effect": "Deny", "NotAction": granted, "Resource": "*", "Condition": via}
        )
    return guards


def _deny(sid: str, operator: str, moment: datetime) -> dict[str, object]:
    condition = {operator: {"aws:CurrentTime": timestamp.show(moment)}}
    return {"Sid": sid, "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}


def _dates(window: Window) -> dict[str, object]:
    dates: dict[str, object] = {"DateLessThan": {"aws:CurrentTime": timestamp.show(window.expires_at)}}
    if window.starts_at is not None:
        dates["DateGreaterThanEquals"] = {"aws:CurrentTime": timestamp.show(window.starts_at)}
    return dates


def _joined(conditions: Conditions, window: Window) -> dict[str, object]:
    """A statement's own conditions and the window; they cannot clash, since policies may not use dates."""
    own = {name: {key: list(values) for key, values in keys.items()} for name, keys in conditions.items()}
    return {**own, **_dates(window)}


def _fill(statement: Statement, values: Mapping[str, str]) -> Statement:
    conditions = {
        operator: {key: tuple(fill(text, values) for text in texts) for key, texts in keys.items()}
        for operator, keys in statement.conditions.items()
    }
    resources = tuple(fill(resource, values) for resource in statement.resources)
    return Statement(actions=statement.actions, resources=resources, conditions=conditions)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Replace each `{{name}}` once, left to right; a value is never read again. Raises KeyError if unknown."""
    head, *rest = text.split("{{")
    filled = [head]
    for part in rest:
        name, _, tail = part.partition("}}")
        filled += [values[name.strip()], tail]
    return "".join(filled)


def _tags(settings: Settings, policy: Policy, request: Request) -> dict[str, str]:
    """For people who look at the role in the console; nothing ever decides by them."""
    tags = {
        "jitbot:repository": settings.repository,
        "jitbot:request": request.path,
        "jitbot:requester": request.requester,
        "jitbot:policy": policy.name,
    }
    if request.ticket is None:
        return tags
    return {**tags, "jitbot:ticket": request.ticket.replace("#", ":")}  # AWS takes no # in a tag


def _statement_window(statement: object) -> Window | None:
    condition = statement.get("Condition") if isinstance(statement, dict) else None
    if not isinstance(condition, dict):
        return None
    expires = _current_time(condition.get("DateLessThan"))
    starts = condition.get("DateGreaterThanEquals")
    starts_at = _current_time(starts)
    if expires is None or (starts is not None and starts_at is None):
        return None
    return Window(starts_at=starts_at, expires_at=expires)


def _current_time(keys: object) -> datetime | None:
    text = keys.get("aws:CurrentTime") if isinstance(keys, dict) and len(keys) == 1 else None
    try:
        return timestamp.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None
