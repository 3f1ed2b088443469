"""The facts a decision rests on, as git and GitHub told them. Nothing here is judged yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jitbot.domain.codeowners import CodeOwners
from jitbot.domain.model import (
    Accounts,
    GithubId,
    Login,
    Parsed,
    People,
    Policy,
    Request,
    Settings,
    Sha,
    Teams,
)


class ChangeKind(StrEnum):
    """What a commit on main did to a request file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One request file, changed by one commit of main's first-parent line against its first parent."""

    path: str
    commit: Sha
    base: Sha  # the first parent
    committed_at: datetime
    kind: ChangeKind
    mode: str  # git's file mode after the change, "100644" for a plain file; "000000" when deleted
    blob: Sha | None  # None when deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A GitHub account as the API names it. `kind` is GitHub's `type`: User, Bot, Organization…"""

    login: Login
    github_id: GithubId
    kind: str = "User"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """What GitHub says of one pull request."""

    number: int
    author: Actor
    repository_id: int  # of the base
    base_branch: str
    head: Sha
    merged_at: datetime | None
    merged_by: Actor | None
    merge_commit: Sha | None
    created_at: datetime
    commit_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """GitHub's review object; `state` in upper case, as REST answers it."""

    review_id: int
    user: Actor
    state: str
    commit: Sha
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PullCommit:
    """One commit of a pull request and the GitHub accounts it names (those that GitHub could link)."""

    sha: Sha
    named: tuple[GithubId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything code-owned that a decision reads, of one tree. A part that does not parse is None there."""

    settings: Parsed[Settings]
    accounts: Parsed[Accounts]
    people: Parsed[People]
    teams: Parsed[Teams]
    policy: Parsed[Policy]
    codeowners: CodeOwners | None  # None: there is no such file
    sources: Mapping[str, Sha] = field(default_factory=dict)  # path -> blob of each that is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What GitHub and git say of the pull request behind a change. Present only if exactly one fits."""

    pull_request: PullRequest
    files: tuple[str, ...]  # every path GitHub lists, previous names included
    fetched_head: Sha  # refs/pull/N/head as git fetched it
    head_blob: Sha | None  # the request file's blob there
    head_rules: Rules
    reviews: tuple[Review, ...]
    commits: tuple[PullCommit, ...]
    touching: frozenset[Sha]  # of those, the ones that change the file against their first parent
    permissions: Mapping[Login, str]  # of each reviewer that might count: admin, write, read, none
    retargeted_at: datetime | None  # when the pull request was last moved to another base


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that `approval.decide` may know about one change."""

    change: Change
    request: Parsed[Request] | None  # None when the file was deleted
    rules: Rules  # at the change's first parent
    touched: tuple[str, ...]  # every path that differs between the first parent and the commit
    earlier: bool  # whether main changed this path before, as far back as it can matter
    clashes: tuple[str, ...]  # other names in the tree that differ from the path only by case
    listed: tuple[PullRequest, ...]  # the pull requests GitHub lists for the commit
    default_branch: str
    merge: Merge | None
