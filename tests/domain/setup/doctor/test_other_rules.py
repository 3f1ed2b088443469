"""Rules that the table of desired settings does not ask for: what stops jitbot, and what may."""

from dataclasses import replace
from typing import Any

import pytest
from github_facts import HOSTING, LEDGER, LEDGER_RULES, MAIN, MAIN_RULES

from jitbot.domain.setup.doctor import other_rules
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown

GAP = Unknown(why="nobody told")


def verdicts(checks: Any) -> dict[str, CheckVerdict]:
    """The checks that are not fine, by code."""
    found: list[Check] = list(checks)
    assert found
    assert all(
        each.observed and each.fix and each.impact for each in found if each.verdict is not CheckVerdict.OK
    )
    return {each.code: each.verdict for each in found if each.verdict is not CheckVerdict.OK}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("required_linear_history", {}),
        ("creation", {}),
        ("merge_queue", {"main-merge-queue": CheckVerdict.WRONG}),
        ("required_signatures", {"main-signatures": CheckVerdict.WARN}),
        ("required_deployments", {"main-other-rules": CheckVerdict.UNKNOWN}),
        ("code_scanning", {"main-other-rules": CheckVerdict.UNKNOWN}),
        ("update", {"main-other-rules": CheckVerdict.UNKNOWN}),
        ("one_of_next_year", {"main-other-rules": CheckVerdict.UNKNOWN}),
    ],
)
def test_another_rule_of_main(kind: str, expected: dict[str, CheckVerdict]) -> None:
    """A merge queue stops every request, unsigned commits some; what another rule does is unknown, by its name."""
    checks = list(other_rules.of_main(replace(MAIN, rules=(*MAIN_RULES, {"type": kind}))))
    assert verdicts(checks) == expected
    named = [check.observed for check in checks if check.verdict is CheckVerdict.UNKNOWN]
    assert all(kind in each for each in named)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("required_linear_history", {}),
        ("required_signatures", {}),
        ("merge_queue", {"ledger-other-rules": CheckVerdict.UNKNOWN}),
        ("update", {"ledger-other-rules": CheckVerdict.UNKNOWN}),
        ("commit_message_pattern", {"ledger-other-rules": CheckVerdict.UNKNOWN}),
    ],
)
def test_another_rule_of_the_ledger(kind: str, expected: dict[str, CheckVerdict]) -> None:
    """A commit of jitbot's is linear and signed; whether it meets another rule is unknown."""
    rules = (*LEDGER_RULES, {"type": kind})
    assert verdicts(other_rules.of_ledger(replace(LEDGER, rules=rules))) == expected


def test_what_the_table_asks_for_is_no_other_rule() -> None:
    """What `init --apply` sets is fine."""
    assert verdicts([*other_rules.of_main(MAIN), *other_rules.of_ledger(LEDGER)]) == {}


def test_classic_protection_may_require_signatures() -> None:
    """Classic protection counts as well, and where it is out of sight it is unknown."""
    signed = {"required_signatures": {"enabled": True}}
    assert verdicts(other_rules.of_main(replace(MAIN, classic=signed))) == {
        "main-signatures": CheckVerdict.WARN
    }
    assert verdicts(other_rules.of_main(replace(MAIN, classic=GAP))) == {
        "main-signatures": CheckVerdict.UNKNOWN
    }


def test_rules_out_of_sight_are_unknown() -> None:
    """Nothing is fine that was not seen."""
    dark = [
        *other_rules.of_main(replace(MAIN, rules=GAP)),
        *other_rules.of_ledger(replace(LEDGER, rules=GAP)),
    ]
    assert {check.verdict for check in dark} == {CheckVerdict.UNKNOWN}
    assert len(dark) == 4


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ({"web_commit_signoff_required": False}, CheckVerdict.OK),
        ({"web_commit_signoff_required": True}, CheckVerdict.WARN),
        ({}, CheckVerdict.UNKNOWN),
    ],
)
def test_a_sign_off_that_github_may_add(said: dict[str, bool], verdict: CheckVerdict) -> None:
    """Where web-based commits must be signed off, what becomes of the ledger's messages is not documented."""
    assert other_rules.sign_off(replace(HOSTING, answer=said)).verdict is verdict
