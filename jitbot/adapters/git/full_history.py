"""A clone that is read from its first commit to its last: for audits, not for the runs that write the record."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from jitbot.adapters.git import plumbing, stream
from jitbot.adapters.git.objects import Objects
from jitbot.adapters.git.partial_clone import Remainder
from jitbot.adapters.git.process import GitProcess, Token
from jitbot.adapters.git.ref_names import holds
from jitbot.adapters.git.replay import Replay, listed
from jitbot.adapters.git.tree_diff import EMPTY_TREE, Pair, TooManyError
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.git_history import NO_BASE, HistoryStep, RuleChange, Touched
from jitbot.domain.model.bounds import EVENT_READ, MOST_OF_REQUESTS, MOST_PATHS, PATHS_TOGETHER
from jitbot.domain.model.codeowners import RULES
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.grammar import REQUESTS

VERIFIED = "refs/jitbot/verified"
_FILES = (PLAIN, "100755", "120000")  # the modes of what git keeps as a blob
_STEPS = 1000  # commits that are compared together
_MOST = 10_000  # entries below one path that one commit changes
_AT_ONCE = 5000  # blobs that are brought to a partial clone in one call


class FullHistory:
    """The part of `GitRepository` that audits ask; raises UnavailableError where the clone's history is cut off."""

    def __init__(self, git: GitProcess, token: Token) -> None:
        self._git = git
        self._remainder = Remainder(git, token=token)
        self._objects = Objects(git, bring=self._remainder.bring_trees)

    def ledger_again(self, commits: Sequence[Sha]) -> Iterator[HistoryStep]:
        return self._steps([(commit, 0) for commit in commits])

    def ledger_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        self._remainder.bring_all_trees()
        walked = self._walk_whole(tip, "--topo-order")
        first = frozenset(self._git.ask("rev-list", "--first-parent", tip).decode().split())
        line = frozenset(commit for commit, _ in walked if commit in first)
        return self._steps(walked, replay=Replay(self._changes, line, listed(self._git, tip, len(walked))))

    def main_steps(self, tip: Sha) -> Iterator[HistoryStep]:
        return self._steps(self._walk_whole(tip, "--first-parent"), asks=True)

    def contents(self, blobs: Iterable[Sha], most: int = EVENT_READ) -> Iterator[tuple[Sha, bytes | None]]:
        """The bytes of blobs of at most so many; what a partial clone lacks is fetched, many at once.

        None also for what the remote does not have: then nobody has it.
        """
        wanted = list(dict.fromkeys(blobs))
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            refused = self._remainder.bring_those_there(part)
            here = stream.contents(self._git, [name for name in part if name not in refused], most)
            for name in part:
                yield (name, None) if name in refused else next(here)
            next(here, None)  # so that git stays for the next question

    def here(self, blobs: Iterable[Sha]) -> frozenset[Sha]:
        wanted = list(dict.fromkeys(blobs))
        kinds = stream.objects(self._git, wanted)
        return frozenset(name for name, (_, kind) in zip(wanted, kinds, strict=True) if kind == "blob")

    def blobs_at(self, places: Iterable[tuple[Sha, str]]) -> dict[tuple[Sha, str], Sha | None]:
        wanted = list(dict.fromkeys(places))
        commits = list(dict.fromkeys(commit for commit, _ in wanted))
        kinds = stream.objects(self._git, commits)
        here = {commit for commit, (_, kind) in zip(commits, kinds, strict=True) if kind == "commit"}
        asked = [place for place in wanted if place[0] in here and "\n" not in place[1]]
        try:
            found = list(
                stream.objects(self._git, [f"{commit}:{path}" for commit, path in asked], lazily=False)
            )
        except UnavailableError:  # a partial clone lacks one of them, of which git then says nothing
            return self._listed(asked)
        return {
            place: Sha(name) if kind == "blob" else None
            for place, (name, kind) in zip(asked, found, strict=True)
        }

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[AddedEntry, ...]:
        return self._objects.entries(commit, paths) if paths else ()

    def rule_changes(self, tip: Sha, paths: Sequence[str]) -> tuple[RuleChange, ...]:
        dated = self._walk_whole(tip, "--first-parent", touching=paths)
        return self.changes_of_rules({name: plumbing.moment(time) for name, time in dated}, paths)

    def changes_of_rules(
        self, commits: Mapping[Sha, datetime], paths: Sequence[str]
    ) -> tuple[RuleChange, ...]:
        if not commits:
            return ()
        headers = stream.commits(self._git, list(commits))
        touched = self._touched(headers, paths)
        return tuple(
            RuleChange(
                commit=name,
                at=at,
                subject=headers[name].message.partition("\n")[0],
                paths=tuple(sorted(touched[name] or ())),
                base=_first_parent(headers[name]) or NO_BASE,
                whole=touched[name] is not None,
            )
            for name, at in commits.items()
        )

    def _touched(
        self, commits: Mapping[Sha, plumbing.CommitHeader], paths: Sequence[str]
    ) -> dict[Sha, set[str] | None]:
        """What of these files and folders differs from each commit's first parent; None where that is too much to read."""
        touched: dict[Sha, set[str] | None] = {name: set() for name in commits}
        pairs = {(_first_parent(commit) or EMPTY_TREE, name) for name, commit in commits.items()}
        for below in (each for path in paths for each in (path, f"{path.rstrip('/')}/")):
            for (_, name), found in self._objects.differing(list(pairs), below=below, most=_MOST).items():
                known = touched[name]
                whole = known is not None and found.whole
                touched[name] = {*(known or ()), *(each.path for each in found.found)} if whole else None
        return touched

    def _listed(self, places: Iterable[tuple[Sha, str]]) -> dict[tuple[Sha, str], Sha | None]:
        """`blobs_at`, from the trees alone."""
        paths: dict[Sha, list[str]] = {}
        for commit, path in places:
            paths.setdefault(commit, []).append(path)
        found: dict[tuple[Sha, str], Sha | None] = {}
        for commit, asked in paths.items():
            files = {each.path: each.blob for each in self.entries(commit, asked) if each.mode in _FILES}
            found |= {(commit, path): files.get(path) for path in asked}
        return found

    def holds(self, tip: Sha, commit: Sha) -> bool:
        return holds(self._git, tip, commit)

    def commits_of(self, tip: Sha) -> frozenset[Sha]:
        return frozenset(Sha(name) for name in self._git.ask("rev-list", tip).decode().split())

    def verified(self) -> Sha | None:
        found = self._git.ask("for-each-ref", "--format=%(objectname)", VERIFIED).decode().strip()
        return Sha(found) if found else None

    def remember(self, head: Sha) -> None:
        """Keep this head of the ledger as the one found good; git keeps what it holds from then on."""
        self._git.ask("update-ref", "-m", "jitbot audit verify", VERIFIED, head)

    def _walk_whole(self, tip: Sha, *options: str, touching: Sequence[str] = ()) -> Sequence[tuple[Sha, int]]:
        """A history's commits with their times. Raises UnavailableError if it is cut off before its beginning."""
        asked = ("--reverse", "--timestamp", *options, tip, "--", *touching)
        lines = self._git.ask("rev-list", *asked).decode().splitlines()
        walked = [(Sha(commit), int(time)) for time, _, commit in (line.partition(" ") for line in lines)]
        if self._remainder.cuts([commit for commit, _ in walked]):
            raise UnavailableError("this clone's history is cut off: `git fetch --unshallow` brings the rest")
        return walked

    def _steps(
        self, walked: Sequence[tuple[Sha, int]], *, asks: bool = False, replay: Replay | None = None
    ) -> Iterator[HistoryStep]:
        """Each commit by what it changed, a part of them at a time; `asks`: of one too large what is below requests/.

        git compares those trees of which `replay` cannot prove what became of them.
        """
        start, most = 0, _STEPS
        while part := walked[start : start + most]:
            try:
                steps = self._of_part(part, asks, replay)
            except TooManyError:
                most = len(part) // 2
                continue
            yield from steps
            start += len(part)
            if 2 * sum(len(each.touched) for each in steps) <= PATHS_TOGETHER:
                most = min(2 * most, _STEPS)

    def _of_part(
        self, part: Sequence[tuple[Sha, int]], asks: bool, replay: Replay | None
    ) -> list[HistoryStep]:
        """Raises TooManyError where several commits changed more than is held at a time."""
        commits = stream.commits(self._git, [commit for commit, _ in part])
        pairs = self._pairs(commits)
        parents = {name: _first_parent(commit) or NO_BASE for name, commit in commits.items()}
        touched = self._changes(pairs) if replay is None else replay.changes(parents, pairs)
        large = {name: pairs[name] for name, found in touched.items() if found is None and asks}
        parts = {below: self._part(large, below) for below in (REQUESTS, *RULES)}
        steps: list[HistoryStep] = []
        for name, time in part:
            step = _step(name, time, commits[name], touched[name])
            own = {below: found[name] for below, found in parts.items()} if name in large else {}
            steps.append(_in_parts(step, own) if own else step)
        return steps

    def _changes(self, pairs: Mapping[Sha, Pair]) -> dict[Sha, tuple[Touched, ...] | None]:
        """What commits changed, as git compares the trees; None where that is too much to read."""
        found = stream.changes(self._git, list(pairs.values()), most=MOST_PATHS)
        return dict(zip(pairs, found, strict=True))

    def _part(self, large: Mapping[Sha, Pair], below: str) -> dict[Sha, tuple[Touched, ...] | None]:
        """What commits that are too large changed in one place; None where that is too much as well."""
        found = stream.changes(self._git, list(large.values()), below=below, most=MOST_OF_REQUESTS)
        return dict(zip(large, found, strict=True))

    def _pairs(self, commits: Mapping[Sha, plumbing.CommitHeader]) -> dict[Sha, Pair]:
        """The tree of each commit's first parent, and its own."""
        first = {name: _first_parent(found) for name, found in commits.items()}
        trees = {name: found.tree for name, found in commits.items()}
        wanted = [each for each in dict.fromkeys(first.values()) if each and each not in trees]
        found = stream.objects(self._git, [f"{name}^{{tree}}" for name in wanted])
        trees |= {name: tree for name, (tree, _) in zip(wanted, found, strict=True)}
        if "" in trees.values():
            raise UnavailableError("git lacks a commit's tree here; fetch it all: `git fetch --refetch`")
        return {
            name: (trees[parent] if parent else EMPTY_TREE, trees[name]) for name, parent in first.items()
        }


def _first_parent(commit: plumbing.CommitHeader) -> Sha | None:
    return commit.parents[0] if commit.parents else None


def _in_parts(step: HistoryStep, parts: Mapping[str, tuple[Touched, ...] | None]) -> HistoryStep:
    """A commit of main that is too large, by what it changed below requests/ and of the rules."""
    return replace(
        step,
        touched=tuple(each for found in parts.values() for each in found or ()),
        asks_whole=parts[REQUESTS] is not None,
        rules_whole=all(parts[below] is not None for below in RULES),
    )


def _step(
    name: Sha, time: int, commit: plumbing.CommitHeader, touched: tuple[Touched, ...] | None
) -> HistoryStep:
    return HistoryStep(
        commit=name,
        parents=commit.parents,
        at=plumbing.moment(time),
        message=commit.message,
        touched=touched or (),
        whole=touched is not None,
        message_read=commit.whole,
    )
