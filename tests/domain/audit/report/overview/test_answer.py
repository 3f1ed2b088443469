"""A row of the first page: how it is marked, what is counted beside the grants, and its words."""

from typing import Any

import pytest

from jitbot.domain.audit.report.overview.answer import AuditAnswer, beside_grants, in_words
from jitbot.domain.text.amount import many


def an_answer(**changes: Any) -> AuditAnswer:
    """A row that says nothing."""
    return AuditAnswer(name="use", question="?", answer=".", section="use", files=(), **changes)


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({}, ""),
        ({"exceptions": 0}, "good"),
        ({"unknown": 0}, "good"),
        ({"exceptions": 0, "unknown": 0}, "good"),
        ({"exceptions": 1, "unknown": 1, "caution": True}, "bad"),
        ({"exceptions": 0, "unknown": 1}, "warn"),
        ({"exceptions": 0, "unknown": 0, "caution": True}, "warn"),
        ({"caution": True}, "warn"),
    ],
)
def test_what_marks_a_row(changes: dict[str, Any], mark: str) -> None:
    """An exception before a doubt, a doubt before nothing; where none could be, no mark."""
    assert an_answer(**changes).mark == mark


def test_only_what_is_beside_the_grants_is_counted() -> None:
    """Rows of grants are counted elsewhere; None is nothing."""
    rows = [
        an_answer(exceptions=1, unknown=2),
        an_answer(),
        an_answer(exceptions=None, unknown=4),
        an_answer(exceptions=8, unknown=16, of_grants=True),
    ]
    assert beside_grants(rows) == (1, 6)


def test_a_number_and_its_noun() -> None:
    """One is one; a plural of its own is used where there is one."""
    assert [many(each, "grant") for each in (0, 1, 2_000)] == ["0 grants", "1 grant", "2,000 grants"]
    assert [many(each, "person", "people") for each in (1, 2)] == ["1 person", "2 people"]


def test_counts_in_words() -> None:
    """Without what is zero."""
    assert in_words([("yes", 3_000), ("no", 0), ("unknown", 1)]) == "yes: 3,000; unknown: 1"
    assert in_words([("no", 0)]) == ""
