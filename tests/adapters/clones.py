"""A clone on this machine with a bare repository behind it, for the tests of what reads it."""

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from desk import NO_WAITING

from jitbot.adapters.git import GitRepository
from jitbot.domain.ledger.batches import AddedCommit
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.merge_facts import ChangeKind

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SINCE = NOW - timedelta(days=21)
NOBODY = Sha("1" * 40)
ASK = "requests/orders-db-read/2026-11/24-alice-x.yaml"


class Clone:
    """A clone with a bare repository behind it as `origin`; commits are made at `now`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work"
        self.now = NOW
        self.repository = GitRepository(self.root, timeout=20)

    def begin(self) -> None:
        """Make both repositories, and a first commit."""
        self.root.mkdir()
        self.git("init", "--quiet", "--template=", "--initial-branch=main")
        self.git("init", "--quiet", "--template=", "--bare", "--initial-branch=main", "../bare.git")
        self.git("remote", "add", "origin", "../bare.git")
        self.put("README.md")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git at the clone's time, with nobody's settings."""
        known = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "GIT_CONFIG_NOSYSTEM": "1",
            **NO_WAITING,
            "GIT_AUTHOR_DATE": f"{int(self.now.timestamp())} +0000",
            "GIT_COMMITTER_DATE": f"{int(self.now.timestamp())} +0000",
        }
        known |= {f"GIT_{role}_NAME": "alice" for role in ("AUTHOR", "COMMITTER")}
        known |= {f"GIT_{role}_EMAIL": "alice@acme.com" for role in ("AUTHOR", "COMMITTER")}
        ran = subprocess.run(
            ["git", *arguments], cwd=self.root, env=known, input=stdin, capture_output=True, check=True
        )
        return os.fsdecode(ran.stdout).strip()

    def write(self, path: str, text: str = "a: 1\n") -> None:
        """Write a file into the working tree."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def commit(self, message: str = "change") -> Sha:
        """Commit all that lies in the working tree, one minute after the last."""
        self.now += timedelta(minutes=1)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return Sha(self.git("rev-parse", "HEAD"))

    def put(self, path: str, text: str = "a: 1\n") -> Sha:
        """Commit one file."""
        self.write(path, text)
        return self.commit(f"put {path}")

    def push(self, *refs: str) -> None:
        """Push, by default what is checked out as main and as ledger, and fetch as jitbot does."""
        self.git("push", "--quiet", "--force", "origin", *(refs or ("HEAD:main", "HEAD:ledger")))
        self.repository.fetch()

    def changed(self) -> list[tuple[ChangeKind, str]]:
        """What main did to requests, after a push."""
        self.push()
        return [(change.kind, change.path) for change in self.repository.changes(SINCE)]


def additions(repository: GitRepository) -> tuple[AddedCommit, ...]:
    """What every commit of the ledger's window puts there."""
    return repository.added(repository.batches(SINCE))
