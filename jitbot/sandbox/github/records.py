"""What the embedded GitHub remembers, as frozen values: a change replaces the record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account. `permission` (admin, write, read or none) holds for every repository of the sandbox."""

    login: str
    id: int
    type: str = "User"
    permission: str = "write"

    @property
    def email(self) -> str:
        """The address GitHub gives to commits that this account makes through the API."""
        return f"{self.id}+{self.login}@users.noreply.github.com"

    @property
    def may_write(self) -> bool:
        """Whether this account can push."""
        return self.permission in {"write", "admin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestRule:
    """What the `pull_request` rule of a ruleset asks for; the field names follow its parameters."""

    required_approving_review_count: int = 1
    require_code_owner_review: bool = True
    dismiss_stale_reviews_on_push: bool = True
    require_last_push_approval: bool = True
    allowed_merge_methods: tuple[str, ...] = ("merge", "squash", "rebase")
    required_reviewers: tuple[Mapping[str, object], ...] = ()  # listed alone: nobody is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """The rules of one branch. Without `pull_request`, anyone with write access may push."""

    id: int
    name: str = ""
    pull_request: PullRequestRule | None = None
    required_checks: tuple[str, ...] = ()
    strict_checks: bool = False
    block_force_push: bool = True
    block_deletion: bool = True
    admins_bypass: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedEnvironment:
    """An environment of Actions: what limits it, as GitHub has it, the named branches and tags, and its secrets' names."""

    id: int
    name: str
    limits: Mapping[str, bool] | None = None
    policies: tuple[Mapping[str, object], ...] = ()
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoMerge:
    """Auto-merge, turned on by somebody: the pull request merges as soon as it may."""

    enabled_by: User
    method: str
    title: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request between two branches of one repository.

    `fork_point` (where its commits start) and `landed` (the commits it put on the base branch) are
    known once it is closed; while it is open they follow the branches.
    """

    id: int
    number: int
    title: str
    body: str | None
    author: User
    head_ref: str
    base_ref: str
    head_sha: str
    base_sha: str
    last_pusher: User
    created_at: datetime
    updated_at: datetime
    draft: bool = False
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit_sha: str | None = None
    landed: tuple[str, ...] = ()
    fork_point: str | None = None
    auto_merge: AutoMerge | None = None
    retargets: tuple[tuple[datetime, User], ...] = ()
    reopens: tuple[tuple[datetime, User], ...] = ()

    @property
    def is_open(self) -> bool:
        """Neither merged nor closed."""
        return self.closed_at is None

    @property
    def is_merged(self) -> bool:
        """Whether its changes reached the base branch."""
        return self.merged_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One move of a branch; the names are GitHub's, and `kind` is its `activity_type`."""

    id: int
    ref: str
    before: str
    after: str
    kind: str
    actor: User
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissal:
    """What a review said until somebody dismissed it, who that was, and when."""

    id: int
    state: str
    by: User
    at: datetime
    commit_sha: str | None = None  # of the push that made it stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One review; `state` is APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED."""

    id: int
    pull: int
    author: User
    body: str
    state: str
    commit_sha: str
    submitted_at: datetime
    dismissal: Dismissal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment in a pull request's conversation."""

    id: int
    pull: int
    author: User
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue; its number is none of a pull request's."""

    id: int
    number: int
    title: str
    body: str | None
    author: User
    created_at: datetime
    updated_at: datetime
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: User | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One commit status; the newest of a context counts."""

    id: int
    sha: str
    creator: User
    state: str
    context: str
    description: str | None
    target_url: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One `workflow_dispatch`, as it was asked for."""

    workflow: str
    ref: str
    inputs: Mapping[str, str]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRun:
    """A run of a workflow, by its file, and what started it when, on which commit of main; all of them succeed."""

    id: int
    workflow: str
    event: str
    at: datetime
    sha: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubFault:
    """How one call goes wrong: before or after its effect, with this answer, or with none (`status` None)."""

    after: bool = False
    status: int | None = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class RefusalError(Exception):
    """GitHub says no: becomes an answer with this status, message and list of errors."""

    def __init__(self, status: int, message: str, errors: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
