"""A run's report and its exit code, by plain values."""

from typing import Any

import pytest
from acme_facts import BASE, MERGE, MERGED_AT, NOW, PROD
from builders import a_change, an_outcome

from jitbot.domain.access.approval import Decision, Verdict
from jitbot.domain.access.too_large import TooLarge
from jitbot.domain.ledger.events import EndReason, EventType
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.exit_code import ExitCode
from jitbot.usecases.apply.apply import Failure
from jitbot.usecases.decide.deciding import Decided
from jitbot.usecases.runs.report import Report

FINDING = Finding(code="x", message="x", file="x", hint="x")
LARGE = TooLarge(commit=MERGE, base=BASE, committed_at=MERGED_AT)


def decided(verdict: Verdict) -> Decided:
    """A change with this verdict."""
    return Decided(change=a_change(), decision=Decision(verdict=verdict), event=None)


def ended(why: EndReason | None, kind: EventType = EventType.ENDED) -> Any:
    """An event that ends access, or another one that says why."""
    return an_outcome(kind, why=why, at=NOW)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({}, ExitCode.DONE),
        ({"decided": (decided(Verdict.APPROVED),)}, ExitCode.DONE),
        ({"decided": (decided(Verdict.APPROVED), decided(Verdict.REFUSED))}, ExitCode.REFUSED),
        ({"refused": (LARGE,)}, ExitCode.REFUSED),
        ({"decided": (decided(Verdict.REFUSED), decided(Verdict.UNDECIDED))}, ExitCode.UNSURE),
        ({"recorded": (ended(EndReason.EXPIRED), ended(EndReason.REVOKED))}, ExitCode.DONE),
        ({"recorded": (ended(EndReason.DRIFT),)}, ExitCode.UNSURE),
        ({"recorded": (ended(EndReason.ORPHAN),)}, ExitCode.UNSURE),
        ({"recorded": (ended(EndReason.ORPHAN, EventType.REMOVED),)}, ExitCode.DONE),
        ({"warnings": (FINDING,)}, ExitCode.DONE),
        ({"alarms": (FINDING,)}, ExitCode.UNSURE),
        ({"failures": (Failure(change=None, account_id=PROD, message="", final=True),)}, ExitCode.UNSURE),
        ({"doubt": "the issuer does not answer"}, ExitCode.UNSURE),
    ],
)
def test_the_exit_code_is_of_the_worst_that_happened(parts: dict[str, Any], code: ExitCode) -> None:
    """What is left undone or was tampered with, before what was refused."""
    report = Report(**parts)
    assert (report.exit_code, report.as_json()["exit_code"]) == (code, code)
    assert report.idle is not any(set(parts) - {"warnings", "doubt"})
