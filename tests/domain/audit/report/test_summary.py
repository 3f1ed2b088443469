"""The figures on top, from items in plain values; and what an item works out of itself."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import DAY, EXPIRES_AT, HOUR, MERGED_AT, MINUTE, NOW
from audit_facts import LATER, a_record, approval, decided, ended, granted, removed
from builders import a_case, a_merge, the_documents
from rehearsal_facts import the_harmless

from jitbot.domain.audit.report.columns import as_json
from jitbot.domain.audit.report.summary import rehearsed as rehearsed_in_words
from jitbot.domain.audit.report.summary import summary
from jitbot.domain.audit.verify.grant_record import (
    AfterReview,
    ControlAnswer,
    ControlResult,
    GrantOutcome,
    GrantRecord,
)
from jitbot.domain.aws.iam import Documents

GOOD = a_record(approval(), granted(), ended(), removed())
REFUSED = a_record(decided(a_case(merge=a_merge(reviews=()))))
NO, UNKNOWN, OPEN = (
    ControlResult(answer=ControlAnswer.NO, why="no"),
    ControlResult(answer=ControlAnswer.UNKNOWN, why="?"),
    ControlResult(answer=ControlAnswer.NOT_DUE, why="not yet"),
)


def answered(**answers: ControlResult) -> GrantRecord:
    """The good item, with other answers."""
    return replace(GOOD, judgements={**GOOD.judgements, **answers})


def glass(**changes: Any) -> GrantRecord:
    """The good item, given without approval."""
    return replace(GOOD, decisions=(replace(GOOD.decisions[0], required=0),), **changes)


def test_a_good_population() -> None:
    """Items, requests and people are counted once each; what stands against them is nobody."""
    found = summary((GOOD, replace(GOOD, id="b", account="staging")), LATER)
    assert (found.records, found.requests, found.people, found.privileged) == (2, 1, 1, 0)
    assert (found.exceptions, found.doubts, found.late, found.break_glass, found.overdue) == ((),) * 5
    assert found.clean
    assert (found.longest, found.held) == (GOOD, EXPIRES_AT - (NOW + MINUTE))


def test_nothing_to_judge_is_not_clean() -> None:
    """An empty record proves nothing."""
    assert not summary((), LATER).clean


def test_nameless_items_are_no_request_and_nobody() -> None:
    """A role that no request explains."""
    nameless = replace(GOOD, request="", requester="", outcome=GrantOutcome.UNEXPLAINED)
    found = summary((nameless,), LATER)
    assert (found.requests, found.people, found.outcomes["unexplained"]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("answers", "exceptions", "doubts", "late"),
    [
        ({"within_max": NO}, 1, 0, 0),
        ({"removed_on_time": NO}, 1, 0, 1),
        ({"within_max": UNKNOWN}, 0, 1, 0),
        ({"within_max": OPEN}, 0, 0, 0),
        ({"within_max": UNKNOWN, "removed_on_time": NO}, 1, 0, 1),
    ],
)
def test_what_stands_against_an_item(
    answers: dict[str, ControlResult], exceptions: int, doubts: int, late: int
) -> None:
    """A no is an exception, what should be known and is not a doubt; one item is one of them."""
    found = summary((GOOD, answered(**answers)), LATER)
    assert (len(found.exceptions), len(found.doubts), len(found.late)) == (exceptions, doubts, late)
    assert found.clean is (exceptions + doubts == 0)


def test_how_a_question_was_answered() -> None:
    """Yes, no, unknown, and not due yet, each counted apart."""
    records = (
        GOOD,
        answered(within_max=NO),
        answered(within_max=UNKNOWN),
        answered(within_max=OPEN),
        REFUSED,
    )
    tally = summary(records, LATER).tallies[1]
    assert (tally.yes, tally.no, tally.unknown, tally.open) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("review", "awaiting"),
    [
        (None, 1),
        (AfterReview(due=MERGED_AT, reviewers=()), 1),
        (AfterReview(due=MERGED_AT, reviewers=(), at=MERGED_AT, by="erin"), 0),
    ],
)
def test_break_glass_that_waits(review: AfterReview | None, awaiting: int) -> None:
    """Given without approval: it waits until it has been reviewed. What was never given is not counted."""
    late = {"judgements": {"reviewed_in_time": NO}}
    found = summary((glass(after_review=review), glass(granted=(), **late), GOOD), LATER)
    assert (len(found.break_glass), len(found.awaiting), len(found.overdue)) == (1, awaiting, 0)
    assert len(summary((glass(after_review=review, **late),), LATER).overdue) == 1


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"risk": "high"}, 1),
        ({"risk": "critical"}, 1),
        ({"risk": "medium"}, 0),
        ({"risk": ""}, 0),
        ({"risk": "high", "granted": ()}, 0),
    ],
)
def test_privileged_access(changes: dict[str, Any], number: int) -> None:
    """High or critical, as recorded, and given."""
    found = replace(GOOD, **changes)
    assert summary((found,), LATER).privileged == number
    assert found.privileged is (None if not found.risk else found.risk != "medium")


@pytest.mark.parametrize(
    ("changes", "now", "held"),
    [
        ({}, LATER, 2 * HOUR - 2 * MINUTE),
        ({"ended": None}, NOW + HOUR, 59 * MINUTE),
        ({"not_before": NOW + HOUR}, LATER, HOUR - MINUTE),
        ({"not_before": None}, LATER, 2 * HOUR - 2 * MINUTE),
        ({"not_after": None, "ended": None}, NOW + DAY, DAY - MINUTE),
        ({"granted": ()}, LATER, timedelta()),
        ({"not_before": LATER}, LATER, timedelta()),
    ],
)
def test_how_long_access_was_held(changes: dict[str, Any], now: datetime, held: timedelta) -> None:
    """From the grant, or the start that comes later, until it was over, or now."""
    found = summary((replace(GOOD, **changes),), now)
    assert found.held == held
    assert (found.longest is None) is (held == timedelta())


def test_the_first_and_the_last_moment() -> None:
    """Decisions, grants, the expiry, the end and the removal: whatever is recorded."""
    assert (GOOD.first, GOOD.last) == (NOW, EXPIRES_AT + 90 * MINUTE)
    bare = replace(GOOD, decisions=(), granted=())
    assert bare.first == bare.last == GOOD.last
    assert replace(bare, removed_at=None).last == EXPIRES_AT + 10 * MINUTE
    assert replace(bare, removed_at=None, ended=None).last == EXPIRES_AT
    assert replace(GOOD, not_after=None).held_until == EXPIRES_AT
    assert replace(GOOD, ended=None, not_after=None).held_until is None


def test_only_what_counted_is_an_approval() -> None:
    """A review that was dismissed is one, and no approval."""
    (decision,) = GOOD.decisions
    (counted,) = decision.reviews
    other = replace(counted, counted=False, state="DISMISSED", github_id=1)
    both = replace(decision, reviews=(counted, other))
    assert (both.approvals, both.approvers) == ((counted,), frozenset({1002}))
    assert (counted.dismissed, other.dismissed) == (False, True)


def test_an_item_as_json() -> None:
    """Moments as text, people in order, documents left out."""
    found: Any = as_json(GOOD)
    assert (found["not_after"], found["documents"], found["decisions"][0]["named"]) == (
        "2026-11-24T11:00:00Z", None, [1001],
    )  # fmt: skip
    assert as_json(GrantOutcome) is GrantOutcome


def test_rehearsals_are_counted_beside_ordinary_use() -> None:
    """They are no request and nobody's longest access, and still items, with their exceptions."""
    rehearsed = replace(
        GOOD,
        id="r",
        request="requests/rehearsal/2026-11/24-erin-x.yaml",
        requester="erin",
        policy="rehearsal",
        documents=the_harmless(),
        judgements={"within_max": NO},
    )
    found = summary((GOOD, rehearsed), LATER)
    assert (found.records, found.requests, found.people, found.rehearsals) == (2, 1, 1, (rehearsed,))
    assert (found.exceptions, found.longest) == ((rehearsed,), GOOD)
    assert rehearsed_in_words(found) == ", and 1 rehearsal beside them"
    two = summary((rehearsed, replace(rehearsed, id="s")), LATER)
    assert rehearsed_in_words(two) == ", and 2 rehearsals beside them"
    assert rehearsed_in_words(summary((GOOD,), LATER)) == ""
    assert summary((rehearsed,), LATER).longest is None


@pytest.mark.parametrize("documents", [None, the_documents()])
def test_a_real_grant_cannot_hide_as_a_rehearsal(documents: Documents | None) -> None:
    """What could do more, or left no documents, counts as ordinary use, whatever its policy is called."""
    named = replace(GOOD, policy="rehearsal", documents=documents)
    found = summary((named,), LATER)
    assert (found.requests, found.people, found.rehearsals, found.longest) == (1, 1, (), named)
    assert as_json(named.is_rehearsal) is False
