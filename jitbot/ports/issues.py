"""The forge's issues, as the reviews after access ask for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue, as far as it matters here."""

    number: int
    title: str
    body: str
    is_open: bool


class Issues(Protocol):
    """Issues that the repository's own workflows opened. Anyone with write access can edit, close and reopen them."""

    def ours(self, since: datetime) -> tuple[Issue, ...]:
        """Every one of them that changed since then, open or closed."""
        ...

    def create(self, title: str, body: str) -> Issue:
        """Open one. Tried once: after a failure it may be there or not."""
        ...

    def update(self, issue: Issue) -> None:
        """Make it read, and be open or closed, like this."""
        ...
