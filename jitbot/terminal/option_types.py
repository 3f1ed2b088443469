"""What people type on the command line, read strictly, and the options that several verbs share."""

from datetime import UTC, datetime, timedelta

import click

from jitbot.domain.request.request_reference import pull_number
from jitbot.domain.text import duration, timestamp
from jitbot.terminal.invocation import Invocation


class Length(click.ParamType[timedelta]):
    """A duration such as 90m, 2h or 1h30m."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it as a request's file is read."""
        try:
            return value if isinstance(value, timedelta) else duration.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Moment(click.ParamType[datetime]):
    """A time on the command line."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read `2026-11-24T09:00:00Z`. The message of a failure has tomorrow morning as its example."""
        try:
            return value if isinstance(value, datetime) else timestamp.parse(str(value))
        except ValueError as error:
            now = ctx.obj.now if ctx is not None and isinstance(ctx.obj, Invocation) else None
            self.fail(f"{error}{_tomorrow(now) if now is not None else ''}", param, ctx)


def _tomorrow(now: datetime) -> str:
    nine = (now + timedelta(days=1)).replace(hour=9, minute=0, second=0)
    return f"; tomorrow at nine, UTC, is {timestamp.show(nine)}, and it is {timestamp.show(now)} now"


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


class Number(click.IntRange):
    """A whole number. A message calls it that, and not a range."""

    name = "number"


class PullNumber(click.ParamType[int]):
    """A pull request of the access repository: 7 or #7. An address is refused: it may be another repository's."""

    name = "pull request"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read its number."""
        text = str(value)
        number = None if "/" in text else pull_number(text)
        if number is None:
            self.fail(f"{text[:80]!r} is no number of a pull request, such as 7", param, ctx)
        return number


class Named(click.ParamType[tuple[str, str]]):
    """A parameter as name=value."""

    name = "name=value"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first `=`."""
        if isinstance(value, tuple):
            return value
        name, sign, text = str(value).partition("=")
        if not sign or not name:
            self.fail(f"{value!r} is not name=value", param, ctx)
        return name, text


repo_option = click.option(
    "--repo",
    metavar="OWNER/NAME",
    help="The access repository; else JITBOT_REPOSITORY, else this clone's origin.",
)
timeout_option = click.option(
    "--timeout",
    type=Length(),
    default="1h",
    show_default=True,
    help="How long to wait at most.",
)
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or machines."
)
wait_option = click.option("--wait", is_flag=True, help="Show how it goes, until it is granted or refused.")
dry_option = click.option("--dry-run", is_flag=True, help="Show what would be asked for, and write nothing.")
account_option = click.option("--account", help="The account, where the request is for several.")
role_option = click.option("--role", help="Enter this role, by its ARN: no clone and no ledger needed.")
profile_option = click.option(
    "--profile", help="The AWS profile that is you; your environment decides if left out."
)
clone_option = click.option("--clone", help="A folder in a clone of the access repository, if this is none.")
named_option = click.option(
    "--repo",
    "repository",
    metavar="OWNER/NAME",
    help="The access repository, instead of a clone; else JITBOT_REPOSITORY, else this clone.",
)
merged_at_option = click.option(
    "--at", type=Moment(), help="As if merged at this time, such as 2026-11-24T09:00:00Z."
)
