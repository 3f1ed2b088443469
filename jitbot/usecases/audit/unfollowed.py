"""Commits of main that are too large to follow: read their files from the commits themselves."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from jitbot.domain.audit.history.absences import Left
from jitbot.domain.audit.history.main_history import MainHistory, Unfollowed, Version
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import FOLDER, PEOPLE, PLAIN, SETTINGS, Parsed, Sha, Source
from jitbot.domain.model.errors import UnavailableError
from jitbot.ports.git import Git

T = TypeVar("T")
_ASKED = (SETTINGS, PEOPLE)  # whose every version matters; all else is asked for where it is needed


def learn_rules(git: Git, main_history: MainHistory) -> frozenset[Sha]:
    """Complete the versions of these files in main's history. Returns the commits that could not be read."""
    unread = set()
    for each in main_history.unfollowed:
        if each.rules:
            continue
        found = entries_of(git, each.commit, _ASKED)
        if found is None:
            unread.add(each.commit)
        else:
            main_history.learn(
                each, {entry.path: entry.blob for entry in found if entry.mode == PLAIN}, _ASKED
            )
    return frozenset(unread)


def requests_left(
    git: Git, wanted: Mapping[Unfollowed, Collection[str]]
) -> tuple[tuple[Left, ...], frozenset[Sha]]:
    """Which of these request files each commit contains, and the commits that could not be read."""
    left, unread = [], set()
    for each, paths in wanted.items():
        found = entries_of(git, each.commit, paths)
        if found is None:
            unread.add(each.commit)
        else:
            there = frozenset(entry.path for entry in found if entry.mode != FOLDER)
            asked = frozenset(paths)
            left.append(Left(commit=each.commit, at=each.at, order=each.order, asked=asked, there=there))
    return tuple(left), frozenset(unread)


def entries_of(git: Git, commit: Sha, paths: Collection[str]) -> tuple[AddedEntry, ...] | None:
    """What lies at these paths of a commit; None where git does not say."""
    try:
        return git.entries(commit, tuple(paths))
    except UnavailableError:
        return None


def content_at(git: Git, commit: Sha, path: str) -> bytes | None:
    """The bytes of a file at a commit; None if there is none, or not here."""
    blob = git.blobs_at([(commit, path)]).get((commit, path))
    return dict(git.contents([blob])).get(blob) if blob is not None else None


def parsed_at(git: Git, commit: Sha, path: str, parse: Callable[[Source], Parsed[T]]) -> Parsed[T]:
    """What a file says at a commit; nothing, without a finding, if there is none, or not here."""
    content = content_at(git, commit, path)
    return Parsed(value=None) if content is None else parse(Source(path=path, content=content))


def parsed(
    git: Git, main_history: MainHistory, path: str, parse: Callable[[Source], Parsed[T]]
) -> tuple[tuple[Version, Parsed[T]], ...]:
    """Each version of a rule file, each blob parsed once; one without a blob, or that is not here, says nothing."""
    versions = main_history.versions.get(path, ())
    blobs = {each.blob for each in versions if each.blob is not None}
    known: dict[Sha | None, Parsed[T]] = {
        blob: parse(Source(path=path, content=content))
        for blob, content in git.contents(blobs)
        if content is not None
    }
    return tuple((each, known.get(each.blob, Parsed(value=None))) for each in versions)
