"""The OIDC issuer of the job, as the ledger asks for it."""

from collections.abc import Mapping
from typing import Protocol


class Oidc(Protocol):
    """The OIDC issuer of the job."""

    def token(self, audience: str) -> str:
        """A token of this run for this audience."""
        ...

    def keys(self) -> Mapping[str, str]:
        """The public keys the issuer publishes now: key id to the key as JSON."""
        ...

    def verified(self, token: str, keys: Mapping[str, str]) -> Mapping[str, object] | None:
        """The claims of a token whose signature one of these keys proves; None if none does."""
        ...

    def key_id(self, token: str) -> str:
        """The key a token says it was signed with; empty if it says none."""
        ...
