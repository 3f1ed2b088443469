"""The OIDC issuer of the job, as the ledger asks for it."""

from collections.abc import Mapping
from typing import Protocol

from jitbot.domain.ledger.batch_verifier import Signatures


class Oidc(Signatures, Protocol):
    """The OIDC issuer of the job, and the proof of what its keys signed."""

    def token(self, audience: str) -> str:
        """A token of this run for this audience."""
        ...

    def keys(self) -> Mapping[str, str]:
        """The public keys the issuer publishes now: key id to the key as JSON."""
        ...
