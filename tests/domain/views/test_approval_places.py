"""A policy with rules of approval: which hold, who filled which place and who can, said alike everywhere."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MERGED_AT, PATH, a_policy, a_request, owned_by, the_rules
from builders import a_request_state, a_review, an_approval
from comment_facts import a_summary, rendered

from jitbot.domain.access.approvals.pending_approvals import PendingApprovals
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import Login
from jitbot.domain.views.open_comment import proposal, steering
from jitbot.domain.views.other_requests import OtherRequest, OtherRequests, asked, by_ledger, others_in_words
from jitbot.domain.views.request_summary import RequestSummary, owning, waiting
from jitbot.domain.views.wording import MARKDOWN, TERMINAL

PAGE = "https://github.com/acme/access/pull/7"
LEADS, SECURITY = "@acme/payments-leads", "@acme/security"
ALWAYS = ApprovalRule(need=1)
BOTH = ApprovalRule(need=2, teams=(LEADS, SECURITY), when=RuleCondition(duration_over=HOUR))
ERIN = a_review("erin", review_id=2)
HELD = f"Rules that hold: 1 always; 2 (1 of {LEADS}, 1 of {SECURITY}) for over 1h."


def a_summary_by_rules(
    *logins: str, rules: tuple[ApprovalRule, ...] = (BOTH,), **changes: Any
) -> RequestSummary:
    """Alice's request for two hours, approved by these, under rules of approval."""
    owners = changes.pop("owners", (LEADS, SECURITY, "@dave"))
    held = the_rules(policy=a_policy(approval_rules=(ALWAYS, *rules)), codeowners=owned_by(*owners))
    reviews = tuple(a_review(login, review_id=number) for number, login in enumerate(logins, start=1))
    return a_summary(rules=held, reviews=reviews, **changes)


def awaiting(summary: RequestSummary) -> PendingApprovals:
    """The approvals of a summary."""
    assert summary.awaiting is not None
    return summary.awaiting


@pytest.mark.parametrize(
    ("logins", "said", "missing"),
    [
        ((), "0 of 2 approvals: waits for 1 of payments-leads: bob; waits for 1 of security: erin.", 2),
        (("bob",), "1 of 2 approvals: 1 of payments-leads: bob; waits for 1 of security: erin.", 1),
        (
            ("dave",),
            "0 of 2 approvals: waits for 1 of payments-leads: bob; waits for 1 of security: erin.",
            2,
        ),
        (("dave", "bob"), "1 of 2 approvals: 1 of payments-leads: bob; waits for 1 of security: erin.", 1),
        (("erin", "bob"), "2 of 2 approvals: 1 of payments-leads: bob; 1 of security: erin.", 0),
    ],
)
def test_who_filled_which_place_and_who_can(logins: tuple[str, ...], said: str, missing: int) -> None:
    """The rules that hold, then each place; an approval that fills none counts for none."""
    summary = a_summary_by_rules(*logins)
    assert list(waiting(awaiting(summary), TERMINAL)) == [HELD, said]
    assert (awaiting(summary).missing, awaiting(summary).enough) == (missing, not missing)


def test_places_of_any_owner() -> None:
    """Beside a team's place there may be others, which any owner fills."""
    three = ApprovalRule(need=3, teams=(SECURITY,))
    summary = a_summary_by_rules("dave", rules=(three,))
    assert list(waiting(awaiting(summary), TERMINAL))[1] == (
        "1 of 3 approvals: waits for 1 of security: erin; 1 of the owners: dave; waits for 1 of the owners: bob or erin."
    )


def test_a_team_of_which_nobody_can_approve() -> None:
    """Where no member of the team owns the request, waiting helps nobody."""
    summary = a_summary_by_rules("bob", owners=(LEADS, "@dave"))
    assert list(waiting(awaiting(summary), TERMINAL))[1].endswith(
        "waits for 1 of security: nobody can give it."
    )
    assert not awaiting(summary).possible
    assert steering([summary]) == (False, "1 of 2 approvals, and too few people can approve")
    assert "too few people can approve it" in comment(summary)


def test_before_anybody_was_asked() -> None:
    """Of a file that is in no pull request yet the same is said."""
    grant_preview = a_summary_by_rules().grant_preview
    assert grant_preview is not None
    assert owning(grant_preview, TERMINAL) == (
        f"{HELD} waits for 1 of payments-leads: bob; waits for 1 of security: erin."
    )
    assert (
        grant_preview.who_approves()
        == f"2 of {LEADS} {SECURITY} @dave, at least 1 of {LEADS} and 1 of {SECURITY}"
    )
    shown = grant_preview.as_json()
    assert (shown["approvals_required"], shown["approval_teams"]) == (2, [LEADS, SECURITY])
    assert shown["approval_rules"] == ["1 always", f"2 (1 of {LEADS}, 1 of {SECURITY}) for over 1h"]


def test_a_number_shows_nothing_of_rules() -> None:
    """A policy that asks by a number has the JSON that it had."""
    grant_preview = a_summary().grant_preview
    assert grant_preview is not None
    assert not grant_preview.as_json().keys() & {"approval_rules", "approval_teams"}


def comment(summary: RequestSummary, *, auto_merge: bool = False) -> str:
    """The comment's text."""
    return rendered(proposal([summary], (), number=7, page=PAGE, auto_merge=auto_merge)).text


@pytest.mark.parametrize(
    ("logins", "green", "status", "next_"),
    [
        ((), False, "0 of 2 approvals, waits for 1 of payments-leads and 1 of security", "It waits for 1 of"),
        (
            ("bob",),
            False,
            "1 of 2 approvals, waits for 1 of security",
            "It waits for 1 of security: erin. Do not",
        ),
        (
            ("bob", "dave"),
            False,
            "1 of 2 approvals, waits for 1 of security",
            "It waits for 1 of security: erin. Do",
        ),
        (("bob", "erin"), True, "2 of 2 approvals", "Checked and approved. Press Merge"),
    ],
)
def test_the_comment_and_the_status(logins: tuple[str, ...], green: bool, status: str, next_: str) -> None:
    """The status waits for each team's approval, and the comment says for which, whatever GitHub's count is."""
    summary = a_summary_by_rules(*logins)
    assert steering([summary]) == (green, status)
    seen = comment(summary)
    assert next_ in seen
    assert "Rules that hold: 1 always; 2 (1 of" in seen


def test_one_approval_of_a_team_is_not_any_owners() -> None:
    """GitHub would take dave's approval; the status waits for erin's."""
    one = ApprovalRule(need=1, teams=(SECURITY,))
    assert steering([a_summary_by_rules("dave", rules=(one,))]) == (
        False,
        "0 of 1 approvals, waits for 1 of security",
    )
    assert steering([a_summary_by_rules("erin", rules=(one,))]) == (True, "1 of 1 approvals")


def test_no_team_is_mentioned() -> None:
    """A team's name in the comment pings nobody."""
    body = proposal([a_summary_by_rules("bob")], (), number=7, page=PAGE, auto_merge=False)
    assert "@acme/security" not in body


OTHER = PATH.replace("refunds", "other")
NOW = MERGED_AT + HOUR


def test_what_the_requester_has_beside_it() -> None:
    """By the ledger: live, planned and approved requests of the same person under the same policy, and no others."""
    granted = replace(a_request_state(an_approval()), request=OTHER)
    states = [
        granted,
        replace(granted, request=PATH),
        replace(granted, request=OTHER.replace("orders-db-read", "x")),
    ]
    expected = OtherRequest(state="approved", accounts=("prod",), until=EXPIRES_AT)
    assert by_ledger(states, a_request(), NOW) == (expected,)
    assert by_ledger(states, a_request(requester=Login("ALICE")), NOW) == (expected,)
    assert by_ledger(states, a_request(), EXPIRES_AT) == ()
    assert by_ledger(states, a_request(requester=Login("bob")), NOW) == ()
    assert by_ledger([replace(granted, terms=())], a_request(), NOW) == ()
    for other in states[1:]:  # this request itself, and one under another policy
        assert by_ledger([other], a_request(), NOW) == ()


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (OtherRequests(), ["alice has, and asks for, nothing else under orders-db-read now."]),
        (
            OtherRequests(
                found=(
                    OtherRequest(state="live", accounts=("prod", "data"), until=EXPIRES_AT),
                    asked(a_request(starts_at=EXPIRES_AT), 12),
                )
            ),
            [
                "Other requests of alice under orders-db-read: prod and data until 24 Nov 2026, 11:00 UTC (live) and "
                "prod for 2h from 24 Nov 2026, 11:00 UTC (asked for in pull request 12)."
            ],
        ),
        (OtherRequests(doubt="why"), ["There may be more requests of alice under orders-db-read: why."]),
    ],
)
def test_rules_see_one_request(others: OtherRequests, said: list[str]) -> None:
    """The sentence is always there: two short requests pass a rule for long ones."""
    sentences = list(others_in_words(a_request(), others, TERMINAL))
    assert sentences == ["The rules see one request: two of 2h pass a rule for over 2h.", *said]
    summary = a_summary_by_rules(others=others)
    shown = comment(summary)
    assert all(each.split(":")[0] in shown for each in sentences)
    assert "see one request" not in comment(a_summary_by_rules())
    assert list(others_in_words(a_request(), others, MARKDOWN))


def test_an_own_request_in_the_same_pull_request_has_no_number() -> None:
    """It is named by what it asks for."""
    found = asked(a_request(duration=timedelta(minutes=90)), None)
    assert list(others_in_words(a_request(), OtherRequests(found=(found,)), TERMINAL))[1].endswith(
        "prod for 1h30m (asked for)."
    )
