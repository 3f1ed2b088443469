"""Reads that depend on nothing of each other, made at the same time, also beside one write. No two writes are: a run is safe to stop by their order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from jitbot.domain.model.errors import JitbotError

T = TypeVar("T")


def meanwhile(work: Callable[[], T], *reads: Callable[[], object]) -> T:
    """Do some work, and in other threads these reads, whose answers somebody keeps; wait for all of them.

    A read that fails says nothing: who needs its answer asks again, and gets the reason.
    """
    if not reads:
        return work()
    with ThreadPoolExecutor(max_workers=len(reads)) as pool:
        asked = [pool.submit(read) for read in reads]
        done = work()
        for each in asked:
            with suppress(JitbotError):
                each.result()
    return done
