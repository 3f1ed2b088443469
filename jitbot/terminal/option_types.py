"""What people type on the command line of `request`, `extend` and `release`, read strictly."""

import re
from datetime import datetime, timedelta

import click

from jitbot.domain.model import duration
from jitbot.usecases.request.requester_client import RemoteTree, RequesterClient


class Length(click.ParamType[timedelta]):
    """A duration such as 90m, 2h or 1h30m."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it as a request's file is read."""
        try:
            return value if isinstance(value, timedelta) else duration.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


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


def number_in(text: str) -> int | None:
    """The number of a pull request, where that is what was typed: 7, #7, or its address."""
    match = re.fullmatch(r"(?:#|https?://\S+/pull/)?([1-9][0-9]{0,9})", text)
    return int(match[1]) if match else None


def month_and_last(now: datetime) -> tuple[str, str]:
    """This month and the one before, as requests are filed: 2026-11, 2026-10."""
    return f"{now:%Y-%m}", f"{now.replace(day=1) - timedelta(days=1):%Y-%m}"


def former(client: RequesterClient, text: str, now: datetime) -> tuple[str, bytes]:
    """The path and content of the request that a person means, of main or of a pull request, merged or not."""
    from jitbot.domain.model.errors import InvalidError
    from jitbot.terminal.paths import meant

    if (number := number_in(text)) is not None:
        path = client.request_of(number)
        content = RemoteTree(client.personal, client.personal.pull(number).head).read([path]).get(path)
        if content is None:
            raise InvalidError(f"pull request {number} holds no request: it deletes {path}")
        return path, content
    path = meant(text, dict.fromkeys(client.requests(month_and_last(now))))
    return path, client.read_request(path)[0]
