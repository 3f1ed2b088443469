"""The early ends that main's history asks for: a request's file that was deleted, a requester who left people.yaml.

A sweep must have seen an absence that lasted longer than an early end may take, whatever was put back later. What
was put back sooner may have been gone between two sweeps: that is worth a note, and no more can be known from git.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jitbot.domain.access.may_end import is_owned
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.audit.history.limits import ENDED_WITHIN
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.enforce.plan import EarlyEnds, offboarded
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import People, Sha
from jitbot.domain.model.merge_facts import ChangeKind

# The commits of one rebase are this close together; what lies between them was never main's tip.
_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A period in which main lacked a request's file or its requester: from `commit` until it was restored (None: not yet).

    `owned` is False for a deletion of a path that nobody owns. Such a deletion ends access only if its author may
    revoke, and git does not say who deleted the file. `read` is False where people.yaml could not be read: then nobody
    knows whether the requester was gone, and no sweep ends access in doubt.
    """

    why: EndReason
    since: datetime
    until: datetime | None
    commit: Sha
    owned: bool = True
    read: bool = True

    def ends(self) -> bool:
        """Whether this absence must end access: it lasted long enough for a sweep to see it."""
        return self.owned and self.read and (self.until is None or self.until - self.since > ENDED_WITHIN)

    def concerns(self, state: RequestState, begin: datetime) -> bool:
        """Whether the absence overlaps the time between this merge of a request and its expiry."""
        if state.current is None or self.since >= state.current.window.expires_at:
            return False
        return self.until is None or self.until > begin


def matters(state: RequestState | None, at: datetime) -> bool:
    """Whether main's content at this moment can still end the request early."""
    return (
        state is not None
        and state.current is not None
        and at <= state.current.window.expires_at + ENDED_WITHIN
    )


Absences = Mapping[str, tuple[Absence, ...]]  # by request


def must_end_at(absences: Iterable[Absence]) -> datetime | None:
    """When the earliest absence began that must have ended access; None if there is none."""
    return min((each.since for each in absences if each.ends()), default=None)


def overdue(absences: Absences, now: datetime) -> EarlyEnds:
    """The early ends, by deletion or offboarding, whose deadline for a sweep has passed."""
    late = {
        (each.why, request)
        for request, found in absences.items()
        for each in found
        if each.ends() and now > each.since + ENDED_WITHIN
    }
    return EarlyEnds(
        deleted=frozenset(request for why, request in late if why is EndReason.DELETED),
        offboarded=frozenset(request for why, request in late if why is EndReason.OFFBOARDED),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A commit of main that is too large to read. It was searched for `asked` request files, and contains `found`."""

    commit: Sha
    at: datetime
    order: int
    asked: frozenset[str]
    there: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owning:
    """CODEOWNERS as a commit of main left it."""

    at: datetime
    order: int
    codeowners: CodeOwners | None


def deletions(
    merges: Iterable[Merged],
    states: Mapping[str, RequestState],
    *,
    left: Iterable[Left] = (),
    owning: Iterable[Owning] = (),
) -> dict[str, list[Absence]]:
    """The times in which main lacked a request's file that it had.

    A sweep decides by main's tip whether somebody owns the path, not by the rules at the deletion. So one absence
    ends and another begins when the owners change. Commits in the middle of a rebase do not interrupt an absence.
    """
    line = _Line(states=states)
    steps: list[Owning | Merged | Left] = [*owning, *merges, *left]
    for each in sorted(steps, key=lambda step: step.order):
        line.take(each)
    return line.found


@dataclass(slots=True)
class _Line:
    """main's line as far as it was followed: which request files it had, which it lacks, and who owns them."""

    states: Mapping[str, RequestState]
    found: dict[str, list[Absence]] = field(default_factory=dict)
    _owners: CodeOwners | None = None
    _gone: set[str] = field(default_factory=set)

    def take(self, step: Merged | Left | Owning) -> None:
        """The next of its steps; of one commit its owners come first."""
        match step:
            case Owning():
                self._owners = step.codeowners
                for path in self._gone:
                    if matters(self.states.get(path), step.at):
                        self._judge_again(path, step.at)
            case Merged():
                change = step.change
                self._back(change.path, change.committed_at)
                if change.kind is ChangeKind.DELETED:
                    self._away(change.path, change.committed_at, change.commit)
            case Left():
                for path in step.asked & step.there:
                    self._back(path, step.at)
                for path in (step.asked - step.there) & (self.found.keys() - self._gone):
                    self._away(path, step.at, step.commit)

    def _away(self, path: str, at: datetime, commit: Sha) -> None:
        owned = is_owned(path, self._owners)
        absence = Absence(why=EndReason.DELETED, since=at, until=None, commit=commit, owned=owned)
        _append(self.found[path], absence)
        self._gone.add(path)

    def _back(self, path: str, at: datetime) -> None:
        known = self.found.setdefault(path, [])
        if path in self._gone:
            known[-1] = replace(known[-1], until=at)
            self._gone.remove(path)

    def _judge_again(self, path: str, at: datetime) -> None:
        known = self.found[path]
        last = known[-1]
        known[-1] = replace(last, until=at)
        _append(known, replace(last, since=at, owned=is_owned(path, self._owners)))


def _append(known: list[Absence], new: Absence) -> None:
    """Add an absence. It is joined with the one before if only the commits of one rebase lie between the two."""
    while known and (until := known[-1].until) is not None and new.since - until < _MOMENT:
        last = known[-1]
        if (last.owned, last.read) != (new.owned, new.read) and until - last.since >= _MOMENT:
            break
        known.pop()
        new = replace(new, since=last.since, commit=last.commit)
    known.append(new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """people.yaml as a commit of main left it. `people` is None where it cannot be read: then nobody knows who is gone."""

    commit: Sha
    at: datetime
    people: People | None


def offboardings(state: RequestState, history: Sequence[Registered]) -> tuple[Absence, ...]:
    """The times in which people.yaml lacked the requester with the recorded id and principal, or could not be read.

    Of a rebase, its last commit counts.
    """
    found: list[Absence] = []
    for each in history:
        read = each.people is not None
        away = each.people is None or offboarded(state, each.people)
        if found and found[-1].until is None:
            found[-1] = replace(found[-1], until=each.at)
        if away:
            new = Absence(why=EndReason.OFFBOARDED, since=each.at, until=None, commit=each.commit, read=read)
            _append(found, new)
    return tuple(found)
