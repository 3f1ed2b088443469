"""What was asked for and never merged, by GitHub alone: the ledger hears only of merges."""

from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.grammar import REQUESTS
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.ports.github_read import GitHubRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """One pull request that asked for access and gave none: open still, or closed unmerged. Texts are people's."""

    number: int
    title: str
    author: Login
    author_id: int
    head: Sha
    created_at: datetime
    closed_at: datetime | None
    requests: tuple[str, ...]  # the request files it changes


def read_unmerged(github: GitHubRead, start: datetime, end: datetime) -> tuple[Unmerged, ...]:
    """The pull requests created in this period that touch requests/ and are not merged, oldest first."""
    waiting = [pull for pull in github.created_pulls(start, end) if pull.merged_at is None]
    found = [_unmerged(pull, github.files(pull.number)) for pull in waiting]
    asking = (each for each in found if each.requests)
    return tuple(sorted(asking, key=lambda each: (each.created_at, each.number)))


def _unmerged(pull: PullRequest, files: tuple[str, ...]) -> Unmerged:
    return Unmerged(
        number=pull.number,
        title=pull.title,
        author=pull.author.login,
        author_id=pull.author.github_id,
        head=pull.head,
        created_at=pull.created_at,
        closed_at=pull.closed_at,
        requests=tuple(path for path in files if path.startswith(REQUESTS)),
    )
