"""acme for the tests of what people do without a clone: desks through the real adapter, and faults on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jitbot.adapters import documents
from jitbot.adapters.github import Client, GitHubReader, GitHubWriter
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.model.documents import Source
from jitbot.domain.request import new_request
from jitbot.domain.request.new_request import NewRequest
from jitbot.sandbox.github.records import GitHubFault, Pull
from jitbot.sandbox.organisation import Acme
from jitbot.usecases.request.open_pull_request import free_path
from jitbot.usecases.request.requester_client import RequesterClient

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
REASON = "INC-1234 refunds are stuck"
TEXT = f"""requester: alice
accounts: [prod]
duration: 2h
reason: {REASON}
parameters:
  table: orders
"""


@dataclass(slots=True, kw_only=True)
class Counter:
    """A running acme, desks at it, and what GitHub holds."""

    acme: Acme
    slept: list[float]

    @property
    def github(self) -> Any:
        """The repository as the embedded GitHub holds it."""
        return self.acme.github._site.repository(self.acme.repository)

    def back(self) -> None:
        """No fault, no pull request, and no branch but main and ledger."""
        self.acme.github.faults = None
        self.acme.github.allow_auto_merge = True
        self.github.pulls.clear()
        self.github.reviews.clear()
        for name in self.branches():
            self.github.store.update_ref(f"refs/heads/{name}", None)

    def branches(self) -> list[str]:
        """The branches that people made."""
        names = (ref.removeprefix("refs/heads/") for ref in self.github.store.refs("refs/heads/"))
        return sorted(name for name in names if name not in ("main", "ledger"))

    def pulls(self) -> list[Pull]:
        """The open pull requests."""
        return [pull for pull in self.github.pulls.values() if pull.is_open]

    def desk(
        self, login: str = "alice", repository: str = "", wrapped: Callable[[Any], Any] | None = None
    ) -> RequesterClient:
        """This person's desk, without pauses between attempts."""
        client = Client(
            repository or self.acme.repository,
            token=self.acme.token(login),
            api_url=self.acme.github.api_url,
            backoff=0,
        )
        github_write = GitHubWriter(client)
        return RequesterClient(
            github=GitHubReader(client),
            github_write=wrapped(github_write) if wrapped else github_write,
            documents=documents,
            catalogue=ServiceAuthorizationReference(),
            sleep=self.slept.append,
            at=NOW,
        )

    def proposal(self, desk: RequesterClient, text: str = TEXT, policy: str = "orders-db-read") -> NewRequest:
        """What this text asks for, ready to be opened."""
        path = free_path(desk, policy, REASON, NOW)
        preview = desk.verdict(Source(path=path, content=text.encode()), NOW)
        assert preview.findings == ()
        assert preview.grant_preview is not None
        return new_request.ask(preview.grant_preview, text.encode())


@dataclass(slots=True, kw_only=True)
class Trouble:
    """A fault of calls of this method whose path ends like this, the first `times` of them."""

    method: str
    ending: str
    status: int | None  # None drops the connection
    after: bool
    times: int = 10**6

    def __call__(self, method: str, path: str) -> GitHubFault | None:
        """Decide about one call."""
        if method != self.method or self.ending not in path or self.times <= 0:
            return None
        self.times -= 1
        return GitHubFault(status=self.status, body=b'{"message": "trouble"}', after=self.after)
