"""What a request would give if it were merged now."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from acme_facts import (
    EXPIRES_AT,
    HOUR,
    MERGED_AT,
    PATH,
    a_policy,
    a_request,
    owned_by,
    the_rules,
    unreadable,
)
from builders import a_request_state, a_window, an_approval, the_documents
from catalogue_facts import the_catalogue
from rehearsal_facts import a_rehearsal_policy, a_rehearsal_request

from jitbot.domain.aws.risk import Level
from jitbot.domain.model.account_groups import NO_GROUPS
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import Parameter, Request
from jitbot.domain.model.merge_facts import Rules
from jitbot.domain.views.grant_preview import GrantPreview, would_grant

LATER = MERGED_AT + timedelta(days=1)


def grant_preview(request: Request | None = None, rules: Rules | None = None) -> GrantPreview:
    """What alice's request would give, merged at nine."""
    seen = would_grant(request or a_request(), rules or the_rules(), MERGED_AT, the_catalogue())
    assert seen is not None
    return seen


def test_it_shows_what_would_be_granted() -> None:
    """The very documents that a merge now would give, their owners and their risk."""
    seen = grant_preview()
    assert (seen.request, seen.policy, seen.window) == (a_request(), a_policy(), a_window())
    assert seen.grants == (the_documents(),)
    assert seen.owned_by.names == ("@acme/payments-leads",)
    assert (seen.risk.level, seen.risk.access_in_words()) == (Level.LOW, "2 read")


def test_a_rehearsal_is_called_one_by_what_it_would_give() -> None:
    """In a sentence and in JSON; the same policy with one action more is an ordinary request."""
    seen = grant_preview(a_rehearsal_request(), the_rules(policy=a_rehearsal_policy()))
    assert seen.in_words().endswith(
        " if it is merged now; a rehearsal: it can do nothing but ec2:DescribeRegions"
    )
    assert seen.as_json()["rehearsal"] is True
    more = a_rehearsal_policy(managed_policies=("ReadOnlyAccess",))
    seen = grant_preview(a_rehearsal_request(), the_rules(policy=more))
    assert "rehearsal:" not in seen.in_words()
    assert "rehearsal" not in seen.as_json()


def test_every_account_is_shown_and_judged() -> None:
    """Two accounts are two grants, and their dangers are told together."""
    policy = a_policy(managed_policies=("AdministratorAccess",))
    seen = grant_preview(a_request(accounts=("prod", "staging")), the_rules(policy=policy))
    assert [grant.account for grant in seen.grants] == ["prod", "staging"]
    assert seen.risk.reasons == ("AdministratorAccess: can do everything in the account",)


@pytest.mark.parametrize("part", ["policy", "people", "teams", "accounts", "settings"])
def test_rules_that_do_not_read_promise_nothing(part: str) -> None:
    """Without its rules a request gives no grant: no outlook at all, or one without documents."""
    seen = would_grant(a_request(), the_rules(**{part: unreadable()}), MERGED_AT, the_catalogue())
    assert seen is None if part in {"policy", "people", "teams"} else seen is not None and seen.grants == ()


@pytest.mark.parametrize("part", ["accounts", "settings"])
def test_what_is_not_rendered_is_not_known(part: str) -> None:
    """Where nothing is shown that would be granted, the risk is not low: it is not known."""
    seen = would_grant(a_request(), the_rules(**{part: unreadable()}), MERGED_AT, the_catalogue())
    assert seen is not None
    assert seen.as_json()["risk"] == {
        "level": "unknown",
        "reasons": ["prod: nobody can say what would be granted there"],
        "access": {},
    }


def test_an_account_that_nobody_knows_hides_no_other() -> None:
    """What can be granted elsewhere is judged all the same, and what is not known goes before it."""
    policy = a_policy(managed_policies=("AdministratorAccess",))
    seen = grant_preview(a_request(accounts=("nowhere", "prod")), the_rules(policy=policy))
    assert (seen.where, seen.known, seen.grants) == (("prod", "nowhere"), frozenset({"prod"}), ())
    assert seen.risk.level is Level.UNKNOWN
    assert seen.risk.reasons[1] == "AdministratorAccess: can do everything in the account"
    assert seen.in_words().startswith(
        "alice asks for orders-db-read in prod and nowhere (not in accounts.yaml) for"
    )


def test_accounts_are_told_in_the_order_of_their_owners() -> None:
    """accounts.yaml chooses which account is read first, and the request does not."""
    for asked in (("data", "prod", "staging"), ("staging", "data", "prod")):
        seen = grant_preview(a_request(accounts=asked))
        assert seen.where == ("prod", "staging", "data")
        assert [grant.account for grant in seen.grants] == ["prod", "staging", "data"]


def test_parameters_are_told_in_the_order_of_the_policy() -> None:
    """What the policy asks for first, then what nobody asked for."""
    policy = a_policy(
        parameters=(Parameter(name="table", enum=("orders",)), Parameter(name="index", enum=("a",)))
    )
    seen = grant_preview(
        a_request(parameters={"z": "1", "index": "a", "table": "orders"}), the_rules(policy=policy)
    )
    assert seen.parameters == (("table", "orders"), ("index", "a"), ("z", "1"))


def test_the_json_is_as_promised() -> None:
    """The shape of `explain --format json`, key by key."""
    shown: dict[str, Any] = grant_preview(rules=the_rules(policy=a_policy(approvals=2))).as_json()
    (grant,) = shown.pop("grants")
    assert (grant["account_id"], grant["expires_at"]) == ("111111111111", "2026-11-24T11:00:00Z")
    assert shown == {
        "request": PATH,
        "policy": "orders-db-read",
        "requester": "alice",
        "reason": "INC-1234 refunds are stuck in the queue",
        "approvals_required": 2,
        "owners": ["@acme/payments-leads"],
        "risk": {"level": "low", "reasons": [], "access": {"Read": 2}},
    }


def test_break_glass_says_who_reviews() -> None:
    """With `approvals: 0` and a time for the review alone."""
    glass = a_policy(approvals=0, reviewers=("erin", "@acme/security"), review_within=timedelta(hours=2))
    told = {"reviewers": ["erin", "@acme/security"], "review_within_seconds": 7200}
    assert grant_preview(rules=the_rules(policy=glass)).as_json()["break_glass"] == told
    words = grant_preview(rules=the_rules(policy=glass)).who_approves()
    assert (
        words
        == "BREAK-GLASS: no approval before access. erin or @acme/security must review it within 2h of the merge"
    )
    for plain in (replace(glass, approvals=1), replace(glass, review_within=None)):
        seen = grant_preview(rules=the_rules(policy=plain))
        assert "break_glass" not in seen.as_json()
        assert seen.who_approves() == f"{plain.approvals} of @acme/payments-leads"
    assert grant_preview(rules=the_rules(codeowners=owned_by())).who_approves() == "1 of nobody"


def test_an_extension_counts_from_the_first_start() -> None:
    """Whenever it is merged."""
    longer = a_request(duration=4 * HOUR)
    so_far = a_request_state(an_approval())
    seen = would_grant(longer, the_rules(), MERGED_AT + HOUR, the_catalogue(), so_far)
    assert seen is not None
    assert seen.window.expires_at == MERGED_AT + 4 * HOUR
    assert not seen.floats


@pytest.mark.parametrize(("starts_at", "floats"), [(None, True), (LATER, False)])
def test_only_an_end_that_hangs_on_the_merge_floats(starts_at: datetime | None, *, floats: bool) -> None:
    """A start of its own is the same whenever it is merged."""
    assert grant_preview(a_request(starts_at=starts_at)).floats is floats


def test_the_owners_are_those_of_the_path() -> None:
    """Each owner that CODEOWNERS names is told, in its order; without one the list is empty."""
    names = ["@acme/security", "@acme/platform"]
    assert grant_preview(rules=the_rules(codeowners=owned_by(*names))).as_json()["owners"] == names
    assert grant_preview(rules=the_rules(codeowners=owned_by())).as_json()["owners"] == []


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (
            a_request(),
            "alice asks for orders-db-read in prod for 2h, until 2026-11-24T11:00:00Z if it is merged now",
        ),
        (
            a_request(accounts=("prod", "staging"), starts_at=LATER),
            "alice asks for orders-db-read in prod and staging for 2h, "
            "from 2026-11-25T09:00:00Z until 2026-11-25T11:00:00Z",
        ),
    ],
)
def test_one_sentence_says_it_all(request_: Request, words: str) -> None:
    """Who asks for what, where, for how long, until when if it is merged now, and from when if not at once."""
    assert grant_preview(request_).in_words() == words


def test_what_is_decided_has_no_condition() -> None:
    """Once it is granted the sentence says who has it, until the end that is recorded."""
    assert (
        grant_preview()
        .in_words("has")
        .startswith("alice has orders-db-read in prod for 2h, until 2026-11-24T11")
    )
    assert "if it is merged" not in grant_preview().in_words("has")


@pytest.mark.parametrize(
    ("starts_at", "expires_at"), [(None, EXPIRES_AT), (LATER, LATER + 2 * HOUR)], ids=["merge", "start"]
)
def test_the_duration_counts_from_the_merge_or_the_start(
    starts_at: datetime | None, expires_at: datetime
) -> None:
    """A start of its own goes before the time of the merge."""
    window = grant_preview(a_request(starts_at=starts_at)).window
    assert (window.starts_at, window.expires_at) == (starts_at, expires_at)


def test_groups_that_do_not_read_matter_where_a_rule_names_one() -> None:
    """Then nobody knows what is needed; elsewhere there are no groups, and everything else is shown."""
    rule = ApprovalRule(need=1, when=RuleCondition(accounts=("@production",)))
    for rules, shown in ((), True), ((rule,), False):
        found = would_grant(
            a_request(),
            the_rules(policy=a_policy(approval_rules=rules), account_groups=unreadable()),
            MERGED_AT,
            the_catalogue(),
        )
        assert (found is not None) is shown
        assert found is None or found.groups == NO_GROUPS
