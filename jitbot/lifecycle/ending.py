"""The ends that main asks for: files deleted, people gone. Only what was positively read counts."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from jitbot.domain.evidence import Change, ChangeKind
from jitbot.domain.model import People, Source
from jitbot.domain.plan import Ends, offboarded
from jitbot.lifecycle.gathering import PEOPLE
from jitbot.lifecycle.history import History
from jitbot.lifecycle.world import MEMORY, World, file_at_main


def ends_at_main(world: World, history: History, now: datetime) -> Ends:
    """Which of the recorded requests main has since deleted, and whose requesters are gone."""
    people = people_at_main(world)
    gone = frozenset(
        path for path, life in history.lives.items() if people is not None and offboarded(life, people)
    )
    changes = world.repository.changes(now - MEMORY)
    return Ends(deleted=frozenset(_deleted(world, changes, history.lives.keys())), offboarded=gone)


def _deleted(world: World, changes: Iterable[Change], known: Collection[str]) -> Iterator[str]:
    """The known requests that main deleted: gone from its tip, or deleted by a pull request and brought back.

    Bringing one back undoes no end. But a rebase can delete and restore a file between its commits, of which
    the pull request shows nothing: that ends nobody's access. Raises UnavailableError if GitHub cannot tell.
    """
    repository = world.repository
    deletions = [each for each in changes if each.kind is ChangeKind.DELETED and each.path in known]
    paths = sorted({each.path for each in deletions})
    there = {entry.path for entry in repository.entries(repository.main(), paths)}
    yield from (path for path in paths if path not in there)
    for change in deletions:
        if change.path in there and _shown_by_its_pull_request(world, change):
            yield change.path


def _shown_by_its_pull_request(world: World, deletion: Change) -> bool:
    """Whether a pull request was merged as this very commit, and lists the path."""
    merged = (
        pull.number
        for pull in world.forge.pulls_of(deletion.commit)
        if pull.merged_at is not None and pull.merge_commit == deletion.commit
    )
    return any(deletion.path in world.forge.files(number) for number in merged)


def people_at_main(world: World) -> People | None:
    """People at main's tip, or None if they cannot be read: then nobody is taken for gone."""
    content = file_at_main(world.repository, PEOPLE)
    if content is None:
        return None
    return world.documents.parse_people(Source(path=PEOPLE, content=content)).value
