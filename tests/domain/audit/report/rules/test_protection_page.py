"""The safeguards on the page: one row for those of which the same is said, and a strip in which no loss is lost."""

from datetime import datetime
from typing import Any

import pytest
from acme_facts import DAY, NOW
from audit_facts import WEEK

from jitbot.domain.audit.report.rules.protection_page import alike, section, strip
from jitbot.domain.audit.report.rules.protection_rows import SafeguardRow
from jitbot.domain.audit.verify.grant_record import ControlAnswer

YES, NO, UNKNOWN = ControlAnswer.YES, ControlAnswer.NO, ControlAnswer.UNKNOWN


def a_row(
    *marks: tuple[datetime, ControlAnswer], answer: ControlAnswer = YES, **changes: Any
) -> SafeguardRow:
    """A safeguard that was looked at then."""
    given: dict[str, Any] = {
        "code": "main-deletion", "safeguard": "main: nobody deletes it", "seen_to_hold": answer, "in_words": "seen",
        "looks": len(marks), "held": 0, "not_held": 0, "no_rule": 0, "not_seen": 0, "first_look": None,
        "last_look": None, "losses": (), "not_known": (), "said": (), "marks": marks,
    }  # fmt: skip
    return SafeguardRow(**{**given, **changes})


def words(row: SafeguardRow, weeks: int) -> list[str]:
    """The strip of so many weeks."""
    return [word for _, word in strip(row, NOW, NOW + weeks * WEEK)]


@pytest.mark.parametrize(("answer", "mark"), [(YES, ""), (UNKNOWN, ""), (NO, "exception")])
def test_a_row_of_the_page(answer: ControlAnswer, mark: str) -> None:
    """With the word of each part of the period beside its first day; only a loss is an exception."""
    (row,) = section([a_row((NOW, YES), answer=answer, said=("olivia: yes\x1b",))], NOW, NOW + 2 * WEEK)
    assert row["cells"] == [
        {"mark": "yes", "title": "2026-11-24: seen to hold"},
        {"mark": "none", "title": "2026-12-01: nobody looked"},
    ]
    assert (row["names"], row["answer"], row["mark"]) == (["main: nobody deletes it"], str(answer), mark)
    assert "\x1b" not in str(row["said"])


def test_those_of_which_the_same_is_said_are_one_row() -> None:
    """By answer, words, people and looks; in their order."""
    one, same = a_row((NOW, YES)), a_row((NOW, YES), code="main-force-push", safeguard="main: no force push")
    others = [
        a_row((NOW, NO)),
        a_row((NOW, YES), said=("x",)),
        a_row((NOW, YES), in_words="y"),
        a_row((NOW, YES), answer=NO),
    ]
    assert alike([one, *others, same]) == ((one, same), *((each,) for each in others))
    assert section([one, same], NOW, NOW + WEEK)[0]["names"] == [
        "main: nobody deletes it",
        "main: no force push",
    ]


def test_the_worst_look_of_a_part_is_shown() -> None:
    """Whichever came first; and a part is as many weeks as sixty of them need."""
    assert words(a_row((NOW, NO), (NOW + DAY, YES), (NOW + WEEK, UNKNOWN), (NOW + WEEK + DAY, YES)), 2) == [
        "no",
        "unknown",
    ]
    assert words(a_row((NOW, YES), (NOW + DAY, NO)), 1) == ["no"]
    assert [len(words(a_row((NOW, YES)), weeks)) for weeks in (60, 61, 120, 121)] == [60, 30, 60, 40]


def test_a_part_that_is_left_is_shown_if_somebody_looked_in_it() -> None:
    """Less than a week at the end; a period of less than a week has one part."""
    end = NOW + WEEK + DAY
    assert [word for _, word in strip(a_row((NOW, YES)), NOW, end)] == ["yes"]
    assert [word for _, word in strip(a_row((NOW, YES), (NOW + WEEK, NO)), NOW, end)] == ["yes", "no"]
    assert [word for _, word in strip(a_row((NOW, YES)), NOW, NOW + DAY)] == ["yes"]


def test_of_which_no_look_saw_anything_there_is_no_strip() -> None:
    """Nor of one that nobody looked at."""
    assert words(a_row((NOW, UNKNOWN)), 4) == words(a_row(), 4) == []
