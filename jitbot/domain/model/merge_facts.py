"""The facts that a decision rests on, as git and GitHub returned them. Nothing here is judged yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jitbot.domain.model import bounds
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS, NO_GROUPS, AccountGroups
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import (
    ACCOUNTS,
    PEOPLE,
    PLAIN,
    SETTINGS,
    TEAMS,
    Accounts,
    GithubId,
    Login,
    Parsed,
    People,
    Policy,
    Request,
    Settings,
    Sha,
)
from jitbot.domain.model.roster import Roster


class ChangeKind(StrEnum):
    """What a commit on main did to a request file."""

    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"


ODD = "mode-"  # in the place of a blob's name: there is an entry of this mode, and no ordinary file
_JUDGING = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})  # COMMENTED changes no earlier judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One request file, changed by one commit of main's first-parent line against its first parent."""

    path: str
    commit: Sha
    base: Sha  # the first parent
    committed_at: datetime
    kind: ChangeKind
    mode: str  # git's file mode after the change; "000000" when deleted
    blob: Sha | None  # None when deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A GitHub account as the API names it. `kind` is GitHub's `type`: User, Bot, Organization…"""

    login: Login
    github_id: GithubId
    kind: str = "User"

    @property
    def is_gone(self) -> bool:
        """Whether this stands for an account that was deleted."""
        return self.github_id in _GHOSTS


# GitHub shows null, or the account @ghost, in the place of a deleted account. No person has either id.
GONE = Actor(login=Login("ghost"), github_id=GithubId(0), kind="Gone")
_GHOSTS = frozenset({GONE.github_id, GithubId(10137)})


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
    changed_files: int | None = None  # None where GitHub was not asked for it, or does not say
    head_branch: str = ""
    head_repository_id: int | None = None  # None where it is gone, or not known
    # What people see of it, and do with it. No decision depends on these, and the record does not keep them.
    closed_at: datetime | None = None
    title: str = ""
    url: str = ""
    node_id: str = ""  # its name in GitHub's GraphQL
    auto_merge: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is neither merged nor closed."""
        return self.merged_at is None and self.closed_at is None


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
    """One commit of a pull request and the GitHub accounts it names (those that GitHub could link).

    "Co-authored-by:" trailers name people as author and committer do.
    """

    sha: Sha
    named: tuple[GithubId, ...]
    co_authors: tuple[Login, ...] = ()  # those whom it names by nothing but their login
    parents: tuple[Sha, ...] = ()
    crowded: bool = False  # it names more accounts than are read

    @property
    def is_crowded(self) -> bool:
        """Whether it names so many accounts that it is treated as if it named everybody."""
        return self.crowded or len(self.named) + len(self.co_authors) > bounds.NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissal:
    """The dismissal of a review. `state` is what the review said until then, as `Review.state` writes it."""

    review_id: int
    by: Actor
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One move of a branch. `kind` is GitHub's word: push, force_push, branch_creation…"""

    actor: Actor
    before: Sha
    after: Sha
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequestHistory:
    """What GitHub's list of a pull request's events says. For a merged one it must hold the merge, or it is incomplete."""

    merged: bool
    retargeted_at: datetime | None  # when it was last moved to another base
    dismissals: tuple[Dismissal, ...]
    reopened_at: datetime | None = None  # when it was last opened again after it was closed


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReading:
    """A pull request with all that a decision reads of it, read in one call. None: this way it was not seen whole."""

    pull: PullRequest
    files: tuple[str, ...] | None
    reviews: tuple[Review, ...] | None
    commits: tuple[PullCommit, ...] | None
    history: PullRequestHistory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitReading:
    """The pull requests that GitHub connects with a commit, and the branch that it calls the default one then."""

    default_branch: str
    pulls: tuple[PullReading, ...]


_NO_GROUPS = Parsed(value=NO_GROUPS)


# The files of rules that every policy has in common.
SHARED_RULES = (
    SETTINGS,
    ACCOUNTS,
    ACCOUNT_GROUPS,
    PEOPLE,
    TEAMS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything code-owned that a decision reads, of one tree. A part that does not parse is None there."""

    settings: Parsed[Settings]
    accounts: Parsed[Accounts]
    people: Parsed[People]
    teams: Parsed[Roster]
    policy: Parsed[Policy]
    codeowners: CodeOwners | None  # None: there is no such file
    account_groups: Parsed[AccountGroups] = _NO_GROUPS  # a repository may have none
    sources: Mapping[str, Sha] = field(default_factory=dict)  # path -> blob of each that is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What GitHub and git say of the pull request behind a change. Present only if exactly one fits."""

    pull_request: PullRequest
    files: tuple[str, ...] | None  # every path GitHub lists, previous names included; None: too many to read
    fetched_head: Sha  # refs/pull/N/head as git fetched it
    head_blob: Sha | None  # the request file's blob there
    head_rules: Rules
    reviews: tuple[Review, ...]
    commits: tuple[PullCommit, ...]
    touching: frozenset[Sha]  # of those, the ones that change the file against their first parent
    permissions: Mapping[Login, str]  # of each reviewer that might count: admin, write, read, none
    retargeted_at: datetime | None  # when the pull request was last moved to another base
    # What runs of older versions did not look at is None in what they recorded.
    merge_seen: bool | None = None  # whether the list of its events holds the merge
    dismissals: tuple[Dismissal, ...] | None = None
    # The pushes that brought a change of the request; None where GitHub names no push of the head.
    pushes: tuple[Push, ...] | None = None
    reopened_at: datetime | None = None  # when the pull request was last opened again
    # When a push last made the head; None where GitHub names no such push.
    head_pushed_at: datetime | None = None
    too_many_moves: bool = False  # its branch was moved more often until the merge than anybody reads

    def pushed_after(self, review: Review) -> bool:
        """Whether a push made the head again after this review of it: in between the branch may have held something else."""
        return self.head_pushed_at is not None and review.submitted_at < self.head_pushed_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that `approval.decide` may know about one change."""

    change: Change
    request: Parsed[Request] | None  # None when the file was deleted
    rules: Rules  # at the change's first parent
    # Every path that differs between the first parent and the commit; None: more than anybody reads.
    touched: tuple[str, ...] | None
    earlier: bool  # whether main changed this path before, as far back as it can matter
    clashes: tuple[str, ...]  # other names in the tree that differ from the path only by case
    listed: tuple[PullRequest, ...]  # the pull requests GitHub lists for the commit
    default_branch: str
    merge: Merge | None


def supposed(
    merge: Merge,
    path: str,
    at: datetime,
    *,
    request: Parsed[Request] | None,
    base: Sha,
    rules: Rules,
    kind: ChangeKind = ChangeKind.ADDED,
    mode: str = PLAIN,
    clashes: tuple[str, ...] = (),
) -> Case:
    """The case of a request in a merge that has not been: its commit is the one at the head of the pull request."""
    pull = merge.pull_request
    return Case(
        change=Change(
            path=path,
            commit=pull.head,
            base=base,
            committed_at=at,
            kind=kind,
            mode=mode,
            blob=merge.head_blob,
        ),
        request=request,
        rules=rules,
        touched=merge.files,
        earlier=False,
        clashes=clashes,
        listed=(pull,),
        default_branch=pull.base_branch,
        merge=merge,
    )


def clashes_of(path: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of these names that differ from the path only by case."""
    folded = path.casefold()
    return tuple(name for name in names if name.casefold() == folded and name != path)


def latest_judgements(reviews: tuple[Review, ...], until: datetime) -> tuple[Review, ...]:
    """Each reviewer's last review that judges, among those submitted by `until`, in the order of time."""
    latest: dict[GithubId, Review] = {}
    for review in sorted(reviews, key=_order):
        if review.state in _JUDGING and review.submitted_at <= until:
            latest[review.user.github_id] = review
    return tuple(sorted(latest.values(), key=_order))


def _order(review: Review) -> tuple[datetime, int]:
    return review.submitted_at, review.review_id
