"""Moments as text: aware UTC, whole seconds, a trailing Z. The only form that documents and events carry."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from jitbot.domain.text.escape import quoted

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@lru_cache(maxsize=4096)  # an event, its documents and each table name the same few moments
def show(moment: datetime) -> str:
    """`2026-11-24T09:00:00Z`. Raises ValueError for a naive datetime; microseconds are dropped."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    shown = moment.astimezone(UTC).isoformat(timespec="seconds")
    return shown.removesuffix("+00:00") + "Z"


@lru_cache(maxsize=4096)  # likewise
def parse(text: str) -> datetime:
    """The reverse of `show`, and nothing wider. Raises ValueError, with a sentence for people."""
    if _SHAPE.fullmatch(text) is None:
        raise ValueError(f"{quoted(text)} is not a UTC time such as 2026-11-24T09:00:00Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not a date and time that exists") from None
    if not 2000 <= moment.year < 3000:  # so that days can be added to it, and taken away
        raise ValueError(f"{quoted(text)} is not in the years 2000 to 2999")
    return moment


def parse_day(text: str) -> datetime:
    """A moment as `parse` reads it, or a date alone, which is its first second in UTC. Raises ValueError like `parse`."""
    if _DAY.fullmatch(text):
        return parse(f"{text}T00:00:00Z")
    if _SHAPE.fullmatch(text) is None:
        raise ValueError(
            f"{quoted(text)} is neither a date nor a UTC time: 2026-12-20, or 2026-12-20T08:00:00Z"
        )
    return parse(text)


def parse_date(text: str) -> date:
    """A day as 2026-12-01, and nothing else. Raises ValueError like `parse`."""
    if _DAY.fullmatch(text) is None:
        raise ValueError(f"{quoted(text)} is not a date such as 2026-12-01")
    return parse_day(text).date()


def for_people(moment: datetime) -> str:
    """`2027-01-06 08:00 UTC`; with seconds only where there are some."""
    shown = show(moment).removesuffix("Z").replace("T", " ")
    return f"{shown.removesuffix(':00')} UTC"
