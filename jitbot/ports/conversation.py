"""A pull request's page, as people see it: its title, its comments, and the statuses of its head."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import PullRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A pull request with what its page shows of it."""

    pull: PullRequest
    title: str
    is_open: bool
    auto_merge: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment. `by_actions` if the account of this repository's workflows wrote it; anyone who may write can edit it."""

    comment_id: int
    by_actions: bool
    body: str


class Light(StrEnum):
    """The states of a commit status that jitbot sets."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One status of a commit. It steers people, and decides nothing."""

    light: Light
    description: str


class Conversation(Protocol):
    """Reads and writes what people see on pull requests."""

    def page(self, number: int) -> Page:
        """One pull request."""
        ...

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Every comment in the conversation, oldest first."""
        ...

    def post(self, number: int, body: str) -> Comment:
        """A new comment. After an UnavailableError it may be there all the same, more than once."""
        ...

    def edit(self, comment_id: int, body: str) -> None:
        """Replace a comment's text."""
        ...

    def remove(self, comment_id: int) -> None:
        """Delete a comment, tolerating that it is gone."""
        ...

    def retitle(self, number: int, title: str) -> None:
        """Replace the title."""
        ...

    def statuses(self, commit: Sha) -> Mapping[str, Status]:
        """The newest status of each context."""
        ...

    def set_status(self, commit: Sha, context: str, status: Status, url: str) -> None:
        """Add a status; `url` leads to the run that set it, if there is one."""
        ...
