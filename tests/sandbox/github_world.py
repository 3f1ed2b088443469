"""A small world for the tests of the embedded GitHub: acme's people, one repository, clients and git."""

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from github import Auth, Github, GithubException
from github.PullRequest import PullRequest
from github.Repository import Repository

import requests
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox

START = datetime(2026, 11, 24, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ORDERS = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"
FILES = {
    ".github/CODEOWNERS": (
        b"* @acme/platform\n/requests/orders-db-read/ @acme/payments-leads\n/requests/open/\n"
        b"/policies/ @acme/security\n"
    ),
    ".github/workflows/grant.yml": b"on: {push: {branches: [main]}, workflow_dispatch: {}}\n",
    ".github/workflows/ci.yml": b"on: push\n",
    "policies/settings.yaml": b"namespace: jit\n",
    "README.md": b"".join(b"line %d\n" % number for number in range(20)),
}
PEOPLE = {"alice": 1001, "bob": 1002, "dave": 1004, "erin": 1005, "frank": 1006, "mallory": 1666}
COMMIT = """mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } } }"""


class World:
    """One sandbox, a client for each person, and git on the command line."""

    def __init__(self, github: GitHubSandbox, clock: Clock) -> None:
        self.github = github
        self.clock = clock
        self._clients: dict[str, Github] = {}

    def client(self, login: str) -> Github:
        """PyGithub as that person, without its pauses."""
        if login not in self._clients:
            self._clients[login] = Github(
                base_url=self.github.api_url,
                auth=Auth.Token(self.github.token_for(login)),
                per_page=100,
                retry=None,
                seconds_between_requests=None,
                seconds_between_writes=None,
            )
        return self._clients[login]

    def close(self) -> None:
        """Close all clients."""
        for client in self._clients.values():
            client.close()

    def repo(self, login: str) -> Repository:
        """acme/access as that person sees it."""
        return self.client(login).get_repo("acme/access")

    def tip(self, branch: str = "main") -> str:
        """The newest commit of a branch."""
        return self.repo("olivia").get_branch(branch).commit.sha

    def branch(self, name: str, files: dict[str, str], login: str = "alice") -> str:
        """Make a branch from main with one commit for each file; returns its tip."""
        repo = self.repo(login)
        repo.create_git_ref(f"refs/heads/{name}", self.tip())
        for path, text in files.items():
            repo.create_file(path, f"add {path}", text.encode(), branch=name)
        return self.tip(name)

    def pull(
        self, name: str = "ask", path: str = ORDERS, text: str = "a: 1\n", login: str = "alice"
    ) -> PullRequest:
        """Open a pull request that adds one file."""
        self.branch(name, {path: text}, login)
        return self.repo(login).create_pull(base="main", head=name, title=f"Title of {name}", body="why")

    def review(self, login: str, number: int = 1, event: str = "APPROVE", body: str = "seen") -> None:
        """Review the newest commit."""
        self.repo(login).get_pull(number).create_review(event=event, body=body)

    def commit(
        self, branch: str, path: str, text: str, login: str = "alice", **wanted: Any
    ) -> dict[str, Any]:
        """`createCommitOnBranch` with one file, on the branch's tip unless `head` says otherwise."""
        given = {
            "branch": {"repositoryNameWithOwner": "acme/access", "branchName": branch},
            "expectedHeadOid": wanted.get("head") or self.tip(branch),
            "message": {"headline": "headline", "body": "the body"},
            "fileChanges": {
                "additions": [{"path": path, "contents": base64.b64encode(text.encode()).decode()}]
            },
        }
        _, answer = self.client(login).requester.graphql_query(COMMIT, {"input": given})
        made: dict[str, Any] = answer["data"]["createCommitOnBranch"]["commit"]
        return made

    def get(self, path: str, login: str | None = "alice", **parameters: str) -> requests.Response:
        """A plain HTTP GET."""
        headers = {"Authorization": f"token {self.github.token_for(login)}"} if login else {}
        return requests.get(self.github.api_url + path, headers=headers, params=parameters, timeout=5)

    def put(self, path: str, login: str, body: dict[str, Any], method: str = "PUT") -> requests.Response:
        """A plain HTTP call with a JSON body."""
        headers = {"Authorization": f"Bearer {self.github.token_for(login)}"}
        return requests.request(method, self.github.api_url + path, headers=headers, json=body, timeout=5)


@contextmanager
def acme() -> Iterator[World]:
    """A running sandbox with acme's people and repository."""
    clock = Clock(START)
    with GitHubSandbox(clock) as github:
        for login, number in PEOPLE.items():
            github.add_user(login, number)
        github.add_user("olivia", 1009, permission="admin")
        github.add_user("reader", 1010, permission="read")
        github.add_team("acme/payments-leads", ["bob", "alice"])
        github.add_team("acme/platform", ["frank", "olivia"])
        github.add_team("acme/security", ["erin"])
        github.create_repository("acme/access", FILES)
        world = World(github, clock)
        yield world
        world.close()


def git(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Plain git, as mallory@acme.com, with nobody's settings."""
    known = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    for role in ("AUTHOR", "COMMITTER"):
        known |= {f"GIT_{role}_NAME": "mallory", f"GIT_{role}_EMAIL": "mallory@acme.com"}
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=known, check=check, capture_output=True, text=True, timeout=30
    )


def clone(world: World, folder: Path, login: str = "mallory") -> Path:
    """A clone that acts as that person."""
    git(folder, "clone", "--quiet", world.github.git_url(login), "work")
    return folder / "work"


@contextmanager
def refused(status: int, text: str) -> Iterator[None]:
    """The block must be answered with this status, its message or errors containing this text."""
    with pytest.raises(GithubException) as caught:
        yield
    assert caught.value.status == status
    assert text in str(caught.value.data)
