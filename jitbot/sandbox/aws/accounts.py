"""The documents of jitbot's own roles and of the people's side, in each account of the sandbox.

The rules behind them: jitbot may create only under its own path and only inside the boundary;
who ends access can create and widen nothing; no grant can reach IAM, other roles, or its own limits.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from collections.abc import Iterable
from typing import Any

Document = dict[str, Any]

DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
MANAGED_POLICIES = ("ReadOnlyAccess", "AdministratorAccess")  # what a grant may carry, for acme
WORKFLOWS = {"grant": ("grant.yml",), "sweep": ("sweep.yml", "revoke.yml"), "audit": ("audit.yml",)}

_READS = [
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListRolePolicies",
    "iam:ListAttachedRolePolicies",
    "iam:ListRoleTags",
]
_IAM_WRITES = [
    "iam:Add*",
    "iam:Attach*",
    "iam:Change*",
    "iam:Create*",
    "iam:Deactivate*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:Disable*",
    "iam:Enable*",
    "iam:PassRole*",
    "iam:Put*",
    "iam:Remove*",
    "iam:Reset*",
    "iam:Resync*",
    "iam:Set*",
    "iam:Tag*",
    "iam:Untag*",
    "iam:Update*",
    "iam:Upload*",
]
_VERBS = ("Describe", "Get", "List")  # of the shortened ReadOnlyAccess


def boundary_arn(account_id: str, namespace: str) -> str:
    """The ARN of the permissions boundary that every grant carries."""
    return f"arn:aws:iam::{account_id}:policy/{namespace}bot-boundary"


def boundary(account_id: str, namespace: str) -> Document:
    """The most that any grant can do, whatever its policies say."""
    own = [f"arn:aws:iam::{account_id}:role/{namespace}bot-*", boundary_arn(account_id, namespace)]
    escapes = [
        *_IAM_WRITES,
        "sts:AssumeRole*",
        "sts:GetFederationToken",
        "sts:GetSessionToken",
        "organizations:*",
        "account:*",
        "sso:*",
        "cloudtrail:DeleteTrail",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:StopLogging",
        "cloudtrail:UpdateTrail",
    ]
    return _document(
        _statement("Allow", "*", "*"),
        _statement("Deny", escapes, "*"),
        _statement("Deny", "*", own),
    )


def trust(
    account_id: str, role: str, *, issuer: str, repository: str, repository_id: int, owner_id: int
) -> Document:
    """Only the role's own workflows on main of this repository, in both forms of GitHub's subject."""
    name = issuer.partition("://")[2]
    owner, _, short = repository.partition("/")
    workflows = [f"{repository}/.github/workflows/{file}@refs/heads/main" for file in WORKFLOWS[role]]
    keys = {
        "aud": "sts.amazonaws.com",
        "sub": [
            f"repo:{repository}:ref:refs/heads/main",
            f"repo:{owner}@{owner_id}/{short}@{repository_id}:ref:refs/heads/main",
        ],
        "repository_id": str(repository_id),
        "ref": "refs/heads/main",
        "job_workflow_ref": workflows,
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account_id}:oidc-provider/{name}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:{key}": value for key, value in keys.items()}},
    }
    return _document(statement)


def grant_permissions(account_id: str, namespace: str, managed: Iterable[str] = MANAGED_POLICIES) -> Document:
    """Create and extend grants: under the path, inside the boundary, never more."""
    roles = f"arn:aws:iam::{account_id}:role/{namespace}/*"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary_arn(account_id, namespace)}}
    listed = {**bounded, "ArnEquals": {"iam:PolicyARN": [_aws_policy(name) for name in managed]}}
    forbidden = [
        "iam:CreatePolicyVersion",
        "iam:Delete*",
        "iam:PassRole",
        "iam:PutRolePermissionsBoundary",
        "iam:SetDefaultPolicyVersion",
        "sts:AssumeRole*",
    ]
    return _document(
        *_reading(account_id, namespace),
        _statement("Allow", ["iam:CreateRole", "iam:PutRolePolicy"], roles, bounded),
        _statement("Allow", "iam:AttachRolePolicy", roles, listed),
        # Without the boundary's condition: what has lost its boundary must above all be deniable.
        _statement("Allow", "iam:AttachRolePolicy", roles, {"ArnEquals": {"iam:PolicyARN": DENY_ALL}}),
        # AWS's references disagree whether this action knows the boundary, so nothing hangs on it.
        _statement("Allow", ["iam:UpdateAssumeRolePolicy", "iam:TagRole"], roles),
        _statement("Deny", forbidden, "*"),
    )


def sweep_permissions(account_id: str, namespace: str, managed: Iterable[str] = MANAGED_POLICIES) -> Document:
    """End and remove grants: nothing here creates or widens."""
    roles = f"arn:aws:iam::{account_id}:role/{namespace}/*"
    deny_all = {"ArnEquals": {"iam:PolicyARN": DENY_ALL}}
    listed = {"ArnEquals": {"iam:PolicyARN": [_aws_policy(name) for name in managed]}}
    return _document(
        *_reading(account_id, namespace),
        _statement("Allow", ["iam:AttachRolePolicy", "iam:DetachRolePolicy"], roles, deny_all),
        _statement("Allow", "iam:DetachRolePolicy", roles, listed),
        _statement("Allow", ["iam:DeleteRolePolicy", "iam:DeleteRole"], roles),
        _statement(
            "Deny", ["iam:Create*", "iam:Put*", "iam:Update*", "iam:PassRole", "sts:AssumeRole*"], "*"
        ),
    )


def audit_permissions(account_id: str, namespace: str) -> Document:
    """Read what is there and what was done."""
    own = f"arn:aws:iam::{account_id}:role/{namespace}bot-*"
    return _document(
        *_reading(account_id, namespace),
        _statement("Allow", _READS, own),
        _statement("Allow", ["cloudtrail:LookupEvents", "iam:GetAccountAuthorizationDetails"], "*"),
    )


def requester_permissions(namespace: str) -> Document:
    """What a requester needs on the own side to enter a grant."""
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    return _document(_statement("Allow", actions, f"arn:aws:iam::*:role/{namespace}/*"))


def sign_in_trust(account_id: str) -> Document:
    """The trust of a role that people enter by single sign-on."""
    provider = f"arn:aws:iam::{account_id}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    actions = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    return _document({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": actions})


def aws_managed() -> dict[str, Document]:
    """AWS's own managed policies that the sandbox knows; ReadOnlyAccess is shortened to a few services."""
    reads = [
        f"{service}:{verb}*" for service in ("dynamodb", "ec2", "iam", "logs", "s3", "ssm") for verb in _VERBS
    ]
    reads += ["dynamodb:BatchGet*", "dynamodb:Query", "dynamodb:Scan", "logs:FilterLogEvents"]
    return {
        "AWSDenyAll": _document(_statement("Deny", "*", "*")),
        "AdministratorAccess": _document(_statement("Allow", "*", "*")),
        "ReadOnlyAccess": _document(_statement("Allow", reads, "*")),
        "IAMFullAccess": _document(_statement("Allow", "iam:*", "*")),
        "PowerUserAccess": _document(
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}
        ),
    }


def _reading(account_id: str, namespace: str) -> tuple[Document, ...]:
    """List every role; read grants. AWS asks for a role that does not exist without its path, so reading by
    the grants' name prefix makes its absence visible as NoSuchEntity instead of AccessDenied.
    """
    account = f"arn:aws:iam::{account_id}"
    policy = boundary_arn(account_id, namespace)
    return (
        _statement("Allow", "iam:ListRoles", "*"),
        _statement("Allow", _READS, [f"{account}:role/{namespace}/*", f"{account}:role/{namespace}-*"]),
        _statement("Allow", ["iam:GetPolicy", "iam:GetPolicyVersion"], policy),
    )


def _aws_policy(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name}"


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(
    effect: str, action: str | list[str], resource: str | list[str], condition: Document | None = None
) -> Document:
    statement: Document = {"Effect": effect, "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement
