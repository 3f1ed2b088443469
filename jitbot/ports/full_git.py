"""git, as whoever reads all of it asks for it: two whole lines of history, and the bytes in them, as streams."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One path that a commit changed. `status` is git's: A added, M modified, T of another type, D deleted."""

    path: str
    mode: str  # after the change; "000000" when deleted
    blob: Sha
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """One commit, by what it changed against its first parent.

    `whole` is False for one that changes more than anybody reads. Of main, what it changed below requests/ and of the
    rules is then told alone, and nothing of either where that is too much as well (`asks_whole`, `rules_whole`).
    `told`: its message was read.
    """

    commit: Sha
    parents: tuple[Sha, ...]
    at: datetime  # the committer's date: whoever pushes chooses it
    message: str
    touched: tuple[Touched, ...]
    whole: bool = True
    asks_whole: bool = True
    rules_whole: bool = True
    told: bool = True

    @property
    def added(self) -> AddedCommit:
        """The commit by what it puts there, as runs see it."""
        puts = tuple(
            AddedEntry(path=each.path, mode=each.mode, blob=each.blob)
            for each in self.touched
            if each.status != "D"
        )
        plain = bool(puts) and all(each.mode == "100644" for each in puts)
        return AddedCommit(
            commit=self.commit,
            parent=self.parents[0] if self.parents else Sha(""),
            message=self.message,
            entries=puts,
            well_formed=self.whole and self.told and len(self.parents) == 1 and plain,
        )


class WholeRepository(Protocol):
    """A clone, read without asking anybody."""

    def tip(self, branch: str) -> Sha:
        """The fetched tip of a branch. Raises InvalidError if there is no such branch."""
        ...

    def ledger_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        """The ledger's commits, through every parent, parents first."""
        ...

    def main_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        """The commits of a branch's first-parent line, oldest first."""
        ...

    def ledger_again(self, commits: Sequence[Sha]) -> Iterator[HistoryStep]:
        """Some of the ledger's commits once more, in this order; of their dates nothing is said."""
        ...

    def contents(self, blobs: Iterable[Sha], most: int = EVENT_READ) -> Iterator[tuple[Sha, bytes | None]]:
        """The bytes of blobs, one after the other; None for one that is not here, or has more than `most` bytes."""
        ...

    def here(self, blobs: Iterable[Sha]) -> frozenset[Sha]:
        """Those of these blobs that are in this clone, however large."""
        ...

    def blobs_at(self, places: Iterable[tuple[Sha, str]]) -> dict[tuple[Sha, str], Sha | None]:
        """The blob at each path of each commit; None if there is none. What is not here at all is left out."""
        ...

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        """What lies at these paths of a commit, whatever it is; a path without an entry is left out."""
        ...

    def holds(self, tip: Sha, commit: Sha) -> bool:
        """Whether a history has this commit in it."""
        ...

    def commits_of(self, tip: Sha) -> frozenset[Sha]:
        """The names of all commits of a history."""
        ...

    def verified(self) -> Sha | None:
        """The head of the ledger that was last found good in this clone."""
        ...

    def remember(self, head: Sha) -> None:
        """Keep this head of the ledger as the one found good."""
        ...

    def resolve(self, revision: str) -> Sha:
        """The commit that a revision names. Raises InvalidError if there is none."""
        ...
