"""What people see on a pull request: its page, its comments, the statuses of its head.

https://docs.github.com/en/rest/issues/comments, https://docs.github.com/en/rest/commits/statuses
"""

import contextlib
from collections.abc import Mapping
from typing import Any

from github.GithubException import UnknownObjectException

from jitbot.adapters.github.client import Client, by_actions, translated
from jitbot.adapters.github.forge import pull_request
from jitbot.domain.model.documents import Sha
from jitbot.ports.conversation import Comment, Light, Page, Status


class GitHubConversation:
    """One repository's `jitbot.ports.conversation.Conversation`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @translated
    def page(self, number: int) -> Page:
        """One pull request."""
        raw = self._client.get(f"/pulls/{number}")
        return Page(
            pull=pull_request(raw),
            title=str(raw["title"]),
            is_open=raw["state"] == "open",
            auto_merge=bool(raw.get("auto_merge")),
        )

    @translated
    def comments(self, number: int) -> tuple[Comment, ...]:
        """Every comment in the conversation, page by page."""
        return tuple(_comment(raw) for raw in self._client.pages(f"/issues/{number}/comments"))

    @translated
    def post(self, number: int, body: str) -> Comment:
        """A new comment; a retried call may leave several."""
        return _comment(self._client.send("POST", f"/issues/{number}/comments", {"body": body}))

    @translated
    def edit(self, comment_id: int, body: str) -> None:
        """Replace a comment's text."""
        self._client.send("PATCH", f"/issues/comments/{comment_id}", {"body": body})

    @translated
    def remove(self, comment_id: int) -> None:
        """Delete a comment, tolerating that another run has done so."""
        with contextlib.suppress(UnknownObjectException):
            self._client.send("DELETE", f"/issues/comments/{comment_id}")

    @translated
    def retitle(self, number: int, title: str) -> None:
        """Replace the title."""
        self._client.send("PATCH", f"/pulls/{number}", {"title": title})

    @translated
    def statuses(self, commit: Sha) -> Mapping[str, Status]:
        """The newest status of each context, of those that jitbot could have set."""
        listed = self._client.get(f"/commits/{commit}/status?per_page=100")["statuses"]
        lights = {light.value: light for light in Light}
        return {
            str(raw["context"]): Status(light=lights[raw["state"]], description=str(raw["description"] or ""))
            for raw in listed
            if raw["state"] in lights
        }

    @translated
    def set_status(self, commit: Sha, context: str, status: Status, url: str) -> None:
        """Add a status."""
        link = {"target_url": url} if url else {}
        body = {"state": status.light.value, "context": context, "description": status.description, **link}
        self._client.send("POST", f"/statuses/{commit}", body)


def _comment(raw: Mapping[str, Any]) -> Comment:
    return Comment(
        comment_id=int(raw["id"]),
        by_actions=by_actions(raw),
        body=str(raw["body"] or ""),
    )
