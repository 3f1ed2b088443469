"""main's first-parent line, replayed: each change of a request file with the rules and the files it met."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from jitbot.domain.access.too_large import TooLarge, asking_too_much, changes_too_much
from jitbot.domain.ledger.git_history import HistoryStep, Touched
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.grammar import REQUESTS
from jitbot.domain.model.merge_facts import ODD, Change, ChangeKind, clashes_of

_KINDS = {"A": ChangeKind.ADDED, "D": ChangeKind.DELETED}
Files = Mapping[str, Sha]  # path -> blob of each plain file, or the mode of what is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One change of a request file on main. `order` counts main's commits; `rules` are the rule files at the base.

    `touched` is None for a commit that is too large to read. `rules` is None if an earlier commit changed too many
    rule files: then they must be read from the base itself.
    """

    change: Change
    order: int
    touched: tuple[str, ...] | None
    rules: Files | None
    clashes: tuple[str, ...]
    before: tuple[datetime, ...]  # when main changed this path earlier
    sure: bool = True  # whether that, and the files beside it, are all there were


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A rule file as a commit of main left it. `blob` is None where there is no plain file from then on."""

    commit: Sha
    at: datetime
    blob: Sha | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfollowed:
    """A commit of main that is too large to read. Its files must be read from the commit itself.

    With `rules` its changes still show every rule file. What it adds below requests/ is in doubt in any case.
    """

    commit: Sha
    at: datetime
    order: int
    rules: bool


@dataclass(slots=True)
class MainHistory:
    """Follows main from its first commit. `too_large` are the commits that are refused as a whole."""

    rules: Files = field(default_factory=dict)
    all_rules: set[tuple[str, Sha]] = field(default_factory=set)  # every code-owned document there ever was
    versions: dict[str, list[Version]] = field(default_factory=dict)  # of each rule file, oldest first
    commits: dict[Sha, int] = field(default_factory=dict)
    too_large: list[TooLarge] = field(default_factory=list)
    unfollowed: list[Unfollowed] = field(default_factory=list)
    sure: bool = True  # whether all that changed the rules so far could be read
    _beside_sure: bool = True  # whether all that changed requests/ so far could be read
    _requests: dict[str, set[str]] = field(default_factory=dict)  # folder -> the request files in it
    _changed: dict[str, tuple[datetime, ...]] = field(default_factory=dict)

    def follow(self, steps: Iterable[HistoryStep]) -> Iterator[Merged]:
        """Every change of a request file, oldest first."""
        for step in steps:
            self.commits[step.commit] = len(self.commits)
            before = self.rules if self.sure else None
            self._apply(step)
            self.sure = self.sure and step.rules_whole
            self._beside_sure = self._beside_sure and step.asks_whole
            refused = _refused(step) if step.parents else ()
            self.too_large += refused
            if refused or not step.whole:
                order = self.commits[step.commit]
                each = Unfollowed(commit=step.commit, at=step.at, order=order, rules=step.whole)
                self.unfollowed.append(each)
            if step.parents:
                yield from self._merged(step, before, refused=bool(refused))

    def learn(self, commit: Unfollowed, files: Files, paths: Iterable[str]) -> None:
        """Note which of these rule files a commit contains, and as which blobs, if its changes did not show it."""
        for path in paths:
            known = self.versions.setdefault(path, [])
            known[:] = [each for each in known if each.commit != commit.commit]
            at = bisect_left(known, commit.order, key=lambda each: self.commits[each.commit])
            known.insert(at, Version(commit=commit.commit, at=commit.at, blob=files.get(path)))

    def owning(self) -> tuple[tuple[Sha, datetime, int], ...]:
        """The commits that may have changed a file at one of GitHub's locations of CODEOWNERS, with dates and orders."""
        found = {
            each.commit: each.at
            for path, versions in self.versions.items()
            if path in codeowners.LOCATIONS or path.startswith(_FOLDERS)
            for each in versions
        }
        found |= {each.commit: each.at for each in self.unfollowed if not each.rules}
        return tuple(
            sorted(
                ((commit, at, self.commits[commit]) for commit, at in found.items()), key=lambda each: each[2]
            )
        )

    def _apply(self, step: HistoryStep) -> None:
        rules = [each for each in step.touched if is_rule(each.path)]
        if rules:
            kept = {
                path: blob for path, blob in self.rules.items() if path not in {each.path for each in rules}
            }
            new = {each.path: _name_of(each) for each in rules if each.status != "D"}
            self.rules = _with_folders({**kept, **new})
            self.all_rules |= {(each.path, each.blob) for each in rules if each.mode == PLAIN}
            for each in rules:
                blob = each.blob if each.mode == PLAIN else None
                version = Version(commit=step.commit, at=step.at, blob=blob)
                self.versions.setdefault(each.path, []).append(version)
        for each in step.touched:
            if each.path.startswith(REQUESTS):
                folder, _, _ = each.path.rpartition("/")
                files = self._requests.setdefault(folder, set())
                (files.discard if each.status == "D" else files.add)(each.path)

    def _merged(self, step: HistoryStep, rules: Files | None, *, refused: bool) -> Iterator[Merged]:
        """The requests that a commit adds, changes or deletes. Of a commit that is too large, only the deletions."""
        paths = tuple(each.path for each in step.touched)
        for change in _changes(step):
            before = self._changed.get(change.path, ())
            self._changed[change.path] = (*before, step.at)
            if refused and change.kind is not ChangeKind.DELETED:
                continue
            yield Merged(
                change=change,
                order=self.commits[step.commit],
                touched=paths if step.whole else None,
                rules=rules,
                clashes=self._clashes(change.path),
                before=before,
                sure=self._beside_sure,
            )

    def _clashes(self, path: str) -> tuple[str, ...]:
        folder, _, _ = path.rpartition("/")
        return tuple(sorted(clashes_of(path, self._requests.get(folder, ()))))


def _changes(step: HistoryStep) -> list[Change]:
    return [change_of(step, each) for each in step.touched if each.path.startswith(REQUESTS)]


def _refused(step: HistoryStep) -> tuple[TooLarge, ...]:
    """The commit itself, if it changes more than one merge may."""
    if not step.asks_whole or changes_too_much([each.path for each in step.touched]):
        return (TooLarge(commit=step.commit, base=step.parents[0], committed_at=step.at),)
    return asking_too_much(_changes(step))


def change_of(step: HistoryStep, touched: Touched) -> Change:
    """What a commit did to one path."""
    change = Change(
        path=touched.path,
        commit=step.commit,
        base=step.parents[0],
        committed_at=step.at,
        kind=_KINDS.get(touched.status, ChangeKind.MODIFIED),
        mode=touched.mode,
        blob=touched.blob,
    )
    return replace(change, blob=None) if change.kind is ChangeKind.DELETED else change


def is_rule(path: str) -> bool:
    """Whether a decision may read this file, or what lies in a folder of a rule's name."""
    return path.startswith(("policies/", *_FOLDERS)) or path in codeowners.LOCATIONS


_FOLDERS = tuple(f"{path}/" for path in codeowners.LOCATIONS)


def _name_of(touched: Touched) -> Sha:
    return touched.blob if touched.mode == PLAIN else Sha(f"{ODD}{touched.mode}")


def _with_folders(files: Files) -> Files:
    """The files, with an entry for each folder that lies where a rule is looked for."""
    parents = {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    named = {path for path in parents if is_rule(path)}
    plain = {path: name for path, name in files.items() if name != f"{ODD}040000"}
    return {**plain, **{path: Sha(f"{ODD}040000") for path in named}}
