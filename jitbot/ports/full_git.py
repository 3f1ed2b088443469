"""git, as a reader of the whole history asks for it: two whole lines of history, and the bytes in them, as streams."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from jitbot.domain.ledger.git_history import HistoryStep, RuleChange
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import Sha
from jitbot.ports.git import Git


class WholeRepository(Git, Protocol):
    """A clone that has all of main and of the ledger, read without asking anybody."""

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

    def rule_changes(
        self, tip: Sha, paths: Sequence[str], start: datetime, end: datetime
    ) -> tuple[RuleChange, ...]:
        """The commits of main's first-parent line that touch these paths, from `start` until, not at, `end`; oldest first."""
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
