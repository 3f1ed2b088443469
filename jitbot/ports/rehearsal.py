"""What a rehearsal needs beside the other ports: two harmless calls with a grant's session, and a place for its notes."""

from typing import Protocol

from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.setup.rehearsal.notes import CallOutcome


class SessionCalls(Protocol):
    """Two reads that change nothing and show nothing of anybody's, each tried once.

    A refusal is an outcome. Raises UnavailableError for anything else that is not an answer to the question, as for a
    session that is over.
    """

    def granted(self, session: Session) -> CallOutcome:
        """The read that a rehearsal's grant allows."""
        ...

    def other(self, session: Session) -> CallOutcome:
        """A read of the same service that it does not allow."""
        ...


class Notebook(Protocol):
    """Where the notes of the newest rehearsal are kept, on this machine."""

    def load(self) -> bytes | None:
        """What was saved last; None if nothing was, or it cannot be read."""
        ...

    def save(self, content: bytes) -> None:
        """Keep this instead. Raises UnavailableError if it cannot be written."""
        ...

    def clear(self) -> None:
        """Forget it."""
        ...
