"""GitHub's pull requests that were never merged. https://docs.github.com/en/rest/pulls/pulls#list-pull-requests"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jitbot.adapters.github.client import Client, translated
from jitbot.adapters.github.forge import actor
from jitbot.domain.model.documents import Sha
from jitbot.domain.text import timestamp
from jitbot.ports.unmerged_requests import Unmerged


class GitHubUnmerged:
    """One repository on GitHub, asked for what was withdrawn or is still waiting."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @translated
    def unmerged(self, start: datetime, end: datetime) -> tuple[Unmerged, ...]:
        """The pull requests created in this period that touch requests/ and are not merged, oldest first."""
        found = []
        for raw in self._client.pages("/pulls?state=all&sort=created&direction=desc"):
            created = timestamp.parse(str(raw["created_at"]))
            if created < start:
                break  # all that follow are older
            if created < end and not raw.get("merged_at"):
                requests = self._requests(int(raw["number"]))
                found += [_unmerged(raw, created, requests)] if requests else []
        return tuple(sorted(found, key=lambda each: (each.created_at, each.number)))

    def _requests(self, number: int) -> tuple[str, ...]:
        files = self._client.pages(f"/pulls/{number}/files")
        return tuple(name for each in files if (name := str(each["filename"])).startswith("requests/"))


def _unmerged(raw: Mapping[str, Any], created: datetime, requests: tuple[str, ...]) -> Unmerged:
    author = actor(raw.get("user"))
    return Unmerged(
        number=int(raw["number"]),
        title=str(raw["title"]),
        author=author.login,
        author_id=author.github_id,
        head=Sha(str(raw["head"]["sha"])),
        created_at=created,
        closed_at=timestamp.parse(str(raw["closed_at"])) if raw.get("closed_at") else None,
        requests=requests,
    )
