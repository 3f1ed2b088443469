"""The rows of the first page that are about grants, word by word."""

from dataclasses import replace

import pytest
from acme_facts import NOW
from audit_facts import LATER, a_record, approval, decided, ended, granted, removed
from builders import a_case, a_merge

from jitbot.domain.audit.report.overview.grant_answers import (
    active_answer,
    population_answer,
    question_answers,
    refused_answer,
)
from jitbot.domain.audit.report.overview.populations import ActiveGrants
from jitbot.domain.audit.report.summary import Summary, summary
from jitbot.domain.audit.verify.grant_record import AfterReview, GrantRecord

GOOD = a_record(approval(), granted(), ended(), removed())
REFUSED = a_record(decided(a_case(merge=a_merge(reviews=()))))


def of(*records: GrantRecord) -> Summary:
    """The figures of these items."""
    return summary(records, LATER)


def test_the_population_in_words() -> None:
    """What became of it, and what is of high risk; of nothing no outcome is said."""
    found = population_answer(of(GOOD, REFUSED, replace(GOOD, id="b", risk="high")))
    assert found.answer == (
        "3 items, one for each request and account: 1 request of 1 person. Over: 2; refused: 1. "
        "1 grant of high or critical risk."
    )
    assert found.numbers["privileged"] == 1
    assert population_answer(of(GOOD)).answer.endswith("Over: 1.")
    assert (
        population_answer(of()).answer == "0 items, one for each request and account: 0 requests of 0 people."
    )


@pytest.mark.parametrize(
    ("refused", "drawn", "words"),
    [
        (0, 0, "Nothing was refused in this period, so there is no sample."),
        (1, 1, "1 item was refused; 1 of them is drawn as a negative test, with what refused them."),
        (2, 1, "2 items were refused; 1 of them is drawn as a negative test, with what refused them."),
        (3, 2, "3 items were refused; 2 of them are drawn as a negative test, with what refused them."),
    ],
)
def test_what_was_refused(refused: int, drawn: int, words: str) -> None:
    """How often, and how many are drawn."""
    found = refused_answer(of(GOOD, *[REFUSED] * refused), [REFUSED] * drawn)
    assert (found.answer, found.numbers) == (words, {"refused": refused, "drawn": drawn})


def test_what_is_active() -> None:
    """At which second; a grant whose end is not recorded is a doubt."""
    open_ended = replace(GOOD, not_after=None, ended=None)
    found = active_answer(ActiveGrants(at=NOW, records=(GOOD, open_ended)))
    assert found.answer == "2 grants at 2026-11-24T09:01:00Z; the end of 1 is not recorded."
    assert (found.numbers, found.unknown) == ({"active": 2, "without_end": 1}, 1)
    whole = active_answer(ActiveGrants(at=NOW, records=(GOOD,)))
    assert (whole.answer, whole.unknown) == ("1 grant at 2026-11-24T09:01:00Z.", None)


def test_the_questions_of_every_grant() -> None:
    """Each with its counts; the longest access, and the reviews that are awaited, are said where they belong."""
    glass = replace(
        GOOD,
        id="glass",
        decisions=(replace(GOOD.decisions[0], required=0),),
        after_review=AfterReview(due=NOW, reviewers=("erin",)),
    )
    found = {each.name: each for each in question_answers(of(GOOD, glass))}
    assert found["approved_before_grant"].answer == "Of 2 grants: yes: 2."
    assert found["within_max"].answer == (
        "Of 2 grants: yes: 2. The longest was 1h58m: alice, orders-db-read in prod."
    )
    assert found["reviewed_in_time"].answer == "None was used. 1 grant not reviewed yet."
    assert found["reviewed_in_time"].numbers["not reviewed yet"] == 1
    assert "not reviewed yet" not in found["within_max"].numbers
    none = {each.name: each.answer for each in question_answers(of(REFUSED))}
    assert none["within_max"] == "No access was given."
    assert none["reviewed_in_time"] == "None was used."
