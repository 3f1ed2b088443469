"""How dangerous a grant is, for people who must decide in ten seconds. It informs; no decision hangs on it.

Reads action names only, by their verb; a reading verb on everything is still a reading verb.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from jitbot.domain.iam import Documents

_READS = re.compile(
    r"(?:Get|List|Describe|BatchGet|Query|Scan|Head|Lookup|Search|View|Filter|Select|Test|Simulate|Check)[A-Za-z0-9*?]*"
)
_SENSITIVE = ("iam:", "sts:", "organizations:", "kms:", "secretsmanager:", "sso:", "account:")
_READING_POLICIES = ("ReadOnlyAccess", "ViewOnlyAccess", "SecurityAudit")
_POWERFUL_POLICIES = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")


class Level(IntEnum):
    """From reading a named thing to doing anything."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The level of the most dangerous part, and every reason for a level above LOW, in words."""

    level: Level
    reasons: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """`{"level": "high", "reasons": […]}`."""
        return {"level": self.level.name.lower(), "reasons": list(self.reasons)}


def assess(grants: Iterable[Documents]) -> Risk:
    """The risk of all these grants together."""
    found = dict.fromkeys(each for grant in grants for each in _reasons(grant))
    return Risk(
        level=max((level for level, _ in found), default=Level.LOW),
        reasons=tuple(reason for _, reason in sorted(found, key=lambda each: -each[0])),
    )


def _reasons(grant: Documents) -> Iterator[tuple[Level, str]]:
    for arn in grant.managed_policies:
        name = arn.rpartition("/")[2]
        if name in _POWERFUL_POLICIES:
            yield Level.CRITICAL, f"{name}: can change nearly everything in the account"
        elif name in _READING_POLICIES:
            yield Level.MEDIUM, f"{name}: reads nearly everything in the account"
        else:
            yield Level.HIGH, f"{name}: an AWS managed policy, which AWS may widen"
    for actions, resources in _allowed(grant):
        everywhere = " on every resource" if "*" in resources else ""
        for action in actions:
            yield from _of_action(action, everywhere)


def _of_action(action: str, everywhere: str) -> Iterator[tuple[Level, str]]:
    verb = action.partition(":")[2]
    reads = _READS.fullmatch(verb) is not None
    if verb == "*":
        yield (
            Level.CRITICAL if everywhere else Level.HIGH,
            f"{action}: every action of the service{everywhere}",
        )
    elif action.startswith(_SENSITIVE) and not reads:
        yield Level.HIGH, f"{action}: touches identities, keys or secrets{everywhere}"
    elif action.startswith(_SENSITIVE) and not verb.startswith(("List", "Describe")):
        yield Level.MEDIUM, f"{action}: reads identities, keys or secrets{everywhere}"
    elif not reads:
        yield Level.HIGH if everywhere else Level.MEDIUM, f"{action}: can change things{everywhere}"


def _allowed(grant: Documents) -> Iterator[tuple[list[str], list[str]]]:
    statements = grant.permission_policy.get("Statement")
    for statement in statements if isinstance(statements, list) else ():
        if statement.get("Effect") == "Allow":
            yield statement["Action"], statement["Resource"]
