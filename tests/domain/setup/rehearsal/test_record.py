"""Where a rehearsal is, from its pull request, its events and the time alone."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from acme_facts import MERGED_AT, MINUTE
from builders import a_revocation
from rehearsal_facts import (
    APPROVED,
    CONFIRMED,
    END,
    GRANTED,
    LIFE,
    REMOVABLE,
    REMOVED,
    SECOND,
    a_rehearsal,
    outcome,
)

from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.setup.rehearsal.record import RehearsalStep
from jitbot.domain.text import timestamp

REVOKED = a_revocation(at=MERGED_AT + 5 * MINUTE)
DENIED = outcome(EventType.ENDED, at=MERGED_AT + 6 * MINUTE, why=EndReason.REVOKED)
REFUSED = Event(kind=EventType.REFUSED, at=MERGED_AT, request=APPROVED.request, evidence=Evidence({}))
FAILED = Event(kind=EventType.FAILED, at=MERGED_AT, request=APPROVED.request, cause="AccessDenied")
OPEN = {"merged_at": None, "merge_commit": None}


@pytest.mark.parametrize(
    ("events", "now", "step"),
    [
        ((), MERGED_AT, "merged"),
        ((FAILED,), MERGED_AT, "merged"),
        ((REFUSED,), MERGED_AT, "refused"),
        ((APPROVED,), MERGED_AT, "approved"),
        ((APPROVED,), END, "over"),
        ((APPROVED, GRANTED), END - SECOND, "live"),
        ((APPROVED, GRANTED), END, "over"),
        ((APPROVED, GRANTED), REMOVABLE, "over"),
        ((replace(APPROVED, window=None),), END, "merged"),
        ((APPROVED, GRANTED, REVOKED), MERGED_AT + 6 * MINUTE, "ended early"),
        ((APPROVED, GRANTED, DENIED), END + MINUTE, "ended early"),
        ((APPROVED, GRANTED, DENIED), REMOVABLE, "removable"),
        ((APPROVED, GRANTED, CONFIRMED), REMOVABLE - SECOND, "confirmed"),
        ((APPROVED, GRANTED, CONFIRMED), REMOVABLE, "removable"),
        (LIFE, REMOVABLE, "removed"),
    ],
)
def test_a_merged_one(events: tuple[Event, ...], now: datetime, step: str) -> None:
    """Every step follows from what is recorded, and from the clock where nothing is."""
    assert a_rehearsal(*events).step(now) == step


@pytest.mark.parametrize(
    ("pull", "step"),
    [(OPEN, RehearsalStep.ASKED), ({**OPEN, "closed_at": MERGED_AT}, RehearsalStep.CLOSED)],
)
def test_one_that_is_not_merged(pull: dict[str, Any], step: RehearsalStep) -> None:
    """It waits, or nothing comes of it."""
    assert a_rehearsal(**pull).step(END) is step


def test_an_early_end_is_told_from_one_that_came_later() -> None:
    """A role that was found changed after its time was not cut short: AWS's refusal could still be seen."""
    late = outcome(EventType.ENDED, at=END + MINUTE, why=EndReason.DRIFT)
    seen_late = replace(late, evidence=Evidence({"effective_at": timestamp.show(END - SECOND)}))
    assert a_rehearsal(APPROVED, GRANTED, DENIED).cut_short == "revoked"
    assert a_rehearsal(APPROVED, GRANTED, late).cut_short == ""
    assert a_rehearsal(APPROVED, GRANTED, seen_late).cut_short == "drift"
    on_time = replace(late, evidence=Evidence({"effective_at": timestamp.show(END)}))
    assert a_rehearsal(APPROVED, GRANTED, on_time).cut_short == ""
    assert a_rehearsal(APPROVED, GRANTED, seen_late).over_at == END - SECOND
    assert a_rehearsal(APPROVED, GRANTED, CONFIRMED).cut_short == ""
    assert a_rehearsal(DENIED).cut_short == ""
    assert a_rehearsal(APPROVED, GRANTED, REVOKED).early == REVOKED
    assert a_rehearsal(APPROVED, GRANTED, REVOKED, DENIED).early == DENIED


@pytest.mark.parametrize(
    ("run", "number"),
    [
        ("https://github.com/acme/access/actions/runs/9000000001/attempts/1", 9000000001),
        ("https://github.com/acme/access/actions/runs/x/attempts/1", None),
        ("", None),
    ],
)
def test_the_run_that_decided(run: str, number: int | None) -> None:
    """Its number, approved or refused; none where none is recorded."""
    assert a_rehearsal(replace(APPROVED, run=run)).run == number
    assert a_rehearsal(replace(REFUSED, run=run)).run == number
    assert a_rehearsal().run is None


def test_failures_are_each_said_once() -> None:
    """The same refusal in two runs is one."""
    assert a_rehearsal(FAILED, FAILED).failures == ("AccessDenied",)
    assert a_rehearsal(REMOVED).failures == ()
