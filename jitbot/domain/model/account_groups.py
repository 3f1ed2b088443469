"""Account groups: `production: [prod, data]` in policies/account-groups.yaml, which a policy names as "@production"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jitbot.domain.model.documents import Position

ACCOUNT_GROUPS = "policies/account-groups.yaml"


def is_group(name: str) -> bool:
    """Whether an entry of a policy's `accounts` names a group, as in "@production"."""
    return name.startswith("@")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountGroups:
    """policies/account-groups.yaml: group -> aliases of accounts. A group stands for accounts alone: groups do not nest.

    `where` maps a group ("production", "production.0") to its place in the file.
    """

    groups: Mapping[str, tuple[str, ...]]
    where: Mapping[str, Position] = field(default_factory=dict, compare=False, repr=False)

    @property
    def path(self) -> str:
        """The file that says this."""
        return ACCOUNT_GROUPS

    def members(self, name_with_at: str) -> tuple[str, ...]:
        """The aliases that "@production" stands for, in the order of the file. None for a group that is not there."""
        return self.groups.get(name_with_at.removeprefix("@"), ()) if is_group(name_with_at) else ()

    def listed(self, names: Iterable[str]) -> tuple[str, ...]:
        """The aliases that these names stand for, accounts and groups, each once, in this order."""
        found = (each for name in names for each in (self.members(name) if is_group(name) else (name,)))
        return tuple(dict.fromkeys(found))

    def expand(self, names: Iterable[str]) -> frozenset[str]:
        """The same as a set."""
        return frozenset(self.listed(names))


NO_GROUPS = AccountGroups(groups={})  # what a repository without the file has: "@anything" stands for nothing
