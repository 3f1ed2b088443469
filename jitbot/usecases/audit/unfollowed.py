"""Asks the commits of main that change too much to be followed for what they left: rules, and request files."""

from collections.abc import Collection, Mapping

from jitbot.domain.audit.verify.absences import Left
from jitbot.domain.audit.verify.main_history import PLAIN, MainHistory, Unfollowed
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.ports.full_git import WholeRepository
from jitbot.usecases.collect.collect_case import PEOPLE
from jitbot.usecases.context import SETTINGS

_FOLDER = "040000"
_ASKED = (SETTINGS, PEOPLE)  # whose every version matters; all else is asked for where it is needed


def learn_rules(repository: WholeRepository, replay: MainHistory) -> frozenset[Sha]:
    """Complete the replay's versions of these files; gives the commits that could not be asked."""
    untold = set()
    for each in replay.unfollowed:
        if each.rules:
            continue
        found = entries_of(repository, each.commit, _ASKED)
        if found is None:
            untold.add(each.commit)
        else:
            replay.learn(each, {entry.path: entry.blob for entry in found if entry.mode == PLAIN}, _ASKED)
    return frozenset(untold)


def requests_left(
    repository: WholeRepository, wanted: Mapping[Unfollowed, Collection[str]]
) -> tuple[tuple[Left, ...], frozenset[Sha]]:
    """Which of these request files each commit left there; and the commits that could not be asked."""
    left, untold = [], set()
    for each, paths in wanted.items():
        found = entries_of(repository, each.commit, paths)
        if found is None:
            untold.add(each.commit)
        else:
            there = frozenset(entry.path for entry in found if entry.mode != _FOLDER)
            asked = frozenset(paths)
            left.append(Left(commit=each.commit, at=each.at, order=each.order, asked=asked, there=there))
    return tuple(left), frozenset(untold)


def entries_of(
    repository: WholeRepository, commit: Sha, paths: Collection[str]
) -> tuple[AddedEntry, ...] | None:
    """What lies at these paths of a commit; None where git does not say."""
    try:
        return repository.entries(commit, tuple(paths))
    except UnavailableError:
        return None
