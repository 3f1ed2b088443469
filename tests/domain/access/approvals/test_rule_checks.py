"""Rules of approval beside the other files: what does not fit is a finding at its place, before it matters."""

from typing import Any

import pytest
from acme_facts import (
    ACCOUNTS,
    HOUR,
    MERGED_AT,
    PATH,
    PEOPLE,
    TEAMS,
    a_policy,
    a_request,
    owned_by,
    the_rules,
    unreadable,
)
from builders import a_case, a_ground, a_merge

from jitbot.domain.access import owner_checks
from jitbot.domain.access.approval import Verdict, decide
from jitbot.domain.access.approvals.rule_checks import owner_findings, policy_findings, request_findings
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.model import codeowners
from jitbot.domain.model.account_groups import NO_GROUPS, AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import Policy, Position

GROUPS = AccountGroups(groups={"production": ("prod", "data"), "rest": ("staging",)})
PARTS = ("from.0", "from.1", "when.accounts", "when.accounts.0", "when.accounts.1", "when.duration_over")
WHERE = {
    "approvals": Position(line=5, column=1),
    "approvals.0": Position(line=6, column=5),
    "approvals.1": Position(line=7, column=5),
    **{f"approvals.1.{part}": Position(line=8, column=column) for column, part in enumerate(PARTS, start=1)},
}


def a_rule(need: int = 2, *teams: str, **when: Any) -> ApprovalRule:
    """The second rule of the file."""
    condition = RuleCondition(**when) if when else None
    return ApprovalRule(need=need, teams=teams, when=condition, field="approvals.1")


def a_policy_with(*rules: ApprovalRule, **changes: Any) -> Policy:
    """The policy with these rules after `need: 1`."""
    first = ApprovalRule(need=1, field="approvals.0")
    return a_policy(approval_rules=(first, *rules), where=WHERE, **changes)


def found(policy: Policy, groups: AccountGroups = GROUPS) -> list[tuple[str, int, int]]:
    """Code and place of what is wrong."""
    findings = list(policy_findings(policy, accounts=ACCOUNTS, groups=groups, teams=TEAMS))
    assert all(each.message and each.hint and each.file == policy.path for each in findings)
    return [(each.code, each.line, each.column) for each in findings]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (a_rule(2, "@acme/security", "@Acme/SRE", accounts=("@production", "staging")), []),
        (a_rule(2, "@acme/security", "@acme/nobody"), [("unknown-team", 8, 2)]),
        (a_rule(accounts=("prod", "mars")), [("unknown-account", 8, 5)]),
        (a_rule(accounts=("@mars",)), [("unknown-group", 8, 4)]),
        (a_rule(accounts=("data",)), [("rule-never-holds", 8, 3)]),
        (a_rule(accounts=("data", "prod")), []),
        (a_rule(duration_over=4 * HOUR), [("rule-never-holds", 8, 6)]),
        (a_rule(duration_over=3 * HOUR), []),
    ],
)
def test_what_a_rule_names_is_there(rule: ApprovalRule, expected: list[tuple[str, int, int]]) -> None:
    """A team, an account, a group that no file knows; and what no request can be."""
    assert found(a_policy_with(rule)) == expected


def test_an_account_in_no_group() -> None:
    """Where a rule names groups, each account of the policy is in one."""
    groups = AccountGroups(groups={"production": ("prod",)})
    grouped, plain = a_rule(accounts=("@production",)), a_rule(accounts=("prod",))
    assert found(a_policy_with(grouped), groups) == [("account-in-no-group", 8, 3)]
    assert found(a_policy_with(plain), groups) == []
    assert found(a_policy_with(grouped, accounts=("prod",)), groups) == []


def test_a_policy_with_a_number_has_no_rules_to_check() -> None:
    """Nothing is asked of it here."""
    assert found(a_policy(approvals=2), NO_GROUPS) == []


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (("@acme/payments-leads", "@Acme/Security"), []),
        (("@acme/payments-leads", "@erin"), [("team-not-owner", 8, 2)]),
        (("@bob",), [("team-not-owner", 8, 1), ("team-not-owner", 8, 2)]),
    ],
)
def test_teams_own_the_requests(owners: tuple[str, ...], expected: list[tuple[str, int, int]]) -> None:
    """GitHub asks those for a review whom CODEOWNERS names, so each team of a rule must be on the line."""
    policy = a_policy_with(a_rule(2, "@acme/payments-leads", "@acme/security", accounts=("prod",)))
    findings = list(owner_findings(policy, owned_by(*owners)))
    assert [(each.code, each.line, each.column) for each in findings] == expected
    assert all(each.hint for each in findings)
    assert list(owner_findings(policy, None)) == []
    assert list(owner_findings(policy, codeowners.parse("* [bad"))) == []


def approvers(rule: ApprovalRule, *owners: str) -> list[tuple[str, int, str]]:
    """What `check` says of who can approve."""
    policy = a_policy_with(rule)
    findings = owner_checks.approver_findings(policy, owned_by(*owners), PEOPLE, TEAMS)
    return [(each.code, each.line, each.message) for each in findings]


def test_a_rule_that_nobody_can_meet() -> None:
    """Of the people who own the requests, none is of the team, or they are too few for all teams."""
    owners = ("@acme/payments-leads", "@acme/security")
    assert approvers(a_rule(2, *owners, accounts=("prod",)), *owners) == []
    ((code, line, message),) = approvers(a_rule(3, *owners, accounts=("prod",)), *owners)
    assert (code, line) == ("too-few-owners", 7)
    assert "'3 (1 of @acme/payments-leads, 1 of @acme/security) in prod'" in message
    assert message.endswith("of the owners of requests/orders-db-read/ only bob, erin can approve")
    assert [code for code, _, _ in approvers(a_rule(1, "@acme/nobody"), "@bob", "@acme/nobody")] == [
        "too-few-owners"
    ]


def reasons(request: dict[str, Any], **rules: Any) -> list[str]:
    """Why it is unknown which rules hold."""
    policy = a_policy_with(a_rule(accounts=("@production",)))
    base = {"policy": policy, "account_groups": GROUPS, "codeowners": owned_by("@bob", "@erin")}
    at_base = the_rules(**{**base, **rules.get("base", {})})
    at_head = the_rules(**{**base, **rules.get("head", {})})
    case = a_case(rules=at_base, request=a_request(**request), merge=a_merge(head_rules=at_head))
    findings = list(request_findings(a_ground(case)))
    assert all(each.hint and each.file == PATH for each in findings)
    decision = decide(case, RequestState(request=PATH), MERGED_AT)
    assert not findings or decision.verdict is Verdict.REFUSED
    assert {each.code for each in findings} <= {each.code for each in decision.reasons}
    return [each.code for each in findings]


LESS = {"account_groups": AccountGroups(groups={"production": ("data",)})}
NONE = {"account_groups": NO_GROUPS}


@pytest.mark.parametrize(
    ("request_", "rules", "expected"),
    [
        ({}, {}, []),
        ({}, {"base": LESS}, ["account-in-no-group"]),
        ({}, {"head": LESS}, ["account-in-no-group"]),
        ({}, {"head": LESS, "base": LESS}, ["account-in-no-group"]),
        ({"accounts": ("prod", "staging")}, {"base": LESS}, ["account-in-no-group"] * 2),
        ({}, {"base": NONE}, ["unknown-group", "account-in-no-group"]),
        ({}, {"head": {"account_groups": unreadable()}}, ["rules-changed"]),
        ({}, {"head": {"policy": unreadable()}}, []),
        ({}, {"base": {**NONE, "policy": a_policy()}, "head": {**NONE, "policy": a_policy()}}, []),
    ],
)
def test_it_is_known_which_rules_hold(
    request_: dict[str, Any], rules: dict[str, Any], expected: list[str]
) -> None:
    """An account in no group, and a group that is not there, refuse the request: a rule may be meant for it."""
    assert reasons(request_, **rules) == expected
