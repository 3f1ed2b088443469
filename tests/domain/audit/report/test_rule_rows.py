"""The rows of the record of rules, from plain values: what is older than the record, and what is missing in it."""

from datetime import datetime

from acme_facts import DAY, MERGED_AT, NOW, sha

from jitbot.domain.audit.report.rule_rows import rule_rows
from jitbot.domain.audit.verify.grant_record import ControlAnswer
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.git_history import RuleChange

LONG_AFTER = NOW + 30 * DAY
RECORDED = Event(kind=EventType.RULES, at=NOW, request="", commit=sha("recorded"))


def a_rule_change(name: str, at: datetime = MERGED_AT) -> RuleChange:
    """A commit of main that changed a policy."""
    return RuleChange(
        commit=sha(name), at=at, subject=name, paths=("policies/people.yaml",), base=sha("base")
    )


def answers(*changes: RuleChange, now: datetime = LONG_AFTER) -> list[ControlAnswer]:
    """Whether each was reviewed, where of one an outcome is recorded that nobody knows."""
    return [row.reviewed for row in rule_rows(changes, [RECORDED], now)]


def test_a_date_before_the_record_makes_nothing_older() -> None:
    """What main has after a recorded commit had to be recorded, whatever date its pusher chose."""
    old = MERGED_AT - 9 * DAY
    before, after = a_rule_change("before", old), a_rule_change("after", old)
    assert answers(before, a_rule_change("recorded"), after) == [
        ControlAnswer.NOT_REQUIRED,
        ControlAnswer.UNKNOWN,
        ControlAnswer.UNKNOWN,
    ]


def test_without_a_record_everything_is_older() -> None:
    """So an old ledger has neither exceptions nor doubts; what is new is not due yet."""
    (row,) = rule_rows([a_rule_change("old")], [], LONG_AFTER)
    assert (row.reviewed, row.outcome) == (ControlAnswer.NOT_REQUIRED, "not recorded")
    (row,) = rule_rows([a_rule_change("new")], [], NOW)
    assert row.reviewed is ControlAnswer.NOT_DUE
