"""What is typed on the command line is read strictly, and what is wrong with it is said."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest

from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import Day, Length, Moment, Named, Number, PullNumber

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HERE = click.Context(
    click.Command("x"), obj=Invocation(now=NOW, environ={}, folder=Path("/"), jitbot=lambda *_: 0)
)
MIDNIGHT = NOW.replace(hour=0)


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        (Length(), "1h30m", timedelta(minutes=90)),
        (Length(), timedelta(hours=1), timedelta(hours=1)),
        (Moment(), "2026-11-24T09:00:00Z", NOW),
        (Moment(), NOW, NOW),
        (Day(), "2026-11-24", MIDNIGHT),
        (Day(last=True), "2026-11-24", MIDNIGHT + timedelta(days=1)),
        (Day(last=True), "2026-11-24T09:00:00Z", NOW),
        (Day(), NOW, NOW),
        (Named(), "table=a=b", ("table", "a=b")),
        (Named(), "table=", ("table", "")),
        (Named(), ("table", "orders"), ("table", "orders")),
        (PullNumber(), "7", 7),
        (PullNumber(), "#7", 7),
        (PullNumber(), 7, 7),
        (Number(min=1), "7", 7),
    ],
)
def test_what_is_typed_is_read(kind: click.ParamType[Any], typed: object, read: object) -> None:
    """A value that is read already stays as it is."""
    assert kind.convert(typed, None, HERE) == read


TOMORROW = "; tomorrow at nine, UTC, is 2026-11-25T09:00:00Z, and it is 2026-11-24T09:00:00Z now"


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        (Length(), "long", "long"),
        (Moment(), "soon", TOMORROW),
        (Day(), "2026-11-31", "'2026-11-31' is neither a day such as 2026-11-24 nor a time"),
        (Day(), "2026-11-2", "'2026-11-2' is neither a day"),
        (Day(), "x" * 50, f"'{'x' * 40}' is neither a day"),
        (Day(last=True), "9999-12-31", "'9999-12-31' is neither a day"),
        (Named(), "table", "'table' is not name=value"),
        (Named(), "=orders", "'=orders' is not name=value"),
        (PullNumber(), "refunds", "'refunds' is no number of a pull request, such as 7"),
        (PullNumber(), "https://github.com/acme/access/pull/7", "pull/7' is no number of a pull request"),
        (PullNumber(), "0", "'0' is no number of a pull request"),
        (Number(min=1), "acme", "'acme' is not a valid number"),
        (Number(min=1), "0", "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_read_is_misuse(kind: click.ParamType[Any], typed: str, said: str) -> None:
    """With an example, where there is one."""
    with pytest.raises(click.BadParameter) as refused:
        kind.convert(typed, None, HERE)
    assert said in refused.value.message


@pytest.mark.parametrize("place", [None, click.Context(click.Command("x"))])
def test_a_time_is_read_without_a_clock(place: click.Context | None) -> None:
    """Then there is no example of tomorrow."""
    with pytest.raises(click.BadParameter) as refused:
        Moment().convert("soon", None, place)
    assert "tomorrow" not in refused.value.message
