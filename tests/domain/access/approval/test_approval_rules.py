"""Which rules a decision reads: those before the merge, if the approvers saw the same documents under theirs."""

from dataclasses import replace

import pytest
from acme_facts import (
    ACCOUNTS,
    HOUR,
    STAGING,
    WIDER,
    a_person,
    a_policy,
    a_request,
    owned_by,
    people,
    teams,
    the_rules,
    the_settings,
    unreadable,
)
from builders import (
    a_case,
    a_change,
    a_merge,
    a_request_state,
    a_review,
    a_window,
    an_approval,
    codes,
    judged,
)

from jitbot.domain.access.approval import Verdict, render_all
from jitbot.domain.model.documents import AccountId, Login, Parameter, Request, Statement
from jitbot.domain.model.merge_facts import ChangeKind, Rules


def test_rules_are_read_before_the_merge() -> None:
    """Who may ask, and for how long, is what the base says; who approves must own the path by both."""
    at_head = the_rules(policy=a_policy(eligible=("bob",), approvals=1))
    assert judged(a_case(merge=a_merge(head_rules=at_head))).verdict is Verdict.APPROVED
    at_head = the_rules(codeowners=owned_by("@mallory"))
    assert codes(judged(a_case(merge=a_merge(head_rules=at_head)))) == {"not-enough-approvals"}
    by_mallory = a_merge(head_rules=at_head, reviews=(a_review("mallory"),))
    assert codes(judged(a_case(merge=by_mallory))) == {"not-enough-approvals"}


@pytest.mark.parametrize("part", ["settings", "accounts", "people", "policy"])
def test_a_rule_missing_at_the_head_is_a_change(part: str) -> None:
    """What the approvers could not have seen is not granted."""
    head = the_rules(**{part: unreadable()})
    assert "rules-changed" in codes(judged(a_case(merge=a_merge(head_rules=head))))


HEADS: dict[str, Rules] = {
    "another namespace": the_rules(settings=the_settings(namespace="tmp")),
    "another account behind the alias": the_rules(accounts={**ACCOUNTS, "prod": AccountId("333333333333")}),
    "no such account": the_rules(accounts={"staging": STAGING}),
    "another principal": the_rules(people=people(a_person("alice", principal=a_person("bob").principal))),
    "nobody of that login": the_rules(people={Login("bob"): a_person("bob")}),
    "no principal": the_rules(people=people(a_person("alice", principal=None))),
    "a managed policy": the_rules(policy=a_policy(managed_policies=("ReadOnlyAccess",))),
    "a placeholder that nothing fills": the_rules(
        policy=a_policy(statements=(Statement(actions=("s3:GetObject",), resources=("{{bucket}}",)),))
    ),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
def test_whatever_renders_otherwise_at_the_head_is_a_change(head: Rules) -> None:
    """The approvers' documents are the merge's, part for part."""
    assert codes(judged(a_case(merge=a_merge(head_rules=head)))) == {"rules-changed"}


def test_rules_that_render_the_same_are_the_same() -> None:
    """A branch that is behind on other policies, people or descriptions needs no second approval."""
    head = the_rules(policy=a_policy(description="Read one table"), teams=teams(data="alice"))
    assert judged(a_case(merge=a_merge(head_rules=head))).verdict is Verdict.APPROVED


@pytest.mark.parametrize("part", ["settings", "accounts", "people", "policy"])
def test_without_all_rules_nothing_is_rendered(part: str) -> None:
    """No document is made from a part of the rules."""
    assert render_all(the_rules(**{part: unreadable()}), a_request(), a_window()) == ()


@pytest.mark.parametrize("head", ["no such account", "nobody of that login", "no principal"])
def test_an_unknown_name_renders_nothing(head: str) -> None:
    """An account or a person that the rules do not know gives no document, not a shorter list of them."""
    request = a_request(accounts=("staging", "prod"))
    assert render_all(HEADS[head], request, a_window()) == ()


def test_a_policy_that_cannot_be_rendered_gives_nothing() -> None:
    """A placeholder without a parameter refuses, even where nothing else is wrong."""
    rules = HEADS["a placeholder that nothing fills"]
    assert codes(judged(a_case(rules=rules))) == {"rules-changed"}


@pytest.mark.parametrize("part", ["settings", "accounts", "people", "teams", "policy"])
def test_unreadable_rules_refuse_with_their_own_finding(part: str) -> None:
    """The reason is the file's, with its line, and not a wrong guess about the pull request."""
    decision = judged(a_case(rules=the_rules(**{part: unreadable()})))
    assert decision.verdict is Verdict.REFUSED
    assert decision.reasons == unreadable().findings
    assert decision.parsed_case is None


def test_a_value_never_becomes_a_pattern() -> None:
    """A policy whose pattern would take everything still gives no wildcard, from merge to document."""
    rules = the_rules(policy=a_policy(parameters=(Parameter(name="table", pattern=".*"),)))
    for value in ("*", "ord?rs", "${aws:username}", "{{account_id}}", "orders/*"):
        decision = judged(a_case(rules=rules, request=a_request(parameters={"table": value})))
        assert codes(decision) == {"parameter-refused"}
        assert decision.grants == ()


@pytest.mark.parametrize(
    ("rules", "request_", "reason"),
    [
        (the_rules(people=people(a_person("alice", principal=None))), a_request(), "no-principal"),
        (the_rules(), a_request(accounts=("nowhere",)), "account-not-allowed"),
    ],
)
@pytest.mark.parametrize("head", [the_rules(), None])
@pytest.mark.parametrize("extends", [False, True])
def test_what_gives_no_documents_for_a_reason_that_is_said_is_no_change_of_the_rules(
    rules: Rules, request_: Request, reason: str, head: Rules | None, *, extends: bool
) -> None:
    """One cause, one reason: of a first request and of an extension, whether the rules at the head are the same or not."""
    case = a_case(rules=rules, request=request_, merge=a_merge(head_rules=head or rules))
    if extends:
        case = replace(case, change=a_change(kind=ChangeKind.MODIFIED), earlier=True)
    state = a_request_state(an_approval()) if extends else a_request_state()
    found = codes(judged(case, state))
    assert reason in found
    assert "rules-changed" not in found


def test_documents_that_differ_are_said_beside_other_reasons() -> None:
    """Asking for too long leaves documents to compare, so both are said."""
    case = a_case(request=a_request(duration=9 * HOUR), merge=a_merge(head_rules=WIDER))
    assert codes(judged(case)) == {"duration-above-maximum", "rules-changed"}
