"""A clone on this machine, as the port asks for it."""

import itertools
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jitbot.adapters.git import filed_batches, plumbing
from jitbot.adapters.git.full_history import FullHistory
from jitbot.adapters.git.partial_clone import COMMITS, QUIETLY, REMOTE
from jitbot.adapters.git.process import GitProcess, Token, last_line, why_not_fetched
from jitbot.adapters.git.ref_names import commit_of, is_commit, tips
from jitbot.adapters.git.tree_diff import EMPTY_TREE, Search
from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.ledger.batches import AddedCommit
from jitbot.domain.model.bounds import BATCH_READ, EVENT_READ, EVER, MOST_OF_REQUESTS, MOST_PATHS
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.grammar import REQUESTS
from jitbot.domain.model.merge_facts import Change
from jitbot.domain.text.addresses import GITHUB, origin

_LEDGER_WALK = ("--topo-order",)
_SPECIAL, _ESCAPED = re.compile(r"[.\[\]*^$\\]"), r"\\\g<0>"  # of git's basic regular expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """The commits of a branch since a moment with their times, oldest first; `misdated` if an older one comes after the first."""

    dated: Mapping[Sha, int]
    misdated: bool


class GitRepository(FullHistory):
    """A clone on this machine, whole, shallow or partial.

    `token` is handed to git where it fetches and nowhere else, never on a command line, for `server` alone.
    """

    def __init__(
        self,
        root: Path,
        *,
        token: str = "",
        server: str = GITHUB,
        branch: str = "main",
        timeout: float = 120,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._token = Token(token, origin(server))
        super().__init__(GitProcess(root, timeout=timeout, environ=environ), self._token)
        self._branch = branch
        self._tips: dict[str, Sha] = {}  # as they were last fetched
        self._walked: dict[tuple[object, ...], _Walk] = {}

    def fetch(self, heads: Iterable[int] = ()) -> None:
        wanted = [_refspec(name) for name in (self._branch, "ledger")]
        pulls = [f"+refs/pull/{number}/head:{_pull(number)}" for number in heads]
        # The ledger's first fetch brings years of it; all others bring little.
        little = self._remainder.small_blobs_too()
        if little and not pulls and not self.has(_tip("ledger")):
            result = self._first_fetched(little, wanted)
        else:
            result = self._fetched(*little, REMOTE, *(pulls or wanted))
        if result.returncode == 0:
            return
        if last_line(result.stderr).endswith(
            "refs/heads/ledger"
        ):  # "couldn't find remote ref refs/heads/ledger"
            raise InvalidError(
                f"{REMOTE} has no branch ledger, so nothing can be recorded; `jitbot init` makes it"
            )
        raise self._not_fetched(result.stderr)

    def fetch_main(self) -> None:
        result = self._fetched(REMOTE, _refspec(self._branch))
        if result.returncode != 0:
            raise self._not_fetched(result.stderr)

    def main(self) -> Sha:
        return self._resolve(
            _tip(self._branch),
            f"this clone has no branch {self._branch} of {REMOTE}: `git fetch {REMOTE} {_refspec(self._branch)}` brings it",
        )

    def ledger(self) -> Sha:
        otherwise = (
            f"this clone has no branch ledger of {REMOTE}: `git fetch {REMOTE} {_refspec('ledger')}` brings it, "
            "and in a new repository `jitbot init --apply` makes it"
        )
        return self._resolve(_tip("ledger"), otherwise)

    def pull_head(self, number: int) -> Sha | None:
        name = _pull(number)
        if name not in self._tips:
            found = self._git.ask("for-each-ref", "--format=%(objectname)", name).decode().strip()
            if not found:
                return None
            self._tips[name] = Sha(found)
        return self._tips[name]

    def changes(self, since: datetime) -> tuple[Change, ...]:
        return tuple(
            plumbing.change(base, commit, at, each)
            for base, commit, at, found in self._main(since)
            if found.whole
            for each in found.found
        )

    def too_large(self, since: datetime) -> tuple[TooLarge, ...]:
        return tuple(
            TooLarge(commit=commit, base=Sha(base), committed_at=plumbing.moment(at))
            for base, commit, at, found in self._main(since)
            if not found.whole
        )

    def touching_rules(self, since: datetime, paths: Sequence[str]) -> Mapping[Sha, datetime]:
        first = next(iter(self._walk(since, self._branch, "--first-parent").dated), None)
        if first is None:
            return {}
        (parents,) = self._parents([first]).values()
        known = [f"^{parent}" for parent in parents]
        options = ("--reverse", "--timestamp", "--first-parent", self.main(), *known, "--", *paths)
        lines = (line.split(" ") for line in self._git.ask("rev-list", *options).decode().splitlines())
        found = {Sha(commit): plumbing.moment(int(time)) for time, commit in lines}
        if not parents:
            found.pop(first, None)
        return found

    def deleting(self, commit: Sha, paths: Sequence[str]) -> frozenset[str]:
        (parents,) = self._parents([commit]).values()
        before = {entry.path for entry in self.entries(parents[0], paths)} if parents else frozenset[str]()
        return frozenset(before - {entry.path for entry in self.entries(commit, paths)})

    def touched(self, base: Sha, commit: Sha) -> tuple[str, ...] | None:
        (found,) = self._objects.differing([(base, commit)], most=MOST_PATHS).values()
        return tuple(sorted(each.path for each in found.found)) if found.whole else None

    def touching(self, commits: Iterable[Sha], path: str) -> frozenset[Sha]:
        parents = self._parents(commits)
        pairs = [(found[0] if found else EMPTY_TREE, name) for name, found in parents.items()]
        differing = self._objects.differing(pairs, below=path, most=MOST_PATHS)
        return frozenset(name for (_, name), found in differing.items() if found.found or not found.whole)

    def read(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs; of those a partial clone lacks, all are fetched at once."""
        found = self.small(blobs, EVENT_READ)
        missing = [name for name, content in found.items() if content is None]
        if missing:
            raise UnavailableError(f"{missing[0][:10]} is no file of at most {EVENT_READ} bytes")
        return {name: content for name, content in found.items() if content is not None}

    def small(self, blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
        wanted = list(dict.fromkeys(blobs))
        self._remainder.bring_blobs(wanted)
        return dict(self._objects.read("blob", wanted, most))

    def batches(
        self,
        since: datetime,
        *,
        saying: str = "",
        beginning: Sequence[str] = (),
        after: Sha | None = None,
    ) -> tuple[Sha, ...]:
        patterns = [f"--grep=^{_SPECIAL.sub(_ESCAPED, line)}" for line in beginning]
        patterns += [f"--grep=^{_SPECIAL.sub(_ESCAPED, saying)}$"] if saying else []
        search = ("--regexp-ignore-case", *patterns) if patterns else ()
        known = (f"^{after}",) if after is not None else ()
        return tuple(self._walk(since, "ledger", *_LEDGER_WALK, *search, *known).dated)

    def misdated(self, since: datetime, first: Sha) -> tuple[Sha, ...]:
        return self.batches(EVER, after=first) if self._walk(since, "ledger", *_LEDGER_WALK).misdated else ()

    def added(self, commits: Sequence[Sha]) -> tuple[AddedCommit, ...]:
        read = self._objects.commits(commits)
        pairs = {
            name: (found.parents[0] if found.parents else EMPTY_TREE, name)
            for name, found in read.items()
            if found is not None
        }
        differing = self._objects.differing(list(pairs.values()), most=BATCH_READ)
        empty = Search(most=0, cut=True)
        return tuple(
            plumbing.added(name, found, each.found, whole=each.whole)
            for name, found in read.items()
            for each in (differing[pairs[name]] if name in pairs else empty,)
        )

    def filed(self, commits: Sequence[Sha]) -> tuple[AddedCommit, ...]:
        self.ledger()  # asks for both tips
        tip = self._tips.get(COMMITS)
        return filed_batches.filed(tip, commits, self._objects, self._remainder) if tip else ()

    def head(self) -> Sha:
        """The commit that is checked out: the code and rules this run started from."""
        return self._resolve("HEAD", "nothing is checked out")

    def has(self, revision: str) -> bool:
        """Whether git knows a commit by this name."""
        return is_commit(self._git, revision)

    def merge_base(self, one: Sha, other: Sha) -> Sha:
        result = self._git.run("merge-base", one, other)
        while result.returncode != 0 and self._remainder.is_shallow():
            self._remainder.deepen(_refspec(self._branch))
            result = self._git.run("merge-base", one, other)
        if result.returncode != 0:
            raise UnavailableError(
                f"git finds no common ancestor of {one[:10]} and {other[:10]} here; fetch deeper (fetch-depth: 0)"
            )
        return Sha(result.stdout.decode().strip())

    def resolve(self, revision: str) -> Sha:
        return self._resolve(revision, f"git knows no commit {revision!r}")

    def _resolve(self, revision: str, otherwise: str) -> Sha:
        fetched = (_tip(self._branch), _tip("ledger"))
        if revision not in self._tips and revision in fetched:
            self._tips |= tips(self._git, (*fetched, COMMITS))  # who asks for one asks for the other
        if revision not in self._tips:
            self._tips[revision] = commit_of(self._git, revision, otherwise)
        return self._tips[revision]

    def _main(self, since: datetime) -> Iterator[tuple[str, Sha, int, Search]]:
        """Each commit of main since then, with its base, its time, and what it changed below requests/."""
        dated = self._walk(since, self._branch, "--first-parent").dated
        pairs = [(found[0], name) for name, found in self._parents(dated).items() if found]
        differing = self._objects.differing(pairs, below=REQUESTS, most=MOST_OF_REQUESTS)
        for base, commit in pairs:
            yield base, commit, dated[commit], differing[base, commit]

    def _fetched(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """A fetch, after which every name may mean another commit."""
        self._tips.clear()
        return self._git.fetch(*QUIETLY, *arguments, token=self._token)

    def _first_fetched(
        self, little: Sequence[str], wanted: Sequence[str]
    ) -> "subprocess.CompletedProcess[bytes]":
        """A partial clone's first fetch of the ledger: all of its commits, and the trees of its tip.

        The ordinary fetch then has little to bring. Where the remote does not send commits alone, it brings all trees.
        Main is asked for after the ledger, so that it is never older than what the ledger says of it.
        """
        tip = self._remainder.bring_commits("refs/heads/ledger")
        if tip is None:
            return self._fetched(REMOTE, *wanted)
        root = self._objects.tree(tip)
        with ThreadPoolExecutor(max_workers=1) as beside:
            trees = beside.submit(self._remainder.bring_folder, root)
            result = self._fetched(*little, REMOTE, *wanted)
        with suppress(UnavailableError):  # who reads them asks again, and gets the reason
            trees.result()
        return result

    def _not_fetched(self, stderr: bytes) -> UnavailableError:
        return UnavailableError(f"git could not fetch from {REMOTE}: {why_not_fetched(stderr, self._token)}")

    def _walk(self, since: datetime, branch: str, *options: str) -> "_Walk":
        """The commits since then with their times, oldest first; a history cut off among them is deepened.

        The history of a tip never changes, so it is read once.

        They are chosen by their own date, one by one: git's `--since` would stop at the first old-dated
        commit and hide all behind it.
        """
        tip = self.ledger() if branch == "ledger" else self.main()
        asked = (since, tip, *options)
        while asked not in self._walked:
            lines = self._git.ask("rev-list", "--reverse", "--timestamp", *options, tip).decode().splitlines()
            walked = ((Sha(commit), int(time)) for time, _, commit in (line.partition(" ") for line in lines))
            later = list(itertools.dropwhile(lambda each: each[1] < since.timestamp(), walked))
            recent = {commit: time for commit, time in later if time >= since.timestamp()}
            if self._remainder.cuts(recent.keys()):
                self._remainder.deepen(_refspec(branch))
            else:
                self._walked[asked] = _Walk(dated=recent, misdated=len(recent) < len(later))
        return self._walked[asked]

    def _parents(self, names: Iterable[Sha]) -> dict[Sha, tuple[Sha, ...]]:
        """The parents of commits, by their own word: a shallow clone's last one names one that is not here, and git says so."""
        found = {}
        for name, commit in self._objects.commits(names).items():
            if commit is None:
                raise UnavailableError(f"{name[:10]} is no commit")
            found[name] = commit.parents
        return found


def _refspec(branch: str) -> str:
    return f"+refs/heads/{branch}:{_tip(branch)}"


def _tip(branch: str) -> str:
    return f"refs/remotes/{REMOTE}/{branch}"


def _pull(number: int) -> str:
    return f"refs/jitbot/pull/{number}"
