"""What GitHub says beside the facts of a merge: of a branch, of a commit's statuses, of comments and issues."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import Actor, PullReading, Review


class StatusState(StrEnum):
    """The states of a commit status. jitbot sets all but the last."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One status of a commit. It steers people, and decides nothing."""

    state: StatusState
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment. `by_actions` if the account of this repository's workflows wrote it; anyone who may write can edit it."""

    comment_id: int
    by_actions: bool
    body: str
    node_id: str = ""  # by which GraphQL knows it; empty if GitHub did not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Unannounced:
    """The pull requests, by their node ids, that a call for many comments left without one, as far as GitHub says.

    It says that it made none for those that are `refused`. Of an `unclear` one it says that something went wrong.
    """

    refused: frozenset[str] = frozenset()
    unclear: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRecount:
    """The reviews of a pull request, and how many commits and files it has, as a second reading says. None as in `PullReading`.

    `comments` are the first few of its conversation, among which jitbot's own is as a rule; nothing is decided by them.
    """

    reviews: tuple[Review, ...] | None
    commit_count: int
    changed_files: int
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullPage:
    """A pull request as people see it, read in one call. None: this way it was not seen whole."""

    reading: PullReading
    statuses: Mapping[str, Status] | None  # of its head, the newest of each context
    comments: tuple[Comment, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue that a workflow of this repository opened."""

    number: int
    title: str
    body: str
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchRules:
    """The active rules of one branch, all rulesets together; a branch without rules asks for nothing."""

    answer: tuple[Mapping[str, object], ...]  # the rules as GitHub lists them
    types: frozenset[str]  # such as non_fast_forward
    approvals: int  # that a pull request needs before it may be merged
    code_owners: bool  # whether the owners must be among those who approve
    checks: frozenset[str]  # the contexts of the required status checks


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryAccess:
    """Whose token this is, and what they find: the default branch with its tip, and what they may do there."""

    actor: Actor
    repository: str  # owner/name, as GitHub spells it
    url: str  # of the repository, for people
    repository_id: int
    branch: str
    tip: Sha
    may_write: bool
    auto_merge: bool  # whether the repository allows it at all
    methods: tuple[str, ...]  # of squash and merge, those it allows
