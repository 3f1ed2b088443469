"""The host of the repository as one person uses it, with a token of their own: to read, ask, and end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAccess:
    """Whose token this is, and what they find: the default branch with its tip, and what they may do there."""

    actor: Actor
    repository: str  # owner/name, as the forge spells it
    url: str  # of the repository, for people
    repository_id: int
    branch: str
    tip: Sha
    may_write: bool
    auto_merge: bool  # whether the repository allows it at all
    methods: tuple[str, ...]  # of squash and merge, those it allows


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRules:
    """What a branch's rules ask of a pull request before it may be merged."""

    approvals: int
    code_owners: bool
    checks: frozenset[str]  # the contexts of the required status checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request as its author follows it. `node` is its name for `merge_when_ready`."""

    number: int
    url: str
    node: str
    author: Actor
    branch: str
    base: str  # the branch that it is to be merged into
    head: Sha
    created_at: datetime
    closed: bool
    merged_at: datetime | None
    merge_commit: Sha | None
    auto_merge: bool


class PersonalForge(Protocol):
    """The forge with a person's own token. Every write can be asked after: did it take effect?"""

    def place(self) -> RepositoryAccess:
        """Who this is, and the tip of main. Raises InvalidError if the token shows no such repository."""
        ...

    def folders(
        self, commit: Sha, paths: Iterable[str], *, deep: bool = False
    ) -> Mapping[str, tuple[AddedEntry, ...]]:
        """What lies directly in each of these folders ("" is the root), one level below too if `deep`.

        A folder that is not there is empty.
        """
        ...

    def contents(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs, by name; without those that are no plain text. Every name is checked."""
        ...

    def merge_rules(self, branch: str) -> MergeRules:
        """The rules that hold for pull requests into a branch."""
        ...

    def last_scheduled(self, file: str) -> datetime | None:
        """When the newest run began that the schedule of this workflow started; None if there is none."""
        ...

    def statuses(self, commit: Sha) -> Mapping[str, str]:
        """The newest state of each status of a commit, by its context: success, pending, failure, error."""
        ...

    def first_parent(self, commit: Sha) -> Sha | None:
        """The first parent of a commit; None for a commit that has none."""
        ...

    def was_used(self, branch: str, path: str) -> bool:
        """Whether a commit of the branch has ever touched a path."""
        ...

    def create_branch(self, name: str, commit: Sha) -> None:
        """Make a branch at a commit. Raises DeniedError if there is one of that name, among others."""
        ...

    def branch(self, name: str) -> Sha | None:
        """The tip of a branch; None if there is none."""
        ...

    def delete_branch(self, name: str) -> None:
        """Remove a branch."""
        ...

    def open_pull(self, branch: str, base: str, title: str, body: str) -> Pull:
        """Open a pull request."""
        ...

    def pull(self, number: int) -> Pull:
        """One pull request, as it is now."""
        ...

    def open_pulls(self, branch: str = "") -> tuple[Pull, ...]:
        """The open pull requests, newest first; with `branch`, those from that branch alone."""
        ...

    def merge_when_ready(self, pull: Pull, method: str) -> None:
        """Turn auto-merge on: the forge merges, as this person, once its rules are met."""
        ...

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow by its file name."""
        ...
