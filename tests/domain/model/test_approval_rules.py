"""A rule of approval in words, as people read it and the ledger keeps it."""

import pytest
from acme_facts import HOUR

from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition

TABLES = {"table": ("refunds", "orders"), "mode": ("read",)}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (ApprovalRule(need=1), "1 always"),
        (ApprovalRule(need=2, teams=("@acme/a", "@acme/b")), "2 (1 of @acme/a, 1 of @acme/b) always"),
        (ApprovalRule(need=2, when=RuleCondition(accounts=("prod",))), "2 in prod"),
        (ApprovalRule(need=2, when=RuleCondition(accounts=("a", "b", "c"))), "2 in a, b or c"),
        (ApprovalRule(need=2, when=RuleCondition(duration_over=2 * HOUR)), "2 for over 2h"),
        (
            ApprovalRule(need=2, when=RuleCondition(parameters=TABLES)),
            "2 with table refunds or orders and mode read",
        ),
        (
            ApprovalRule(
                need=2,
                when=RuleCondition(accounts=("@x",), duration_over=HOUR, parameters={"table": ("refunds",)}),
            ),
            "2 in @x for over 1h with table refunds",
        ),
    ],
)
def test_a_rule_says_all_that_it_names_and_nothing_else(rule: ApprovalRule, words: str) -> None:
    """How many, of which teams, and when."""
    assert rule.in_words() == words
