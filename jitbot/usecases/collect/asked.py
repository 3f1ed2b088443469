"""What GitHub is asked for cases: many pull requests in a call where it can be, and each question once."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import TypeVar

from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.model.github_objects import Comment, PullRecount
from jitbot.domain.model.merge_facts import (
    CommitReading,
    PullCommit,
    PullReading,
    PullRequest,
    PullRequestHistory,
    Review,
    latest_judgements,
)
from jitbot.ports.github_read import GitHubRead

T = TypeVar("T")


class Asked:
    """GitHub's answers. Each question is asked once, since many requests share a merge.

    The commits of changes that are expected are read together, with all that is to be known of their pull requests; what
    that reading does not show whole is asked one by one. Only the list itself says how many reviews there are, and a
    missing one may be an objection. So the reviews are read twice, and two answers that differ in anything that can
    matter are not used.
    """

    def __init__(self, github: GitHubRead) -> None:
        self._github = github
        self._expected: list[Sha] = []
        self._commits: dict[Sha, CommitReading] = {}
        self._readings: dict[int, PullReading] = {}
        self.default_branch: Callable[[], str] = cache(self._default_branch)
        self.pulls_of: Callable[[Sha], tuple[PullRequest, ...]] = cache(self._pulls_of)
        self.pull: Callable[[int], PullRequest] = cache(self._pull)
        self.files: Callable[[int], tuple[str, ...]] = cache(
            partial(self._part, lambda each: each.files, github.files)
        )
        self.reviews: Callable[[int], tuple[Review, ...]] = cache(self._twice)
        self.commits: Callable[[int], tuple[PullCommit, ...]] = cache(
            partial(self._part, lambda each: each.commits, github.commits)
        )
        self.history: Callable[[int], PullRequestHistory] = cache(
            partial(self._part, lambda each: each.history, github.history)
        )
        self.pushes = cache(github.pushes)
        self.permission: Callable[[Login], str] = cache(github.permission)
        self._recounts: dict[int, PullRecount | None] = {}

    def expect(self, commits: Iterable[Sha]) -> None:
        """Read these commits together, once the first of them is asked for."""
        self._expected += [each for each in commits if each not in self._commits]

    def know(self, reading: PullReading) -> None:
        """Use what was read of a pull request."""
        self._readings[reading.pull.number] = reading

    def reading(self, number: int) -> PullReading | None:
        """What was read of a pull request together with others, if it was."""
        return self._readings.get(number)

    def conversation(self, number: int) -> tuple[str, tuple[Comment, ...]] | None:
        """The node id of a pull request, with the first of its comments; None if it was not read together with others."""
        again = self._recounts.get(number)
        if again is None or not (node_id := self._readings[number].pull.node_id):
            return None
        return node_id, again.comments

    def _read(self, commit: Sha) -> CommitReading | None:
        if commit in self._expected:
            expected, self._expected = self._expected, []
            try:
                found = self._github.read_commits(expected)
            except JitbotError:  # each is asked for by itself, and says what is wrong
                found = {}
            self._commits.update(found)
            for each in found.values():
                for reading in each.pulls:
                    self.know(reading)
        return self._commits.get(commit)

    def _default_branch(self) -> str:
        names = {each.default_branch for each in self._commits.values()}
        return names.pop() if len(names) == 1 else self._github.hosting().default_branch

    def _pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        if (reading := self._read(commit)) is None:
            return self._github.pulls_of(commit)
        # As GitHub lists them: without the counts, and without who merged them.
        return tuple(
            replace(each.pull, commit_count=-1, changed_files=None, merged_by=None) for each in reading.pulls
        )

    def _pull(self, number: int) -> PullRequest:
        """A pull request. How many commits and files it has is said by another answer than the lists of them."""
        again = self._recounted(number)
        if again is None:
            return self._github.pull(number)
        pull = self._readings[number].pull
        return replace(pull, commit_count=again.commit_count, changed_files=again.changed_files)

    def _part(self, part: Callable[[PullReading], T | None], ask: Callable[[int], T], number: int) -> T:
        """A part of what was read together; asked for by itself where it was not seen whole."""
        reading = self._readings.get(number)
        known = None if reading is None else part(reading)
        return ask(number) if known is None else known

    def _once(self, number: int) -> tuple[Review, ...]:
        return self._part(lambda each: each.reviews, self._github.reviews, number)

    def _twice(self, number: int) -> tuple[Review, ...]:
        """The reviews of a pull request. Anyone who may read it may comment on it, and review it after the merge."""
        reviews, recounted = self._once(number), self._recounted(number)
        more = recounted.reviews if recounted is not None else None
        again = self._github.reviews(number) if more is None else more
        merged_at = self.pull(number).merged_at
        if merged_at is None:  # GitHub contradicts itself: that is in doubt, whatever the reviews
            return reviews
        if latest_judgements(again, merged_at) != latest_judgements(reviews, merged_at):
            raise UnavailableError(f"GitHub lists other reviews of #{number} each time")
        return reviews

    def _recounted(self, number: int) -> PullRecount | None:
        """What a second reading says of it, and of all that were read together and not again yet."""
        if number in self._readings and number not in self._recounts:
            wanted = [each for each in self._readings if each not in self._recounts]
            self._recounts |= dict.fromkeys(wanted)
            with suppress(JitbotError):
                self._recounts |= self._github.recount(wanted)
        return self._recounts.get(number)


class AsIfMerged(Asked):
    """The answers that GitHub would give if an open pull request were merged now.

    Its merge is the commit at its head. git says which files it changes, so GitHub is not asked. These answers decide
    nothing, so no question is asked twice. The token of a fork's run may not ask who may write; then an approval does
    not count.
    """

    def __init__(
        self,
        github: GitHubRead,
        *,
        pull: PullRequest,
        files: tuple[str, ...],
        at: datetime,
        reading: PullReading | None = None,
    ) -> None:
        super().__init__(github)
        if reading is not None:
            self.know(reading)
        merged = replace(pull, merged_at=at, merge_commit=pull.head, changed_files=None)
        self.default_branch = lambda: pull.base_branch
        self.pulls_of = lambda _: (merged,)
        self.pull = lambda _: merged
        self.files = lambda _: files
        self.reviews = cache(self._once)
        history = self.history
        self.history = cache(lambda number: replace(history(number), merged=True))
        self.permission = cache(self._may)

    def _may(self, login: Login) -> str:
        try:
            return self._github.permission(login)
        except DeniedError:
            return "unknown"
