"""A person's desk for the tests of the command line: acme's files in a clone, and jitbot to run there."""

import contextlib
import io
import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jitbot.cli import main
from jitbot.sandbox.organisation import acme_tree

# git waits for the disk with each ref and pack that it writes, unless it is asked not to.
NO_WAITING = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsync", "GIT_CONFIG_VALUE_0": "none"}
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ISSUER = "https://token.actions.githubusercontent.com"
ASK = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"
TEXT = """requester: alice
accounts: [prod]
duration: 2h
reason: INC-1234 refunds are stuck in the queue
parameters:
  table: orders
"""


def before_imports(tree: Mapping[str, bytes]) -> dict[str, bytes]:
    """acme's files as they would be before any import: each entry is a person's, and there are no groups of accounts."""
    left = {"policies/account-groups.yaml", "policies/access/sqs-redrive.yaml"}  # which names a group
    return {path: re.sub(_IMPORTED, _by_hand, content) for path, content in tree.items() if path not in left}


# An entry with `source:` in each of the ways in which acme's files have it.
_IMPORTED = re.compile(
    rb', source: csv}|{id: (?P<id>"[0-9]+"), source: organizations}|\n  source: github\n  members:\n    - (?P<login>\w+)'
)


def _by_hand(found: re.Match[bytes]) -> bytes:
    if found["login"]:
        return b" [" + found["login"] + b"]"
    return found["id"] or b"}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one run of jitbot printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, which must be JSON and nothing else."""
        return json.loads(self.out)


def said(
    *arguments: str, folder: Path, environ: Mapping[str, str] | None = None, now: datetime = NOW
) -> Said:
    """Run jitbot in this process, as the entry point does."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments, now=now, environ=environ or {}, folder=folder)
    return Said(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder with acme's files, which is a git repository once it is asked to be."""

    root: Path

    def begin(self) -> None:
        """Lay acme's files out, and commit them."""
        for path, content in acme_tree(ISSUER).items():
            self.write(path, content)
        self.git("init", "--quiet", "--template=", "--initial-branch=main")
        self.commit("rules")

    def write(self, path: str, content: bytes | str = TEXT) -> str:
        """Write a file; gives its path."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *arguments: str) -> Said:
        """Run jitbot here."""
        return said(*arguments, folder=self.root)

    def commit(self, message: str = "change") -> str:
        """Commit everything; gives the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Run git here, with nobody's settings."""
        known = {"PATH": os.environ["PATH"], "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1", **NO_WAITING}
        for role in ("AUTHOR", "COMMITTER"):
            known |= {f"GIT_{role}_NAME": "alice", f"GIT_{role}_EMAIL": "alice@acme.com"}
        ran = subprocess.run(["git", *arguments], cwd=self.root, env=known, capture_output=True, check=True)
        return os.fsdecode(ran.stdout).strip()
