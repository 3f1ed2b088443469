"""Is the list complete, and how was that tested: what is counted, what is missing, and what nobody could check."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from acme_facts import DAY, HOUR, MERGED_AT, NOW, PATH, SECOND, sha
from audit_facts import WHOLE, a_ledger, a_recorded, approval
from builders import a_change

from jitbot.domain.audit.history.findings import Severity, Subject
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.history.main_history import Merged
from jitbot.domain.audit.report.overview.completeness_answer import (
    Completeness,
    completeness_answer,
    completeness_of,
)
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.model.merge_facts import ChangeKind

START, END = MERGED_AT - DAY, MERGED_AT + DAY
LATE = END + 30 * DAY


def history(*events: Event, **changes: object) -> LedgerHistory:
    """A ledger that holds these events in one batch."""
    recorded = tuple(map(a_recorded, events))
    batches = (a_recorded(approval()).batch,)
    return a_ledger(*recorded, **{"batches": batches, "commits": 2, **changes})


def merged(at: datetime = MERGED_AT, name: str = "merge", kind: ChangeKind = ChangeKind.ADDED) -> Merged:
    """A change of a request file on main."""
    change = replace(a_change(), path=PATH, commit=sha(name), committed_at=at, kind=kind)
    return Merged(change=change, order=0, touched=(PATH,), rules=None, clashes=(), before=())


def looked(*merges: Merged, ledger: LedgerHistory | None = None, now: datetime = LATE) -> Completeness:
    """What is tested of the two days around the merge."""
    return completeness_of(ledger or history(approval()), merges, unread=(), start=START, end=END, now=now)


def verified(at: datetime, cause: str = "") -> Event:
    """A recorded verification; with a cause it found something."""
    return Event(kind=EventType.VERIFIED, at=at, request="", cause=cause)


def test_a_merge_without_a_decision_is_missing_once_it_is_late() -> None:
    """Until a day has passed the next run may decide it."""
    assert (looked(merged()).decided, looked(merged()).missing) == (1, 0)
    lacking = merged(name="other")
    assert (looked(merged(), lacking).missing, looked(merged(), lacking).due) == (1, 0)
    young = looked(merged(), lacking, now=MERGED_AT + HOUR)
    assert (young.missing, young.due, young.decided) == (0, 1, 1)


@pytest.mark.parametrize(
    ("at", "kind", "counted"),
    [
        (START, ChangeKind.ADDED, 1),
        (START - SECOND, ChangeKind.ADDED, 0),
        (END - SECOND, ChangeKind.ADDED, 1),
        (END, ChangeKind.ADDED, 0),
        (LATE, ChangeKind.ADDED, 0),
        (LATE + SECOND, ChangeKind.ADDED, 1),  # a date ahead of us
        (MERGED_AT, ChangeKind.DELETED, 0),
    ],
)
def test_which_merges_belong_to_a_period(at: datetime, kind: ChangeKind, counted: int) -> None:
    """Those of its days; one whose date is ahead of us belongs to every period; a deletion asks for nothing."""
    assert looked(merged(at=at, kind=kind)).merged == counted


def test_the_parts_of_the_ledger_that_do_not_count() -> None:
    """What was left out is not what could not be checked."""
    odd = [
        Subject().problem("x", "x", "x", severity)
        for severity in (Severity.BROKEN, Severity.BROKEN, Severity.UNCHECKED)
    ]
    found = looked(ledger=history(approval(), problems=tuple(odd)))
    assert (found.left_out, found.unchecked, found.commits, found.attested) == (2, 1, 2, 1)
    assert completeness_of(history(), (), unread=["a"], start=START, end=END, now=LATE).unchecked == 1


def test_the_recorded_verifications_of_the_period() -> None:
    """How often, the last time, and how often something was found; others do not count."""
    events = (
        approval(),
        verified(START),
        verified(NOW, "1 violation found"),
        verified(END),
        verified(START - SECOND),
    )
    found = looked(ledger=history(*events))
    assert (found.verified, found.failed, found.last_verified) == (2, 1, NOW)


@pytest.mark.parametrize(
    ("found", "exceptions", "unknown", "mark"),
    [
        (WHOLE, 0, 0, "good"),
        (replace(WHOLE, missing=1), 1, 0, "bad"),
        (replace(WHOLE, due=1), 0, 0, "good"),
        (replace(WHOLE, unchecked=2), 0, 2, "warn"),
        (replace(WHOLE, anchored=False), 0, 1, "warn"),
        (replace(WHOLE, left_out=1), 0, 0, "warn"),
        (replace(WHOLE, failed=1), 0, 0, "warn"),
        (None, 0, 1, "warn"),
    ],
)
def test_the_answer(found: Completeness | None, exceptions: int, unknown: int, mark: str) -> None:
    """What is missing is an exception; what was not checked, or not tested at all, is unknown; the rest is said."""
    answer = completeness_answer(found)
    assert (answer.exceptions, answer.unknown, answer.mark) == (exceptions, unknown, mark)


def test_the_words() -> None:
    """Each part that is not as it should be is named."""
    bad = replace(
        WHOLE, merged=9, missing=2, due=1, left_out=3, unchecked=4, anchored=False, failed=1, verified=2,
        last_verified=NOW + timedelta(hours=1),
    )  # fmt: skip
    words = completeness_answer(bad).answer
    for part in (
        "9 request files came to main in the period; the decision is recorded of 6; 1 may be decided yet; of 2 it is missing.",
        "3 parts of the ledger left out.",
        "4 parts could not be checked.",
        "Nobody vouches for the keys",
        "2 times, the last time at 2026-11-24T10:01:00Z; 1 found something.",
    ):
        assert part in words
    good = replace(WHOLE, merged=1, commits=2, attested=2, verified=1, last_verified=NOW)
    assert completeness_answer(good).answer == (
        "1 request file came to main in the period; the decision is recorded of 1. "
        "2 of the ledger's 2 commits are signed as the work of its workflows. "
        "The audit workflow verified the whole record 1 time, the last time at 2026-11-24T09:01:00Z, and found nothing wrong."
    )
    assert completeness_answer(bad).numbers["missing"] == 2
    assert completeness_answer(None).numbers == {}
    never = completeness_answer(replace(WHOLE, verified=0, last_verified=None)).answer
    assert "No verification by the audit workflow is recorded" in never
    assert completeness_answer(None).answer == "It was not tested."


def test_a_record_that_no_run_verified_is_a_caution() -> None:
    """How was it tested? By nobody, in this period: that is no green row."""
    tested = replace(WHOLE, verified=2, failed=0, left_out=0)
    assert [completeness_answer(each).mark for each in (tested, replace(tested, verified=0))] == [
        "good",
        "warn",
    ]
