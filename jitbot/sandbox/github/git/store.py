"""One bare git repository, worked on with plumbing that git 2.25 already has."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from jitbot.sandbox.github.git.objects import (
    Commit,
    Entry,
    FileChange,
    GitError,
    Signature,
    parse_changes,
    parse_commit,
    parse_entries,
)

ABSENT = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

_OBJECT_NAME = re.compile(r"[0-9a-f]{40}")


def environment(home: Path) -> dict[str, str]:
    """What git may know of this machine: where programs are. Nobody's settings, no surrounding repository."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }


class GitStore:
    """The objects and refs of one repository. Everything that depends only on object names is cached."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self._environment = environment(home)
        self._memory: dict[tuple[str, ...], bytes] = {}
        self._commits: dict[str, Commit] = {}
        self._refs: dict[str, str] | None = None
        self.answers: dict[tuple[object, ...], Any] = {}  # to what was asked of the refs as they are

    def git(self, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
        """Run one git command in this repository and return what it printed. Raises GitError."""
        done = subprocess.run(
            ["git", f"--git-dir={self.path}", *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            cwd=self.path,
            env={**self._environment, **(variables or {})},
        )
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace").strip())
        return done.stdout

    def remembered(self, *arguments: str) -> bytes:
        """`git`, for a question about object names, whose answer never changes."""
        if arguments not in self._memory:
            self._memory[arguments] = self.git(*arguments)
        return self._memory[arguments]

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, tag, full ref or object name stands for, if there is one."""
        refs = self._all_refs()
        for name in (revision, f"refs/heads/{revision}"):
            if name in refs and name.startswith("refs/heads/"):
                return refs[name]
        if revision in self._commits:
            return revision
        if not revision or revision.startswith("-") or re.search(r"[\s^~:@{}?*\[\\]", revision):
            return None
        try:
            found = self.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        except GitError:
            return None
        return found.decode().strip()

    def tip(self, branch: str) -> str | None:
        """The newest commit of a branch."""
        return self._all_refs().get(f"refs/heads/{branch}")

    def refs(self, prefix: str) -> dict[str, str]:
        """All refs whose full name begins with `prefix`, and the objects they name."""
        return {ref: sha for ref, sha in self._all_refs().items() if ref.startswith(prefix)}

    def _all_refs(self) -> dict[str, str]:
        """Every ref, in git's order; read once, and replaced as a whole by what moves one."""
        refs = self._refs
        if refs is None:
            lines = self.git("for-each-ref", "--format=%(objectname) %(refname)").decode().splitlines()
            refs = self._refs = {ref: sha for sha, _, ref in (line.partition(" ") for line in lines)}
        return refs

    def forget_refs(self) -> None:
        """Read the refs anew at the next question: somebody else has moved them."""
        self._refs = None
        self.answers = {}

    def ref_moved(self, ref: str, sha: str | None) -> None:
        """Take note that a ref was just pointed at `sha`, or removed: the other refs need not be read again."""
        refs, self.answers = self._refs, {}
        if refs is None or not ref.startswith("refs/") or not _OBJECT_NAME.fullmatch(sha or ABSENT):
            self._refs = None
        elif sha is not None and ref in refs:
            self._refs = {**refs, ref: sha}
        else:
            there = [*refs, ref] if sha is not None else [each for each in refs if each != ref]
            self._refs = {each: refs.get(each, sha or ABSENT) for each in sorted(there, key=os.fsencode)}

    def update_ref(self, ref: str, sha: str | None) -> None:
        """Point `ref` at `sha`, or remove it. Raises GitError for a name that git does not allow."""
        self.git("update-ref", *(["-d", ref] if sha is None else [ref, sha]))
        self.ref_moved(ref, sha)

    def exists(self, sha: str) -> bool:
        """Whether `sha` is the full name of a commit that is here."""
        return bool(_OBJECT_NAME.fullmatch(sha)) and self.resolve(sha) == sha

    def commit(self, sha: str) -> Commit:
        """Read one commit by its object name."""
        return self.commits((sha,))[0]

    def commits(self, shas: Iterable[str]) -> list[Commit]:
        """Read many commits with one process."""
        wanted = list(shas)
        missing = [sha for sha in wanted if sha not in self._commits]
        if missing:
            rest = self.git("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in missing).encode())
            for sha in missing:
                header, _, rest = rest.partition(b"\n")
                size = int(header.split()[2])
                self._commits[sha] = parse_commit(sha, rest[:size].decode(errors="replace"))
                rest = rest[size + 1 :]
        return [self._commits[sha] for sha in wanted]

    def between(self, base: str, head: str, *options: str) -> list[str]:
        """The commits reachable from `head` but not from `base`, oldest first."""
        listing = self.remembered("rev-list", "--reverse", "--topo-order", *options, f"{base}..{head}")
        return listing.decode().split()

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits; None if they share no history."""
        try:
            return self.remembered("merge-base", one, other).decode().strip()
        except GitError:
            return None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` contains `older`; every commit contains itself."""
        return self.merge_base(older, newer) == older

    def changes(self, old: str, new: str) -> list[FileChange]:
        """The files that differ between two trees or commits, renames found as GitHub finds them."""
        raw = self.remembered("diff-tree", "-r", "-M", "-z", "--no-abbrev", "--raw", "--numstat", old, new)
        return parse_changes(raw.decode(errors="surrogateescape"))

    def read(self, commit: str, path: str) -> bytes | None:
        """The content of a file at a commit; None where there is no such file."""
        try:
            return self.remembered("cat-file", "blob", f"{commit}:{path}")
        except GitError:
            return None

    def entry(self, commit: str, path: str) -> Entry | None:
        """The tree entry at `path`."""
        return next(
            iter(parse_entries(self.remembered("ls-tree", "-z", commit, "--", path.rstrip("/")))), None
        )

    def folder(self, commit: str, path: str) -> list[Entry]:
        """What lies directly in a folder; the empty path is the root."""
        return parse_entries(self.remembered("ls-tree", "-z", f"{commit}:{path}"))

    def commit_tree(
        self, tree: str, parents: Iterable[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Make a commit object and return its name; no ref moves."""
        options = [option for parent in parents for option in ("-p", parent)]
        variables = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": _raw_date(author.when),
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": _raw_date(committer.when),
        }
        made = self.git("commit-tree", tree, *options, stdin=message.encode(), variables=variables)
        return made.decode().strip()

    def commit_files(
        self,
        branch: str,
        parent: str | None,
        additions: Mapping[str, bytes],
        deletions: Iterable[str],
        message: str,
        author: Signature,
        committer: Signature,
    ) -> str:
        """Put one commit of whole files on a branch, on top of `parent`, and return its name."""
        text = message.encode()
        parts = [
            f"commit refs/heads/{branch}\nmark :1\n".encode(),
            f"author {_signed(author)}\ncommitter {_signed(committer)}\n".encode(),
            b"data %d\n%b\n" % (len(text), text),
            f"from {parent}\n".encode() if parent else b"",
            *(f"D {path}\n".encode() for path in deletions),
            *(
                b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content)
                for path, content in additions.items()
            ),
            b"get-mark :1\n",
        ]
        made = self.git("fast-import", "--quiet", "--date-format=raw", stdin=b"".join(parts)).decode().strip()
        self.ref_moved(f"refs/heads/{branch}", made)
        return made

    def merge_trees(self, base: str, ours: str, theirs: str) -> str | None:
        """The tree of a three-way merge, or None where the two sides conflict."""
        with tempfile.TemporaryDirectory(dir=self.path) as scratch:
            work = {"GIT_INDEX_FILE": f"{scratch}/index", "GIT_WORK_TREE": scratch}
            try:
                self.git("read-tree", "-i", "-m", "--aggressive", base, ours, theirs, variables=work)
                if self.git("ls-files", "--unmerged", variables=work):
                    # Its work tree must be where it runs: -C, before the command, goes there.
                    self.git("-C", scratch, "merge-index", "-q", "git-merge-one-file", "-a", variables=work)
                return self.git("write-tree", variables=work).decode().strip()
            except GitError:
                return None


def _raw_date(when: datetime) -> str:
    return f"{int(when.timestamp())} +0000"


def _signed(signature: Signature) -> str:
    return f"{signature.name} <{signature.email}> {_raw_date(signature.when)}"
