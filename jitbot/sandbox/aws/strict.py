"""Refuses the IAM calls that AWS refuses and moto would carry out.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import re

from jitbot.sandbox.aws.policy import documents
from jitbot.sandbox.aws.store import Entity, RoleStore
from jitbot.sandbox.aws.wire import AwsCall, RefusedError

ROLES_PER_ACCOUNT = 1_000
POLICIES_PER_ROLE = 10

_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
_TAG = re.compile(r"Tags\.member\.\d+\.(Key|Value)", re.ASCII)
_TAG_TEXT = re.compile(r"[\w .:/=+@-]{0,256}")  # letters and digits of every script
_PATH = re.compile(r"/|/[\u0021-\u007e]{1,510}/")


def check(
    call: AwsCall, account_id: str, store: RoleStore, roles_per_account: int = ROLES_PER_ACCOUNT
) -> None:
    """Raise RefusedError, with AWS's code and status, for an IAM call that AWS would refuse."""
    given = call.parameters
    _check_names(call)
    if call.operation == "CreateRole":
        _check_new_role(given["RoleName"], account_id, store, roles_per_account)
    if call.operation in ("CreateRole", "UpdateRole"):
        _check_max_session(given.get("MaxSessionDuration", "3600"))
    if call.operation in ("CreateRole", "UpdateAssumeRolePolicy"):
        text = given.get("AssumeRolePolicyDocument", given.get("PolicyDocument", ""))
        documents.check_trust(text, store)
    elif "PolicyDocument" in given:
        documents.check_identity(given["PolicyDocument"])
    if "PermissionsBoundary" in given:
        _check_policy_exists(given["PermissionsBoundary"], account_id, store)
    role = store.role(account_id, given["RoleName"]) if "RoleName" in given else None
    if role and call.operation == "PutRolePolicy":
        _check_inline(role, given["PolicyName"], given["PolicyDocument"])
    if call.operation == "AttachRolePolicy":
        _check_attach(given["PolicyArn"], account_id, role, store)
    if "Policy" in call.operation and "RoleName" not in given:
        _check_managed(call, account_id, store)


def _check_names(call: AwsCall) -> None:
    needed = {
        "CreateRole": ("RoleName", "AssumeRolePolicyDocument"),
        "UpdateAssumeRolePolicy": ("RoleName", "PolicyDocument"),
        "PutRolePolicy": ("RoleName", "PolicyName", "PolicyDocument"),
        "AttachRolePolicy": ("RoleName", "PolicyArn"),
        "CreatePolicy": ("PolicyName", "PolicyDocument"),
    }
    for name in needed.get(call.operation, ()):
        if not call.parameters.get(name):
            raise _invalid(name)
    for name, shape in (("RoleName", _ROLE_NAME), ("PolicyName", _POLICY_NAME), ("Path", _PATH)):
        if name in call.parameters and not shape.fullmatch(call.parameters[name]):
            raise _invalid(name)
    for name, text in call.parameters.items():
        if _TAG.fullmatch(name) and not _TAG_TEXT.fullmatch(text):
            raise _invalid(name)


def _check_new_role(name: str, account_id: str, store: RoleStore, roles_per_account: int) -> None:
    names = store.role_names(account_id)
    if name.lower() in (other.lower() for other in names):
        raise RefusedError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
    if len(names) >= roles_per_account:
        raise RefusedError(
            "LimitExceeded", f"Cannot exceed quota for RolesPerAccount: {roles_per_account}", 409
        )


def _check_max_session(text: str) -> None:
    if not re.fullmatch(r"\d{4,5}", text, re.ASCII) or not 3_600 <= int(text) <= 43_200:
        raise _invalid("MaxSessionDuration")


def _check_policy_exists(arn: str, account_id: str, store: RoleStore) -> None:
    if store.policy(account_id, arn) is None:
        raise RefusedError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)


def _check_inline(role: Entity, name: str, document: str) -> None:
    others = [(other, text) for other, text in role.inline if other != name]
    if name.lower() in (other.lower() for other, _ in others):
        raise RefusedError("EntityAlreadyExists", f"Policy with name {name} already exists.", 409)
    if sum(documents.size(text) for _, text in others) + documents.size(document) > documents.MAXIMUM_INLINE:
        message = f"Maximum policy size of {documents.MAXIMUM_INLINE} bytes exceeded for role {role.name}"
        raise RefusedError("LimitExceeded", message, 409)


def _check_attach(arn: str, account_id: str, role: Entity | None, store: RoleStore) -> None:
    if store.policy(account_id, arn) is None:
        raise RefusedError("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", 404)
    if role and arn not in role.attached and len(role.attached) >= POLICIES_PER_ROLE:
        raise RefusedError(
            "LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {POLICIES_PER_ROLE}", 409
        )


def _check_managed(call: AwsCall, account_id: str, store: RoleStore) -> None:
    """The calls on managed policies themselves."""
    name, arn = call.parameters.get("PolicyName", ""), call.parameters.get("PolicyArn", "")
    text = call.parameters.get("PolicyDocument", "")
    if (
        call.operation in ("CreatePolicy", "CreatePolicyVersion")
        and documents.size(text) > documents.MAXIMUM_MANAGED
    ):
        message = f"Cannot exceed quota for PolicySize: {documents.MAXIMUM_MANAGED}"
        raise RefusedError("LimitExceeded", message, 409)
    if call.operation == "CreatePolicy" and name.lower() in (
        n.lower() for n in store.policy_names(account_id)
    ):
        raise RefusedError("EntityAlreadyExists", f"A policy called {name} already exists.", 409)
    if re.match(r"Create|Delete|Set|Tag|Untag", call.operation) and arn.startswith("arn:aws:iam::aws:"):
        raise RefusedError("AccessDenied", f"{arn} belongs to AWS and cannot be changed", 403)
    if call.operation == "DeletePolicy" and store.policy_users(account_id, arn):
        raise RefusedError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)


def _invalid(name: str) -> RefusedError:
    field = name[0].lower() + name[1:]
    return RefusedError(
        "ValidationError", f"1 validation error detected: Value at '{field}' failed to satisfy constraint"
    )
