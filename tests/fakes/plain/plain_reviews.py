"""acme's pull requests in memory, as a person without a clone sees them: their reviews, commits and pushes, and the ledger's branch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from acme_facts import HOUR, MINUTE, NOW, an_actor
from builders import a_commit, a_pull, a_review
from plain_github import PlainGitHub
from plain_trees import MAIN

from jitbot.domain.ledger import batches, events
from jitbot.domain.ledger.events import LEDGER, Event
from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.github_objects import Status
from jitbot.domain.model.merge_facts import PullCommit, PullRequest, PullRequestHistory, Push, Review

NOTHING_HAPPENED = PullRequestHistory(merged=False, retargeted_at=None, dismissals=())


@dataclass(slots=True, kw_only=True)
class PlainReviews(PlainGitHub):
    """The repository, with what is around its pull requests."""

    reviews_of: dict[int, tuple[Review, ...]] = field(default_factory=dict)
    commits_of: dict[int, tuple[PullCommit, ...]] = field(default_factory=dict)
    happened: PullRequestHistory = NOTHING_HAPPENED
    moves: tuple[Push, ...] = ()
    permissions: dict[str, str] = field(default_factory=dict)  # of those who may not write
    shown: dict[str, Status] = field(default_factory=dict)  # the statuses of every head

    def offer(
        self,
        files: Mapping[str, bytes | None],
        login: str = "alice",
        *,
        parent: Sha = MAIN,
        by: str = "",
        **changes: object,
    ) -> PullRequest:
        """Somebody's open pull request of one commit with these files, approved `by` somebody two minutes ago."""
        number = len(self.pulls) + 1
        head = self.push(f"b{number}", files, parent)
        pull = a_pull(
            number=number,
            author=an_actor(login),
            head=head,
            head_branch=f"b{number}",
            head_repository_id=700001,
            created_at=NOW - HOUR,
            merged_at=None,
            merged_by=None,
            merge_commit=None,
            url=f"https://x.example/{number}",
        )
        pull = replace(pull, **changes)  # type: ignore[arg-type]
        self.pulls.append(pull)
        self.paths_of[number] = tuple(files)
        self.commits_of[number] = (a_commit(login, name=head),)
        if by:
            self.reviews_of[number] = (self.approval(pull, by),)
        return pull

    def approval(self, pull: PullRequest, login: str, **changes: object) -> Review:
        """An approval of its head."""
        given = {"commit": pull.head, "submitted_at": NOW - 2 * MINUTE, **changes}
        return a_review(login, **given)

    def tell(self, *told: Event) -> None:
        """The ledger's branch, with these events."""
        head = self.branches.get(LEDGER, MAIN)
        files = {batches.filed(each.path, head): events.dump(each) for each in told}
        self.push(LEDGER, files, head)

    # What jitbot reads

    def reviews(self, number: int) -> tuple[Review, ...]:
        """All of them."""
        return self.reviews_of.get(number, ())

    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """As GitHub lists them."""
        return self.commits_of[number]

    def history(self, number: int) -> PullRequestHistory:
        """What happened to it."""
        assert self.pull(number)
        return self.happened

    def pushes(self, branch: str, until: datetime | None) -> tuple[Push, ...]:
        """The moves of a branch of this repository until then."""
        assert branch in self.branches
        return tuple(each for each in self.moves if until is None or each.at <= until)

    def permission(self, login: Login) -> str:
        """Everybody else may write."""
        return self.permissions.get(login, "write")

    def statuses(self, commit: Sha) -> Mapping[str, Status]:
        """The same of each head."""
        assert commit in self.trees
        return self.shown
