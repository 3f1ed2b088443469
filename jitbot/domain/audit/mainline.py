"""main's first-parent line, replayed: each change of a request file with the rules and the files it met."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from jitbot.domain import codeowners
from jitbot.domain.evidence import Change, ChangeKind
from jitbot.domain.model import Sha
from jitbot.domain.ports.archive import Step, Touched

_KINDS = {"A": ChangeKind.ADDED, "D": ChangeKind.DELETED}
_PLAIN = "100644"
Files = Mapping[str, Sha]  # path -> blob of each plain file


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One change of a request file on main. `order` counts main's commits; `rules` are those at the base."""

    change: Change
    order: int
    touched: tuple[str, ...]
    rules: Files
    clashes: tuple[str, ...]
    before: tuple[datetime, ...]  # when main changed this path earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A rule file as a commit of main left it. `blob` is None where there is no plain file from then on."""

    commit: Sha
    at: datetime
    blob: Sha | None


@dataclass(slots=True)
class Replay:
    """Follows main from its first commit. After a commit that is not whole, nothing it says is sure."""

    rules: Files = field(default_factory=dict)
    all_rules: set[tuple[str, Sha]] = field(default_factory=set)  # every code-owned document there ever was
    versions: dict[str, list[Version]] = field(default_factory=dict)  # of each rule file, oldest first
    commits: dict[Sha, int] = field(default_factory=dict)
    unsure: Sha | None = None
    _requests: dict[str, set[str]] = field(default_factory=dict)  # folder -> the request files in it
    _changed: dict[str, tuple[datetime, ...]] = field(default_factory=dict)

    def follow(self, steps: Iterable[Step]) -> Iterator[Merged]:
        """Every change of a request file, oldest first."""
        for step in steps:
            self.commits[step.commit] = len(self.commits)
            if not step.whole:
                self.unsure = self.unsure or step.commit
            before = self.rules
            self._apply(step)
            if step.parents:
                yield from self._merged(step, before)

    def _apply(self, step: Step) -> None:
        rules = [each for each in step.touched if is_rule(each.path)]
        if rules:
            kept = {
                path: blob for path, blob in self.rules.items() if path not in {each.path for each in rules}
            }
            new = {each.path: each.blob for each in rules if each.mode == _PLAIN}
            self.rules = {**kept, **new}
            self.all_rules |= set(new.items())
            for each in rules:
                version = Version(commit=step.commit, at=step.at, blob=new.get(each.path))
                self.versions.setdefault(each.path, []).append(version)
        for each in step.touched:
            if each.path.startswith("requests/"):
                folder, _, _ = each.path.rpartition("/")
                files = self._requests.setdefault(folder, set())
                (files.discard if each.status == "D" else files.add)(each.path)

    def _merged(self, step: Step, rules: Files) -> Iterator[Merged]:
        paths = tuple(each.path for each in step.touched)
        for each in step.touched:
            if not each.path.startswith("requests/"):
                continue
            change = change_of(step, each)
            before = self._changed.get(each.path, ())
            self._changed[each.path] = (*before, step.at)
            yield Merged(
                change=change,
                order=self.commits[step.commit],
                touched=paths,
                rules=rules,
                clashes=self._clashes(each.path),
                before=before,
            )

    def _clashes(self, path: str) -> tuple[str, ...]:
        folder, _, _ = path.rpartition("/")
        same = (other for other in self._requests.get(folder, ()) if other.casefold() == path.casefold())
        return tuple(sorted(other for other in same if other != path))


def change_of(step: Step, touched: Touched) -> Change:
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
    """Whether a decision may read this file."""
    return path.startswith("policies/") or path in codeowners.LOCATIONS
