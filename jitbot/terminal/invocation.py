"""What a command may know of where and when it runs; `cli` reads it once and passes it on."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


def pause(seconds: float) -> None:
    """Sleep for at most so long, and at least for half of it.

    By chance, so that runs and accounts that were refused together do not come back together.
    """
    time.sleep(random.uniform(seconds / 2, seconds))  # noqa: S311  # nothing secret depends on it


def clock() -> datetime:
    """The machine's time, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def in_job(environ: Mapping[str, str]) -> bool:
    """Whether this runs in a job of Actions, or has the means by which a job asks for its token."""
    return environ.get("GITHUB_ACTIONS") == "true" or "ACTIONS_ID_TOKEN_REQUEST_URL" in environ


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call of jitbot: the moment, the environment, and the folder it was called in.

    `jitbot` is the command line itself, for the demo, which plays it in a time of its own. `pause` waits, in seconds,
    between two attempts; where nothing lags, as in the demo, it need not. `now` is read once, and a command works in that
    moment; only one that watches something for longer asks the `clock` again.
    """

    now: datetime
    environ: Mapping[str, str]
    folder: Path
    jitbot: Callable[..., int]
    pause: Callable[[float], None] = pause
    clock: Callable[[], datetime] = clock
