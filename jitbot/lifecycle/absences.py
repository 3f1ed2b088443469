"""Reads from main's history when a request's file, or its requester, was gone: each people.yaml is parsed once."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from jitbot.domain import codeowners
from jitbot.domain.audit.absences import Absence, Absences, Registered, deletions, offboardings
from jitbot.domain.audit.mainline import ODD, Merged, Replay
from jitbot.domain.evidence import ChangeKind
from jitbot.domain.life import Life
from jitbot.domain.model import Sha, Source
from jitbot.domain.ports import DocumentReader
from jitbot.domain.ports.archive import WholeRepository
from jitbot.lifecycle.gathering import PEOPLE


def read_absences(
    repository: WholeRepository,
    documents: DocumentReader,
    *,
    replay: Replay,
    merges: Iterable[Merged],
    lives: Iterable[Life],
) -> Absences:
    """For each approved request, the times between its merge and its expiry in which its file or requester was gone."""
    approved = {life.request: life for life in lives if life.current is not None}
    changes = [each for each in merges if each.change.path in approved]
    deleted = deletions(changes, _unowned(repository, changes))
    people = _registered(repository, documents, replay)
    merged_at: dict[str, datetime] = {}
    for each in changes:
        merged_at.setdefault(each.change.path, each.change.committed_at)
    gone: dict[tuple[str, str, str], tuple[Absence, ...]] = {}  # by identity: most requests share a few
    found = {}
    for request, life in approved.items():
        identity = _identity(life)
        if identity not in gone:
            gone[identity] = offboardings(life, people)
        mine = (*deleted.get(request, ()), *gone[identity])
        begin = merged_at.get(request)
        if here := tuple(each for each in mine if begin is not None and each.concerns(life, begin)):
            found[request] = here
    return found


def _identity(life: Life) -> tuple[str, str, str]:
    ask = life.current.ask if life.current is not None else {}
    return str(ask.get("requester")), str(ask.get("github_id")), str(ask.get("principal"))


def _registered(
    repository: WholeRepository, documents: DocumentReader, replay: Replay
) -> tuple[Registered, ...]:
    versions = replay.versions.get(PEOPLE, ())
    blobs = {version.blob for version in versions if version.blob is not None}
    read = {
        blob: documents.parse_people(Source(path=PEOPLE, content=content)).value
        for blob, content in repository.contents(blobs)
        if content is not None
    }
    return tuple(
        Registered(commit=each.commit, at=each.at, people=read.get(each.blob) if each.blob else None)
        for each in versions
    )


def _unowned(repository: WholeRepository, changes: Iterable[Merged]) -> frozenset[tuple[str, Sha]]:
    """The deletions, by path and commit, of files that nobody owned by the rules that they met."""
    deleted = [each for each in changes if each.change.kind is ChangeKind.DELETED]
    files = {each.change.commit: _codeowners(each.rules or {}) for each in deleted}
    named = {blob for _, blob in files.values() if blob is not None and not blob.startswith(ODD)}
    contents = dict(repository.contents(named))
    found = set()
    for each in deleted:
        path, blob = files[each.change.commit]
        content = contents.get(blob) if blob is not None else None
        owners = codeowners.parse((content or b"").decode(errors="replace"), path)
        if not codeowners.owners_of(owners, each.change.path):
            found.add((each.change.path, each.change.commit))
    return frozenset(found)


def _codeowners(rules: Mapping[str, Sha]) -> tuple[str, Sha | None]:
    """The CODEOWNERS file that GitHub obeys: the first of its locations where there is one."""
    return next(
        ((path, rules[path]) for path in codeowners.LOCATIONS if path in rules),
        (codeowners.LOCATIONS[0], None),
    )
