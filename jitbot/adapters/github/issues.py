"""Issues that the workflows open. https://docs.github.com/en/rest/issues/issues"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jitbot.adapters.github.client import ACTIONS, Client, by_actions, translated
from jitbot.domain.model.github_objects import Issue
from jitbot.domain.text import timestamp


class GitHubIssues:
    """One repository's `jitbot.ports.issues.Issues`.

    `once` is a client that never repeats a call: GitHub may have done what it was asked although its answer was lost.
    """

    def __init__(self, client: Client, once: Client) -> None:
        self._client = client
        self._once = once

    @translated
    def ours(self, since: datetime) -> tuple[Issue, ...]:
        query = {"creator": ACTIONS, "state": "all", "since": timestamp.show(since), "direction": "asc"}
        found = self._client.pages("/issues", query)
        # GitHub lists pull requests among them.
        return tuple(_issue(raw) for raw in found if "pull_request" not in raw and by_actions(raw))

    @translated
    def create(self, title: str, body: str) -> Issue:
        return _issue(self._once.send("POST", "/issues", {"title": title, "body": body}))

    @translated
    def announce(self, number: int, body: str) -> None:
        self._once.send("POST", f"/issues/{number}/comments", {"body": body})

    @translated
    def update(self, issue: Issue) -> None:
        state = {"state": "open"} if issue.is_open else {"state": "closed", "state_reason": "completed"}
        body = {"title": issue.title, "body": issue.body, **state}
        self._client.send("PATCH", f"/issues/{issue.number}", body)


def _issue(raw: Mapping[str, Any]) -> Issue:
    return Issue(
        number=int(raw["number"]),
        title=str(raw["title"]).strip(),
        body=str(raw["body"] or "").replace("\r\n", "\n").strip(),  # as the website writes lines
        is_open=raw["state"] == "open",
    )
