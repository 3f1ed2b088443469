"""A clone, read from its first commit to its last: for whoever proves the record, not for the runs that write it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from jitbot.adapters.repository import raw, stream
from jitbot.adapters.repository.differing import EMPTY_TREE, Pair
from jitbot.adapters.repository.git import Git
from jitbot.adapters.repository.naming import commit_of
from jitbot.adapters.repository.partial import REMOTE, Remainder
from jitbot.domain.errors import UnavailableError
from jitbot.domain.model import Sha
from jitbot.domain.ports.archive import Step, Touched

VERIFIED = "refs/jitbot/verified"
_STEPS = 1000  # commits that are compared together
_AT_ONCE = 5000  # blobs that are brought to a partial clone in one call


class WholeClone:
    """A clone on this machine that has all of main and of the ledger. `token` is for a partial clone's remote."""

    def __init__(self, root: Path, *, token: str = "", timeout: float = 600) -> None:
        self._git = Git(root, timeout=timeout)
        self._remainder = Remainder(self._git, token=token)

    def tip(self, branch: str) -> Sha:
        """The tip of a branch as it was last fetched."""
        return self._named(
            f"refs/remotes/{REMOTE}/{branch}",
            f"this clone has no branch {branch} of {REMOTE}: `git fetch` it",
        )

    def ledger_steps(self, tip: Sha) -> Iterator[Step]:
        """The ledger's commits, through every parent, parents first."""
        return self._steps(self._walk(tip, "--topo-order"))

    def main_steps(self, tip: Sha) -> Iterator[Step]:
        """The commits of a branch's first-parent line, oldest first."""
        return self._steps(self._walk(tip, "--first-parent"))

    def contents(self, blobs: Iterable[Sha]) -> Iterator[tuple[Sha, bytes | None]]:
        """The bytes of blobs; what a partial clone lacks is fetched, many at once."""
        wanted = list(dict.fromkeys(blobs))
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            self._remainder.bring_blobs(part)
            yield from stream.contents(self._git, part)

    def blobs_at(self, places: Iterable[tuple[Sha, str]]) -> dict[tuple[Sha, str], Sha | None]:
        """The blob at each path of each commit that is here; None where that commit has none."""
        wanted = list(dict.fromkeys(places))
        commits = list(dict.fromkeys(commit for commit, _ in wanted))
        kinds = stream.objects(self._git, commits)
        here = {commit for commit, (_, kind) in zip(commits, kinds, strict=True) if kind == "commit"}
        asked = [place for place in wanted if place[0] in here and "\n" not in place[1]]
        found = stream.objects(self._git, [f"{commit}:{path}" for commit, path in asked])
        return {
            place: Sha(name) if kind == "blob" else None
            for place, (name, kind) in zip(asked, found, strict=True)
        }

    def holds(self, tip: Sha, commit: Sha) -> bool:
        """Whether a history has this commit in it; one that git does not even know is in none."""
        return self._git.run("merge-base", "--is-ancestor", commit, tip).returncode == 0

    def commits_of(self, tip: Sha) -> frozenset[Sha]:
        """The names of all commits of a history."""
        return frozenset(Sha(name) for name in self._git.ask("rev-list", tip).decode().split())

    def verified(self) -> Sha | None:
        """The head of the ledger that was last found good in this clone."""
        found = self._git.ask("for-each-ref", "--format=%(objectname)", VERIFIED).decode().strip()
        return Sha(found) if found else None

    def remember(self, head: Sha) -> None:
        """Keep this head of the ledger as the one found good; git keeps what it holds from then on."""
        self._git.ask("update-ref", "-m", "jitbot audit verify", VERIFIED, head)

    def resolve(self, revision: str) -> Sha:
        """The commit that a revision names."""
        return self._named(revision, f"git knows no commit {revision!r}")

    def _named(self, revision: str, otherwise: str) -> Sha:
        return commit_of(self._git, revision, otherwise)

    def _walk(self, tip: Sha, *options: str) -> Sequence[tuple[Sha, int]]:
        """A history's commits with their times. Raises UnavailableError if it is cut off before its beginning."""
        lines = self._git.ask("rev-list", "--reverse", "--timestamp", *options, tip).decode().splitlines()
        walked = [(Sha(commit), int(time)) for time, _, commit in (line.partition(" ") for line in lines)]
        if self._remainder.cuts([commit for commit, _ in walked]):
            raise UnavailableError("this clone's history is cut off: `git fetch --unshallow` brings the rest")
        return walked

    def _steps(self, walked: Sequence[tuple[Sha, int]]) -> Iterator[Step]:
        """Each commit by what it changed, a part of them at a time."""
        for start in range(0, len(walked), _STEPS):
            part = walked[start : start + _STEPS]
            read = stream.contents(self._git, [commit for commit, _ in part], "commit")
            commits = {name: None if content is None else raw.commit(content) for name, content in read}
            pairs = self._pairs(commits)
            touched = dict(zip(pairs, stream.changes(self._git, list(pairs.values())), strict=True))
            for name, time in part:
                yield _step(name, time, commits[name], touched[name])

    def _pairs(self, commits: Mapping[Sha, raw.Commit | None]) -> dict[Sha, Pair]:
        """The tree of each commit's first parent, and its own."""
        first = {name: _first_parent(found) for name, found in commits.items()}
        wanted = list(dict.fromkeys([*commits, *(each for each in first.values() if each)]))
        found = stream.objects(self._git, [f"{name}^{{tree}}" for name in wanted])
        trees = {name: tree for name, (tree, _) in zip(wanted, found, strict=True)}
        if "" in trees.values():
            raise UnavailableError("git lacks a commit's tree here; fetch it all: `git fetch --refetch`")
        return {
            name: (trees[parent] if parent else EMPTY_TREE, trees[name]) for name, parent in first.items()
        }


def _first_parent(commit: raw.Commit | None) -> Sha | None:
    return commit.parents[0] if commit is not None and commit.parents else None


def _step(name: Sha, time: int, commit: raw.Commit | None, touched: tuple[Touched, ...] | None) -> Step:
    whole = commit is not None and touched is not None
    return Step(
        commit=name,
        parents=commit.parents if commit is not None else (),
        at=_moment(time),
        message=commit.message if commit is not None else "",
        touched=touched or (),
        whole=whole,
    )


def _moment(timestamp: int) -> datetime:
    """A commit's date; one that no calendar has is as good as the oldest."""
    try:
        return datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)
