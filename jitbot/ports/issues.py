"""The issues that jitbot's workflows keep open while somebody must act."""

from datetime import datetime
from typing import Protocol

from jitbot.domain.model.github_objects import Issue


class Issues(Protocol):
    """Issues that the repository's own workflows opened. Anyone with write access can edit, close and reopen them."""

    def ours(self, since: datetime) -> tuple[Issue, ...]:
        """Every one of them that changed since then, open or closed."""
        ...

    def create(self, title: str, body: str) -> Issue:
        """Open one. Tried once: after a failure it may be there or not."""
        ...

    def announce(self, number: int, body: str) -> None:
        """A new comment on an issue or pull request, that nobody looks for again. Tried once, so it is there at most once."""
        ...

    def update(self, issue: Issue) -> None:
        """Make it read, and be open or closed, like this."""
        ...
