"""The history of a branch as values: each commit with the paths that it changed, and the commits that changed the rules."""

from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.model.codeowners import LOCATIONS
from jitbot.domain.model.documents import PLAIN, Sha

NO_BASE = Sha("")
CODE = (".github/workflows", ".github/actions", "jitbot", "pyproject.toml", "uv.lock")  # what decides
READ_PATHS = ("policies", *LOCATIONS)  # what a decision reads
RULE_PATHS = (*READ_PATHS, *CODE)  # and what decides


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

    `whole` is False for a commit that is too large to read. For main, `touched` then has only the changes below
    requests/ and of the rule files, and not even those if they are too large as well (`asks_whole`, `rules_whole`).
    `message_read` is False if its message was too large to read.
    """

    commit: Sha
    parents: tuple[Sha, ...]
    at: datetime  # the committer's date: the person who pushes chooses it
    message: str
    touched: tuple[Touched, ...]
    whole: bool = True
    asks_whole: bool = True
    rules_whole: bool = True
    message_read: bool = True

    @property
    def added(self) -> AddedCommit:
        """The commit with the files that it adds, as runs read it."""
        puts = tuple(
            AddedEntry(path=each.path, mode=each.mode, blob=each.blob)
            for each in self.touched
            if each.status != "D"
        )
        plain = bool(puts) and all(each.mode == PLAIN for each in puts)
        return AddedCommit(
            commit=self.commit,
            parent=self.parents[0] if self.parents else Sha(""),
            message=self.message,
            entries=puts,
            well_formed=self.whole and self.message_read and len(self.parents) == 1 and plain,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """One commit on main that changed what decides. `subject` is whatever its author wrote.

    `paths` is empty, and `whole` False, if the commit changes more files than are read.
    """

    commit: Sha
    at: datetime  # the committer's date: the person who pushes chooses it
    subject: str
    paths: tuple[str, ...]
    base: Sha = NO_BASE  # the first parent; empty for the first commit of all
    whole: bool = True
