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
from jitbot.domain.model.documents import PEOPLE, PLAIN, Sha
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.usecases.audit.unfollowed import entries_of, parsed, requests_left
from jitbot.usecases.collect.collect_case import owners_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The periods in which main lacked a file or a person, and the commits whose files this clone cannot show."""

    absences: Absences
    unread: frozenset[Sha]


def read_absences(
    git: Git,
    documents: DocumentReader,
    *,
    main_history: MainHistory,
    merges: Iterable[Merged],
    states: Iterable[RequestState],
) -> Gone:
    """For each approved request, the times between its merge and its expiry in which its file or requester was gone."""
    approved = {state.request: state for state in states if state.current is not None}
    changes = [each for each in merges if each.change.path in approved]
    left, unread = _left(git, main_history, changes, approved)
    owning, without = _owning(git, main_history)
    deleted = deletions(changes, approved, left=left, owning=owning)
    people = _registered(git, documents, main_history)
    merged_at: dict[str, datetime] = {}
    for each in changes:
        merged_at.setdefault(each.change.path, each.change.committed_at)
    gone: dict[
        tuple[str, int | None, str | None], tuple[Absence, ...]
    ] = {}  # by identity: most requests share a few
    found = {}
    for request, state in approved.items():
        identity = _identity(state)
        if identity not in gone:
            gone[identity] = offboardings(state, people)
        mine = (*deleted.get(request, ()), *gone[identity])
        begin = merged_at.get(request)
        if here := tuple(each for each in mine if begin is not None and each.concerns(state, begin)):
            found[request] = here
    return Gone(absences=found, unread=unread | without)


def _identity(state: RequestState) -> tuple[str, int | None, str | None]:
    ask = state.current.ask if state.current is not None else Ask()
    return ask.requester, ask.github_id, ask.principal


def _registered(git: Git, documents: DocumentReader, main_history: MainHistory) -> tuple[Registered, ...]:
    read = parsed(git, main_history, PEOPLE, documents.parse_people)
    return tuple(Registered(commit=each.commit, at=each.at, people=found.value) for each, found in read)


def _left(
    git: Git,
    main_history: MainHistory,
    changes: Sequence[Merged],
    states: Mapping[str, RequestState],
) -> tuple[tuple[Left, ...], frozenset[Sha]]:
    """For each commit that is too large to read: which of the requests merged by then it still contains."""
    first: dict[str, int] = {}
    for each in changes:
        first.setdefault(each.change.path, each.order)
    wanted = {
        each: [path for path, order in first.items() if order < each.order and matters(states[path], each.at)]
        for each in main_history.unfollowed
    }
    return requests_left(git, {each: paths for each, paths in wanted.items() if paths})


def _owning(git: Git, main_history: MainHistory) -> tuple[tuple[Owning, ...], frozenset[Sha]]:
    """CODEOWNERS after each commit that may have changed it; and the commits that could not be asked."""
    commits = main_history.owning()
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
