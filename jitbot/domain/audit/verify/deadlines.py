"""The checks of a grant's times: was it granted, ended, confirmed and removed in time, and what is not due yet?"""

from collections.abc import Iterator
from datetime import datetime

from jitbot.domain.audit.history.absences import Absence
from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.history.limits import CONFIRMED_WITHIN, ENDED_WITHIN, GRANTED_WITHIN, REMOVED_WITHIN
from jitbot.domain.audit.verify.grant_record import ControlAnswer, GrantRecord, Result
from jitbot.domain.aws import iam
from jitbot.domain.ledger.events import EndReason
from jitbot.domain.text import duration, timestamp

_LOOK_AT_SWEEP = "look at the runs of sweep; `jitbot audit verify --against-aws` says what AWS has now"
_NOTHING_TO_DO = (
    "nothing to do: it was revoked, its file deleted, or its requester gone; the next sweep records the end"
)


def late(record: GrantRecord, now: datetime) -> Iterator[Result]:
    """Everything that came later than its limit, or did not come although its limit is over."""
    yield from _early_end(record, now)
    if record.not_after is not None:
        yield from _confirmation(record, record.not_after, now)
        yield from _removal(record, record.not_after + iam.SESSION, now)


def awaited(record: GrantRecord, now: datetime) -> Iterator[Result]:
    """What is still to come, as long as nothing is late."""
    over = record.not_after
    if record.ended is not None:
        if record.removed_at is None:
            yield _to_come("access ended; the role's removal is not due yet")
    elif over is not None and now >= over:
        yield _to_come(f"over since {timestamp.show(over)}; the next sweep confirms it")
    elif record.must_end_at is not None:
        yield _to_come(f"to end since {timestamp.show(record.must_end_at)}; the next sweep ends it")
    else:
        yield _to_come("access is not over yet")


def not_granted(record: GrantRecord, now: datetime) -> Iterator[Result]:
    """An approval that was not granted, while it could still be granted."""
    term = record.term
    if term is None or term.not_after is None or record.documents is None or record.ended is not None:
        return
    if now >= term.not_after or any(each.commit == term.commit for each in record.granted):
        return
    if record.must_end_at is not None:
        when = timestamp.show(record.must_end_at)
        if record.granted_at is None:
            why = f"it was to end at {when}, before it was granted: nothing was granted"
            yield _note("ended-before-grant", why, _NOTHING_TO_DO)
        return
    missing = now > term.at + GRANTED_WITHIN
    yield Result(
        answer=ControlAnswer.UNKNOWN,
        why=f"it was approved at {timestamp.show(term.at)}, and nothing came of it",
        code="no-outcome" if missing else "outcome-due",
        severity=Severity.BROKEN if missing else Severity.NOTE,
        hint="look at the runs of grant: the ledger was cut short, or AWS refuses",
    )


def passed_over(record: GrantRecord, now: datetime) -> Iterator[Result]:
    """The absences on main during which access went on, if git does not prove that it had to end."""
    if record.granted_at is None or record.must_end_at is not None:
        return
    for absence in record.absences:
        acted = record.ended_early_at is not None and record.ended_early_at >= absence.since
        over = absence.until is not None or now > absence.since + ENDED_WITHIN
        if over and absence.since <= now and not acted:
            yield _passed_over(absence)


def _passed_over(absence: Absence) -> Result:
    since, until = timestamp.show(absence.since), absence.until
    span = f"from {since} on" if until is None else f"from {since} for {duration.show(until - absence.since)}"
    if not absence.read:
        return _people_not_read(absence, span)
    what = (
        "its file was gone from main"
        if absence.why is EndReason.DELETED
        else "its requester was gone from people.yaml"
    )
    code, reason = f"{absence.why}-briefly", "that is shorter than a sweep must notice"
    if not absence.owned:
        code = "deleted-without-owner"
        reason = "nobody owns that folder, so only who may revoke ends access by a deletion"
    hint = f"look at commit {absence.commit} of main; end the access with `jitbot release` if it was meant to end"
    return _note(code, f"{what} {span}, and that ended no access; {reason}", hint)


def _people_not_read(absence: Absence, span: str) -> Result:
    """What is said of it. It is a note as soon as people.yaml can be read again: from then on it shows who is gone."""
    code, why = (
        "people-not-read",
        f"people.yaml could not be read {span}, so nobody knew whether its requester was gone",
    )
    hint = f"look at commit {absence.commit} of main; end the access with `jitbot release` if they left"
    if absence.until is not None:
        return _note(code, why, hint)
    return Result(answer=ControlAnswer.UNKNOWN, why=why, code=code, severity=Severity.UNCHECKED, hint=hint)


def _early_end(record: GrantRecord, now: datetime) -> Iterator[Result]:
    """Revoked, deleted or offboarded while it ran: it must have ended soon after, whatever ended it."""
    due, granted = record.must_end_at, record.granted_at
    if due is None or granted is None:
        return
    reached = now if record.ended_early_at is None else record.ended_early_at
    lag = min(reached, record.not_after or reached) - max(due, granted)
    if lag > ENDED_WITHIN:
        message = f"it was to end at {timestamp.show(due)}, and access went on for {duration.show(lag)}"
        yield _late("late-end", message)


def _confirmation(record: GrantRecord, over: datetime, now: datetime) -> Iterator[Result]:
    if record.ended is None:
        if now > over + CONFIRMED_WITHIN:
            yield _late("no-end", f"its end at {timestamp.show(over)} was never confirmed")
        return
    lag = record.ended.at - over
    if lag > CONFIRMED_WITHIN:
        message = f"AWS refused from {timestamp.show(over)} on; that was confirmed {duration.show(lag)} later"
        yield _late("late-confirmation", message)


def _removal(record: GrantRecord, may: datetime, now: datetime) -> Iterator[Result]:
    removed = record.removed_at
    lag = (removed or now) - may
    if record.ended is None or lag <= REMOVED_WITHIN:
        return
    if removed is not None:
        message = f"its role was removed {duration.show(lag)} later than it could be; it gave nothing"
        yield _late("late-removal", message, Severity.NOTE)  # nobody had access meanwhile
    else:
        message = f"its role could be removed from {timestamp.show(may)} on, and no removal is recorded"
        yield _late("no-removal", message)


def _late(code: str, why: str, severity: Severity = Severity.BROKEN) -> Result:
    return Result(answer=ControlAnswer.NO, why=why, code=code, severity=severity, hint=_LOOK_AT_SWEEP)


def _to_come(why: str) -> Result:
    return Result(answer=ControlAnswer.NOT_DUE, why=why)


def _note(code: str, why: str, hint: str) -> Result:
    return Result(answer=ControlAnswer.NOT_DUE, why=why, code=code, severity=Severity.NOTE, hint=hint)
