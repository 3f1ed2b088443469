"""Groups of accounts, `policies/account-groups.yaml`: `"@production"` in a policy stands for the accounts of that group."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountGroups:
    """Each group's accounts by its name, without the `@`. Groups do not nest."""

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def members(self, name_with_at: str) -> tuple[str, ...]:
        """The accounts of `@production`; none if there is no such group."""
        return self.groups.get(name_with_at.removeprefix("@"), ())

    def expand(self, names: Iterable[str]) -> frozenset[str]:
        """The accounts that these names of accounts and `@groups` stand for. An unknown group stands for none."""
        return frozenset(
            account for name in names for account in (self.members(name) if name.startswith("@") else (name,))
        )
