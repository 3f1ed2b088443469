"""git, as the use cases ask for it: commits and blobs of a clone, never its working tree."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.ledger.git_history import HistoryStep, RuleChange
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Change


class Git(Protocol):
    """One clone of the repository.

    A run asks what happened since a moment; its clone may be shallow or partial, and what is missing is fetched.
    An audit reads main and the ledger from their first commit to their last, and raises UnavailableError where the
    clone's history is cut off.
    """

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        """The tree's entries at these paths; a path that ends in / gives what lies directly in the folder.

        A folder that another path leads into is not listed itself, but all in it that any of the paths leads to.
        """
        ...

    def holds(self, tip: Sha, commit: Sha) -> bool:
        """Whether a history has this commit in it; one that git does not even know is in none."""
        ...

    def resolve(self, revision: str) -> Sha:
        """The commit that a revision names. Raises InvalidError if there is none."""
        ...

    def fetch(self, heads: Iterable[int] = ()) -> None:
        """Bring the tips of main and ledger, or the heads of these pull requests, up to date.

        Raises InvalidError if the remote has no ledger.
        """
        ...

    def fetch_main(self) -> None:
        """Bring the tip of main alone up to date, for a repository that has no ledger yet."""
        ...

    def main(self) -> Sha:
        """The fetched tip of the default branch. Raises InvalidError if there is no such branch."""
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
        """Of these commits, those that change the path against their first parent, or are too large to compare."""
        ...

    def read(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs. Raises UnavailableError if one is missing, or larger than any file of jitbot."""
        ...

    def small(self, blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
        """The bytes of blobs that have at most so many; None for a larger one, and for what is no blob."""
        ...

    def batches(
        self,
        since: datetime,
        *,
        saying: str = "",
        beginning: Sequence[str] = (),
        after: Sha | None = None,
    ) -> tuple[Sha, ...]:
        """The ledger's commits since then, through every parent, oldest first; with this line in their message, in upper or lower case, if given.

        With `beginning`, those with a line that begins with one of these. Those that are part of the history of `after`
        are left out.
        """
        ...

    def misdated(self, since: datetime, first: Sha) -> tuple[Sha, ...]:
        """The ledger's commits that are no part of the history of `first`, oldest first, if one of them has a date before `since`.

        If `first` is not so old, those that were made on it are not either: a commit is made after its history.
        """
        ...

    def added(self, commits: Sequence[Sha]) -> tuple[AddedCommit, ...]:
        """The files that commits of the ledger add, in their order; a commit that adds too much is not `well_formed`."""
        ...

    def filed(self, commits: Sequence[Sha]) -> tuple[AddedCommit, ...]:
        """What a fetched head of the ledger has in the folders of these commits' batches, each as if the commit had added just that.

        A later commit may have changed it, so it is a batch only if its attestation says so. A commit of which nothing is found
        is left out, and all of them where `added` needs nothing from the remote.
        """
        ...

    def merge_base(self, one: Sha, other: Sha) -> Sha:
        """The best common ancestor of two commits."""
        ...

    def ledger_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        """The ledger's commits, through every parent, parents first."""
        ...

    def main_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        """The commits of main's first-parent line, oldest first."""
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

    def rule_changes(self, tip: Sha, paths: Sequence[str]) -> tuple[RuleChange, ...]:
        """The commits of main's first-parent line that touch these paths, oldest first."""
        ...

    def touching_rules(self, since: datetime, paths: Sequence[str]) -> Mapping[Sha, datetime]:
        """The commits of main's first-parent line that touch these paths, oldest first, with their own dates.

        From the oldest commit with a date since then on: a later one with an older date is among them. The first
        commit of all is not: it makes the rules, and changes none.
        """
        ...

    def changes_of_rules(
        self, commits: Mapping[Sha, datetime], paths: Sequence[str]
    ) -> tuple[RuleChange, ...]:
        """What these commits, given with their dates, change of these paths."""
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
