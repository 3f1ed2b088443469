"""git, as the use cases ask for it. What runs and audits ask alike is `Git`; `archive` has what audits ask beside it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Change

__all__ = ["AddedCommit", "AddedEntry", "Git", "Repository"]


class Git(Protocol):
    """git: commits and blobs, never the working tree."""

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        """The tree's entries at these paths; a path that ends in / gives what lies directly in the folder."""
        ...

    def holds(self, tip: Sha, commit: Sha) -> bool:
        """Whether a history has this commit in it; one that git does not even know is in none."""
        ...

    def resolve(self, revision: str) -> Sha:
        """The commit that a revision names. Raises InvalidError if there is none."""
        ...


class Repository(Git, Protocol):
    """git at fetched tips, which may be shallow or partial: what is missing is fetched."""

    def fetch(self, heads: Iterable[int] = ()) -> None:
        """Bring the tips of main and ledger, and the heads of these pull requests, up to date."""
        ...

    def main(self) -> Sha:
        """The fetched tip of the default branch."""
        ...

    def ledger(self) -> Sha:
        """The fetched tip of the ledger. Raises InvalidError if there is no such branch."""
        ...

    def pull_head(self, number: int) -> Sha | None:
        """The fetched head of a pull request; None if git has none."""
        ...

    def changes(self, since: datetime) -> tuple[Change, ...]:
        """What main's first-parent line did to request files since then, oldest first; nothing of `too_large`."""
        ...

    def too_large(self, since: datetime) -> tuple[TooLarge, ...]:
        """The commits of main's first-parent line since then that change more below requests/ than is read."""
        ...

    def deleting(self, commit: Sha, paths: Sequence[str]) -> frozenset[str]:
        """Those of these paths that a commit deletes: its first parent has them, the commit does not."""
        ...

    def touched(self, base: Sha, commit: Sha) -> tuple[str, ...] | None:
        """Every path that differs between two commits; a rename counts as two. None if that is too much to read."""
        ...

    def touching(self, commits: Iterable[Sha], path: str) -> frozenset[Sha]:
        """Of these commits, those that change the path against their first parent, or change too much to tell."""
        ...

    def read(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs. Raises UnavailableError if one is missing, or larger than any of ours."""
        ...

    def small(self, blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
        """The bytes of blobs that have at most so many; None for a larger one, and for what is no blob."""
        ...

    def batches(self, since: datetime, *, saying: str = "", after: Sha | None = None) -> tuple[Sha, ...]:
        """The ledger's commits since then, through every parent, oldest first; with this line in their message, in upper or lower case, if given.

        Those that are part of the history of `after` are left out.
        """
        ...

    def added(self, commits: Sequence[Sha]) -> tuple[AddedCommit, ...]:
        """What commits of the ledger put there, in their order; one that puts there too much is not tidy."""
        ...

    def merge_base(self, one: Sha, other: Sha) -> Sha:
        """The best common ancestor of two commits."""
        ...
