"""The sandbox's own time: real by default, stepped by the demo and the tests, never by a variable."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Whole UTC seconds, shared by the embedded GitHub and AWS. It stops once it is set."""

    def __init__(self, start: datetime | None = None) -> None:
        self._set: datetime | None = None
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """The moment both servers live in: the one that was set, else the real one."""
        return self._set or datetime.now(UTC).replace(microsecond=0)

    def set(self, moment: datetime) -> None:
        """Stop at `moment` (aware; microseconds are dropped) until it is set or advanced again."""
        if moment.tzinfo is None:
            raise ValueError("the sandbox's clock needs an aware datetime")
        self._set = moment.astimezone(UTC).replace(microsecond=0)

    def advance(self, step: timedelta) -> datetime:
        """Move forward by `step` from now, and stop there."""
        self.set(self.now() + step)
        return self.now()
