"""One thing that a change of rules does, in words and for machines, and the order in which people read several."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from jitbot.domain.aws.risk import Level
from jitbot.domain.views.wording import UNESCAPED, Escaper, listed

_ITEM = 160  # characters of one item that a sentence shows
_SHOWN = 8  # items of a list that a sentence shows


class Direction(StrEnum):
    """Whether somebody can do more by it, or less. What cannot be compared counts as more."""

    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One thing that changes for these policies. `code` is stable kebab-case for machines.

    `text` is jitbot's own sentence, with places for the lists and values that people wrote: `{policies}`, `{people}`,
    `{what}`, `{before}`, `{after}`. A person is a login, with dates where the membership has some.
    """

    code: str
    direction: Direction
    text: str
    level: Level = Level.LOW
    policies: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    what: tuple[str, ...] = ()
    before: str = ""
    after: str = ""

    def in_words(self, escaper: Escaper = UNESCAPED) -> str:
        """The sentence. Long lists are counted, and a few of each are named."""
        return self.text.format(
            policies=listed((escaper.strong(_short(each)) for each in self.policies), "and"),
            people=listed((escaper.strong(_short(each)) for each in self.people), "and"),
            what=listed((escaper.plain(_short(each)) for each in self.what), "and", most=_SHOWN),
            before=escaper.plain(_short(self.before)),
            after=escaper.plain(_short(self.after)),
        )

    def as_json(self) -> dict[str, object]:
        """All of it, with whole lists; the keys are always the same."""
        return {
            "code": self.code,
            "direction": self.direction.value,
            "level": self.level.name.lower(),
            "message": self.in_words(),
            "policies": list(self.policies),
            "people": list(self.people),
            "what": list(self.what),
            "before": self.before,
            "after": self.after,
        }


def _short(text: str) -> str:
    return text if len(text) <= _ITEM else f"{text[: _ITEM - 1]}…"


def most_serious_first(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    """What is wider first, and of that the most dangerous. The same thing of several policies is said once."""
    same: dict[Effect, list[Effect]] = {}
    for each in effects:
        same.setdefault(replace(each, policies=(), level=Level.LOW), []).append(each)
    joined = (_joined(alike) for alike in same.values())
    return tuple(sorted(joined, key=_place))


def _place(effect: Effect) -> tuple[int, int, int]:
    first = _FIRST.index(effect.code) if effect.code in _FIRST else len(_FIRST)
    return list(Direction).index(effect.direction), -effect.level, first


# Of equally dangerous effects: what undoes the protection of everything comes before what widens one policy.
_FIRST = (
    "rules-ownerless",
    "codeowners-skipped",
    "keys-changed",
    "settings-changed",
    "may-approve-rules",
    "rules-owners",
    "another-account",
    "another-identity",
    "another-aws-account",
    "break-glass",
    "approvals-fewer",
    "policy-added",
    "may-ask",
    "risk-higher",
    "managed-added",
    "actions-added",
    "access-wider",
    "accounts-added",
)


def _joined(alike: Sequence[Effect]) -> Effect:
    """One effect for all of these policies, the most dangerous of which is named first."""
    level: dict[str, Level] = {}
    for each in alike:
        for policy in each.policies:
            level[policy] = max(level.get(policy, Level.LOW), each.level)
    policies = sorted(level, key=lambda policy: (-level[policy], policy))
    return replace(alike[0], policies=tuple(policies), level=max(each.level for each in alike))
