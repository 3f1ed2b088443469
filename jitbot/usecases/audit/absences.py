"""Reads from main's history when a request's file, or its requester, was gone: each people.yaml is parsed once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.audit.history.absences import (
    Absence,
    Absences,
    Left,
    Owning,
    Registered,
    deletions,
    matters,
    offboardings,
)
from jitbot.domain.audit.history.main_history import MainHistory, Merged
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.audit.unfollowed import entries_of, parsed, requests_left
from jitbot.usecases.collect.collect_case import PEOPLE, owners_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What main lacked for a time; and the commits of which nobody could tell here what they left."""

    absences: Absences
    untold: frozenset[Sha]


def read_absences(
    git: Git,
    documents: DocumentReader,
    *,
    replay: MainHistory,
    merges: Iterable[Merged],
    lives: Iterable[RequestState],
) -> Gone:
    """For each approved request, the times between its merge and its expiry in which its file or requester was gone."""
    approved = {life.request: life for life in lives if life.current is not None}
    changes = [each for each in merges if each.change.path in approved]
    left, untold = _left(git, replay, changes, approved)
    owning, without = _owning(git, replay)
    deleted = deletions(changes, approved, left=left, owning=owning)
    people = _registered(git, documents, replay)
    merged_at: dict[str, datetime] = {}
    for each in changes:
        merged_at.setdefault(each.change.path, each.change.committed_at)
    gone: dict[
        tuple[str, int | None, str | None], tuple[Absence, ...]
    ] = {}  # by identity: most requests share a few
    found = {}
    for request, life in approved.items():
        identity = _identity(life)
        if identity not in gone:
            gone[identity] = offboardings(life, people)
        mine = (*deleted.get(request, ()), *gone[identity])
        begin = merged_at.get(request)
        if here := tuple(each for each in mine if begin is not None and each.concerns(life, begin)):
            found[request] = here
    return Gone(absences=found, untold=untold | without)


def _identity(life: RequestState) -> tuple[str, int | None, str | None]:
    ask = life.current.ask if life.current is not None else Ask()
    return ask.requester, ask.github_id, ask.principal


def _registered(git: Git, documents: DocumentReader, replay: MainHistory) -> tuple[Registered, ...]:
    read = parsed(git, replay, PEOPLE, documents.parse_people)
    return tuple(Registered(commit=each.commit, at=each.at, people=found.value) for each, found in read)


def _left(
    git: Git,
    replay: MainHistory,
    changes: Sequence[Merged],
    lives: Mapping[str, RequestState],
) -> tuple[tuple[Left, ...], frozenset[Sha]]:
    """Which of the requests that were merged by then each commit left that was not followed."""
    first: dict[str, int] = {}
    for each in changes:
        first.setdefault(each.change.path, each.order)
    wanted = {
        each: [path for path, order in first.items() if order < each.order and matters(lives[path], each.at)]
        for each in replay.unfollowed
    }
    return requests_left(git, {each: paths for each, paths in wanted.items() if paths})


def _owning(git: Git, replay: MainHistory) -> tuple[tuple[Owning, ...], frozenset[Sha]]:
    """CODEOWNERS after each commit that may have changed it; and the commits that could not be asked."""
    commits = replay.owning()
    asked = {commit: entries_of(git, commit, codeowners.LOCATIONS) for commit, _, _ in commits}
    found = {commit: entries for commit, entries in asked.items() if entries is not None}
    blobs = {each.blob for entries in found.values() for each in entries if each.mode == PLAIN}
    contents = dict(git.contents(blobs))
    made = []
    for commit, at, order in (each for each in commits if each[0] in found):
        odd = {each.path: each.mode for each in found[commit] if each.mode != PLAIN}
        plain = {each.path: contents[each.blob] or b"" for each in found[commit] if each.mode == PLAIN}
        made.append(Owning(at=at, order=order, codeowners=owners_in(plain, odd)))
    return tuple(made), frozenset(asked.keys() - found.keys())
