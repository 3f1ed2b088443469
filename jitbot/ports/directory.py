"""Directories outside: who is in Identity Center, and which accounts an organisation has. Read with a person's credentials."""

from collections.abc import Mapping
from typing import Protocol

from jitbot.domain.imports.accounts import OrganizationAccount


class IdentityStore(Protocol):
    """The users of IAM Identity Center."""

    def users(self, store: str) -> Mapping[str, bool]:
        """The user names of an identity store, each with whether the user is enabled."""
        ...


class Organization(Protocol):
    """The accounts of AWS Organizations."""

    def accounts(self, *, tags: bool) -> tuple[OrganizationAccount, ...]:
        """Every account, the units that hold it, and with `tags` its tags. Raises UnavailableError for a partial answer."""
        ...
