"""Who could ask for what, and who could approve it: each from where it is written, and never made up."""

import pytest
from acme_facts import NOW, a_policy, the_rules, unreadable

from jitbot.domain.access_review.basis import rules_digest
from jitbot.domain.access_review.entitlements import Entitlement, entitlement
from jitbot.domain.model import codeowners
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import Parsed
from jitbot.domain.model.merge_facts import Rules

NAME = "orders-db-read"


def test_a_policy_of_acme() -> None:
    """Who may ask, who approves, and where that is written."""
    assert entitlement(NAME, the_rules(), NOW) == Entitlement(
        policy=NAME,
        description="Read one DynamoDB table",
        eligible=("alice", "carol", "dave", "mallory"),
        accounts=("prod", "staging"),
        max_duration="4h",
        approvals=1,
        approvers=("bob",),
        owner_rule="2: /requests/orders-db-read/",
        named=("@acme/payments", "dave"),
        owners=("@acme/payments-leads",),
        rules_sha256=rules_digest(the_rules()),
    )


def test_who_has_no_principal_never_asks() -> None:
    """Whoever names them: erin can approve."""
    found = entitlement(NAME, the_rules(policy=a_policy(eligible=("alice", "erin"))), NOW)
    assert (found.eligible, found.named) == (("alice",), ("alice", "erin"))


def test_rules_of_approval_are_in_words() -> None:
    """Where a policy asks by them, and not by a number alone."""
    rules = (ApprovalRule(need=1), ApprovalRule(need=2, teams=("@acme/security",)))
    found = entitlement(NAME, the_rules(policy=a_policy(approval_rules=rules)), NOW)
    assert found.rules == tuple(each.in_words() for each in rules)


@pytest.mark.parametrize(
    "rules",
    [the_rules(**{part: unreadable()}) for part in ("policy", "people", "teams", "account_groups")],
)
def test_what_does_not_read_is_known_of_nobody(rules: Rules) -> None:
    """Its problem is said; nobody is named, and no number."""
    found = entitlement(NAME, rules, NOW)
    assert not found.is_known
    assert found == Entitlement(
        policy=NAME, description="", eligible=(), accounts=(), max_duration="", approvals=None, approvers=(),
        owner_rule="", problem="it cannot be read",
    )  # fmt: skip


def test_a_file_that_is_not_there_has_no_finding() -> None:
    """Something is said all the same."""
    found = entitlement(NAME, the_rules(people=Parsed(value=None)), NOW)
    assert (found.problem, found.is_known) == ("its rules cannot be read", False)


def test_the_line_of_break_glass_has_no_owners() -> None:
    """Which is no problem of it, and would be one of any other policy."""
    lines = codeowners.parse("* @acme/platform\n/requests/orders-db-read/\n")
    glass = a_policy(approvals=0, reviewers=("@acme/security",))
    found = entitlement(NAME, the_rules(policy=glass, codeowners=lines), NOW)
    assert (found.problem, found.approvers, found.reviewers) == ("", (), ("@acme/security",))
    assert entitlement(NAME, the_rules(codeowners=lines), NOW).problem
    assert entitlement(NAME, the_rules(policy=glass), NOW).problem
