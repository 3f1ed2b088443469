"""jitbot's own roles in each account: are they there, and do they let in this repository's main alone?

This module checks only who may enter the roles. What the roles may do is compared with the template in
`role_permissions`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jitbot.domain.aws.iam import own_name
from jitbot.domain.aws.roles import Actual
from jitbot.domain.aws.service_roles import AUDIENCE, MAIN, WORKFLOWS
from jitbot.domain.model.documents import Settings
from jitbot.domain.setup.doctor.report import Check, Unknown

GROUP = "AWS"
# What could not be seen is no reason to change the account.
SEE = "run doctor with AWS credentials that may read jitbot's roles there, or in a job of audit.yml; --no-aws leaves it out"
FIX = "roll the template of `jitbot bootstrap` out again: jitbot bootstrap --stackset"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """One account that jitbot works in, as a check names it."""

    settings: Settings
    alias: str
    account_id: str


def role(account: OwnAccount, purpose: str, found: Actual | Unknown | None) -> Check:
    """Whether one of jitbot's roles lets in main alone; None: AWS says there is no such role."""
    check = Check(
        code=f"aws-{account.alias}-{purpose}",
        group=GROUP,
        title=f"{own_name(account.settings, purpose)} in {account.alias} is for main alone",
        impact=_means(purpose),
        fix=FIX,
    )
    if isinstance(found, Unknown):
        return check.unknown(found.why, fix=SEE)
    if found is None:
        return check.no("AWS has no such role there")
    problem = objection(account.settings, purpose, account.account_id, found)
    return check.answer(not problem, problem)


def objection(settings: Settings, purpose: str, account_id: str, role: Actual) -> str:
    """What is wrong with whom a role trusts; empty if nothing is."""
    statements = role.trust_policy.get("Statement")
    if not isinstance(statements, list) or len(statements) != 1 or not isinstance(statements[0], Mapping):
        return "its trust policy is not the one statement of the template"
    statement, issuer = statements[0], settings.issuer.partition("://")[2]
    provider = f"arn:aws:iam::{account_id}:oidc-provider/{issuer}"
    if statement.get("Principal") != {"Federated": provider}:
        return "it trusts somebody else than GitHub's issuer"
    condition = statement.get("Condition")
    equals = condition.get("StringEquals") if isinstance(condition, Mapping) else None
    if not isinstance(equals, Mapping):
        return "it trusts whatever comes from GitHub's issuer"
    if equals.get(f"{issuer}:aud") != AUDIENCE:
        return f"it takes tokens that are not for {AUDIENCE}"
    owner, _, name = settings.repository.partition("/")
    subject = re.compile(
        rf"repo:{re.escape(owner)}(@[1-9][0-9]*)?/{re.escape(name)}(@{settings.repository_id})?:ref:{MAIN}"
    )
    subjects = texts(equals.get(f"{issuer}:sub"))
    if not subjects or not all(subject.fullmatch(each) for each in subjects):
        return "it lets in more than main of this repository"
    files = {f"{settings.repository}/.github/workflows/{file}@{MAIN}" for file in WORKFLOWS[purpose]}
    pinned = texts(equals.get(f"{issuer}:job_workflow_ref"))
    if not set(pinned) <= files:
        return "it lets in other workflows than its own"
    return ""


def texts(value: object) -> tuple[str, ...]:
    """What a policy has where it may have one text or a list of them."""
    return (value,) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, list) else ()


def _means(purpose: str) -> str:
    if purpose == "grant":
        return "promise 1: who else may enter can grant; without the role nothing is granted"
    return "promise 5: who else may enter can end or read; without the role nothing is ended, or read"
