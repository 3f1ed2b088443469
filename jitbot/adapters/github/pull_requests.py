"""Pull requests, read. https://docs.github.com/en/rest/pulls, https://docs.github.com/en/rest/issues/comments"""

from datetime import datetime
from urllib.parse import quote

from jitbot.adapters.github import authors
from jitbot.adapters.github.answers import comment, dismissal, moment, pull_request, review
from jitbot.adapters.github.client import AdapterPart, translated
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.github_objects import Comment
from jitbot.domain.model.merge_facts import PullCommit, PullRequest, PullRequestHistory, Review

_MOVES = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})


class PullRequestReader(AdapterPart):
    """The part of `GitHubRead` about pull requests."""

    @translated
    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        return tuple(pull_request(raw) for raw in self._client.pages(f"/commits/{commit}/pulls"))

    @translated
    def pull(self, number: int) -> PullRequest:
        return pull_request(self._client.get(f"/pulls/{number}"))

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
        pages = self._client.pages(f"/pulls/{number}/reviews")
        return tuple(review(raw) for raw in pages if raw.get("user") and raw.get("submitted_at"))

    @translated
    def commits(self, number: int) -> tuple[PullCommit, ...]:
        return authors.named(self._client, list(self._client.pages(f"/pulls/{number}/commits")))

    @translated
    def history(self, number: int) -> PullRequestHistory:
        # https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
        told = list(self._client.pages(f"/issues/{number}/events"))
        moves = [moment(raw["created_at"]) for raw in told if raw["event"] in _MOVES]
        return PullRequestHistory(
            merged=any(raw["event"] == "merged" for raw in told),
            retargeted_at=max(moves, default=None),
            reopened_at=max(
                (moment(raw["created_at"]) for raw in told if raw["event"] == "reopened"), default=None
            ),
            dismissals=tuple(dismissal(raw) for raw in told if raw["event"] == "review_dismissed"),
        )

    @translated
    def comments(self, number: int) -> tuple[Comment, ...]:
        return tuple(comment(raw) for raw in self._client.pages(f"/issues/{number}/comments"))
