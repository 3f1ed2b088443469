"""The duration grammar: `90m`, `2h`, `1h30m`, `2d`. Strict, because a mistyped end must never mean none."""

import re
from datetime import timedelta

from jitbot.domain.text.escape import quoted

MINIMUM = timedelta(minutes=15)
MAXIMUM = timedelta(days=7)

_GRAMMAR = re.compile(r"(?:([1-9][0-9]{0,2})d)?(?:([1-9][0-9]{0,3})h)?(?:([1-9][0-9]{0,4})m)?", re.ASCII)


def parse(text: str) -> timedelta:
    """Read a duration such as `1h30m`: days, hours, minutes, in that order, each at most once.

    Raises ValueError, with a sentence for people, for anything else and outside 15m to 7d.
    """
    match = _GRAMMAR.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"{quoted(text)} is not a duration; write 90m, 2h, 1h30m or 2d")
    days, hours, minutes = (int(group or 0) for group in match.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes)
    if not MINIMUM <= duration <= MAXIMUM:
        raise ValueError(f"{quoted(text)} is outside 15m to 7d")
    return duration


def show(duration: timedelta) -> str:
    """The shortest text that `parse` reads back: `2h`, `1h30m`. Seconds are dropped; at least `0m`."""
    minutes = int(duration.total_seconds()) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"
