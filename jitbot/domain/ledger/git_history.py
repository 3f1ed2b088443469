"""The history of a branch as values: each commit with the paths that it changed, and the commits that changed the rules."""

from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One commit on main that changed what decides. `subject` is whatever its author wrote."""

    commit: Sha
    at: datetime
    subject: str
    paths: tuple[str, ...]
