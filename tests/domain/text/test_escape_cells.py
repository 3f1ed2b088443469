"""Cells: whatever a person wrote, a spreadsheet computes nothing and a terminal obeys nothing."""

import pytest

from jitbot.domain.text.escape import cell


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "|calc", "%x", "＝1", "＋1", "－1", "＠x"]
)
def test_a_formula_is_text(text: str) -> None:
    """What a spreadsheet would compute begins with an apostrophe, blanks before it or not."""
    assert cell(text).startswith("'")


@pytest.mark.parametrize("text", ["\t=1", "\r=1", "\n=1", "\u00a0=1"])
def test_a_control_character_is_its_escape(text: str) -> None:
    """A tab or a line break is shown, so that nothing begins anew after it."""
    assert cell(text).startswith("\\")


@pytest.mark.parametrize(
    "text", ["", "alice", "prod (111111111111)", "INC-1234 refunds", "2026-11-24T09:00:00Z", "#7"]
)
def test_anything_else_is_left_alone(text: str) -> None:
    """What is harmless is as it was."""
    assert cell(text) == text
