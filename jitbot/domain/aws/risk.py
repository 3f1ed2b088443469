"""How dangerous a grant is, for people who must decide in ten seconds. It informs people; no decision uses it.

Access levels come from the action catalogue. What the boundary denies to every grant is not counted. Actions that are
more dangerous than their level says, and the risk of AWS's best known managed policies, are listed in `catalogs`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from jitbot import catalogs
from jitbot.domain.aws.action_catalog import (
    Access,
    Action,
    ActionCatalog,
)
from jitbot.domain.aws.iam import Documents
from jitbot.domain.aws.service_roles import is_out_of_reach
from jitbot.domain.model.documents import Statement
from jitbot.domain.text.amount import many
from jitbot.domain.text.patterns import patterns_overlap

ESCALATING, TAKING, SHARING = catalogs.lists("actions", "escalating", "taking", "sharing")
_ANYTHING = "\0"  # stands for a name that nobody chose; no ARN can hold it
_WINDOW = {"DateLessThan", "DateGreaterThanEquals"}  # the conditions that every grant has
_NAMED = 3  # how many actions a reason names before it counts the rest


class Level(IntEnum):
    """From reading one named resource to doing anything; the last level is a risk that nobody knows."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4
    UNKNOWN = 5  # nothing is known, so nothing is harmless

    @property
    def in_words(self) -> str:
        """The level as people read it."""
        return "not known" if self is Level.UNKNOWN else self.name.lower()


Danger = tuple[Level, str]  # how bad, and what it is that somebody could do


@dataclass(frozen=True, slots=True, kw_only=True)
class _Managed:
    """An AWS managed policy that many know, and what a person who has it can do."""

    name: str
    level: str
    can: str


_MANAGED: Mapping[str, Danger] = {
    each.name: (Level[each.level.upper()], each.can)
    for each in catalogs.table("managed_policies", "policy", _Managed)
}
_NOT_KNOWN: Danger = (Level.UNKNOWN, "nobody can say what would be granted there")
_MANAGED_BY_AWS: Danger = (Level.HIGH, "an AWS managed policy, which AWS may widen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The level of the most dangerous part, every reason for it in words, and what is allowed by access level."""

    level: Level
    reasons: tuple[str, ...]
    access: Mapping[Access, int] = field(default_factory=dict)  # without managed policies: they are not read

    def as_json(self) -> dict[str, object]:
        """`{"level": "high", "reasons": […], "access": {"Read": 3, …}}`; the level may be `unknown`."""
        access = {level.value: number for level, number in self.access.items()}
        return {"level": self.level.name.lower(), "reasons": list(self.reasons), "access": access}

    def access_in_words(self) -> str:
        """How many actions of each access level, from harmless to dangerous: `2 read, 1 write`."""
        return ", ".join(f"{number} {level.value.lower()}" for level, number in self.access.items())


def assess(grants: Iterable[Documents], catalogue: ActionCatalog, *, unknown: Collection[str] = ()) -> Risk:
    """The risk of all these grants together. Each danger is named once, with the grants that cause it.

    The level is `unknown` if nobody can say what would be granted, and also if there is no grant at all.
    """
    grants = tuple(grants)
    managed = [arn.rpartition("/")[2] for grant in grants for arn in grant.managed_policies]
    allowed = (each for grant in grants for each in _allowed(grant, catalogue))
    return _assessed(managed, allowed, unknown=unknown, least=Level.LOW if grants else Level.UNKNOWN)


def assess_statements(
    statements: Iterable[Statement], managed: Iterable[str], catalogue: ActionCatalog
) -> Risk:
    """The risk of what a policy gives to anybody who may ask: a placeholder stands for one named thing.

    `managed` are the names of AWS managed policies.
    """
    allowed = (
        part
        for each in statements
        for part in _reachable(each.actions, each.resources, catalogue, conditional=bool(each.conditions))
    )
    return _assessed(managed, allowed)


def _assessed(
    managed: Iterable[str],
    parts: Iterable["_Allowed"],
    *,
    unknown: Collection[str] = (),
    least: Level = Level.LOW,
) -> Risk:
    names: dict[Danger, set[str]] = {_NOT_KNOWN: set(unknown)} if unknown else {}
    actions: dict[str, Access] = {}
    for name in managed:
        names.setdefault(_MANAGED.get(name, _MANAGED_BY_AWS), set()).add(name)
    for allowed in parts:
        actions |= {action.name: action.access for action in allowed.actions}
        for name, danger in _dangers(allowed):
            names.setdefault(danger, set()).add(name)
    levels = list(actions.values())
    worst_first = sorted(names, key=lambda danger: -danger[0])
    return Risk(
        level=max((level for level, _ in names), default=least),
        reasons=tuple(f"{_some(names[danger])}: {danger[1]}" for danger in worst_first),
        access={level: levels.count(level) for level in Access if level in levels},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowed:
    """One pattern of actions that a statement allows, with the known actions behind it."""

    pattern: str
    actions: tuple[Action, ...]
    resources: tuple[str, ...]
    conditional: bool


def _allowed(grant: Documents, catalogue: ActionCatalog) -> Iterator[_Allowed]:
    statements = grant.permission_policy.get("Statement")
    for statement in statements if isinstance(statements, list) else ():
        if statement["Effect"] == "Allow":
            conditional = not statement.get("Condition", {}).keys() <= _WINDOW
            yield from _reachable(
                statement["Action"], tuple(statement["Resource"]), catalogue, conditional=conditional
            )


def _reachable(
    patterns: Iterable[str], resources: tuple[str, ...], catalogue: ActionCatalog, *, conditional: bool
) -> Iterator[_Allowed]:
    for pattern in patterns:
        known = catalogue.covered(pattern)
        reachable = tuple(each for each in known if not is_out_of_reach(each.name))
        if not is_out_of_reach(pattern) and (reachable or not known):
            yield _Allowed(pattern=pattern, actions=reachable, resources=resources, conditional=conditional)


def _dangers(allowed: _Allowed) -> Iterator[tuple[str, Danger]]:
    if not allowed.actions:
        yield allowed.pattern, (Level.HIGH, "not known, so nobody can say what it does")
    if allowed.pattern.endswith(":*"):
        yield allowed.pattern, (Level.HIGH, f"all of the service: {many(len(allowed.actions), 'action')}")
    everywhere = " on every resource" + (" that fits the conditions" if allowed.conditional else "")
    for action in allowed.actions:
        where = everywhere if _is_wide(action, allowed.resources) else ""
        if danger := _danger(action, where):
            yield action.name, danger


def _danger(action: Action, where: str) -> Danger | None:
    """The most serious danger of an action; `where` is empty if it reaches only named resources."""
    wide = Level.HIGH if where else Level.MEDIUM
    if action.name in ESCALATING:
        return Level.CRITICAL, "a known way to more rights than were given"
    if action.name in SHARING:
        level = Level.CRITICAL if action.access is Access.PERMISSIONS else Level.HIGH
        return level, f"can open data to others{where}"
    if action.name in TAKING:
        return wide, f"takes data or secrets out{where}"
    match action.access:
        case Access.PERMISSIONS:
            return Level.CRITICAL, f"changes who may do what{where}"
        case Access.WRITE:
            return wide, f"can change things{where}"
        case Access.TAGGING:
            return Level.MEDIUM, f"changes tags, by which access may be decided{where}"
        case Access.READ if where:
            return Level.MEDIUM, f"reads{where}"
        case _:
            return None


def _is_wide(action: Action, resources: Iterable[str]) -> bool:
    """Whether one of the resources is everything, or everything of a kind that the action acts on."""
    return any(
        resource == "*" or any(_is_whole(kind, resource) for kind in action.resources)
        for resource in resources
    )


def _is_whole(kind: str, resource: str) -> bool:
    """Whether a resource with a wildcard names whatever there is of this kind: `table/*`, not `table/or*`."""
    service, name = kind.split(":", 5)[2::3]
    own_service, own_name = resource.split(":", 5)[2::3]
    return (
        "*" in own_name
        and service == own_service
        and patterns_overlap(own_name, name.replace("*", _ANYTHING))
    )


def _some(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return ", ".join(ordered[:_NAMED]) + more
