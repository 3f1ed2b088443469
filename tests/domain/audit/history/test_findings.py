"""What an audit finds, as values: how a finding is named, and in which order findings come."""

import pytest

from jitbot.domain.audit.history.findings import Severity, Subject, gravest_first


@pytest.mark.parametrize(("name", "message"), [("the ledger", "the ledger: is gone"), ("", "is gone")])
def test_a_message_begins_with_what_it_is_about(name: str, message: str) -> None:
    """Unless it has no name; where it lies goes with it."""
    found = Subject(name=name, event="e", commit="c", request="r").problem("gone", "is gone", "look")
    assert found.as_json() == {
        "code": "gone",
        "weight": "broken",
        "message": message,
        "hint": "look",
        "event": "e",
        "commit": "c",
        "request": "r",
    }


def test_what_is_broken_comes_first_and_each_finding_once() -> None:
    """Then what could not be checked, then the notes; within one of these as they came."""
    note, unchecked, broken = (
        Subject().problem(code, "it is so", "look", severity)
        for code, severity in (("a", Severity.NOTE), ("b", Severity.UNCHECKED), ("c", Severity.BROKEN))
    )
    assert gravest_first([note, unchecked, note, broken]) == (broken, unchecked, note)
