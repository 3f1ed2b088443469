"""What an owner reads of each policy: inert, short, the same at a terminal, and never more than a comment takes."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from acme_facts import NOW, a_policy, the_rules, unreadable
from catalogue_facts import the_catalogue
from comment_facts import HOSTILE, is_inert, rendered
from rule_set_facts import a_rule_set, an_admin_policy, effects

from jitbot.domain.access_review.policy_brief import PolicyBrief, brief_of, lines
from jitbot.domain.access_review.policy_use import PolicyUse
from jitbot.domain.model.approval_rules import ApprovalRule
from jitbot.domain.model.documents import Login, Policy
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.rule_effects.review_section import at_a_terminal
from jitbot.domain.rule_effects.rule_report import RuleReport, comment, headline
from jitbot.domain.views.comment_body import LONGEST, is_ours
from jitbot.domain.views.wording import TERMINAL, UNESCAPED

DAY = date(2026, 11, 24)
USE = PolicyUse(
    since=NOW, requests=1000, refused=3, people=40, last_asked=NOW,
    uses={"entered": 700, "not seen": 200, "not asked": 97},
    never_accounts=("staging",), never_people=("carol",),
)  # fmt: skip


def a_brief(policy: Policy | None = None, rules: Rules | None = None, **changes: Any) -> PolicyBrief:
    """The brief of acme's policy, reviewed today."""
    rules = rules or the_rules(policy=policy or a_policy(reviewed=DAY))
    brief = brief_of("orders-db-read", rules, None, NOW, the_catalogue())
    assert brief is not None
    return PolicyBrief(
        **{
            **{name: getattr(brief, name) for name in ("policy", "before", "entitled", "risk", "use")},
            **changes,
        }
    )


def reports(*briefs: PolicyBrief) -> RuleReport:
    """A change that is a review of these and nothing else."""
    moved = effects(a_rule_set(), a_rule_set(a_policy(reviewed=DAY), an_admin_policy()))
    return RuleReport(effects=moved, reviews=briefs)


def said(brief: PolicyBrief) -> dict[str, str]:
    """Each answer by its label."""
    return dict(lines(brief, UNESCAPED))


def test_a_label_and_a_sentence_for_each_question() -> None:
    """In the order in which they are asked."""
    brief = a_brief(use=replace(USE, to_review=("requests/a.yaml", "requests/b.yaml")))
    answers = said(brief)
    assert answers.pop("rules") == (
        f"digest {brief.entitled.rules_sha256[:12]}, which the report shows, unless the rules change before the merge"
    )
    del answers["asked for"], answers["use"]
    assert list(answers.items()) == [
        ("gives", "Read one DynamoDB table"),
        ("may ask", "4 people: alice, carol, dave and mallory (by @acme/payments and dave)"),
        ("approves", "1 approval, by 1 person: bob (by @acme/payments-leads)"),
        ("limits", "2 accounts: prod and staging; up to 4h; no ticket is required; asks for table"),
        ("allows", "dynamodb:GetItem and dynamodb:Query"),
        ("risk", "low (2 read)"),
        ("never asked", "carol"),
        ("never asked for", "staging"),
        (
            "open reviews",
            "2 break-glass grants that nobody has reviewed yet: requests/a.yaml and requests/b.yaml",
        ),
    ]


def test_a_small_policy_that_was_asked_for_once() -> None:
    """One is one, and what is not there is not said."""
    small = a_policy(
        accounts=("prod",),
        eligible=("alice",),
        approvals=2,
        ticket_required=True,
        parameters=(),
        reviewed=DAY,
    )
    once = PolicyUse(
        since=NOW, requests=1, refused=0, people=1, last_asked=None, uses={"entered": 1},
        never_accounts=(), never_people=(), to_review=("requests/a.yaml",),
    )  # fmt: skip
    answers = said(a_brief(small, use=once))
    del answers["gives"], answers["rules"]
    assert answers == {
        "may ask": "1 person: alice (by alice)",
        "approves": "2 approvals, by 1 person: bob (by @acme/payments-leads)",
        "limits": "1 account: prod; up to 4h; a ticket is required",
        "allows": "dynamodb:GetItem and dynamodb:Query",
        "risk": "low (2 read)",
        "asked for": "1 request of 1 person since 2026-11-24",
        "use": "1 grant, by CloudTrail: 1 entered",
        "open reviews": "1 break-glass grant that nobody has reviewed yet: requests/a.yaml",
    }
    closed = said(a_brief(small, use=replace(once, to_review=())))
    assert "open reviews" not in closed
    never = said(a_brief(small, use=replace(once, requests=0)))
    assert never["asked for"] == "never since 2026-11-24, as far as the ledger was read"
    assert "use" not in never


def test_rules_of_approval_and_managed_policies_are_said_in_words() -> None:
    """In the place of a number; of what AWS's own policy allows, no kind of access is counted; and no account is none."""
    managed = a_policy(
        managed_policies=("ReadOnlyAccess",), statements=(), accounts=("@gone",), reviewed=DAY,
        approval_rules=(ApprovalRule(need=1), ApprovalRule(need=2, teams=("@acme/security",))),
    )  # fmt: skip
    answers = said(a_brief(managed, use=replace(USE, uses={})))
    assert answers["allows"] == "AWS's managed policy ReadOnlyAccess"
    assert answers["approves"].startswith(
        "; ".join(each.in_words() for each in managed.approval_rules) + ", by "
    )
    assert answers["use"] == "0 grants, by CloudTrail: none"
    assert answers["limits"] == "0 accounts: none; up to 4h; no ticket is required; asks for table"
    assert answers["risk"] == "medium: ReadOnlyAccess: reads nearly everything in the account, data included"


def test_nobody_is_nobody() -> None:
    """No names follow the number."""
    nobody = a_brief(a_policy(eligible=("@acme/gone",), reviewed=DAY))
    assert said(nobody)["may ask"] == "0 people (by @acme/gone)"


def test_unknown_is_said_to_be_unknown() -> None:
    """By its number, below what was seen."""
    answers = said(a_brief(use=USE))
    assert answers["use"] == (
        "997 grants, by CloudTrail: 700 entered, 200 not seen, 97 not asked. Of 297 nobody knows whether they were used"
    )
    assert answers["asked for"] == (
        "1,000 requests of 40 people since 2026-11-24, the last on 2026-11-24, 3 of them never granted"
    )
    assert said(a_brief())["use"] == "not known: the ledger was not read"


def test_break_glass_has_no_approver() -> None:
    """It says who looks afterwards."""
    glass = a_policy(approvals=0, reviewers=("@acme/security",), reviewed=DAY)
    assert said(a_brief(glass))["approves"] == (
        "nobody before the access (break-glass); reviewed after it by @acme/security"
    )


def test_what_keeps_a_policy_from_working_is_said() -> None:
    """A policy that nobody can use, or approve, has its problem on top."""
    answers = said(a_brief(rules=the_rules(policy=a_policy(reviewed=DAY), people=unreadable())))
    assert list(answers) == [
        "gives",
        "PROBLEM",
        "allows",
        "risk",
        "use",
    ]  # of the others nobody knows the answer
    assert answers["PROBLEM"] == "it cannot be read"


def test_of_a_policy_that_does_not_read_there_is_no_brief() -> None:
    """The comment says elsewhere that it does not."""
    assert brief_of("orders-db-read", the_rules(policy=unreadable()), None, NOW, the_catalogue()) is None


@pytest.mark.parametrize("count", [1, 11, 1_000])
def test_a_comment_holds_any_number_of_policies(count: int) -> None:
    """The first ones whole, then a line each, then a number; and it always fits."""
    body = comment(reports(*[a_brief(use=USE)] * count), number=7)
    assert len(body) <= LONGEST
    assert is_ours(body)
    assert body.count("- **may ask**: ") == min(count, 10)
    assert ("and 890 more" in body) is (count == 1_000)


def test_what_people_wrote_is_inert() -> None:
    """In the comment and at a terminal: names of people, teams, parameters, accounts and descriptions."""
    hostile = a_policy(
        name="orders-db-read", description=HOSTILE, eligible=(HOSTILE,), accounts=(HOSTILE,), reviewed=DAY
    )
    use = PolicyUse(
        since=NOW, requests=1, refused=0, people=1, last_asked=None, uses={},
        never_accounts=(HOSTILE,) * 3, never_people=(Login(HOSTILE),), to_review=(HOSTILE,),
    )  # fmt: skip
    body = comment(reports(a_brief(hostile, use=use)), number=7)
    assert is_inert(body)
    assert "jitbot plan 7" in rendered(body).text
    shown = "".join(at_a_terminal([a_brief(hostile, use=use)]))
    assert "\x1b" not in shown
    assert "\n" not in shown


def test_the_first_line_is_that_of_a_review_only_where_it_is_nothing_else() -> None:
    """With any other effect beside it the effect comes first."""
    assert headline(reports(a_brief()), TERMINAL)[0] == "Access review of orders-db-read."
    wider = effects(
        a_rule_set(),
        a_rule_set(a_policy(reviewed=DAY, accounts=("prod", "staging", "data")), an_admin_policy()),
    )
    assert "Newly reachable" in headline(RuleReport(effects=wider, reviews=(a_brief(),)), TERMINAL)[0]


def test_json_has_it_whole() -> None:
    """With the same keys, known or not."""
    known, unknown = a_brief(use=USE, before=DAY).as_json(), a_brief(a_policy()).as_json()
    assert known.keys() == unknown.keys()
    assert (known["reviewed"], known["before"], known["since"]) == ("2026-11-24", "2026-11-24", USE.as_json())
    assert (unknown["reviewed"], unknown["before"], unknown["since"]) == (None, None, None)
    assert "description" not in known
    assert known["eligible"] == ("alice", "carol", "dave", "mallory")
