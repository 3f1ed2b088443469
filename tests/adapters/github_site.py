"""An embedded GitHub with some of acme's people, for the tests of the adapter."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from jitbot.adapters.github import Client, GitHubReader, GitHubWriter
from jitbot.domain.model.documents import Sha
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import GitHubFault

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ASK = "requests/orders-db-read/2026-11/24-alice-x.yaml"
PEOPLE = {"alice": 1001, "bob": 1002, "erin": 1005, "olivia": 1009}


@dataclass(kw_only=True)
class Site:
    """An embedded GitHub, spoken to as people do, and through the adapter."""

    github: GitHubSandbox
    repository: str = "acme/access"
    branches: int = 0

    @property
    def branch(self) -> str:
        """The branch of the newest pull request."""
        return f"ask-{self.branches}"

    def client(self, login: str) -> Client:
        """A client with this person's token, without pauses between its attempts."""
        token = self.github.token_for(login)
        return Client(self.repository, token=token, api_url=self.github.api_url, backoff=0)

    def reader(self, login: str = "olivia") -> GitHubReader:
        """The adapter that reads, with this person's token."""
        return GitHubReader(self.client(login))

    def writer(self, login: str = "alice") -> GitHubWriter:
        """The adapter that writes, with this person's token."""
        return GitHubWriter(self.client(login))

    def call(self, login: str, method: str, path: str, **content: Any) -> Any:
        """One call as this person, which must be a yes."""
        headers = {"Authorization": f"Bearer {self.github.token_for(login)}"}
        url = f"{self.github.api_url}/repos/acme/access{path}"
        answer = requests.request(method, url, headers=headers, json=content or None, timeout=5)
        assert answer.ok, answer.text
        return answer.json()

    def tip(self, branch: str) -> Sha:
        """The newest commit of a branch."""
        return Sha(self.call("olivia", "GET", f"/branches/{branch}")["commit"]["sha"])

    def propose(self, *batches: dict[str, bytes]) -> int:
        """A pull request by alice, with a commit for each batch of files."""
        self.branches += 1
        self.call("alice", "POST", "/git/refs", ref=f"refs/heads/{self.branch}", sha=self.tip("main"))
        writer = self.writer()
        for files in batches or ({ASK: b"a: %d\n" % self.branches},):
            writer.commit_on_branch(self.branch, self.tip(self.branch), "Ask", files)
        return int(self.call("alice", "POST", "/pulls", title="Ask", head=self.branch, base="main")["number"])

    def review(self, login: str, number: int, event: str = "APPROVE") -> None:
        """Review the pull request's head."""
        self.call(login, "POST", f"/pulls/{number}/reviews", event=event, body="seen")

    def answers(self, path: str, body: bytes, **headers: str) -> None:
        """Answer every call below this path with these bytes."""
        fault = GitHubFault(status=200, body=body, headers={"Content-Type": "application/json", **headers})
        self.github.faults = lambda _, asked: fault if path in asked else None
