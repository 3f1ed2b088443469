"""Two sets of rules made comparable: what does not read gives nothing before, and keeps what it was after."""

import pytest
from acme_facts import PEOPLE, unreadable
from rule_set_facts import LINES, a_rule_set

from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import Finding, Parsed
from jitbot.domain.rule_effects.rule_set import comparable

BROKEN = f"{LINES}* oops\n"


@pytest.mark.parametrize("lines", [BROKEN, None])
def test_owners_that_do_not_read_are_nobody_before(lines: str | None) -> None:
    """A file that GitHub reads in part, and one that is not there."""
    base = a_rule_set() if lines is None else a_rule_set(lines=lines)
    if lines is None:
        base = a_rule_set(codeowners=None)
    old, new = comparable(base, a_rule_set())
    assert old.shared.codeowners == codeowners.parse("")
    assert new.shared.codeowners == codeowners.parse(LINES)


def test_owners_that_do_not_read_after_are_those_of_before() -> None:
    """Where the file is gone, nobody owns anything; where it cannot be read, it is a finding of its own."""
    _, broken = comparable(a_rule_set(), a_rule_set(lines=BROKEN))
    assert broken.shared.codeowners == codeowners.parse(LINES)
    _, gone = comparable(a_rule_set(), a_rule_set(codeowners=None))
    assert gone.shared.codeowners == codeowners.parse("")


def test_a_warning_makes_nothing_unreadable() -> None:
    """Only a part without a value is one that does not read, and its first finding says why."""
    warned = Parsed(value=PEOPLE, findings=(Finding(code="odd", message="odd", file="policies/people.yaml"),))
    assert list(a_rule_set(people=warned).unreadable) == []
    assert [each.code for each in a_rule_set(people=unreadable()).unreadable] == ["yaml-syntax"]
