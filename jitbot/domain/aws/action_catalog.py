"""What is known about AWS's actions: the types in which an adapter answers, and how action patterns match.

The facts come from a maintained data set (`adapters/iam_reference.py`). Nothing here decides about access.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

_VARIABLE = re.compile(r"\$\{[^}]*\}")


class Access(StrEnum):
    """AWS's own access levels, from harmless to dangerous.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html
    """

    LIST = "List"
    READ = "Read"
    TAGGING = "Tagging"
    WRITE = "Write"
    PERMISSIONS = "Permissions management"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of AWS. `resources` are ARN patterns with * for what varies; none means it takes only `*`.

    Some calls name no resource, and yet AWS compares them with an ARN: `unnamed`, with nothing in place of the name.
    """

    name: str  # "dynamodb:GetItem"
    access: Access
    resources: tuple[str, ...]
    condition_keys: frozenset[str]  # lower case; those of the action and of its resources
    unbound_keys: frozenset[str] = frozenset()  # the service's, of which nobody says what actions send them
    unnamed: tuple[str, ...] = ()  # "arn:*:dynamodb:*:*:table/"


class ActionCatalog(Protocol):
    """A source of facts about actions."""

    def covered(self, pattern: str) -> Sequence[Action]:
        """The known actions that `service:Pattern` covers, * and ? meant as in IAM; empty if there is none."""
        ...


def without_variables(pattern: str) -> str:
    """A pattern with * for each `${Variable}` in it."""
    return _VARIABLE.sub("*", pattern)
