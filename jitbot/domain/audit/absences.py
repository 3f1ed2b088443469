"""The early ends that main's history asks for: a request's file that was deleted, a requester who left people.yaml.

A sweep must have seen an absence that lasted longer than an early end may take, whatever was put back later. What
was put back sooner may have been gone between two sweeps: that is worth a note, and no more can be known from git.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.audit.deadlines import ENDED_WITHIN
from jitbot.domain.audit.mainline import Merged
from jitbot.domain.events import Why
from jitbot.domain.evidence import ChangeKind
from jitbot.domain.life import Life
from jitbot.domain.model import People, Sha
from jitbot.domain.plan import offboarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Main was without a request's file, or its requester, from the commit on until it was put back (None: it is not).

    `owned` is False for a deletion where nobody owns the path: only who may revoke ends access so, and git does
    not say who deleted it.
    """

    why: Why
    since: datetime
    until: datetime | None
    commit: Sha
    owned: bool = True

    def ends(self) -> bool:
        """Whether access must have ended by it: a sweep saw it, or will."""
        return self.owned and (self.until is None or self.until - self.since > ENDED_WITHIN)

    def concerns(self, life: Life, begin: datetime) -> bool:
        """Whether any of it lies between this merge of a request and its expiry."""
        if life.current is None or self.since >= life.current.window.expires_at:
            return False
        return self.until is None or self.until > begin


Absences = Mapping[str, tuple[Absence, ...]]  # by request


def must_end_at(absences: Iterable[Absence]) -> datetime | None:
    """When the earliest absence began that must have ended access; None if there is none."""
    return min((each.since for each in absences if each.ends()), default=None)


def deletions(merges: Iterable[Merged], unowned: Set[tuple[str, Sha]]) -> dict[str, list[Absence]]:
    """The times in which main lacked a request's file that it had; `unowned` are those that began where nobody owns it."""
    found: dict[str, list[Absence]] = {}
    for merged in merges:
        change = merged.change
        known = found.setdefault(change.path, [])
        if known and known[-1].until is None:
            known[-1] = replace(known[-1], until=change.committed_at)
        if change.kind is ChangeKind.DELETED:
            owned, since = (change.path, change.commit) not in unowned, change.committed_at
            known.append(Absence(why=Why.DELETED, since=since, until=None, commit=change.commit, owned=owned))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """people.yaml as a commit of main left it. `people` is None where it cannot be read: then nobody is gone."""

    commit: Sha
    at: datetime
    people: People | None


def offboardings(life: Life, history: Sequence[Registered]) -> tuple[Absence, ...]:
    """The times in which people.yaml lacked the requester with the recorded id and principal."""
    found: list[Absence] = []
    for each in history:
        gone = each.people is not None and offboarded(life, each.people)
        is_open = bool(found) and found[-1].until is None
        if gone and not is_open:
            found.append(Absence(why=Why.OFFBOARDED, since=each.at, until=None, commit=each.commit))
        elif is_open and not gone:
            found[-1] = replace(found[-1], until=each.at)
    return tuple(found)
