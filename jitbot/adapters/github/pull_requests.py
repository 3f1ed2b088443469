"""Pull requests, read. https://docs.github.com/en/rest/pulls, https://docs.github.com/en/rest/issues/comments"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import quote

from jitbot.adapters.github import authors, pull_queries
from jitbot.adapters.github.answers import comment, history, moment, pull_request, reviews
from jitbot.adapters.github.client import AdapterPart, translated
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.github_objects import Comment, PullPage, PullRecount
from jitbot.domain.model.merge_facts import (
    CommitReading,
    PullCommit,
    PullReading,
    PullRequest,
    PullRequestHistory,
    Review,
)


class PullRequestReader(AdapterPart):
    """The part of `GitHubRead` about pull requests."""

    @translated
    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        return tuple(pull_request(raw) for raw in self._client.pages(f"/commits/{commit}/pulls"))

    @translated
    def pull(self, number: int) -> PullRequest:
        return pull_request(self._client.get(f"/pulls/{number}"))

    @translated
    def read_commits(self, commits: Iterable[Sha]) -> Mapping[Sha, CommitReading]:
        return pull_queries.of_commits(self._client, commits)

    @translated
    def read_pull(self, number: int) -> PullPage | None:
        return pull_queries.of_number(self._client, number)

    @translated
    def comments_of(self, numbers: Iterable[int]) -> Mapping[int, tuple[Comment, ...]]:
        return pull_queries.comments_of(self._client, numbers)

    @translated
    def recount(self, numbers: Iterable[int]) -> Mapping[int, PullRecount]:
        return pull_queries.recount(self._client, numbers)

    @translated
    def read_reviews(self, numbers: Iterable[int]) -> Mapping[int, PullReading]:
        return pull_queries.reviews_of(self._client, numbers)

    @translated
    def open_pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        head = f"&head={quote(f'{self._client.owner}:{branch}', safe='')}" if branch else ""
        listed = self._client.pages(f"/pulls?state=open{head}")
        return tuple(pull_request(raw) for raw in listed if raw.get("user"))

    @translated
    def created_pulls(self, start: datetime, end: datetime) -> tuple[PullRequest, ...]:
        found = []
        for raw in self._client.pages("/pulls?state=all&sort=created&direction=desc"):
            created = moment(raw["created_at"])
            if created < start:
                break  # all that follow are older
            if created < end:
                found.append(pull_request(raw))
        return tuple(found)

    @translated
    def files(self, number: int) -> tuple[str, ...]:
        names: list[str] = []
        for raw in self._client.pages(f"/pulls/{number}/files"):
            names += [
                str(raw["filename"]),
                *([str(raw["previous_filename"])] if "previous_filename" in raw else []),
            ]
        return tuple(names)

    @translated
    def reviews(self, number: int) -> tuple[Review, ...]:
        return reviews(self._client.pages(f"/pulls/{number}/reviews"))

    @translated
    def commits(self, number: int) -> tuple[PullCommit, ...]:
        return authors.named(self._client, list(self._client.pages(f"/pulls/{number}/commits")))

    @translated
    def history(self, number: int) -> PullRequestHistory:
        return history(self._client.pages(f"/issues/{number}/events"))

    @translated
    def comments(self, number: int) -> tuple[Comment, ...]:
        return tuple(comment(raw) for raw in self._client.pages(f"/issues/{number}/comments"))
