"""What a policy's statements allow, piece by piece, and which pieces others cover. In doubt a piece is not covered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.aws.action_catalog import Access, ActionCatalog
from jitbot.domain.aws.service_roles import is_out_of_reach
from jitbot.domain.model.documents import Policy, Statement
from jitbot.domain.text.patterns import pattern_covers

# Pairs of pieces that are compared by what they mean. Of more, only equal ones cover each other.
_MOST = 250_000

Conditions = tuple[tuple[str, str, frozenset[str]], ...]  # operator, key, values


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """One action, or pattern of actions, on one resource under the conditions of its statement."""

    action: str
    resource: str
    conditions: Conditions

    @property
    def statement(self) -> Statement:
        """The same as a statement of its own."""
        conditions: dict[str, dict[str, tuple[str, ...]]] = {}
        for operator, key, values in self.conditions:
            conditions.setdefault(operator, {})[key] = tuple(sorted(values))
        return Statement(actions=(self.action,), resources=(self.resource,), conditions=conditions)


def places(pieces: Iterable[Allowance]) -> str:
    """`arn:aws:s3:::a; arn:aws:s3:::b, if StringEquals aws:RequestedRegion eu-west-1`: resources by their conditions."""
    found: dict[str, dict[str, None]] = {}
    for each in pieces:
        named = (
            f"{operator} {key} {' or '.join(sorted(values))}" for operator, key, values in each.conditions
        )
        found.setdefault(" and ".join(named), {})[each.resource] = None
    return "; ".join(
        f"{'; '.join(where)}{f', if {condition}' if condition else ''}" for condition, where in found.items()
    )


def of_policy(policy: Policy | None) -> tuple[Allowance, ...]:
    """Every piece that a policy allows, each once, except what no grant can ever do."""
    found: dict[Allowance, None] = {}
    for statement in policy.statements if policy is not None else ():
        conditions = tuple(
            sorted(
                ((operator, key, frozenset(values)) for operator, keys in statement.conditions.items() for key, values in keys.items()),
                key=lambda each: each[:2],
            )
        )  # fmt: skip
        for action in statement.actions:
            for resource in statement.resources if not is_out_of_reach(action) else ():
                found[Allowance(action=action, resource=resource, conditions=conditions)] = None
    return tuple(found)


def beyond(head: Sequence[Allowance], base: Sequence[Allowance]) -> tuple[Allowance, ...]:
    """The pieces of `head` that those of `base` do not cover.

    A pattern that is covered action by action, and not by a pattern, remains: AWS may add actions to it.
    """
    same = set(base)
    changed = [each for each in head if each not in same]
    if len(changed) * len(base) > _MOST:
        return tuple(changed)
    return tuple(each for each in changed if not any(_covers(other, each) for other in base))


def _covers(wide: Allowance, narrow: Allowance) -> bool:
    """Whether one piece allows all that the other does."""
    return (
        pattern_covers(wide.action.casefold(), narrow.action.casefold())
        and _reaches(wide, narrow)
        and _less_strict(wide.conditions, narrow.conditions)
    )


def _reaches(wide: Allowance, narrow: Allowance) -> bool:
    """Whether every resource that the one names is named by the other. A placeholder or variable is any text."""
    if wide.resource == narrow.resource:
        return True
    if "${" in wide.resource:
        return False  # in `${*}` the star is a character
    pattern = wide.resource
    if "${" in narrow.resource or "{{" in narrow.resource:
        pattern = pattern.replace("?", "\0")  # it takes one character, and a value may have more
    return pattern_covers(pattern, narrow.resource)


def _less_strict(wide: Conditions, narrow: Conditions) -> bool:
    """Whether every request that meets the conditions of `narrow` meets those of `wide`."""
    known = {(operator, key.casefold()): values for operator, key, values in narrow}
    for operator, key, values in wide:
        other = known.get((operator, key.casefold()))
        if other is None:
            return False
        if not (values <= other if "Not" in operator else other <= values):
            return False
    return True


def by_access(actions: Iterable[str], catalogue: ActionCatalog) -> Mapping[Access | None, tuple[str, ...]]:
    """Actions by their access level, the most dangerous first; None: not known. A pattern is among each of its own."""
    found: dict[Access | None, dict[str, None]] = {}
    for pattern in actions:
        known = catalogue.covered(pattern)
        for action in known:
            if not is_out_of_reach(action.name):
                found.setdefault(action.access, {})[pattern] = None
        if not known:
            found.setdefault(None, {})[pattern] = None
    order: tuple[Access | None, ...] = (None, *reversed(Access))
    return {level: tuple(found[level]) for level in order if level in found}
