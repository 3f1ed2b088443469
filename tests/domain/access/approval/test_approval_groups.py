"""Account groups in a decision: what a group stands for is read where the policy is read, before the merge and at the head."""

from typing import Any

import pytest
from acme_facts import a_policy, a_request, the_rules, unreadable
from builders import a_case, a_merge, codes, judged

from jitbot.domain.access.approval import Verdict
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.documents import Policy
from jitbot.domain.model.merge_facts import Case, Rules

GROUPED = a_policy(accounts=("@production", "staging"))


def rules(*production: str, policy: Policy = GROUPED) -> Rules:
    """Acme's rules, with these accounts in the group production."""
    groups = AccountGroups(groups={"production": production} if production else {})
    return the_rules(policy=policy, account_groups=groups)


def asked(base: Rules, head: Rules, **changes: Any) -> Case:
    """Alice's request for prod, approved under one tree's rules and merged under another's."""
    return a_case(rules=base, merge=a_merge(head_rules=head), request=a_request(**changes))


def test_a_group_gives_what_its_accounts_would_give() -> None:
    """The same documents, account by account, as if the policy named them."""
    grouped = judged(asked(rules("prod", "data"), rules("prod", "data"), accounts=("data", "prod")))
    named = a_policy(accounts=("prod", "data", "staging"))
    plain = judged(asked(rules(policy=named), rules(policy=named), accounts=("data", "prod")))
    assert grouped.verdict is Verdict.APPROVED
    assert grouped.grants == plain.grants != ()


@pytest.mark.parametrize("account", ["data", "@production", "production"])
def test_what_no_group_holds_is_not_given(account: str) -> None:
    """An account outside the group, and the group itself: a request names accounts."""
    decision = judged(asked(rules("prod"), rules("prod"), accounts=(account,)))
    assert decision.verdict is Verdict.REFUSED
    assert "account-not-allowed" in codes(decision)


@pytest.mark.parametrize("production", [("data",), ()])
def test_a_group_that_lost_the_account_before_the_merge_gives_nothing(production: tuple[str, ...]) -> None:
    """Whatever it stood for when it was approved."""
    assert codes(judged(asked(rules(*production), rules("prod")))) == {"account-not-allowed"}


@pytest.mark.parametrize(
    "head",
    [
        rules("data"),
        rules(),
        the_rules(policy=GROUPED),
        the_rules(policy=GROUPED, account_groups=unreadable()),
        rules("prod", policy=a_policy(accounts=("staging",))),
    ],
    ids=["other members", "no such group", "no file", "unreadable", "not in the policy"],
)
def test_a_group_that_stood_for_something_else_at_the_head_gives_nothing(head: Rules) -> None:
    """The approvers saw a policy that did not give access to this account."""
    assert codes(judged(asked(rules("prod"), head))) == {"rules-changed"}


def test_a_group_may_grow_by_others_between_approval_and_merge() -> None:
    """What a request does not ask for is no change of it; nor is a group in the place of the accounts it stands for."""
    assert judged(asked(rules("prod", "data"), rules("prod"))).verdict is Verdict.APPROVED
    plain = rules(policy=a_policy(accounts=("prod",)))
    assert judged(asked(rules("prod"), plain)).verdict is Verdict.APPROVED
    assert judged(asked(plain, rules("prod"))).verdict is Verdict.APPROVED


def test_unreadable_groups_refuse_with_their_own_finding() -> None:
    """A file that is there must read, also for a policy without a group: nobody guesses what it meant."""
    decision = judged(a_case(rules=the_rules(account_groups=unreadable())))
    assert decision.verdict is Verdict.REFUSED
    assert decision.reasons == unreadable().findings


def test_groups_at_the_head_do_not_matter_to_a_policy_without_any() -> None:
    """A branch from before the file was there, or was repaired, needs no second approval."""
    head = the_rules(account_groups=unreadable())
    assert judged(a_case(merge=a_merge(head_rules=head))).verdict is Verdict.APPROVED
