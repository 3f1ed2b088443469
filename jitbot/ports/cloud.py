"""The cloud's accounts, as the plans' changes are made in them."""

from typing import Protocol

from jitbot.domain.aws.iam import Document, Documents
from jitbot.domain.aws.roles import Actual, Listed, Receipt
from jitbot.domain.model.documents import AccountId


class Account(Protocol):
    """One cloud account, entered: the account that answered is the account that was meant.

    It is a protocol of its own, so that nothing can be asked of an account that was not entered.
    """

    def roles(self, *, whole: bool = False) -> tuple[Listed, ...]:
        """Every role under our path; `whole` reads all that is in them too, which costs more calls."""
        ...

    def room(self) -> int:
        """How many more roles the account's quota lets be made."""
        ...

    def read(self, role_name: str) -> tuple[Actual | None, Receipt]:
        """A role, whole; None if the provider says that it does not exist."""
        ...

    def policy(self, name: str) -> Document | None:
        """A customer managed policy of the account, as its default version says; None if AWS knows none."""
        ...

    def create(self, documents: Documents) -> bool:
        """Make the role without permissions; False if one of that name exists already."""
        ...

    def write_permissions(self, documents: Documents) -> None:
        """Write the inline policy, guards included."""
        ...

    def write_trust(self, documents: Documents) -> None:
        """Rewrite the trust policy."""
        ...

    def attach(self, documents: Documents) -> None:
        """Attach the managed policies, if any; safe to repeat."""
        ...

    def deny(self, role_name: str) -> Receipt | None:
        """Attach the policy that denies everything; None if the role does not exist."""
        ...

    def remove(self, actual: Actual) -> None:
        """Delete the role and all that is in it, tolerating what is gone already."""
        ...


class Cloud(Protocol):
    """The accounts. Entering never falls back to other credentials."""

    def enter(self, account_id: AccountId) -> Account:
        """Enter an account with this run's own identity. Raises DeniedError if another one answers."""
        ...
