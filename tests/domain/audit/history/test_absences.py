"""When main lacked a request's file or its requester, from plain values: to the second which absence must end access."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGE, MERGED_AT, MINUTE, NOW, PATH, PEOPLE, SECOND, sha
from builders import a_change, an_approval, an_outcome

from jitbot.domain.access import request_state
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.audit.history.absences import (
    Absence,
    Left,
    Owning,
    Registered,
    deletions,
    matters,
    must_end_at,
    offboardings,
    overdue,
)
from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.audit.report.population import grant_records
from jitbot.domain.audit.verify.deadlines import passed_over
from jitbot.domain.audit.verify.grant_checks import problems
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.enforce.plan import EarlyEnds
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.model import codeowners
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import GithubId, Login, People
from jitbot.domain.model.merge_facts import Change, ChangeKind

GONE = Absence(why=EndReason.DELETED, since=NOW, until=None, commit=MERGE)
WITHOUT_ALICE: People = {login: person for login, person in PEOPLE.items() if login != "alice"}
HERS = request_state.fold_events([an_approval()])[PATH]


def a_merged(change: Change) -> Merged:
    """A change of the request's file on main."""
    return Merged(change=change, order=0, touched=(PATH,), rules={}, clashes=(), before=())


@pytest.mark.parametrize(
    ("absence", "ends"),
    [
        (GONE, True),
        (replace(GONE, until=NOW + 2 * HOUR), False),
        (replace(GONE, until=NOW + 2 * HOUR + SECOND), True),
        (replace(GONE, owned=False), False),
        (replace(GONE, until=NOW + 9 * HOUR, owned=False), False),
    ],
)
def test_which_absence_must_end_access(absence: Absence, ends: bool) -> None:
    """One that lasts, or lasted longer than a sweep may take; never a deletion where nobody owns the path."""
    assert absence.ends() is ends
    assert must_end_at([absence]) == (NOW if ends else None)


def test_the_first_that_must_end_it_counts() -> None:
    """A brief one before it does not, and nothing comes of none."""
    brief = replace(GONE, since=NOW - HOUR, until=NOW)
    assert must_end_at([replace(GONE, since=NOW + HOUR), GONE, brief]) == NOW
    assert must_end_at([]) is None


@pytest.mark.parametrize(
    ("since", "until", "concerned"),
    [
        (EXPIRES_AT, None, False),
        (EXPIRES_AT - SECOND, None, True),
        (NOW - HOUR, MERGED_AT, False),
        (NOW - HOUR, MERGED_AT + SECOND, True),
        (NOW - HOUR, None, True),
    ],
)
def test_only_the_time_of_the_request_matters(
    since: datetime, until: datetime | None, concerned: bool
) -> None:
    """From its merge until its expiry; of what was never approved, never."""
    absence = replace(GONE, since=since, until=until)
    assert absence.concerns(HERS, MERGED_AT) is concerned
    assert not absence.concerns(RequestState(request=PATH), MERGED_AT)


OWNED = codeowners.parse("* @bob\n", "CODEOWNERS")
NOBODYS = codeowners.parse("/policies/ @bob\n", "CODEOWNERS")
ADDED, DELETED = ChangeKind.ADDED, ChangeKind.DELETED


def at_order(order: int, kind: ChangeKind, path: str = PATH) -> Merged:
    """What the commit of this number, made that many hours after the merge, did to a file."""
    at = MERGED_AT + order * HOUR
    return replace(
        a_merged(a_change(path=path, kind=kind, committed_at=at, commit=sha(f"{order}"))), order=order
    )


def owning(order: int, owners: CodeOwners | None, hours: int | None = None) -> Owning:
    """CODEOWNERS as the commit of this number left it."""
    return Owning(at=MERGED_AT + (order if hours is None else hours) * HOUR, order=order, codeowners=owners)


def left(order: int, *there: str) -> Left:
    """Of alice's file and another, those that the commit of this number left there."""
    asked = frozenset({PATH, f"{PATH}x"})
    at = MERGED_AT + order * HOUR
    return Left(commit=sha(f"{order}"), at=at, order=order, asked=asked, there=frozenset(there))


def hours_of(absences: list[Absence]) -> list[tuple[float, float | None, bool]]:
    """From which hour after the merge until which, and whether somebody owns it."""
    return [
        (
            (each.since - MERGED_AT) / HOUR,
            None if each.until is None else (each.until - MERGED_AT) / HOUR,
            each.owned,
        )
        for each in absences
    ]


def test_deleted_and_brought_back_and_deleted() -> None:
    """Each deletion is an absence of its own, until the file comes back; another file's is another's."""
    line = [at_order(order, kind) for order, kind in enumerate((ADDED, DELETED, ADDED, DELETED))]
    found = deletions(
        [*line[:2], at_order(1, DELETED, f"{PATH}x"), *line[2:]], {PATH: HERS}, owning=[owning(0, OWNED)]
    )
    assert hours_of(found[PATH]) == [(1, 2, True), (3, None, True)]
    assert hours_of(found[f"{PATH}x"]) == [(1, None, True)]


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        ([], [(1, None, False)]),
        ([owning(0, None)], [(1, None, False)]),
        ([owning(0, OWNED), owning(1, NOBODYS)], [(1, None, False)]),
        ([owning(0, NOBODYS), owning(2, OWNED)], [(1, 2, False), (2, None, True)]),
        ([owning(0, OWNED), owning(2, NOBODYS)], [(1, 2, True), (2, None, False)]),
        ([owning(0, NOBODYS), owning(2, OWNED, hours=1)], [(1, None, True)]),
        ([owning(0, OWNED), owning(2, OWNED)], [(1, None, True)]),
        ([owning(0, OWNED), owning(90, NOBODYS)], [(1, None, True)]),
    ],
)
def test_owners_are_those_of_mains_tip(
    owners: list[Owning], expected: list[tuple[float, float | None, bool]]
) -> None:
    """Where they come or go while the file is gone, another absence begins; long after the expiry nothing does."""
    merges = [at_order(0, ADDED), at_order(1, DELETED)]
    assert hours_of(deletions(merges, {PATH: HERS}, owning=owners)[PATH]) == expected


def test_what_a_commit_left_that_was_not_followed() -> None:
    """A file that it left ends an absence, one that it did not begins one, if it was ever there."""
    began = [at_order(0, ADDED), at_order(1, DELETED)]
    found = deletions(began, {PATH: HERS}, left=[left(1), left(2, PATH), left(3), left(4)])
    assert hours_of(found[PATH]) == [(1, 2, False), (3, None, False)]
    assert [each.commit for each in found[PATH]] == [sha("1"), sha("3")]
    assert f"{PATH}x" not in found


@pytest.mark.parametrize(("seconds", "joined"), [(0, True), (59, True), (60, False)])
def test_a_moment_interrupts_no_absence(seconds: int, joined: bool) -> None:
    """A file, owners or a person that were there again for less than a minute, between a rebase's own commits."""
    blink = timedelta(seconds=seconds)
    again = replace(at_order(3, DELETED).change, committed_at=MERGED_AT + 2 * HOUR + blink)
    back = [at_order(0, ADDED), at_order(1, DELETED), at_order(2, ADDED), replace(a_merged(again), order=3)]
    assert len(deletions(back, {PATH: HERS}, owning=[owning(0, OWNED)])[PATH]) == 2 - joined
    owners = [
        owning(0, OWNED),
        owning(2, NOBODYS),
        replace(owning(3, OWNED), at=MERGED_AT + 2 * HOUR + blink),
    ]
    assert len(deletions(back[:2], {PATH: HERS}, owning=owners)[PATH]) == (1 if joined else 3)
    times = [(NOW, WITHOUT_ALICE), (NOW + HOUR, PEOPLE), (NOW + HOUR + blink, WITHOUT_ALICE)]
    people = [Registered(commit=MERGE, at=at, people=each) for at, each in times]
    assert len(offboardings(HERS, people)) == 2 - joined


def test_gone_and_back() -> None:
    """From the first people.yaml without the person until one with them. While none can be read, it is unknown."""
    listed = (
        PEOPLE,
        WITHOUT_ALICE,
        WITHOUT_ALICE,
        PEOPLE,
        WITHOUT_ALICE,
        None,
        None,
        WITHOUT_ALICE,
        PEOPLE,
        None,
    )
    history = [
        Registered(commit=sha(str(hour)), at=NOW + hour * HOUR, people=people)
        for hour, people in enumerate(listed)
    ]
    found = offboardings(HERS, history)
    told = [(each.since - NOW, each.until and each.until - NOW, each.commit, each.read) for each in found]
    assert told == [
        (HOUR, 3 * HOUR, sha("1"), True),
        (4 * HOUR, 5 * HOUR, sha("4"), True),
        (5 * HOUR, 7 * HOUR, sha("5"), False),
        (7 * HOUR, 8 * HOUR, sha("7"), True),
        (9 * HOUR, None, sha("9"), False),
    ]
    assert [each.ends() for each in found] == [False] * 5
    assert {each.why for each in found} == {EndReason.OFFBOARDED}
    assert offboardings(HERS, ()) == ()


def test_another_person_under_the_same_login_is_gone() -> None:
    """The recorded id and principal must both be there still."""
    alice = PEOPLE[Login("alice")]
    for other in (
        replace(alice, github_id=GithubId(9)),
        replace(alice, principal=PEOPLE[Login("dave")].principal),
    ):
        changed = {**PEOPLE, Login("alice"): other}
        assert len(offboardings(HERS, [Registered(commit=MERGE, at=NOW, people=changed)])) == 1


APPROVED, GRANTED = an_approval(), an_outcome(EventType.GRANTED)
BRIEF = replace(GONE, since=NOW + HOUR, until=NOW + HOUR + MINUTE)
FREE = replace(GONE, since=NOW + HOUR, owned=False)
UNREAD = replace(GONE, why=EndReason.OFFBOARDED, since=NOW + HOUR, read=False)


def told(absence: Absence, now: datetime, *events: Event) -> list[tuple[str, str]]:
    """What is noted of an access from which it was absent, without the name of the grant."""
    (record,) = grant_records(events, now, {PATH: (absence,)})
    found = list(problems(record, now))
    assert {each.severity for each in found} <= {Severity.NOTE}
    return [(each.code, each.message.partition(" in prod: ")[2]) for each in found]


@pytest.mark.parametrize(
    ("absence", "code", "says"),
    [
        (
            BRIEF,
            "deleted-briefly",
            "its file was gone from main from 2026-11-24T10:01:00Z for 1m, and that ended no access; "
            "that is shorter than a sweep must notice",
        ),
        (
            replace(BRIEF, why=EndReason.OFFBOARDED),
            "offboarded-briefly",
            "its requester was gone from people.yaml from 2026-11-24T10:01:00Z for 1m, and that ended no access; "
            "that is shorter than a sweep must notice",
        ),
        (
            FREE,
            "deleted-without-owner",
            "its file was gone from main from 2026-11-24T10:01:00Z on, and that ended no access; "
            "nobody owns that folder, so only who may revoke ends access by a deletion",
        ),
    ],
)
def test_an_absence_that_ended_nothing_is_a_note(absence: Absence, code: str, says: str) -> None:
    """With when and for how long; an auditor may ask whether it was meant to end access."""
    long_after = NOW + 3 * HOUR + SECOND
    events = (APPROVED, GRANTED, an_outcome(EventType.ENDED, at=EXPIRES_AT + MINUTE))
    assert told(absence, long_after, *events) == [(code, says)]


@pytest.mark.parametrize(
    ("until", "severity", "span"),
    [(None, Severity.UNCHECKED, "on"), (NOW + 6 * HOUR, Severity.NOTE, "for 5h")],
    ids=["still", "for a time"],
)
def test_people_that_nobody_could_read(until: datetime | None, severity: Severity, span: str) -> None:
    """As long as it is so, nobody can say whether access was to end; later it is a note, however long it was."""
    unread = replace(UNREAD, until=until)
    (record,) = grant_records([APPROVED, GRANTED], NOW + 7 * HOUR, {PATH: (unread,)})
    (found,) = passed_over(record, NOW + 7 * HOUR)
    assert (found.code, found.severity, unread.ends()) == ("people-not-read", severity, False)
    assert f"could not be read from 2026-11-24T10:01:00Z {span}, so nobody knew" in found.why
    asked = ControlAnswer.UNKNOWN if until is None else ControlAnswer.NOT_DUE
    assert (found.answer, found.hint.endswith("if they left")) == (asked, True)
    assert until is not None or not [*passed_over(record, NOW + 3 * HOUR)]  # a sweep may still come


@pytest.mark.parametrize(
    ("absence", "after", "noted"),
    [
        (BRIEF, HOUR - SECOND, False),  # the commit's date is ahead of us
        (BRIEF, HOUR, True),
        (FREE, 3 * HOUR, False),
        (FREE, 3 * HOUR + SECOND, True),
    ],
)
def test_when_an_absence_has_ended_nothing(absence: Absence, after: timedelta, noted: bool) -> None:
    """As soon as it is over, or when an early end would have come by now."""
    events = (APPROVED, GRANTED, an_outcome(EventType.ENDED, at=EXPIRES_AT + MINUTE))
    assert len(told(absence, NOW + after, *events)) == noted


def test_what_ended_access_or_met_none_is_no_note() -> None:
    """An end from the absence on was perhaps its doing, one before it was not; what was never granted ran through none."""
    early = an_outcome(EventType.ENDED, at=BRIEF.since, why=EndReason.DELETED)
    assert told(BRIEF, NOW + 2 * HOUR, APPROVED, GRANTED, early) == []
    before = replace(early, at=BRIEF.since - SECOND)
    assert [code for code, _ in told(BRIEF, NOW + 2 * HOUR, APPROVED, GRANTED, before)] == ["deleted-briefly"]
    assert [code for code, _ in told(BRIEF, NOW + 90 * MINUTE, APPROVED)] == ["outcome-due"]


@pytest.mark.parametrize(("after", "due"), [(2 * HOUR, False), (2 * HOUR + SECOND, True)])
def test_which_ends_are_overdue(after: timedelta, due: bool) -> None:
    """Those for which no sweep has time left, by what they are."""
    for why, ends in (
        (EndReason.DELETED, EarlyEnds(deleted=frozenset({PATH}))),
        (EndReason.OFFBOARDED, EarlyEnds(offboarded=frozenset({PATH}))),
    ):
        gone = replace(GONE, why=why)
        found = overdue({PATH: (gone,)}, NOW + after)
        assert found == (ends if due else EarlyEnds())
        owned = replace(gone, owned=False)
        assert overdue({PATH: (owned,)}, NOW + after) == EarlyEnds()


def test_until_when_an_absence_can_matter() -> None:
    """As long as a sweep may still have to end access by it; never of what was not approved."""
    last = EXPIRES_AT + 2 * HOUR
    assert matters(HERS, last)
    assert not matters(HERS, last + SECOND)
    assert not matters(RequestState(request=PATH), NOW)
    assert not matters(None, NOW)
