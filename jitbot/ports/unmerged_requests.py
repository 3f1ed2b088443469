"""The pull requests that never were merged, as an audit asks the host of the repository for them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jitbot.domain.model.documents import Login, Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """One pull request that asked for access and gave none: open still, or closed unmerged. Texts are people's."""

    number: int
    title: str
    author: Login
    author_id: int
    head: Sha
    created_at: datetime
    closed_at: datetime | None
    requests: tuple[str, ...]  # the request files it changes


class UnmergedRequests(Protocol):
    """The host of the repository, asked for what was withdrawn or is still waiting."""

    def unmerged(self, start: datetime, end: datetime) -> tuple[Unmerged, ...]:
        """The pull requests created in this period that touch requests/ and are not merged, oldest first."""
        ...
