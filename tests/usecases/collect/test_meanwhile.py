"""Reads at the same time: all of them are over before anything else is done, and none of them ends a run."""

from threading import Barrier, Event

import pytest

from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.usecases.collect.meanwhile import meanwhile


def test_they_are_made_at_the_same_time() -> None:
    """Each waits for the others: one after the other, none would ever end."""
    together = Barrier(3, timeout=20)
    assert meanwhile(lambda: together.wait() >= 0, together.wait, together.wait)


def test_what_follows_waits_for_the_last_of_them() -> None:
    """A write must not meet a read that is still on its way."""
    worked, over = Event(), []

    def read() -> None:
        worked.wait(20)
        over.append("read")

    meanwhile(worked.set, read)
    assert over == ["read"]


def test_a_read_that_fails_is_silent_and_the_work_counts() -> None:
    """Who needs the answer asks again: a failure ahead of time is no failure of the run."""

    def fails() -> None:
        raise UnavailableError("GitHub answered 503")

    assert meanwhile(lambda: "done", fails, fails) == "done"


def test_work_that_fails_says_so_after_the_reads_are_over() -> None:
    """Nothing is left running behind an error."""
    failing, over = Event(), []

    def read() -> None:
        failing.wait(20)
        over.append("read")

    def work() -> None:
        failing.set()
        raise UnavailableError("no rules")

    with pytest.raises(JitbotError, match="no rules"):
        meanwhile(work, read)
    assert over == ["read"]


def test_a_defect_in_a_read_is_not_hidden() -> None:
    """Only what is expected of others is silent: a mistake of ours is seen."""
    with pytest.raises(ZeroDivisionError):
        meanwhile(lambda: None, lambda: 1 // 0)


def test_without_reads_there_is_only_the_work() -> None:
    """And no thread for it."""
    assert meanwhile(lambda: 7) == 7
