"""Refuses the policy documents that AWS refuses and moto would keep.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from typing import Any

from jitbot.sandbox.aws.policy import conditions, evaluator
from jitbot.sandbox.aws.policy.evaluator import Document, Statement
from jitbot.sandbox.aws.store import RoleStore
from jitbot.sandbox.aws.wire import RefusedError

MAXIMUM_TRUST = 2_048
MAXIMUM_INLINE = 10_240
MAXIMUM_MANAGED = 6_144

_CHARACTERS = re.compile(r"[\t\n\r\u0020-\u00ff]+")
_STS_ACTION = re.compile(r"sts:[A-Za-z*?]+")
_PRINCIPAL = re.compile(
    r"arn:aws:iam::(?P<account>\d{12}):(?P<kind>root|user|role)(?P<path>(?:/[\w+=,.@-]+)*)"
    r"|arn:aws:sts::(?P<session_account>\d{12}):assumed-role/(?P<role>[\w+=,.@-]+)/[\w+=,.@-]+",
    re.ASCII,
)
_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Condition"}


def size(text: str) -> int:
    """The length AWS counts: white space is free."""
    return len(re.sub(r"\s", "", text))


def check_identity(text: str) -> None:
    """Raise RefusedError for an identity document AWS would not store. moto itself checks the grammar."""
    document = _read(text)
    for statement in evaluator.statements(document):
        if not isinstance(statement, dict):
            raise _malformed("Syntax errors in policy.")
        if {"Principal", "NotPrincipal"} & statement.keys():
            raise _malformed("Policy document should not specify a principal.")
        _check_conditions(statement)


def check_trust(text: str, store: RoleStore) -> None:
    """Raise RefusedError for a trust policy AWS would not store."""
    document = _read(text)
    if size(text) > MAXIMUM_TRUST:
        raise RefusedError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {MAXIMUM_TRUST}", 409)
    for statement in evaluator.statements(document):
        _check_trust_statement(statement, store)


def _read(text: str) -> Document:
    if not _CHARACTERS.fullmatch(text):
        message = "The specified value for policyDocument is invalid. It must contain only printable ASCII characters."
        raise RefusedError("ValidationError", message)
    try:
        document = evaluator.load(text)
    except ValueError as problem:
        raise _malformed("This policy contains invalid Json") from problem
    if not document.keys() <= {"Version", "Id", "Statement"}:
        raise _malformed("Syntax errors in policy.")
    if document.get("Version", "2008-10-17") not in ("2008-10-17", "2012-10-17"):
        raise _malformed("The policy is not in the valid JSON format: unknown version")
    if not document.get("Statement"):
        raise _malformed("The policy must contain a statement")
    return document


def _check_trust_statement(statement: Statement, store: RoleStore) -> None:
    if not isinstance(statement, dict) or not statement:
        raise _malformed("Syntax errors in policy.")
    for name in ("Resource", "NotResource"):
        if name in statement:
            raise _malformed(f"Has prohibited field {name}")
    if not statement.keys() <= _ELEMENTS or statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed("Syntax errors in policy.")
    actions = evaluator.listed(statement.get("Action", statement.get("NotAction", [])))
    if not actions or ("Action" in statement) == ("NotAction" in statement):
        raise _malformed("Policy statement must contain actions.")
    if not all(_STS_ACTION.fullmatch(action) for action in actions):
        raise _malformed("AssumeRole policy may only specify STS AssumeRole actions.")
    _check_principals(statement.get("Principal"), store)
    _check_conditions(statement)


def _check_principals(principal: Any, store: RoleStore) -> None:
    if principal == "*":
        return
    if (
        not isinstance(principal, dict)
        or not principal
        or not principal.keys() <= {"AWS", "Federated", "Service"}
    ):
        raise _malformed("Invalid principal in policy.")
    for kind, names in principal.items():
        if not (listed := evaluator.listed(names)):
            raise _malformed("Invalid principal in policy.")
        for name in listed:
            if kind == "AWS" and not _exists(name, store):
                raise _malformed(f'Invalid principal in policy: "AWS":"{name}"')


def _exists(name: str, store: RoleStore) -> bool:
    """Whether AWS would find this principal. Other accounts are taken to exist, their people are not."""
    if name == "*" or re.fullmatch(r"\d{12}", name, re.ASCII):
        return True
    match = _PRINCIPAL.fullmatch(name)
    if match is None:
        return False
    if match["role"]:
        return store.role(match["session_account"], match["role"]) is not None
    if match["kind"] == "root":
        return not match["path"]
    find = store.role if match["kind"] == "role" else store.user
    entity = find(match["account"], match["path"].rpartition("/")[2])
    return entity is not None and entity.arn == name


def _check_conditions(statement: Statement) -> None:
    block = statement.get("Condition", {})
    if not isinstance(block, dict) or not all(isinstance(keys, dict) for keys in block.values()):
        raise _malformed("Syntax errors in policy.")
    try:
        for operator, keys in block.items():
            for wanted in keys.values():
                conditions.check(operator, evaluator.listed(wanted))
    except ValueError as problem:
        raise _malformed(f"Syntax errors in policy: {problem}") from problem


def _malformed(message: str) -> RefusedError:
    return RefusedError("MalformedPolicyDocument", message)
