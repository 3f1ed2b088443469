"""Moments as text: one form, read and written."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.text import timestamp

FIRST, LAST = datetime(2000, 1, 1), datetime(2999, 12, 31, 23, 59, 59)  # noqa: DTZ001 (hypothesis adds UTC)


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_what_is_shown_reads_back(moment: datetime) -> None:
    """Every UTC moment of whole seconds, in a thousand years, survives being written and read."""
    whole = moment.replace(microsecond=0)
    assert timestamp.parse(timestamp.show(whole)) == whole


@pytest.mark.parametrize("text", ["1999-12-31T23:59:59Z", "3000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_moment_that_days_cannot_be_added_to_is_refused(text: str) -> None:
    """A year outside 2000 to 2999 is no moment of access; the first and the last second within are."""
    with pytest.raises(ValueError, match="2000 to 2999"):
        timestamp.parse(text)
    assert timestamp.parse("2000-01-01T00:00:00Z") == FIRST.replace(tzinfo=UTC)
    assert timestamp.parse("2999-12-31T23:59:59Z") == LAST.replace(tzinfo=UTC)


def test_the_form_is_utc_with_a_z() -> None:
    """Another time zone is brought to UTC, and parts of a second are dropped, never rounded up."""
    zone = timezone(timedelta(hours=5, minutes=30))
    assert timestamp.show(datetime(2026, 11, 24, 14, 30, 0, 999_999, tzinfo=zone)) == "2026-11-24T09:00:00Z"


def test_a_naive_moment_is_refused() -> None:
    """A moment without a time zone has no place in a document."""
    with pytest.raises(ValueError, match="time zone"):
        timestamp.show(datetime(2026, 11, 24, 9, 0, 0))  # noqa: DTZ001 (the naive moment is the point)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-24",
        "2026-11-24T09:00Z",
        "2026-11-24T09:00:00",
        "2026-11-24 09:00:00Z",
        "2026-11-24T09:00:00z",
        "2026-11-24T09:00:00.0Z",
        "2026-11-24T09:00:00+00:00",
        "2026-11-24T09:00:00Z\n",
        " 2026-11-24T09:00:00Z",
        "2026-1-24T09:00:00Z",
        "٢٠٢٦-11-24T09:00:00Z",
        "1795510800",
        "tomorrow",
    ],
)
def test_any_other_form_is_refused(text: str) -> None:
    """Nothing wider than the one form is a moment."""
    with pytest.raises(ValueError, match="is not a UTC time such as"):
        timestamp.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T09:00:60Z",
        "2026-11-24T09:00:61Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_a_moment_that_does_not_exist_is_refused(text: str) -> None:
    """A day or an hour that no calendar or clock has is refused, never moved to the next one."""
    with pytest.raises(ValueError, match="exists"):
        timestamp.parse(text)


def test_a_day_is_its_first_second() -> None:
    """A date alone, or a moment; anything else is neither, and a day that no calendar has does not exist."""
    first = datetime(2026, 12, 20, tzinfo=UTC)
    assert timestamp.parse_day("2026-12-20") == first
    assert timestamp.parse_day("2026-12-20T08:00:00Z") == first + timedelta(hours=8)
    with pytest.raises(ValueError, match="neither a date nor a UTC time"):
        timestamp.parse_day("20.12.2026")
    with pytest.raises(ValueError, match="exists"):
        timestamp.parse_day("2026-02-30")


def test_a_date_is_a_day_alone() -> None:
    """Neither a moment nor another way to write it; and one that a calendar has, in the years that days can be added to."""
    assert timestamp.parse_date("2026-12-01") == date(2026, 12, 1)
    for text in ("2026-12-01T00:00:00Z", "1.12.2026", "2026-12-1", "2026-12-01 ", ""):
        with pytest.raises(ValueError, match="is not a date such as 2026-12-01"):
            timestamp.parse_date(text)
    with pytest.raises(ValueError, match="exists"):
        timestamp.parse_date("2026-02-30")
    with pytest.raises(ValueError, match="2000 to 2999"):
        timestamp.parse_date("1999-12-31")


def test_people_read_seconds_only_where_there_are_some() -> None:
    """Most moments have none."""
    moment = datetime(2027, 1, 6, 8, tzinfo=UTC)
    assert timestamp.for_people(moment) == "2027-01-06 08:00 UTC"
    assert timestamp.for_people(moment + timedelta(seconds=5)) == "2027-01-06 08:00:05 UTC"
