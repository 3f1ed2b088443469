"""A cell of a table stays the text that it is: no formula, no number, no date of a spreadsheet's own making."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jitbot.domain.text.escape import cell

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


def converted(text: str) -> bool:
    """Whether a spreadsheet makes a formula, a number, a date or a logical value of a cell: this test's own, wide reading."""
    bare = text.strip()
    if bare[:1] in ("'", ""):
        return False  # shown as text, or empty
    if bare[0] in "=+-@|%＝＋－＠" or bare.lower() in ("true", "false"):
        return True
    words = re.findall(r"[A-Za-z]+", bare)
    others = re.sub(r"[A-Za-z]", "", bare)
    named = [each.lower() for each in words]
    if named[:1] in (["e"], ["am"], ["pm"]) and bare[0].isalpha():
        return False  # none of them begins a number or a time
    known = {"e", "am", "pm", *MONTHS, *(each[:3] for each in MONTHS), "sept"}
    return any(each.isdigit() for each in bare) and set(named) <= known and bool(re.fullmatch(r"[0-9 .,:/()$€£¥%'–+-]+", others))  # fmt: skip


def whole(text: str) -> bool:
    """Whether a number is shown with the digits it was written with: a spreadsheet shows eleven at most."""
    return bool(re.fullmatch(r"[0-9]{1,11}", text)) and str(int(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "012345670123", "111111111111", "007", "00", "1e5", "1E+05", "12e10", "1.5", "1,234", "-5", "50%", "$5", "€5", "5 %",
        "1/2", "2026-11-24", "24.11.2026", "11/24", "9:30", "9:30:00", "9 am", "9:30 PM", "2026-11-24 09:00:00", "MAR-12",
        "12-Mar", "March 12, 2026", "1 May", "sept 1", "DEC1", "(5)", "TRUE", "false", " 007 ", "123456789012345678",
        "1 1/2",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_change_is_marked_as_text(text: str) -> None:
    """Account ids keep their zeros and digits, tickets and reasons are no dates."""
    assert converted(text)
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "7", "1234", "12345678901", "2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z; 2026-11-25T09:00:00Z", "7; 9",
        "2h", "1h30m", "yes", "no", "unknown", "INC-1234", "orders-db-read", "bob (1002) at 2026-11-24T08:50:00Z",
        "dynamodb:GetItem", "sha256", "march of the penguins", "may", "a1b2c3d4", "prod (012345670123)", "größe",
        "AM0", "pm 9:30",
    ],
)  # fmt: skip
def test_what_stays_as_it_is_stays(text: str) -> None:
    """Counts are numbers, moments are moments, and text is not touched."""
    assert cell(text) == text


@given(
    st.text(alphabet="0123456789-/.:, eEaApPmM%$€()+'janfebmrpyulgsoctvdh=@\n\t'", max_size=14)
    | st.text(max_size=20)
)
@example("=1+1")
@example("1-1")
def test_no_cell_becomes_something_else(text: str) -> None:
    """Whatever it holds: through CSV and back it is one line, and neither a formula nor a number with other digits, nor a date."""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow([cell(text), "end"])
    assert written.getvalue().count("\n") == 1
    ((read, end),) = csv.reader(io.StringIO(written.getvalue(), newline=""))
    assert (read, end) == (cell(text), "end")
    assert not converted(read) or whole(read)
