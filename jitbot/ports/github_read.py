"""What jitbot reads of the repository on GitHub, with a job's token or a person's."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Finding, Login, Sha
from jitbot.domain.model.github_objects import (
    BranchRules,
    Comment,
    PullPage,
    PullRecount,
    RepositoryAccess,
    Status,
)
from jitbot.domain.model.merge_facts import (
    Actor,
    CommitReading,
    PullCommit,
    PullReading,
    PullRequest,
    PullRequestHistory,
    Push,
    Review,
)
from jitbot.domain.setup.doctor.github.github_state import Body, Branch, Environment, Hosting


class GitHubRead(Protocol):
    """One repository on GitHub. Nothing here changes anything.

    Each method asks for exactly what it says: nothing is kept between two calls, and nothing is fetched unasked.
    """

    # Pull requests

    def pull(self, number: int) -> PullRequest:
        """One pull request, as it is now."""
        ...

    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        """The pull requests that GitHub connects with a commit. GitHub may lag some minutes behind a merge."""
        ...

    def read_commits(self, commits: Iterable[Sha]) -> Mapping[Sha, CommitReading]:
        """`pulls_of` many commits, each with what `pull`, `files`, `reviews`, `commits` and `history` say of it.

        Ten commits are one call. A commit is left out, and a part of a pull request is None, where this way shows it
        cut, hidden, contradictory or with a file's previous name missing: then those methods are to be asked.
        """
        ...

    def read_pull(self, number: int) -> PullPage | None:
        """The same of one pull request as it is now, with `statuses` of its head and `comments`; None if it cannot be read so."""
        ...

    def comments_of(self, numbers: Iterable[int]) -> Mapping[int, tuple[Comment, ...]]:
        """`comments` of many pull requests, twenty in a call; without those that this way does not show whole."""
        ...

    def recount(self, numbers: Iterable[int]) -> Mapping[int, PullRecount]:
        """The reviews and the counts of many pull requests, twenty in a call; without those that cannot be read this way."""
        ...

    def read_reviews(self, numbers: Iterable[int]) -> Mapping[int, PullReading]:
        """`pull` and `reviews` of many pull requests, twenty in a call; without those that this way does not show whole.

        Files, commits and history are None: nothing asks for them.
        """
        ...

    def open_pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """The open pull requests, newest first; with `branch`, those from that branch of this repository alone.

        One whose author's account is gone is left out: it is nobody's request.
        """
        ...

    def created_pulls(self, start: datetime, end: datetime) -> tuple[PullRequest, ...]:
        """The pull requests created from `start` until, not at, `end`, whatever became of them; newest first."""
        ...

    def files(self, number: int) -> tuple[str, ...]:
        """Every path that a pull request changes, previous names included."""
        ...

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Every submitted review. One by an account that is gone counts for nobody and is left out."""
        ...

    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """The commits that GitHub lists, at most 250, each with everybody whom it names."""
        ...

    def history(self, number: int) -> PullRequestHistory:
        """What happened to a pull request: whether it was merged, moved to another base, had reviews dismissed."""
        ...

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Every comment in the conversation, oldest first."""
        ...

    # Branches, commits and files

    def tip(self, branch: str) -> Sha | None:
        """The commit that a branch points to; None if there is no such branch."""
        ...

    def pushes(self, branch: str, until: datetime | None) -> tuple[Push, ...]:
        """The moves of a branch of this repository until then, oldest first, as far as GitHub keeps them.

        All of them or, of more than `bounds.MOVES`, at least one more than that: anyone who moves the branch afterwards
        adds nothing to be read. Raises DeniedError where GitHub does not show them.
        """
        ...

    def pushes_since(self, branch: str, since: datetime) -> tuple[Push, ...]:
        """The moves of a branch of this repository since then, oldest first, pull requests that were merged included.

        Raises UnavailableError if there are more than are read, and DeniedError where GitHub does not show them.
        """
        ...

    def rules(self, branch: str) -> BranchRules:
        """The active rules of a branch."""
        ...

    def statuses(self, commit: Sha) -> Mapping[str, Status]:
        """The newest status of each context of a commit; of the first hundred that GitHub lists."""
        ...

    def first_parent(self, commit: Sha) -> Sha | None:
        """The first parent of a commit; None for a commit that has none."""
        ...

    def is_verified(self, commit: Sha) -> bool:
        """Whether GitHub calls the signature of a commit verified."""
        ...

    def was_used(self, branch: str, path: str) -> bool:
        """Whether a commit of the branch has ever touched a path."""
        ...

    def folders(
        self, commit: Sha, paths: Iterable[str], *, deep: bool = False
    ) -> Mapping[str, tuple[AddedEntry, ...]]:
        """What lies directly in each of these folders ("" is the root), one level below too if `deep`.

        A folder that is not there is empty. Fifty folders are one call.
        """
        ...

    def contents(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs, by name; without those that are no plain text, or came cut short.

        Every content is checked against its name. Fifty blobs are one call.
        """
        ...

    # People, and how the repository is set up: each raises DeniedError where this token may not see it

    def access(self) -> RepositoryAccess:
        """Whose token this is, and where main stands, in one call. Raises InvalidError if it shows no such repository."""
        ...

    def account(self, login: Login) -> Actor | None:
        """Who a login is; None if it is nobody's."""
        ...

    def permission(self, login: Login) -> str:
        """admin, write, read or none; none, too, for somebody whom GitHub does not know here."""
        ...

    def members(self, team: str) -> frozenset[str] | None:
        """The logins of a team, by `organisation/team`; None if GitHub shows no such team, as to every job's token."""
        ...

    def hosting(self) -> Hosting:
        """The repository and its settings. GitHub leaves those of merging out for a token that may only read."""
        ...

    def protection(self, branch: str) -> Branch:
        """What protects a branch: rules, classic protection and who may bypass them; each is Unknown if it is not shown."""
        ...

    def tags(self) -> Mapping[str, str]:
        """The commit that each tag names."""
        ...

    def last_scheduled(self, file: str) -> datetime | None:
        """When the newest run began that the schedule of this workflow started; None if there is none."""
        ...

    def trigger(self, file: str, run: int) -> str | None:
        """The event that started a run of this workflow, as GitHub names it; None if it is not among the newest runs."""
        ...

    def calls_left(self) -> int | None:
        """How many calls of REST GitHub still allows in this hour, as it said with its last answer; None if it did not."""
        ...

    def points_left(self) -> int | None:
        """The same of GraphQL, which has a budget of its own."""
        ...

    def environment(self, name: str) -> Environment | None:
        """An environment of Actions; None if there is none of that name. Its secrets are shown to admins alone."""
        ...

    def shared_secrets(self) -> frozenset[str]:
        """The names of all secrets that a workflow of any branch may use. Raises DeniedError if the token may not see them."""
        ...

    def job_tokens(self) -> Body:
        """What a job's token may do by default."""
        ...

    def actions_policy(self) -> Body:
        """Whether GitHub Actions is on here, and which actions may be used; where some are selected, these too."""
        ...

    def token_subject(self) -> Body:
        """What the subject of a job's token is made of, and how it begins now."""
        ...

    def codeowners_errors(self) -> Sequence[Finding] | None:
        """What GitHub finds wrong with CODEOWNERS on main; None if it finds no such file."""
        ...

    def workflow_state(self, file: str) -> str | None:
        """active, or how the workflow of this file name is off; None if GitHub knows no such workflow."""
        ...
