"""A clone that a test makes by hand, object by object: also what git's own commands would not write."""

import os
import subprocess
from pathlib import Path

from jitbot.adapters.git import GitRepository
from jitbot.domain.ledger.git_history import HistoryStep


class Repo:
    """A clone whose branches `main` and `ledger` of origin are made by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--template=", "--initial-branch=main")

    def git(self, *arguments: str, stdin: bytes = b"", date: str = "1800000000 +0000") -> str:
        """Run git here, with nobody's settings."""
        known = {"PATH": os.environ["PATH"], "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1"}
        for role in ("AUTHOR", "COMMITTER"):
            known |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@acme.com", f"GIT_{role}_DATE": date}
        ran = subprocess.run(
            ["git", *arguments], cwd=self.root, env=known, input=stdin, capture_output=True, check=True
        )
        return os.fsdecode(ran.stdout).strip()

    def tree(self, *lines: str) -> str:
        """A tree of these entries."""
        return self.git("mktree", stdin="".join(f"{line}\n" for line in lines).encode())

    def blob(self, content: bytes = b"x") -> str:
        """A blob."""
        return self.git("hash-object", "-w", "--stdin", stdin=content)

    def commit(self, tree: str, *parents: str, message: str = "m", date: str = "1800000000 +0000") -> str:
        """A commit of this tree, which becomes the tip of both branches."""
        flags = [each for parent in parents for each in ("-p", parent)]
        made = self.git("commit-tree", tree, *flags, stdin=message.encode(), date=date)
        for branch in ("main", "ledger"):
            self.git("update-ref", f"refs/remotes/origin/{branch}", made)
        return made

    def steps(self) -> list[HistoryStep]:
        """The ledger's steps."""
        clone = GitRepository(self.root)
        return list(clone.ledger_steps(clone.ledger()))
