"""The digest over which rules a policy was reviewed: it changes with all that matters for it, and with nothing else."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from acme_facts import (
    ACCOUNTS,
    DATA,
    HOUR,
    NOW,
    OWNERS,
    TEAMS,
    a_person,
    a_policy,
    people,
    teams,
    the_rules,
    unreadable,
)

from jitbot.domain.access_review.basis import rules_digest
from jitbot.domain.model import codeowners
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import Acknowledgement, Login, Parameter
from jitbot.domain.model.roster import Membership, Roster

IN_GROUP = a_policy(approval_rules=(ApprovalRule(need=1), ApprovalRule(need=2, teams=("@acme/security",))))


def digest(**changes: Any) -> str:
    """The digest of acme's rules with these changes."""
    return rules_digest(the_rules(**changes))


def lines(old: str = "", new: str = "", more: str = "") -> codeowners.CodeOwners:
    """Acme's CODEOWNERS, changed."""
    return codeowners.parse(OWNERS.replace(old, new) + more)


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": a_policy(max_duration=5 * HOUR)},
        {"policy": a_policy(eligible=("@acme/payments",))},
        {"policy": a_policy(approvals=0)},
        {"policy": a_policy(name="other")},
        {"policy": a_policy(ticket_required=True)},
        {"policy": a_policy(managed_policies=("ReadOnlyAccess",))},
        {"policy": a_policy(parameters=(Parameter(name="table", enum=("orders",)),))},
        {"policy": IN_GROUP},
        {"policy": replace(IN_GROUP, approval_rules=(ApprovalRule(need=1), ApprovalRule(need=2)))},
        {"accounts": {**ACCOUNTS, "prod": DATA}},
        {"teams": teams(payments="alice carol")},
        {"teams": teams(payments_leads="bob dave")},
        {"teams": teams(security="erin bob")},
        {"people": people(a_person("alice", github_id=4711))},
        {"people": people(a_person("dave", principal=None))},
        {"people": people(a_person("erin", github_id=4711))},
        {"codeowners": lines("@acme/payments-leads", "@acme/security")},
        {"codeowners": lines("/policies/ ", "/policies/** ")},
    ],
)  # fmt: skip
def test_what_matters_changes_it(changes: dict[str, Any]) -> None:
    """Who may ask, who approves, what it gives, and who may change it."""
    assert len(digest(**changes)) == 64
    assert digest(**changes) != digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"policy": a_policy(reviewed=date(2026, 12, 1))},
        {"policy": a_policy(description="other words")},
        {"policy": a_policy(acknowledged=(Acknowledgement(finding="a", about="b", reason="c"),))},
        {"policy": a_policy(eligible=("dave", "@acme/payments"), accounts=("staging", "prod"))},
        {"accounts": {**ACCOUNTS, "data": ACCOUNTS["prod"]}},
        {"teams": teams(sre="dave frank")},
        {"teams": {name: tuple(reversed(members)) for name, members in reversed(TEAMS.items())}},
        {"people": people(a_person("grace", github_id=4711))},
        {"codeowners": lines(more="/jitbot/ @acme/platform\n")},
        {"codeowners": codeowners.parse("# another line before\n" + OWNERS)},
    ],
)
def test_what_does_not_matter_leaves_it(changes: dict[str, Any]) -> None:
    """The date itself, words, orders, and people and accounts that the policy has nothing to do with."""
    assert digest(**changes) == digest()


def test_the_dates_of_a_membership_matter() -> None:
    """Somebody who is in a team for a week is not somebody who is in it for good."""
    named = {team: tuple(Membership(login=login) for login in logins) for team, logins in TEAMS.items()}
    dated = Membership(login=Login("carol"), until=None, since=None)
    later = replace(dated, since=NOW)
    plain, limited = (
        Roster.of({**named, "acme/payments": (Membership(login=Login("alice")), each)})
        for each in (dated, later)
    )
    assert digest(teams=plain) != digest(teams=limited)


def test_the_place_of_a_rule_of_approval_does_not_matter() -> None:
    """All rules hold together."""
    rules = (
        ApprovalRule(need=1),
        ApprovalRule(need=2, when=RuleCondition(accounts=("prod",)), field="approvals.1"),
    )
    one, other = (
        a_policy(approval_rules=each) for each in (rules, (replace(rules[1], field="approvals.0"), rules[0]))
    )
    assert digest(policy=one) == digest(policy=other)


def test_a_digest_is_the_same_in_every_version() -> None:
    """Those in the record are compared with those of later versions: what is empty, and keys that are new, change none."""
    assert digest(policy=IN_GROUP) == "ea00eca02c331930d8817559f3993761db9dfe11bd32a70f014f691ba8170b8b"
    assert (
        digest(codeowners=codeowners.parse("/jitbot/ @acme/platform\n"))
        == "c04710c6a287ee7ccaa35aedc873b5a12d32900ee0c7d3f77a1cecf4789e769d"
    )


@pytest.mark.parametrize("part", ["policy", "people", "teams", "accounts", "account_groups"])
def test_what_cannot_be_read_has_no_digest(part: str) -> None:
    """Nor has a CODEOWNERS that GitHub reads in part: no digest is no statement."""
    assert digest(**{part: unreadable()}) == ""
    assert digest(codeowners=None) == ""
    assert digest(codeowners=codeowners.parse("[ab] @acme/x\n")) == ""
