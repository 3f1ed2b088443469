"""Rules that the table of desired settings does not ask for: what stops jitbot, and what may."""

from dataclasses import replace
from typing import Any

import pytest
from github_facts import FINE, HOSTING, LEDGER, LEDGER_RULES, MAIN, MAIN_RULES, asking, without

from jitbot.domain.setup.doctor.github import desired_settings as desired
from jitbot.domain.setup.doctor.github import other_rules, setting_changes
from jitbot.domain.setup.doctor.github.github_state import GitHubState
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, Unknown

CHECKS = "required_status_checks"
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


@pytest.mark.parametrize("kind", ["creation", "required_linear_history"])
def test_what_no_rule_asks_for_is_said_to_be_fine(kind: str) -> None:
    """Each question has an answer, also where nothing is wrong."""
    checks = other_rules.of_main(replace(MAIN, rules=(*MAIN_RULES, {"type": kind})))
    fine = {each.code for each in checks if each.verdict is CheckVerdict.OK}
    assert {"main-signatures", "main-merge-queue"} <= fine


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


def on_github(rules: Any) -> GitHubState:
    """Acme's repository on github.com, with these rules of main."""
    answer = {**HOSTING.answer, "html_url": "https://github.com/acme/access"}
    return replace(FINE, hosting=replace(HOSTING, answer=answer), main=replace(MAIN, rules=rules))


SENT: dict[str, Any] = dict(setting_changes.body(desired.MAIN_RULESET, actions_app=15368))
PINNED = tuple(SENT["rules"])
CHECK, APPROVAL = ({"context": f"jitbot/{name}"} for name in ("check", "approval"))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (PINNED, CheckVerdict.OK),
        (MAIN_RULES, CheckVerdict.WARN),
        ((*MAIN_RULES, *PINNED), CheckVerdict.OK),
        (asking(MAIN_RULES, CHECKS, required_status_checks=[CHECK, {**APPROVAL, "integration_id": 15368}]), CheckVerdict.WARN),
        (asking(MAIN_RULES, CHECKS, required_status_checks=[{**CHECK, "integration_id": 1}]), CheckVerdict.WARN),
        (asking(MAIN_RULES, CHECKS, required_status_checks=["jitbot/check"]), CheckVerdict.OK),
        (without(MAIN_RULES, CHECKS), CheckVerdict.OK),
        (GAP, CheckVerdict.UNKNOWN),
    ],
)  # fmt: skip
def test_the_checks_come_from_actions(rules: Any, expected: CheckVerdict) -> None:
    """A check that is required, and that any account may set, is a warning; what is not required is another row's."""
    (check,) = other_rules.status_source(on_github(rules))
    assert check.verdict is expected
    assert check.verdict is not CheckVerdict.WARN or "any account may set jitbot/" in check.observed


def test_on_another_server_nothing_is_asked_of_the_source() -> None:
    """There the App has another number: a wrong one would keep every pull request from being merged."""
    assert list(other_rules.status_source(FINE)) == []
    assert FINE.hosting.actions_app is None


def test_what_init_sends_has_the_app_only_where_it_is_known() -> None:
    """The ruleset of main names it for each check; without it the ruleset is as it was, and so are all others."""
    (rule,) = [each for each in PINNED if each["type"] == CHECKS]
    assert [each["integration_id"] for each in rule["parameters"][CHECKS]] == [15368, 15368]
    assert "integration_id" not in str(setting_changes.body(desired.MAIN_RULESET))
    for change in (desired.LEDGER_RULESET, desired.MERGING, desired.JOB_TOKENS):
        assert setting_changes.body(change, actions_app=15368) == setting_changes.body(change)
    shown = [text for _, text in setting_changes.commands("acme/access", actions_app=15368)]
    assert sum("15368" in text for text in shown) == 1
    assert not any("15368" in text for _, text in setting_changes.commands("acme/access"))
