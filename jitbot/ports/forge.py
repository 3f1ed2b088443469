"""The host of the repository, as the use cases that decide and record ask for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.merge_facts import PullCommit, PullRequest, PullRequestHistory, Push, Review


class Forge(Protocol):
    """The host of the repository: pull requests, reviews, permissions, branch rules, signed commits."""

    def default_branch(self) -> str:
        """The branch that requests are merged into."""
        ...

    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        """The pull requests that the forge connects with a commit."""
        ...

    def pull(self, number: int) -> PullRequest:
        """One pull request, whole."""
        ...

    def files(self, number: int) -> tuple[str, ...]:
        """Every path a pull request changes, previous names included."""
        ...

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Every submitted review."""
        ...

    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """The commits that the forge lists; at most 250."""
        ...

    def history(self, number: int) -> PullRequestHistory:
        """What happened to a pull request: whether it was merged, moved to another base, had reviews dismissed."""
        ...

    def pushes(self, branch: str, until: datetime | None) -> tuple[Push, ...]:
        """The moves of a branch of this repository until then, as far as the forge remembers them.

        All of them, or, of more than `bounds.MOVES`, at least one more than that. A DeniedError: it does not say.
        """
        ...

    def permission(self, login: Login) -> str:
        """admin, write, read or none."""
        ...

    def calls_left(self) -> int | None:
        """How many calls the forge still allows in this hour, as it said with its last answer; None if it did not."""
        ...

    def rules(self, branch: str) -> frozenset[str]:
        """The kinds of rules that protect a branch, such as non_fast_forward."""
        ...

    def commit(
        self,
        branch: str,
        parent: Sha,
        message: str,
        additions: Mapping[str, bytes],
        deletions: Sequence[str] = (),
    ) -> Sha:
        """Add files on exactly this parent. Raises BranchMovedError if the branch is elsewhere."""
        ...
