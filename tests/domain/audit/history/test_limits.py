"""What is late, too long or too early: to the second, as every part of the audit asks it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from acme_facts import EXPIRES_AT, HOUR, NOW, SECOND
from builders import a_window, an_outcome

from jitbot.domain.audit.history.limits import before_decision, confirming, longer_than, removing
from jitbot.domain.ledger.attestation import CLOCK_SKEW
from jitbot.domain.ledger.events import Event, EventType


def an_end(at: datetime, expires_at: datetime = EXPIRES_AT) -> Event:
    """A run saw the end of a term."""
    return an_outcome(EventType.ENDED, at=at, window=a_window(expires_at=expires_at))


@pytest.mark.parametrize(
    ("early", "before"), [(timedelta(), False), (CLOCK_SKEW, False), (CLOCK_SKEW + SECOND, True)]
)
def test_clocks_of_two_runs_may_differ(early: timedelta, *, before: bool) -> None:
    """As much as tokens allow; a second more is access before its decision."""
    assert before_decision(NOW - early, NOW) is before


@pytest.mark.parametrize(("held", "longer"), [(HOUR, False), (HOUR + SECOND, True)])
def test_a_grant_may_last_as_long_as_its_policy_says(held: timedelta, *, longer: bool) -> None:
    """From its first start on."""
    assert longer_than(HOUR, NOW, NOW + held) is longer


def test_the_first_record_of_this_end_confirms_it() -> None:
    """An earlier term's end does not; nor does a record that does not say which end it saw."""
    earlier, first, again = an_end(NOW, EXPIRES_AT - SECOND), an_end(NOW + HOUR), an_end(NOW + 2 * HOUR)
    unclear = replace(an_end(NOW), window=None)
    assert confirming([again, earlier, unclear, first], EXPIRES_AT) == first
    assert confirming([earlier, unclear], EXPIRES_AT) is None
    assert confirming([first, earlier], None) == earlier
    assert confirming([], None) is None


def test_the_first_removal_from_the_end_on_removes() -> None:
    """One in the very second of the end does, and one before it was of an earlier term."""
    before, at, later = (an_outcome(EventType.REMOVED, at=EXPIRES_AT + n * SECOND) for n in (-1, 0, 1))
    assert removing([later, at, before], EXPIRES_AT) == at
    assert removing([later, before], None) == before
    assert removing([before], EXPIRES_AT) is None
