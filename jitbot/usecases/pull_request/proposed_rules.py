"""Reads the rules on both sides of a proposed change: those of main, and those that the merge would make of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.git_history import CODE, RULE_PATHS
from jitbot.domain.model import bounds
from jitbot.domain.model.codeowners import LOCATIONS
from jitbot.domain.model.documents import (
    FOLDER,
    PLAIN,
    POLICIES,
    Finding,
    Parsed,
    Policy,
    Sha,
    Source,
    policy_at,
)
from jitbot.domain.rule_effects.rule_set import RuleSet
from jitbot.domain.setup.doctor import workflows
from jitbot.domain.text.amount import many
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.collect.collect_case import large, no_file, read_rules

FOLDERS = ("policies/", POLICIES, workflows.FOLDER)  # what lies directly in these is always read
_COMPARED = (
    *(each for each in RULE_PATHS if each not in CODE),
    *(each.rstrip("/") for each in workflows.RUNS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFiles:
    """The files of the rules of one tree, by path, and the bytes of those that are plain and not too large."""

    entries: Mapping[str, AddedEntry]
    contents: Mapping[Sha, bytes | None]

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files."""
        found = ((path, self._content(path)) for path in paths)
        return {path: content for path, content in found if content is not None}

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The modes of those paths that are there and are no ordinary files."""
        there = (self.entries[path] for path in paths if path in self.entries)
        return {each.path: _odd(each) for each in there if self._content(each.path) is None}

    def _content(self, path: str) -> bytes | None:
        entry = self.entries.get(path)
        return self.contents.get(entry.blob) if entry is not None and entry.mode == PLAIN else None


def _odd(entry: AddedEntry) -> str:
    return large(entry.blob) if entry.mode == PLAIN else entry.mode


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRules:
    """Main's rules, those after the merge, and the files that main changed as well since the branch left it."""

    base: RuleSet
    head: RuleSet
    overtaken: tuple[str, ...] = ()


def of_rules(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of these paths that decide, or that run."""
    return tuple(path for path in paths if any(_within(path, start) for start in RULE_PATHS))


def compared(paths: Iterable[str]) -> tuple[str, ...]:
    """Those of these paths whose meaning is compared: of the code nothing is but that it changes."""
    return tuple(path for path in paths if any(_within(path, start) for start in _COMPARED))


def _within(path: str, start: str) -> bool:
    return path == start or path.startswith(f"{start}/")


def too_many_rules(touched: Sequence[str]) -> tuple[Finding, ...]:
    """The finding that a change touches more files of the rules than are compared, if it does."""
    count = len(compared(touched))
    if count <= bounds.RULE_FILES:
        return ()
    message = f"{many(count, 'file')} of the rules change: more than {bounds.RULE_FILES} are not compared"
    return (
        Finding(
            code="too-many-rules", message=message, file="policies/", hint="change fewer in one pull request"
        ),
    )


def read_proposed_rules(
    git: Git, documents: DocumentReader, *, base: Sha, head: Sha, touched: Sequence[str]
) -> ProposedRules:
    """The rules of the commit `base`, and of what merging the branch at `head` into it makes of them."""
    changed = of_rules(touched)
    fork, ours, theirs = (
        listed_at(git, commit, changed) for commit in (git.merge_base(base, head), base, head)
    )
    return merged_rules(git, documents, fork=fork, base=ours, head=theirs)


def merged_rules(
    git: Git,
    documents: DocumentReader,
    *,
    fork: Mapping[str, AddedEntry],
    base: Mapping[str, AddedEntry],
    head: Mapping[str, AddedEntry],
    contents: Mapping[Sha, bytes | None] | None = None,
) -> ProposedRules:
    """The same by the entries of the trees. `contents` are those of a head that is in no commit.

    A merge takes each file from the side that changed it. Where both did, git joins them line by line or refuses: the
    head's is taken, and the file is named.
    """
    moved = {path for path in (*fork, *head) if fork.get(path) != head.get(path)}
    after = {path: entry for path, entry in base.items() if path not in moved}
    after |= {path: head[path] for path in moved if path in head}
    overtaken = sorted(
        path for path in moved if fork.get(path) != base.get(path) and base.get(path) != head.get(path)
    )
    known = dict(contents or {})
    known |= _contents(git, (*base.values(), *after.values()), excluding=known)
    sides = RuleFiles(entries=base, contents=known), RuleFiles(entries=after, contents=known)
    old, new = (_rule_set(each, other, documents) for each, other in (sides, sides[::-1]))
    return ProposedRules(base=old, head=new, overtaken=tuple(overtaken))


def listed_at(git: Git, commit: Sha, touched: Sequence[str]) -> Mapping[str, AddedEntry]:
    """The files of the rules of a commit: all in the folders of rules, and whatever is touched elsewhere."""
    found = git.entries(commit, list(dict.fromkeys((*FOLDERS, *LOCATIONS, *touched))))
    return {each.path: each for each in found if each.mode != FOLDER}


def rules_at(git: Git, documents: DocumentReader, commit: Sha) -> RuleSet:
    """The rules of a commit, without its workflows."""
    entries = listed_at(git, commit, ())
    files = RuleFiles(entries=entries, contents=_contents(git, entries.values()))
    return _rule_set(files, files, documents)


def _contents(
    git: Git, entries: Iterable[AddedEntry], excluding: Collection[Sha] = ()
) -> Mapping[Sha, bytes | None]:
    """The bytes of the plain files among these, by blob; None of one that is too large."""
    wanted = {each.blob for each in entries if each.mode == PLAIN}
    return git.small(sorted(wanted.difference(excluding)), bounds.EVENT_READ)


def _rule_set(files: RuleFiles, other: RuleFiles, documents: DocumentReader) -> RuleSet:
    policies: dict[str, Parsed[Policy]] = {}
    for path, entry in sorted(files.entries.items()):
        if (name := policy_at(path)) is not None:
            content = files.read([path]).get(path)
            policies[name] = (
                documents.parse_policy(Source(path=path, content=content))
                if content is not None
                else Parsed(value=None, findings=(no_file(path, _odd(entry)),))
            )
    moved = [
        path
        for path, entry in files.entries.items()
        if path.startswith(workflows.RUNS) and other.entries.get(path) != entry
    ]
    running = {
        path: documents.parse_workflow(Source(path=path, content=content))
        for path, content in files.read(moved).items()
    }
    return RuleSet(
        shared=read_rules(files, documents, ""),
        policies=policies,
        files={path: entry.blob for path, entry in files.entries.items()},
        workflows=running,
    )
