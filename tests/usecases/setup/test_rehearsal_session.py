"""The part of a rehearsal in AWS, against answers that are given one by one, in a time that only the test moves."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from rehearsing_aws import END, GRANT, ME, NOW, SECOND, SECRET, Aws

from jitbot.domain.setup.rehearsal import notes as noted
from jitbot.domain.setup.rehearsal.notes import RehearsalNotes


def watched(aws: Aws) -> RehearsalNotes:
    """What is noted of a whole window, from the first look until after the end."""
    session = aws.session()
    while session.moment < END:
        session.look(GRANT)
        aws.sleep(max(min(60.0, session.until(END).total_seconds()), 1))
    aws.now += timedelta(minutes=1)
    session.after(GRANT, END)
    return session.notes


def test_a_window_as_it_should_be() -> None:
    """Entered, allowed to the last second, refused from the first, and nobody enters after. All of it is saved."""
    aws = Aws()
    notes = watched(aws)
    assert (notes.entered_at, notes.entered_as, notes.is_principal) == (NOW, ME, True)
    assert (notes.allowed_from, notes.last_allowed, notes.first_refused) == (NOW, END - SECOND, END)
    assert (notes.other_allowed, notes.entered_after, notes.entry_after) == (False, False, "AccessDenied")
    assert notes.still_refused is not None
    assert notes.still_refused > END
    assert noted.load(aws.saved[-1]) == notes


def test_no_credentials_are_noted() -> None:
    """Neither the keys nor the token of the session reach the disk, or the terminal."""
    aws = Aws()
    watched(aws)
    assert SECRET.encode() not in b"".join(aws.saved)
    assert SECRET not in "".join(aws.said)


@pytest.mark.parametrize("ahead", [-40, 40])
def test_the_end_is_watched_by_awss_clock(ahead: int) -> None:
    """A machine whose clock is wrong sees the same second."""
    notes = watched(Aws(ahead=ahead * SECOND))
    assert (notes.last_allowed, notes.first_refused) == (END - SECOND, END)


def late(aws: Aws) -> None:
    """AWS still allows the read after the end."""
    aws.until = END + timedelta(seconds=30)


def for_ever(aws: Aws) -> None:
    """And does not stop."""
    aws.until = END + timedelta(days=1)


@pytest.mark.parametrize(
    ("change", "last"), [(late, END + timedelta(seconds=29)), (for_ever, END + timedelta(minutes=5))]
)
def test_a_read_that_is_still_allowed_is_watched_for_minutes(
    change: Callable[[Aws], None], last: datetime
) -> None:
    """Until it is refused, or for five minutes; then it is said."""
    aws = Aws()
    change(aws)
    session = aws.session()
    session.look(GRANT)
    aws.now = END - 2 * SECOND
    session.look(GRANT)
    assert session.notes.last_allowed == last
    assert any("AWS STILL ALLOWS IT" in each for each in aws.said) is (change is for_ever)


def test_a_role_that_lets_people_in_after_its_end() -> None:
    """It is noted, and the read that was not granted, and somebody else's principal."""
    notes = watched(
        Aws(entries_until=END + timedelta(days=1), other_allowed=True, arn=ME.replace("frank", "bob"))
    )
    assert (notes.entered_after, notes.other_allowed, notes.is_principal) == (True, True, False)


def test_nobody_is_let_in() -> None:
    """AWS's words, and what the person can do, are noted; nothing is tried without a session."""
    notes = watched(Aws(entries_until=NOW))
    assert notes.entered_at is None
    assert "sts:AssumeRole" in notes.entry_refusal
    assert (notes.allowed_from, notes.last_allowed, notes.other_allowed, notes.still_refused) == (None,) * 4


def test_no_answer_is_neither_allowed_nor_refused() -> None:
    """A network that fails around the end leaves the second open."""
    aws = Aws()
    session = aws.session()
    session.look(GRANT)
    aws.down = True
    aws.now = END - 2 * SECOND
    session.look(GRANT)
    assert (session.notes.last_allowed, session.notes.first_refused) == (NOW, None)
    assert any("no network" in each for each in aws.said)


def test_after_an_early_end_the_role_is_entered_only_when_its_window_is_over() -> None:
    """A role that was ended early lets people in until its end, and denies them everything: that is no failure."""
    aws = Aws(until=NOW + timedelta(minutes=5))
    session = aws.session()
    session.look(GRANT)
    aws.now = NOW + timedelta(minutes=7)
    session.after(GRANT, NOW + timedelta(minutes=5))
    assert session.notes.still_refused == aws.now
    assert session.notes.entered_after is None
    aws.now = END + timedelta(minutes=1)
    session.after(GRANT, NOW + timedelta(minutes=5))
    assert session.notes.entered_after is False


def test_each_thing_is_tried_no_more_often_than_it_must() -> None:
    """Entered once, and the read that was not granted tried once, when the granted one has worked; the rest is a read a look."""
    aws = Aws(until=NOW)
    session = aws.session()
    session.look(GRANT)
    aws.until = END
    for _ in range(3):
        session.look(GRANT)
    assert aws.called == ["enter", "read", "read", "other", "read", "read"]
    assert aws.said == [
        f"you are in, as {ME}",
        "the granted read works",
        "a read that was not granted is refused",
    ]
    assert session.notes.other_answer == "UnauthorizedOperation"
    saved = len(aws.saved)
    session.note(other_allowed=False)
    assert len(aws.saved) == saved


def test_what_was_noted_before_stays() -> None:
    """Of a rehearsal that is gone on with: when the role was first entered, and that the read worked."""
    first = Aws().session()
    first.look(GRANT)
    aws = Aws(now=NOW + timedelta(minutes=1), other_allowed=True)
    session = aws.session()
    session.notes = first.notes
    session.look(GRANT)
    assert (session.notes.entered_at, session.notes.allowed_from) == (NOW, NOW)
    assert aws.said == [f"you are in, as {ME}", "a read that was not granted is ALLOWED"]
    assert session.notes.other_answer == "AWS allowed it"


@pytest.mark.parametrize(("before", "watched"), [(11, False), (10, True)])
def test_the_watch_begins_ten_seconds_before_the_end(before: int, *, watched: bool) -> None:
    """Not sooner: until then AWS is asked once a minute."""
    aws = Aws(now=END - before * SECOND)
    aws.session().look(GRANT)
    assert ("AWS is asked once a second now, until it refuses" in aws.said) is watched


def test_a_refusal_before_the_end_does_not_end_the_watch() -> None:
    """Who was refused early may be let in again: it is asked until AWS refuses at the end."""
    aws = Aws(now=END - 10 * SECOND, until=END - 3 * SECOND)
    session = aws.session()
    session.look(GRANT)
    assert session.notes.first_refused == END - 3 * SECOND
    assert aws.now == END
    assert aws.said[-1] == "refused at 16:15:00Z, by AWS's clock; the end is 16:15:00Z"


def test_after_the_end_both_are_tried_once_half_a_minute_later() -> None:
    """Not sooner, and no more when they were refused; a session that is still allowed, or gets no answer, is tried again."""
    aws = Aws()
    session = aws.session()
    session.look(GRANT)
    aws.called.clear()
    for seconds, tried in ((29, []), (30, ["read", "enter"]), (31, []), (60, [])):
        aws.now = END + seconds * SECOND
        session.after(GRANT, END)
        assert (seconds, aws.called) == (seconds, tried)
        aws.called.clear()
    assert session.notes.still_refused == END + 30 * SECOND
    other = Aws(until=END + timedelta(days=1))
    session = other.session()
    session.look(GRANT)
    other.now = END + timedelta(minutes=1)
    for down in (False, True):
        other.down = down
        session.after(GRANT, END)
        assert session.notes.still_refused is None
    assert other.called == ["enter", "read", "read", "enter", "read"]


def test_without_a_session_nothing_but_entering_is_tried_after_the_end() -> None:
    """As from a clone that saw nothing of it."""
    aws = Aws(now=END + timedelta(minutes=1))
    aws.session().after(GRANT, END)
    assert aws.called == ["enter"]
