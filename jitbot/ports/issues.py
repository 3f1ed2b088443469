"""The issues that jitbot's workflows keep open while somebody must act."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from jitbot.domain.model.github_objects import Issue, Unannounced


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

    def announce_together(self, bodies: Mapping[str, str], edits: Mapping[str, str]) -> Unannounced:
        """New comments by the node ids of their pull requests, and other texts of comments by theirs; all in one call.

        Tried once, as `announce`. What GitHub says that it refused may be tried by itself; what is unclear may be there.
        Raises UnavailableError where GitHub does not answer for each of them; what is edited may be edited again.
        """
        ...

    def update(self, issue: Issue) -> None:
        """Make it read, and be open or closed, like this."""
        ...
