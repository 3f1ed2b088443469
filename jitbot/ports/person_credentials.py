"""AWS as the person at the keyboard meets it, with nothing but their own credentials."""

from typing import Protocol

from jitbot.domain.enforce.grant_target import Caller, Session


class PersonCredentials(Protocol):
    """The token service, asked as this person."""

    def whoami(self) -> Caller:
        """Who AWS says this is."""
        ...

    def assume(self, role_arn: str, session_name: str, seconds: int) -> Session:
        """A session of a role, 900 to 3600 seconds long. Raises DeniedError if AWS refuses."""
        ...
