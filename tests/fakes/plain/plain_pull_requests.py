"""acme's pull requests in memory, as GitHub answers who reads them: what they change, who approved, wrote and pushed, what happened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from acme_facts import HOUR, MINUTE, NOW, PEOPLE, an_actor, sha
from builders import a_commit, a_pull, a_review
from plain_trees import MAIN, PlainTrees

from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.model.merge_facts import (
    PullCommit,
    PullRequest,
    PullRequestHistory,
    Push,
    Review,
)

NOTHING_HAPPENED = PullRequestHistory(merged=False, retargeted_at=None, dismissals=())
REPOSITORY = 700001
ABSENT = Sha("0" * 40)  # where a branch was before it was made


@dataclass(slots=True, kw_only=True)
class PlainPullRequests(PlainTrees):
    """The repository, with its pull requests and what is around them.

    What `commits_of` and `paths_of` have of one is said instead of what is in the trees.
    """

    pulls: list[PullRequest] = field(default_factory=list)
    reviews_of: dict[int, tuple[Review, ...]] = field(default_factory=dict)
    commits_of: dict[int, tuple[PullCommit, ...]] = field(default_factory=dict)
    paths_of: dict[int, tuple[str, ...]] = field(default_factory=dict)
    happened: PullRequestHistory = NOTHING_HAPPENED  # to each of them
    moves: tuple[Push, ...] = ()  # of each branch, after it was made
    permissions: dict[str, str] = field(default_factory=dict)  # that are not to write
    used: set[str] = field(default_factory=set)  # paths that main had

    def offer(
        self,
        files: Mapping[str, bytes | None],
        login: str = "alice",
        *,
        parent: Sha = MAIN,
        by: str = "",
        **changes: Any,
    ) -> PullRequest:
        """Somebody's open pull request of one commit with these files, approved `by` somebody two minutes ago."""
        number = changes.pop("number", len(self.pulls) + 1)
        branch = f"b{number}"
        head = self.push(branch, files, parent)
        made = self.opened(number, login, head, head_branch=branch, created_at=NOW - HOUR)
        pull = replace(made, **changes)
        self.pulls.append(pull)
        self.paths_of[number] = self.files_of(number)
        if by:
            self.reviews_of[number] = (self.approval(pull, by),)
        return pull

    def opened(self, number: int, login: str, head: Sha, **changes: Any) -> PullRequest:
        """A pull request into main as GitHub shows it alone."""
        return a_pull(
            number=number,
            author=an_actor(login),
            repository_id=REPOSITORY,
            head=head,
            head_repository_id=REPOSITORY,
            merged_at=None,
            merged_by=None,
            merge_commit=sha(f"test merge of {head}"),  # until it is merged
            commit_count=len(tuple(self._brought(head))),
            changed_files=len(self._differing(self._fork(head), head)),
            url=f"https://x.example/{number}",
            node_id=f"PR_{number}",
            **changes,
        )

    def approval(self, pull: PullRequest, login: str, **changes: object) -> Review:
        """An approval of its head."""
        given = {"commit": pull.head, "submitted_at": NOW - 2 * MINUTE, **changes}
        return a_review(login, **given)

    def _fork(self, head: Sha) -> Sha:
        return PlainTrees.merge_base(self, self.main(), head)

    def _brought(self, head: Sha) -> Iterator[Sha]:
        """The commits that main has not, the newest first."""
        fork = self._fork(head)
        while head != fork:
            yield head
            head = self.parents[head]

    # What GitHub answers

    def open_pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Those that are open, of this branch or of all, newest first; without those of nobody."""
        return tuple(
            _listed(each)
            for each in sorted(self.pulls, key=lambda each: -each.number)
            if each.is_open and not each.author.is_gone and branch in ("", each.head_branch)
        )

    def created_pulls(self, start: datetime, end: datetime) -> tuple[PullRequest, ...]:
        """Those that were opened in that time, newest first."""
        newest = sorted(self.pulls, key=lambda each: (each.created_at, each.number), reverse=True)
        return tuple(_listed(each) for each in newest if start <= each.created_at < end)

    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        """Those that were merged as this commit, or brought it, or would; refused of one that is not there."""
        if commit != MAIN and commit not in self.trees:
            raise DeniedError(f"no commit {commit}")
        return tuple(
            _listed(each)
            for each in self.pulls
            if (each.is_open or each.merged_at is not None)
            and (commit in self._brought(each.head) or (not each.is_open and each.merge_commit == commit))
        )

    def pull(self, number: int) -> PullRequest:
        """As it is now."""
        found = next((each for each in self.pulls if each.number == number), None)
        if found is None:
            raise DeniedError(f"GitHub finds no pull request {number}")
        return found

    def reviews(self, number: int) -> tuple[Review, ...]:
        """All of them."""
        return self.reviews_of.get(self.pull(number).number, ())

    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """By its author, the oldest first."""
        if number in self.commits_of:
            return self.commits_of[number]
        pull = self.pull(number)
        made = [
            replace(a_commit(pull.author.login, name=each), parents=(self.parents[each],))
            for each in self._brought(pull.head)
        ]
        return tuple(reversed(made))

    def history(self, number: int) -> PullRequestHistory:
        """What happened to it."""
        merged = self.pull(number).merged_at is not None
        return replace(self.happened, merged=self.happened.merged or merged)

    def pushes(self, branch: str, until: datetime | None) -> tuple[Push, ...]:
        """The moves of a branch of this repository until then; its author made it when they opened the pull request."""
        made = [
            Push(
                actor=each.author, before=ABSENT, after=each.head, kind="branch_creation", at=each.created_at
            )
            for each in self.pulls
            if (each.head_branch, each.head_repository_id) == (branch, REPOSITORY)
        ]
        return tuple(each for each in (*made, *self.moves) if until is None or each.at <= until)

    def files_of(self, number: int) -> tuple[str, ...]:
        """What its head changes; a use case asks for `files`."""
        if number in self.paths_of:
            return self.paths_of[number]
        head = self.pull(number).head
        return self._differing(self._fork(head), head)

    def permission(self, login: Login) -> str:
        """Whoever acme knows may write, unless it is said."""
        return self.permissions.get(login, "write" if login in PEOPLE else "none")

    def was_used(self, branch: str, path: str) -> bool:
        """Whether main ever had a file, or a folder, of this path."""
        assert branch == "main"
        return any(f"{each}/".startswith(f"{path}/") for each in (*self.used, *self.tree(self.main())))


def _listed(pull: PullRequest) -> PullRequest:
    """As a list has it: without what GitHub says of one alone."""
    return replace(pull, commit_count=-1, changed_files=None, merged_by=None)
