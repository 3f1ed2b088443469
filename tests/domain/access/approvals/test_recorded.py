"""Rules of approval in the record: which held, who filled which place; decided again, and asked by auditors."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import HOUR, NOW, a_policy, owned_by, the_rules
from audit_facts import a_record, decided
from builders import a_case, a_merge, a_request_state, a_review

from jitbot.domain.access.approval import decide
from jitbot.domain.access.decision_event import other_rules
from jitbot.domain.audit.report.columns import cells
from jitbot.domain.audit.verify.grant_checks import judged
from jitbot.domain.audit.verify.grant_record import ControlAnswer, FilledPlace, Granted, GrantOutcome
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.merge_facts import Case

LEADS, SECURITY = "@acme/payments-leads", "@acme/security"
BOTH = ApprovalRule(need=3, teams=(LEADS, SECURITY), when=RuleCondition(duration_over=HOUR))
NEVER = ApprovalRule(need=2, when=RuleCondition(duration_over=3 * HOUR))


def a_case_by_rules(*logins: str) -> Case:
    """alice's request for two hours, approved by these."""
    rules = the_rules(
        policy=a_policy(approval_rules=(ApprovalRule(need=1), BOTH, NEVER)),
        codeowners=owned_by(LEADS, SECURITY, "@dave"),
    )
    reviews = tuple(a_review(login, review_id=number) for number, login in enumerate(logins, start=1))
    return a_case(rules=rules, merge=a_merge(head_rules=rules, reviews=reviews))


def test_an_approval_says_which_rules_held_and_who_filled_which_place() -> None:
    """The number that was needed is the need; a place of any owner has no team."""
    event = decided(a_case_by_rules("dave", "bob", "erin"))
    assert event.kind is EventType.APPROVED
    assert event.evidence.approvals_required == 3
    assert event.evidence.json["approval_rules"] == [
        "1 always",
        f"3 (1 of {LEADS}, 1 of {SECURITY}) for over 1h",
    ]
    assert event.evidence.json["places"] == [
        {"team": LEADS, "login": "bob", "github_id": 1002},
        {"team": SECURITY, "login": "erin", "github_id": 1005},
        {"login": "dave", "github_id": 1004},
    ]


def test_a_refusal_says_which_place_nobody_filled() -> None:
    """The reason names each place; the record has it open."""
    event = decided(a_case_by_rules("bob", "dave"))
    assert event.kind is EventType.REFUSED
    (reason,) = event.evidence.reasons
    assert reason.code == "not-enough-approvals"
    assert (
        reason.message
        == "2 of 3 approvals count: 1 of payments-leads: bob; 1 of security: nobody; any owner: dave"
    )
    assert event.evidence.json["places"][1] == {"team": SECURITY}  # type: ignore[index]


def test_a_number_is_recorded_as_it_was() -> None:
    """A policy without a list has no key of rules in its record."""
    assert not decided(a_case()).evidence.json.keys() & {"approval_rules", "places"}


def changed(event: Event, **keys: Any) -> Evidence:
    """The evidence with other values; None takes a key away."""
    known = {**event.evidence.json, **keys}
    return Evidence({name: value for name, value in known.items() if value is not None})


@pytest.mark.parametrize(
    ("keys", "differs"),
    [
        ({}, False),
        ({"approvals_required": None}, False),
        ({"approvals_required": 1}, True),
        ({"approval_rules": ["1 always"]}, True),
        ({"approval_rules": None}, True),
        ({"places": []}, True),
        ({"places": None}, True),
        ({"places": [{"team": SECURITY, "login": "bob", "github_id": 1002}]}, True),
    ],
)
def test_other_rules_in_a_record_are_seen_when_it_is_decided_again(
    keys: dict[str, Any], *, differs: bool
) -> None:
    """What a record says of rules and places must be what the decision gives."""
    case = a_case_by_rules("dave", "bob", "erin")
    again = decide(case, a_request_state(), NOW)
    assert again.parsed_case is not None
    assert other_rules(changed(decided(case), **keys), again.parsed_case, again.approvals) is differs


def test_a_number_in_a_record_has_no_rules() -> None:
    """Keys of rules in the record of a policy with a number are another decision's."""
    case = a_case()
    again = decide(case, a_request_state(), NOW)
    assert again.parsed_case is not None
    assert not other_rules(decided(case).evidence, again.parsed_case, again.approvals)
    assert other_rules(changed(decided(case), places=[]), again.parsed_case, again.approvals)


RECORD = a_record(decided(a_case_by_rules("dave", "bob", "erin")))


def test_the_columns_have_rules_and_places() -> None:
    """A row says which rules held, and who gave which approval."""
    row = cells(RECORD)
    assert row["approval_rules"] == f"1 always; 3 (1 of {LEADS}, 1 of {SECURITY}) for over 1h"
    assert (
        row["approval_places"]
        == f"1 of {LEADS}: bob (1002); 1 of {SECURITY}: erin (1005); any owner: dave (1004)"
    )
    assert row["approvals_required"] == "3"
    refused = cells(a_record(decided(a_case_by_rules("bob"))))
    assert f"1 of {SECURITY}: nobody" in refused["approval_places"]


@pytest.mark.parametrize(
    ("places", "why"),
    [
        (RECORD.decisions[0].places, ""),
        (
            (FilledPlace(team=SECURITY, login="", github_id=None),),
            f"the approval of {SECURITY} is not recorded",
        ),
        (
            (FilledPlace(team="", login="heidi", github_id=1008),),
            "the approval of an owner is recorded of heidi, whose approval is not",
        ),
        (
            (FilledPlace(team=LEADS, login="bob", github_id=1002),) * 2,
            "bob is recorded for two of the approvals",
        ),
    ],
)
def test_an_auditor_is_answered_by_places(places: tuple[FilledPlace, ...], why: str) -> None:
    """Approved before it was given: each place has somebody whose approval is recorded, and nobody has two."""
    (decision,) = RECORD.decisions
    given = Granted(at=NOW, commit=decision.commit, not_after=decision.not_after, request_ids=(), run="")
    record = replace(
        RECORD, decisions=(replace(decision, places=places),), granted=(given,), outcome=GrantOutcome.LIVE
    )
    found = judged(record, NOW)["approved_before_grant"]
    assert found.answer is (ControlAnswer.NO if why else ControlAnswer.YES), found.why
    assert why in found.why
