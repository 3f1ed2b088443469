"""A period on the command line: from a day or a moment, to a day or a moment."""

from datetime import UTC, datetime, timedelta

import click

from jitbot.domain.model import timestamp


class Day(click.ParamType[datetime]):
    """A UTC day such as 2026-11-24, or a moment. `last`: a day stands for its end, so that it is within."""

    name = "time"

    def __init__(self, *, last: bool = False) -> None:
        self._last = last

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read a day or a moment."""
        if isinstance(value, datetime):
            return value
        text = str(value)
        try:
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) if len(text) == 10 else None
            return timestamp.parse(text) if day is None else day + timedelta(days=self._last)
        except (ValueError, OverflowError):
            self.fail(f"{text[:40]!r} is neither a day such as 2026-11-24 nor a time", param, ctx)
