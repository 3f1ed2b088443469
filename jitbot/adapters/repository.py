"""git, read through its plumbing: commits and blobs at fetched tips, never the working tree.

https://git-scm.com/docs/git#_low_level_commands_plumbing
"""

import base64
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from jitbot.domain.errors import InvalidError, UnavailableError
from jitbot.domain.evidence import Change, ChangeKind
from jitbot.domain.model import Sha
from jitbot.domain.ports import Added, Entry

REMOTE = "origin"
_KINDS = {"A": ChangeKind.ADDED, "M": ChangeKind.MODIFIED, "T": ChangeKind.MODIFIED, "D": ChangeKind.DELETED}
_PLAIN = "100644"
_RAW = re.compile(rb":(\d{6}) (\d{6}) ([0-9a-f]{40}) ([0-9a-f]{40}) ([A-Z])\d*", re.ASCII)
_NEVER_ASK = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


class GitRepository:
    """A clone on this machine. `token` is handed to git for the fetch alone, never on a command line."""

    def __init__(self, root: Path, *, token: str = "", branch: str = "main", timeout: float = 120) -> None:
        self._root = root
        self._token = token
        self._branch = branch
        self._timeout = timeout

    def fetch(self, heads: Iterable[int] = ()) -> None:
        """Bring main, ledger and these pull requests' heads up to date; what the remote lacks is an error."""
        wanted = [f"+refs/heads/{name}:{_tip(name)}" for name in (self._branch, "ledger")]
        pulls = [f"+refs/pull/{number}/head:{_pull(number)}" for number in heads]
        self._fetch(pulls or wanted)

    def main(self) -> Sha:
        """The fetched tip of the default branch."""
        return self._resolve(_tip(self._branch), f"there is no branch {self._branch} at {REMOTE}")

    def ledger(self) -> Sha:
        """The fetched tip of the ledger."""
        return self._resolve(_tip("ledger"), f"there is no branch ledger at {REMOTE}; `jitbot init` makes it")

    def pull_head(self, number: int) -> Sha | None:
        """The fetched head of a pull request; None if git has none."""
        found = self._git("for-each-ref", "--format=%(objectname)", _pull(number)).decode().strip()
        return Sha(found) if found else None

    def changes(self, since: datetime) -> tuple[Change, ...]:
        """What main's first-parent line did to files under requests/ since then, oldest first.

        Commits are chosen by their own date, one by one: git's `--since` would stop at the first old-dated
        commit and hide all behind it.
        """
        line = self._git("rev-list", "--first-parent", "--parents", "--timestamp", self.main()).decode()
        recent = [parts for parts in map(str.split, line.splitlines()) if int(parts[0]) >= since.timestamp()]
        dated = {parts[1]: int(parts[0]) for parts in recent}
        pairs = [(parts[2], parts[1]) for parts in reversed(recent) if len(parts) > 2]
        return tuple(
            _change(base, commit, dated[commit], entry)
            for base, commit, entries in self._diffs(pairs)
            for entry in entries
            if entry[4].startswith("requests/")
        )

    def touched(self, base: Sha, commit: Sha) -> tuple[str, ...]:
        """Every path that differs between two commits; a rename counts as two."""
        return tuple(entry[4] for _, _, entries in self._diffs([(base, commit)]) for entry in entries)

    def touching(self, commits: Iterable[Sha], path: str) -> frozenset[Sha]:
        """Of these commits, the ones that change the path against their first parent (a root: against nothing)."""
        known = list(commits)
        parents = self._git("log", "--no-walk=unsorted", "--stdin", "--format=%H %P", stdin="\n".join(known))
        pairs = []
        for line in parents.decode().splitlines():
            commit, *of = line.split()
            pairs.append((of[0] if of else _EMPTY_TREE, commit))
        return frozenset(Sha(c) for _, c, entries in self._diffs(pairs) if any(e[4] == path for e in entries))

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[Entry, ...]:
        """The tree's entries at these paths; a path that ends in / gives what lies directly in the folder."""
        listed = self._git("ls-tree", "-z", "--full-tree", commit, "--", *paths)
        found = []
        for record in listed.split(b"\0")[:-1]:
            meta, _, name = record.partition(b"\t")
            mode, _, blob = meta.decode().split(" ")
            found.append(Entry(path=name.decode(errors="surrogateescape"), mode=mode, blob=Sha(blob)))
        return tuple(found)

    def read(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs, in one call of git."""
        wanted = list(dict.fromkeys(blobs))
        if not wanted:
            return {}
        answer = self._git("cat-file", "--batch", stdin="\n".join(wanted) + "\n")
        return dict(_contents(answer, wanted))

    def additions(self, since: datetime) -> tuple[Added, ...]:
        """The ledger's commits since then, through every parent, oldest first."""
        walked = self._git(
            "rev-list", "--topo-order", "--reverse", "--parents", "--timestamp", self.ledger()
        ).decode()
        recent = [
            parts[1:] for parts in map(str.split, walked.splitlines()) if int(parts[0]) >= since.timestamp()
        ]
        messages = self._messages([commit for commit, *_ in recent])
        pairs = [(parents[0] if parents else _EMPTY_TREE, commit) for commit, *parents in recent]
        diffs = {commit: entries for _, commit, entries in self._diffs(pairs)}
        return tuple(
            _added(commit, parents, messages[commit], diffs.get(commit, [])) for commit, *parents in recent
        )

    def head(self) -> Sha:
        """The commit that is checked out: the code and rules this run started from."""
        return self._resolve("HEAD", "nothing is checked out")

    def has(self, revision: str) -> bool:
        """Whether git knows a commit by this name."""
        return self._run(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"]).returncode == 0

    def merge_base(self, one: Sha, other: Sha) -> Sha:
        """The best common ancestor of two commits."""
        return Sha(self._git("merge-base", one, other).decode().strip())

    def resolve(self, revision: str) -> Sha:
        """The commit that a revision names. Raises InvalidError if there is none."""
        return self._resolve(revision, f"git knows no commit {revision!r}")

    def _resolve(self, revision: str, otherwise: str) -> Sha:
        if revision.startswith("-") or not self.has(revision):
            raise InvalidError(otherwise)
        return Sha(self._git("rev-parse", "--verify", f"{revision}^{{commit}}").decode().strip())

    def _messages(self, commits: Sequence[str]) -> dict[str, str]:
        if not commits:
            return {}
        answer = self._git(
            "log", "--no-walk=unsorted", "--stdin", "-z", "--format=%H%n%B", stdin="\n".join(commits)
        )
        records = (
            record.decode(errors="replace").partition("\n") for record in answer.split(b"\0") if record
        )
        return {commit: message for commit, _, message in records}

    def _diffs(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str, "list[_Raw]"]]:
        """The raw differences of each pair of commits, recursive, without renames, in the pairs' order."""
        if not pairs:
            return
        trees = self._trees({name for pair in pairs for name in pair})
        unlike = dict.fromkeys((trees[base], trees[commit]) for base, commit in pairs)
        lines = "".join(f"{base} {commit}\n" for base, commit in unlike)
        answer = self._git(
            "diff-tree", "--stdin", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", stdin=lines
        )
        found = _differences(answer)
        for base, commit in pairs:
            yield base, commit, found.get((trees[base], trees[commit]), [])

    def _trees(self, commits: set[str]) -> dict[str, str]:
        """The tree of each commit: `diff-tree --stdin` compares two trees a line, but not two commits."""
        wanted = sorted(commits - {_EMPTY_TREE})
        asked = "".join(f"{commit}^{{tree}}\n" for commit in wanted)
        lines = (
            self._git("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=asked)
            .decode()
            .splitlines()
        )
        trees = {_EMPTY_TREE: _EMPTY_TREE}
        for commit, line in zip(wanted, lines, strict=True):
            name, _, kind = line.partition(" ")
            if kind != "tree":
                raise UnavailableError(f"git has no commit {commit[:10]} here; fetch deeper (fetch-depth)")
            trees[commit] = name
        return trees

    def _fetch(self, refspecs: Sequence[str]) -> None:
        result = self._run(
            ["fetch", "--quiet", "--no-tags", "--force", REMOTE, *refspecs], secret=self._token
        )
        if result.returncode != 0:
            reason = _last_line(result.stderr)
            if reason.endswith("refs/heads/ledger"):  # "couldn't find remote ref refs/heads/ledger"
                raise InvalidError(
                    f"{REMOTE} has no branch ledger, so nothing can be recorded; `jitbot init` makes it"
                )
            raise UnavailableError(f"git could not fetch from {REMOTE}: {reason}")

    def _git(self, *arguments: str, stdin: str = "") -> bytes:
        result = self._run(list(arguments), stdin=stdin)
        if result.returncode != 0:
            raise UnavailableError(f"git {arguments[0]} failed: {_last_line(result.stderr)}")
        return result.stdout

    def _run(
        self, arguments: list[str], *, stdin: str = "", secret: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "-c", "core.quotePath=false", "-C", str(self._root), *arguments]
        environment = {**os.environ, **_NEVER_ASK, **_credentials(secret)}
        try:
            return subprocess.run(
                command,
                input=stdin.encode(),
                capture_output=True,
                env=environment,
                timeout=self._timeout,
                check=False,
            )
        except FileNotFoundError:
            raise UnavailableError("git is not installed, or not on PATH") from None
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"git {arguments[0]} took longer than {self._timeout:.0f} s") from None


_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_Raw = tuple[str, str, str, str, str]  # old mode, new mode, new blob, status, path


def _tip(branch: str) -> str:
    return f"refs/remotes/{REMOTE}/{branch}"


def _pull(number: int) -> str:
    return f"refs/jitbot/pull/{number}"


def _credentials(token: str) -> dict[str, str]:
    """The token as a header in git's environment: not in the arguments, which every process can see."""
    if not token:
        return {}
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    header = {"GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}"}
    return {"GIT_CONFIG_COUNT": "1", **header}


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"


def _differences(answer: bytes) -> dict[tuple[str, str], list[_Raw]]:
    """Read `diff-tree --stdin -z`: a line with the two trees, then for each path a raw record and the path."""
    found: dict[tuple[str, str], list[_Raw]] = {}
    current: list[_Raw] = []
    parts = iter(answer.split(b"\0"))
    for part in parts:
        head, _, rest = part.rpartition(b"\n")
        for line in head.splitlines() + ([rest] if rest and not rest.startswith(b":") else []):
            if line:
                base, commit = line.decode().split(" ")
                current = found.setdefault((base, commit), [])
        if match := _RAW.fullmatch(rest):
            old, new, _, blob, status = (group.decode() for group in match.groups())
            current.append((old, new, blob, status, next(parts).decode(errors="surrogateescape")))
    return found


def _change(base: str, commit: str, timestamp: int, entry: _Raw) -> Change:
    _, mode, blob, status, path = entry
    kind = _KINDS.get(status, ChangeKind.MODIFIED)
    return Change(
        path=path,
        commit=Sha(commit),
        base=Sha(base),
        committed_at=datetime.fromtimestamp(timestamp, UTC),
        kind=kind,
        mode=mode,
        blob=None if kind is ChangeKind.DELETED else Sha(blob),
    )


def _added(commit: str, parents: Sequence[str], message: str, entries: Sequence[_Raw]) -> Added:
    plain = all(status == "A" and mode == _PLAIN for _, mode, _, status, _ in entries)
    found = tuple(
        Entry(path=path, mode=mode, blob=Sha(blob))
        for _, mode, blob, status, path in entries
        if status == "A"
    )
    return Added(
        commit=Sha(commit),
        parent=Sha(parents[0]) if parents else Sha(""),
        message=message,
        entries=found,
        tidy=len(parents) == 1 and bool(entries) and plain,
    )


def _contents(answer: bytes, wanted: Sequence[Sha]) -> Iterator[tuple[Sha, bytes]]:
    """Read `cat-file --batch`: a line `name type size`, then that many bytes and a newline."""
    offset = 0
    for blob in wanted:
        end = answer.index(b"\n", offset)
        name, _, rest = answer[offset:end].decode().partition(" ")
        if not rest.startswith("blob "):
            raise UnavailableError(f"git has no blob {name[:10]} here; fetch it")
        size = int(rest.split(" ")[1])
        yield blob, answer[end + 1 : end + 1 + size]
        offset = end + 1 + size + 1
