"""Ends and outcomes, from plain values: to the second when something is late, and when nothing is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGE, MINUTE, NOW, PATH
from builders import a_revocation, an_approval, an_extension, an_outcome

from jitbot.domain.audit.history.absences import Absence
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.history.limits import confirming, removing
from jitbot.domain.audit.report.population import grant_records
from jitbot.domain.audit.verify.grant_checks import problems
from jitbot.domain.ledger.events import EndReason, Event, EventType

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
LONG_AFTER = NOW + 30 * DAY
GRANTED = an_outcome(EventType.GRANTED)
EXPIRED = an_outcome(EventType.ENDED, at=EXPIRES_AT + MINUTE)
REMOVED = an_outcome(EventType.REMOVED, at=EXPIRES_AT + HOUR + MINUTE)


def found(events: Iterable[Event], now: datetime, deleted: datetime | None = None) -> list[AuditFinding]:
    """Everything late about alice's request."""
    gone = (
        () if deleted is None else (Absence(why=EndReason.DELETED, since=deleted, until=None, commit=MERGE),)
    )
    return [each for record in grant_records(events, now, {PATH: gone}) for each in problems(record, now)]


def codes(events: Iterable[Event], now: datetime, deleted: datetime | None = None) -> list[str]:
    """The codes of that."""
    return [each.code for each in found(events, now, deleted)]


def test_a_life_on_time_has_no_problem() -> None:
    """Granted, expired, removed: nothing to say, however much later."""
    assert codes([an_approval(), GRANTED, EXPIRED, REMOVED], LONG_AFTER) == []


@pytest.mark.parametrize(("after", "code"), [(DAY, []), (DAY + SECOND, ["no-end"])])
def test_an_end_that_nobody_confirmed(after: timedelta, code: list[str]) -> None:
    """A day after the expiry somebody must have looked."""
    assert codes([an_approval(), GRANTED], EXPIRES_AT + after) == code


@pytest.mark.parametrize(("lag", "code"), [(DAY, []), (DAY + MINUTE, ["late-confirmation"])])
def test_an_end_that_was_confirmed_late(lag: timedelta, code: list[str]) -> None:
    """The lag between expiry and confirmation is found for good."""
    ended = replace(EXPIRED, at=EXPIRES_AT + lag)
    assert codes([an_approval(), GRANTED, ended, replace(REMOVED, at=EXPIRES_AT + lag)], LONG_AFTER) == code


@pytest.mark.parametrize(("lag", "code"), [(2 * HOUR, []), (2 * HOUR + SECOND, ["late-end"])])
def test_a_revocation_that_came_late(lag: timedelta, code: list[str]) -> None:
    """Access that went on for more than two hours after it was revoked; nine in the morning, out of eleven."""
    longer = an_extension(12 * HOUR)
    granted = replace(GRANTED, commit=longer.commit, window=longer.window)
    revoked = a_revocation()
    ended = an_outcome(EventType.ENDED, at=revoked.at + lag, why=EndReason.REVOKED, window=longer.window)
    removed = replace(REMOVED, at=longer.window.expires_at + HOUR) if longer.window else REMOVED
    events = [an_approval(), longer, granted, revoked, ended, removed]
    assert codes(events, LONG_AFTER) == code
    assert codes(events[:-2], revoked.at + lag) == code


def test_a_deletion_that_came_late() -> None:
    """The file went from main, and access did not."""
    longer = an_extension(12 * HOUR)
    granted = replace(GRANTED, commit=longer.commit, window=longer.window)
    (late,) = found([an_approval(), longer, granted], NOW + 4 * HOUR, deleted=NOW + HOUR)
    assert (late.code, late.severity) == ("late-end", Severity.BROKEN)
    assert codes([an_approval(), longer, granted], NOW + 3 * HOUR, deleted=NOW + HOUR) == []


def test_an_end_after_the_end_is_not_late() -> None:
    """What was revoked after it had expired ends nothing."""
    revoked = replace(a_revocation(), at=EXPIRES_AT)
    assert codes([an_approval(), GRANTED, revoked, EXPIRED, REMOVED], LONG_AFTER) == []


def test_what_was_never_granted_cannot_end_late() -> None:
    """Revoked before there was a role: nobody had access."""
    assert "late-end" not in codes([an_approval(), a_revocation()], LONG_AFTER)


def test_what_was_never_approved_cannot_be_late() -> None:
    """A refusal has no end to come."""
    assert codes([an_approval(kind=EventType.REFUSED)], LONG_AFTER) == []


def test_nothing_is_due_of_what_is_over() -> None:
    """Ended before it was granted, or never granted until its end."""
    early = an_outcome(EventType.ENDED, why=EndReason.DELETED)
    assert codes([an_approval(), early], NOW + HOUR) == []
    assert codes([an_approval()], EXPIRES_AT) == []
    assert codes([an_approval()], EXPIRES_AT - SECOND) == ["outcome-due"]


def test_what_was_to_end_before_it_was_granted_owes_no_grant() -> None:
    """That is a note; of an extension whose first term was granted it is nothing."""
    (note,) = found([an_approval(), a_revocation()], NOW + HOUR)
    assert (note.code, note.severity) == ("ended-before-grant", Severity.NOTE)
    assert "it was to end at 2026-11-24T09:11:00Z, before it was granted" in note.message
    assert codes([an_approval(), GRANTED, an_extension(), a_revocation()], NOW + HOUR) == []


def test_what_runs_has_no_problem() -> None:
    """Granted, and not over."""
    assert codes([an_approval(), GRANTED], EXPIRES_AT - SECOND) == []


def test_the_first_end_and_removal_count() -> None:
    """Of records that do not say until when it lasted, too; one of an earlier term, or of none, confirms nothing."""
    silent, later = replace(EXPIRED, window=None, at=NOW), replace(EXPIRED, at=LONG_AFTER)
    assert confirming([later, EXPIRED, silent], EXPIRES_AT) == EXPIRED
    assert confirming([later, EXPIRED], EXPIRES_AT + SECOND) is None
    assert confirming([later, EXPIRED, silent], None) == silent
    gone = [replace(REMOVED, at=EXPIRES_AT + seconds * SECOND) for seconds in (1, 0, -1)]
    assert removing(gone, EXPIRES_AT) == gone[1]
    assert removing(gone, None) == gone[2]


def test_an_extension_has_its_own_time() -> None:
    """What came of the first term is none of its outcome, its end or its removal; its time begins with its decision."""
    longer = an_extension(48 * HOUR)
    assert longer.window is not None
    over = longer.window.expires_at
    events = [an_approval(), GRANTED, EXPIRED, longer]
    assert codes(events, NOW + DAY + HOUR) == ["outcome-due"]
    granted = replace(GRANTED, commit=longer.commit, window=longer.window, at=NOW + 3 * HOUR)
    late = replace(EXPIRED, at=over + DAY + MINUTE, window=longer.window)
    gone = replace(REMOVED, at=over + DAY + MINUTE)
    assert codes([*events, granted, late, gone], LONG_AFTER) == ["late-confirmation"]
    before = replace(REMOVED, at=over - SECOND)
    assert codes([*events, granted, replace(late, at=over), before], LONG_AFTER) == ["no-removal"]


def test_at_the_very_second() -> None:
    """What was seen, and removed, in the second of the end was seen after it."""
    again = replace(EXPIRED, at=EXPIRES_AT + 2 * DAY)
    events = [an_approval(), GRANTED, replace(EXPIRED, at=EXPIRES_AT), again, replace(REMOVED, at=EXPIRES_AT)]
    assert codes(events, LONG_AFTER) == []


@pytest.mark.parametrize(
    ("after", "code", "severity"),
    [(DAY, "outcome-due", Severity.NOTE), (DAY + SECOND, "no-outcome", Severity.BROKEN)],
)
def test_an_approval_that_nothing_came_of(after: timedelta, code: str, severity: Severity) -> None:
    """A day after the decision something must have come of it, as long as it can."""
    long = an_approval(window=replace(an_approval().window, expires_at=NOW + 5 * DAY))  # type: ignore[type-var]
    assert [(each.code, each.severity) for each in found([long], long.at + after)] == [(code, severity)]


@pytest.mark.parametrize(("after", "code"), [(DAY, []), (DAY + SECOND, ["no-removal"])])
def test_a_role_that_was_never_removed(after: timedelta, code: list[str]) -> None:
    """A day after it may be removed it must be."""
    assert codes([an_approval(), GRANTED, EXPIRED], EXPIRES_AT + HOUR + after) == code


def test_a_removal_that_came_late_is_a_note() -> None:
    """The role gave nothing any more."""
    late = replace(REMOVED, at=EXPIRES_AT + HOUR + DAY + MINUTE)
    assert [each.severity for each in found([an_approval(), GRANTED, EXPIRED, late], LONG_AFTER)] == [
        Severity.NOTE
    ]


def test_a_problem_says_who_and_where() -> None:
    """The sentence names the request, the person, the account and the times."""
    (problem,) = found([an_approval(), GRANTED], EXPIRES_AT + 2 * DAY)
    assert problem.message == f"{PATH} of alice in prod: its end at 2026-11-24T11:00:00Z was never confirmed"
    assert (problem.request, problem.commit) == (PATH, an_approval().commit)


@pytest.mark.parametrize(("after", "code"), [(2 * HOUR, []), (2 * HOUR + SECOND, ["late-end"])])
def test_what_was_granted_after_it_was_to_end_is_late_from_the_grant_on(
    after: timedelta, code: list[str]
) -> None:
    """Its file went three hours before the grant: until then nobody had access that could have ended."""
    longer = an_extension(12 * HOUR)
    granted = replace(GRANTED, commit=longer.commit, window=longer.window, at=NOW + 3 * HOUR)
    ended = an_outcome(EventType.ENDED, at=granted.at + after, why=EndReason.DELETED, window=longer.window)
    assert codes([an_approval(), longer, granted, ended], granted.at + after, deleted=NOW) == code


@pytest.mark.parametrize(("after", "code"), [(-SECOND, ["deleted-briefly"]), (timedelta(), []), (MINUTE, [])])
def test_a_brief_absence_that_ended_access_was_noticed(after: timedelta, code: list[str]) -> None:
    """An end recorded from the second on in which the file went is its end; one from before is another's."""
    gone = Absence(why=EndReason.DELETED, since=NOW + MINUTE, until=NOW + HOUR, commit=MERGE)
    ended = an_outcome(EventType.ENDED, at=gone.since + after, why=EndReason.DRIFT)
    events = [an_approval(), GRANTED, ended, REMOVED]
    (record,) = grant_records(events, LONG_AFTER, {PATH: (gone,)})
    assert [each.code for each in problems(record, LONG_AFTER)] == code
