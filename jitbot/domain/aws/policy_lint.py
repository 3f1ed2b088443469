"""Does a policy say what its author means? Unknown actions, resources that never match, conditions without effect.

AWS accepts all of these without an error. Most of them allow less than intended. A negated condition operator
(`NotIpAddress`, `StringNotLike`, `…IfExists`) on a key that is never sent allows more: it always matches. So `check`
reports them when the policy file changes.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from jitbot import catalogs
from jitbot.domain.aws.action_catalog import (
    Action,
    ActionCatalog,
)
from jitbot.domain.aws.service_roles import is_out_of_reach
from jitbot.domain.model.documents import Finding, FindingLevel, Policy, Statement
from jitbot.domain.text.patterns import patterns_overlap

_GLOBAL, _NOT_IN_SESSION = catalogs.lists("condition_keys", "global", "not_in_session")
_GLOBAL_KEYS = frozenset(key.casefold() for key in _GLOBAL)
_FOREIGN_KEYS = frozenset(key.casefold() for key in _NOT_IN_SESSION)
_ACCOUNT = "0" * 12  # what {{account_id}} may become: no "/", so no bucket passes for an object
# What stands in the catalogue for a name of one's own: ${TagKey}, <key>, tag-key, or nothing behind the slash.
_VARYING = re.compile(r"\$\{[^}]*\}|<[^>]*>|(?<=/)(?:tag[-_ ]?key|key)?\Z", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{[^}]*\}\}|\$\{[^}]*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remark:
    """A finding, and the action, resource or condition key that it is about: by both an acknowledgement names it."""

    about: str
    finding: Finding


def policy_findings(policy: Policy, catalogue: ActionCatalog) -> tuple[Finding, ...]:
    """Findings for everything in a policy's statements that has another effect in AWS than its text says, as far as is known.

    The catalogue lags behind AWS, so what rests on it alone is a warning. What the policy acknowledges is a notice with
    its reason; an acknowledgement of nothing is a warning itself.
    """
    remarks = [
        remark
        for number, statement in enumerate(policy.statements)
        for remark in _statement(policy, f"statements.{number}", statement, catalogue)
    ]
    known = {(each.finding, each.about): each.reason for each in policy.acknowledged}
    told = (_told(each, known.get((each.finding.code, each.about))) for each in remarks)
    return (*told, *_in_vain(policy, {(each.finding.code, each.about) for each in remarks}))


def _told(remark: _Remark, reason: str | None) -> Finding:
    if reason is None:
        return remark.finding
    message = f"{remark.finding.message}; acknowledged: {reason}"
    return replace(remark.finding, level=FindingLevel.NOTICE, message=message, hint="")


def _in_vain(policy: Policy, found: Collection[tuple[str, str]]) -> Iterator[Finding]:
    for index, each in enumerate(policy.acknowledged):
        if (each.finding, each.about) not in found:
            message = f"{each.finding} is not found of {each.about}, so there is nothing to acknowledge"
            yield _warning(
                policy, f"acknowledged.{index}", "acknowledged-in-vain", message, "remove it"
            ).finding


def _statement(
    policy: Policy, where: str, statement: Statement, catalogue: ActionCatalog
) -> Iterator[_Remark]:
    covered = [catalogue.covered(pattern) for pattern in statement.actions]
    for index, (pattern, actions) in enumerate(zip(statement.actions, covered, strict=True)):
        field = f"{where}.actions.{index}"
        if is_out_of_reach(pattern):
            message = f"the permissions boundary denies {pattern} to every grant"
            yield _warning(policy, field, "denied-by-boundary", message, "remove it", about=pattern)
        elif _whole_service(pattern) and "*" in statement.resources and not statement.conditions:
            message = f"{pattern} on * is every action of the service on every resource, within the boundary"
            hint = "name the actions, the resources, or a condition"
            yield _warning(policy, field, "every-action", message, hint, about=pattern)
        elif not actions:
            hint = "look it up in the Service Authorization Reference; a new action may not be known here yet"
            message = f"no action {pattern} of AWS is known"
            yield _warning(policy, field, "unknown-action", message, hint, about=pattern)
        elif not any(_fits(action, statement.resources) for action in actions):
            needs = sorted({resource for action in actions for resource in action.resources or ("*",)})
            message = f"{pattern} is known to act on none of these resources; it takes {', '.join(needs[:3])}"
            hint = "give it a statement of its own, or fix the ARN"
            yield _warning(policy, field, "resource-does-not-fit", message, hint, about=pattern)
    known = [action for actions in covered for action in actions]
    sure = all(covered)  # an action that is not known may act on anything, and send any key
    if sure:
        yield from _useless_resources(policy, where, statement, known)
    yield from _aliases(policy, where, statement)
    yield from _useless_conditions(policy, where, statement, known, sure=sure)


def _whole_service(pattern: str) -> bool:
    return pattern.rpartition(":")[2].strip("*") == ""


def _useless_resources(
    policy: Policy, where: str, statement: Statement, known: Sequence[Action]
) -> Iterator[_Remark]:
    for index, resource in enumerate(statement.resources):
        if not any(_fits(action, (resource,)) for action in known):
            message = f"no action of this statement is known to act on {resource}"
            hint = "remove it, or fix the ARN"
            field = f"{where}.resources.{index}"
            yield _warning(policy, field, "resource-does-not-fit", message, hint, about=resource)


def _aliases(policy: Policy, where: str, statement: Statement) -> Iterator[_Remark]:
    """An alias where an ARN has an account's number: what the catalogue leaves open fits it, and AWS matches nothing."""
    for index, resource in enumerate(statement.resources):
        if resource.split(":", 5)[4:5] == ["{{account}}"]:
            field = f"{where}.resources.{index}"
            message = f"{{{{account}}}} is an alias, and an ARN has the account's number: nothing matches {resource}"
            hint = "write {{account_id}}"
            yield _warning(policy, field, "resource-does-not-fit", message, hint, about=resource)


def _useless_conditions(
    policy: Policy, where: str, statement: Statement, known: Sequence[Action], *, sure: bool
) -> Iterator[_Remark]:
    """A key that no session of a grant carries, or that is none of AWS's global ones and no action is known to send.

    What a service lists without an action, any of its actions may send.
    """
    sent = {key for action in known for key in action.condition_keys}
    unbound = {key for action in known for key in action.unbound_keys}
    for operator, keys in statement.conditions.items():
        for key, values in keys.items():
            if any(_same_key(key.casefold(), each) for each in sent):
                continue
            often = "always" if _matches_without(operator, values) else "never"
            after = "; as it is, this condition keeps nobody out" if often == "always" else ""
            field = f"{where}.conditions.{operator}.{key}"
            if key.casefold() in _FOREIGN_KEYS:
                message = f"no session of a grant carries {key}, so {operator} on it {often} matches"
                hint = f"remove it: a person enters a grant by sts:AssumeRole{after}"
                code = "condition-key-not-in-session"
                yield _Remark(about=key, finding=Finding.at(policy, field, code, message, hint))
            elif (
                sure and not _is_global(key) and not any(_same_key(key.casefold(), each) for each in unbound)
            ):
                message = f"no action of this statement is known to send {key}; if none does, {operator} on it {often} matches"
                hint = f"look the key up in the Service Authorization Reference{after}"
                yield _warning(policy, field, f"condition-{often}-matches", message, hint, about=key)


def _warning(policy: Policy, field: str, code: str, message: str, hint: str, *, about: str = "") -> _Remark:
    """What the catalogue alone says, or what changes nothing that anybody is given."""
    if about:
        hint += "; where it is right, say so under acknowledged: in the policy"
    found = Finding.at(policy, field, code, message, hint).as_warning()
    return _Remark(about=about, finding=found)


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
    places = (*action.resources, *action.unnamed)
    return any(_same_place(place, pattern) for place in places for pattern in patterns)


@cache  # the actions of a service share their few kinds of resources
def _same_place(one: str, other: str) -> bool:
    """Whether two ARNs can name one resource. A wildcard stays in its own of the six parts, as in IAM.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return all(map(patterns_overlap, one.split(":", 5), other.split(":", 5)))


def _is_global(key: str) -> bool:
    return key.casefold().partition("/")[0] in _GLOBAL_KEYS


def _same_key(key: str, known: str) -> bool:
    """`s3:ExistingObjectTag/team` is an `s3:ExistingObjectTag/<key>`, however the catalogue spells what varies."""
    return patterns_overlap(key, _VARYING.sub("*", known))
