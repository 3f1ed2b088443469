"""Checks each approved request in each of its accounts, and reports what did not happen, or happened late."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from jitbot.domain.access.request_state import AccountState, ApprovedTerm, RequestState
from jitbot.domain.audit.verify import deadlines
from jitbot.domain.audit.verify.absences import Absence, Absences, must_end_at
from jitbot.domain.audit.verify.deadlines import ENDED_WITHIN, GRANTED_WITHIN, Course
from jitbot.domain.audit.verify.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.ledger_history import RecordedEvent
from jitbot.domain.aws.iam import Documents
from jitbot.domain.enforce.plan import EarlyEnds
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.model import duration, timestamp

_LOOK_AT_SWEEP = "look at the runs of sweep; `jitbot audit verify --against-aws` says what AWS has now"
_NOTHING_TO_DO = (
    "nothing to do: it was revoked, its file deleted, or its requester gone; the next sweep records the end"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPlace:
    """One grant in one account: what was decided, and what happened there."""

    life: RequestState
    term: ApprovedTerm
    documents: Documents
    decided_at: datetime
    absences: tuple[Absence, ...]  # of its file and its requester, while it could be used

    @property
    def account_state(self) -> AccountState:
        """What was recorded in this account."""
        return self.life.account_state(self.documents.account_id)

    @property
    def course(self) -> Course:
        """When what happened."""
        over = self.term.window.expires_at
        return deadlines.course_of(
            self.account_state, over=over, must_end_at=ending(self.life, self.absences)
        )


def ending(life: RequestState, absences: Iterable[Absence]) -> datetime | None:
    """When the request was first to end before its expiry: revoked, deleted or offboarded."""
    revoked = [life.revoked.at] if life.revoked is not None else []
    gone = must_end_at(absences)
    return min([*revoked, *([gone] if gone is not None else [])], default=None)


def places(
    lives: Iterable[RequestState], recorded: Mapping[str, tuple[RecordedEvent, ...]], absences: Absences
) -> Iterator[GrantPlace]:
    """Every approved request in each of its accounts."""
    for life in lives:
        term = life.current
        if term is None:
            continue
        times = [each.event.at for each in recorded.get(life.request, ()) if each.event.commit == term.commit]
        for documents in term.documents:
            yield GrantPlace(
                life=life,
                term=term,
                documents=documents,
                decided_at=min(times),
                absences=absences.get(life.request, ()),
            )


def problems(place: GrantPlace, now: datetime) -> Iterator[AuditFinding]:
    """Everything about one grant that did not happen, or not in time."""
    course = place.course
    for each in deadlines.late(course, now):
        severity = Severity.NOTE if each.code in deadlines.NOTED else Severity.BROKEN
        yield _tell(place, each.code, severity, each.message, _LOOK_AT_SWEEP)
    waits = course.settled_at is None and now < place.term.window.expires_at
    if waits and place.account_state.granted_for(place.term.commit) is None:
        yield from _not_granted(place, course, now)
    if course.granted_at is not None and course.must_end_at is None:
        yield from (_passed_over(place, each) for each in place.absences if _unnoticed(each, course, now))


def overdue(places: Iterable[GrantPlace], now: datetime) -> EarlyEnds:
    """The ends of deletions and offboardings for which no sweep has time left."""
    late: dict[EndReason, set[str]] = {EndReason.DELETED: set(), EndReason.OFFBOARDED: set()}
    for place in places:
        for each in place.absences:
            if each.ends() and now > each.since + ENDED_WITHIN:
                late[each.why].add(place.life.request)
    return EarlyEnds(
        deleted=frozenset(late[EndReason.DELETED]), offboarded=frozenset(late[EndReason.OFFBOARDED])
    )


def _not_granted(place: GrantPlace, course: Course, now: datetime) -> Iterator[AuditFinding]:
    if course.must_end_at is not None:
        message = f"it was to end at {timestamp.show(course.must_end_at)}, before it was granted: nothing was granted"
        if course.granted_at is None:
            yield _tell(place, "ended-before-grant", Severity.NOTE, message, _NOTHING_TO_DO)
        return
    late = now > place.decided_at + GRANTED_WITHIN
    yield _tell(
        place,
        "no-outcome" if late else "outcome-due",
        Severity.BROKEN if late else Severity.NOTE,
        f"it was approved at {timestamp.show(place.decided_at)}, and nothing came of it",
        "look at the runs of grant: the ledger was cut short, or AWS refuses",
    )


def _unnoticed(absence: Absence, course: Course, now: datetime) -> bool:
    """Whether access went on through an absence by which it need not have ended, as far as git says."""
    acted = course.ended_at is not None and course.ended_at >= absence.since
    over = absence.until is not None or now > absence.since + ENDED_WITHIN
    return over and absence.since <= now and not acted


def _passed_over(place: GrantPlace, absence: Absence) -> AuditFinding:
    what = (
        "its file was gone from main"
        if absence.why is EndReason.DELETED
        else "its requester was gone from people.yaml"
    )
    since, until = timestamp.show(absence.since), absence.until
    span = f"from {since} on" if until is None else f"from {since} for {duration.show(until - absence.since)}"
    if not absence.owned:
        code, why = (
            "deleted-without-owner",
            "nobody owns that folder, so only who may revoke ends access by a deletion",
        )
    else:
        code, why = f"{absence.why}-briefly", "that is shorter than a sweep must notice"
    hint = f"look at commit {absence.commit[:10]} of main; end the access with `jitbot revoke` if it was meant to end"
    return _tell(place, code, Severity.NOTE, f"{what} {span}, and that ended no access; {why}", hint)


def _tell(place: GrantPlace, code: str, severity: Severity, message: str, hint: str) -> AuditFinding:
    term = place.term
    who = f"{place.life.request} of {term.requester} in {place.documents.account}"
    return AuditFinding(
        code=code,
        severity=severity,
        message=f"{who}: {message}",
        hint=hint,
        commit=term.commit,
        request=place.life.request,
    )
