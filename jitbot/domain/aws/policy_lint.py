"""Does a policy say what its author means? Unknown actions, resources that never match, conditions without effect.

AWS accepts all of these without an error. Most of them allow less than intended. A negated condition operator
(`NotIpAddress`, `StringNotLike`, `…IfExists`) on a key that is never sent allows more: it always matches. So `check`
reports them when the policy file changes.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from jitbot import catalogs
from jitbot.domain.aws.action_catalog import (
    Action,
    ActionCatalog,
    without_variables,
)
from jitbot.domain.model.documents import Finding, Policy, Statement
from jitbot.domain.text.patterns import patterns_overlap

(_GLOBAL,) = catalogs.lists("condition_keys", "global")
_GLOBAL_KEYS = frozenset(key.casefold() for key in _GLOBAL)
_ACCOUNT = "0" * 12  # what {{account_id}} may become: no "/", so no bucket passes for an object
_PLACEHOLDER = re.compile(r"\{\{[^}]*\}\}|\$\{[^}]*\}")


def policy_findings(policy: Policy, catalogue: ActionCatalog) -> tuple[Finding, ...]:
    """Findings for everything in a policy's statements that has another effect in AWS than its text says."""
    return tuple(
        finding
        for number, statement in enumerate(policy.statements)
        for finding in _statement(policy, f"statements.{number}", statement, catalogue)
    )


def _statement(
    policy: Policy, where: str, statement: Statement, catalogue: ActionCatalog
) -> Iterator[Finding]:
    covered = [catalogue.covered(pattern) for pattern in statement.actions]
    for index, (pattern, actions) in enumerate(zip(statement.actions, covered, strict=True)):
        field = f"{where}.actions.{index}"
        if not actions:
            hint = "look it up in the Service Authorization Reference; a new action may not be known here yet"
            yield Finding.at(policy, field, "unknown-action", f"AWS has no action {pattern}", hint)
        elif not any(_fits(action, statement.resources) for action in actions):
            needs = sorted({resource for action in actions for resource in action.resources or ("*",)})
            message = f"{pattern} acts on none of these resources; it takes {', '.join(needs[:3])}"
            yield Finding.at(
                policy,
                field,
                "resource-does-not-fit",
                message,
                "give it a statement of its own, or fix the ARN",
            )
    known = [action for actions in covered for action in actions]
    if known:
        yield from _useless_resources(policy, where, statement, known)
        yield from _useless_conditions(policy, where, statement, known)


def _useless_resources(
    policy: Policy, where: str, statement: Statement, known: Sequence[Action]
) -> Iterator[Finding]:
    for index, resource in enumerate(statement.resources):
        if not any(_fits(action, (resource,)) for action in known):
            message = f"no action of this statement acts on {resource}"
            yield Finding.at(
                policy,
                f"{where}.resources.{index}",
                "resource-does-not-fit",
                message,
                "remove it, or fix the ARN",
            )


def _useless_conditions(
    policy: Policy, where: str, statement: Statement, known: Sequence[Action]
) -> Iterator[Finding]:
    """A finding for a key that is not one of AWS's global keys and that no action of the statement sends."""
    sent = {key for action in known for key in action.condition_keys}
    for operator, keys in statement.conditions.items():
        for key, values in keys.items():
            if key.casefold().partition("/")[0] in _GLOBAL_KEYS or any(
                _same_key(key.casefold(), each) for each in sent
            ):
                continue
            field = f"{where}.conditions.{operator}.{key}"
            message = f"no action of this statement sends {key}, so {operator} on it"
            hint = "look the key up in the Service Authorization Reference"
            if _matches_without(operator, values):
                hint += "; in this form the condition keeps nobody out"
                yield Finding.at(policy, field, "condition-always-matches", f"{message} always matches", hint)
            else:
                yield Finding.at(policy, field, "condition-never-matches", f"{message} never matches", hint)


def _matches_without(operator: str, values: Sequence[str]) -> bool:
    """Whether a condition is met where its key is not sent.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and, for
    sets, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """
    quantifier, _, plain = operator.rpartition(":")
    if operator == "Null":
        return "true" in values
    if plain.endswith("IfExists") or quantifier == "ForAllValues":
        return True
    return not quantifier and "Not" in plain


def _fits(action: Action, resources: Sequence[str]) -> bool:
    """Whether the action can be allowed on one of the resources; one without resource types takes `*` alone."""
    if "*" in resources:
        return True
    patterns = [_PLACEHOLDER.sub("*", resource.replace("{{account_id}}", _ACCOUNT)) for resource in resources]
    return any(_same_place(resource, pattern) for resource in action.resources for pattern in patterns)


@cache  # the actions of a service share their few kinds of resources
def _same_place(one: str, other: str) -> bool:
    """Whether two ARNs can name one resource. A wildcard stays in its own of the six parts, as in IAM.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return all(map(patterns_overlap, one.split(":", 5), other.split(":", 5)))


def _same_key(key: str, known: str) -> bool:
    """`s3:ExistingObjectTag/team` is an `s3:ExistingObjectTag/<key>`."""
    pattern = without_variables(known).replace("<key>", "*")
    return patterns_overlap(key, pattern)
