"""What a command knows of where and when it runs."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from jitbot.terminal.invocation import clock, in_job, pause


def test_a_pause_is_as_long_as_is_said_or_half_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By chance, so that those who were refused together do not come back together."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + 2 * high) / 3)
    pause(6)
    assert slept == [5]


def test_the_clock_is_in_whole_seconds_of_utc() -> None:
    """As everything that is recorded."""
    now = clock()
    assert (now.tzinfo, now.microsecond) == (UTC, 0)
    assert timedelta(0) <= datetime.now(UTC) - now < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("environ", "runs_in_one"),
    [
        ({}, False),
        ({"GITHUB_ACTIONS": "false"}, False),
        ({"GITHUB_ACTIONS": "true"}, True),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": ""}, True),
    ],
)
def test_a_job_is_known_by_what_it_may_ask_for(environ: dict[str, str], runs_in_one: bool) -> None:
    """Whoever has the means of a job's token is taken for one."""
    assert in_job(environ) is runs_in_one
