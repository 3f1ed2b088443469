"""Which rules hold for a request, and what they need together."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import (
    HOUR,
    MERGED_AT,
    MINUTE,
    PEOPLE,
    TEAMS,
    a_person,
    a_policy,
    a_request,
    people,
    teams,
    the_rules,
    unreadable,
)
from builders import a_case, a_ground, a_merge

from jitbot.domain.access.approvals.requirement import (
    RequiredTeam,
    Requirement,
    groups_of,
    holds,
    of_rules,
    required_approvals,
    under,
)
from jitbot.domain.model import bounds
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import GithubId, Policy

GROUPS = AccountGroups(groups={"production": ("prod", "data"), "rest": ("staging",)})
ALWAYS = ApprovalRule(need=1)
BOTH = ApprovalRule(
    need=2,
    teams=("@acme/payments-leads", "@acme/security"),
    when=RuleCondition(accounts=("@production",), duration_over=2 * HOUR),
)
REFUNDS = ApprovalRule(need=3, when=RuleCondition(parameters={"table": ("refunds",)}))


def by_rules(*rules: ApprovalRule, **changes: Any) -> Policy:
    """The policy with these rules of approval, after the one that always holds."""
    return a_policy(approval_rules=(ALWAYS, *rules), **changes)


@pytest.mark.parametrize(
    ("when", "asked", "expected"),
    [
        ({"accounts": ("prod",)}, {}, True),
        ({"accounts": ("staging",)}, {}, False),
        ({"accounts": ("staging",)}, {"accounts": ("prod", "staging")}, True),
        ({"accounts": ("@production",)}, {}, True),
        ({"accounts": ("@rest", "data")}, {}, False),
        ({"accounts": ("@nothing",)}, {}, False),
        ({"duration_over": 2 * HOUR}, {}, False),
        ({"duration_over": 2 * HOUR}, {"duration": 2 * HOUR + MINUTE}, True),
        ({"duration_over": 2 * HOUR - MINUTE}, {}, True),
        ({"parameters": {"table": ("refunds", "orders")}}, {}, True),
        ({"parameters": {"table": ("refunds",)}}, {}, False),
        ({"parameters": {"table": ("orders",), "more": ("x",)}}, {}, False),
        ({"accounts": ("prod",), "duration_over": 2 * HOUR}, {}, False),
        ({"accounts": ("prod",), "parameters": {"table": ("orders",)}}, {}, True),
    ],
)
def test_a_rule_holds_where_all_that_it_names_is_so(
    when: dict[str, Any], asked: dict[str, Any], expected: bool
) -> None:
    """alice asks for the table orders in prod, for two hours, unless said otherwise."""
    rule = ApprovalRule(need=2, when=RuleCondition(**when))
    assert holds(rule, a_request(**asked), GROUPS) is expected
    assert holds(ALWAYS, a_request(**asked), GROUPS)


def test_the_greatest_need_and_every_team() -> None:
    """Rules that hold are joined: the same team, in any case, is needed once."""
    other = ApprovalRule(need=1, teams=("@Acme/Security",))
    found = of_rules((ALWAYS, BOTH, other, REFUNDS), TEAMS, PEOPLE)
    assert (found.need, [each.name for each in found.teams]) == (
        3,
        ["@acme/payments-leads", "@acme/security"],
    )
    assert found.rules == (ALWAYS, BOTH, other, REFUNDS)


def test_each_team_takes_a_person_of_its_own() -> None:
    """Two rules that need one approval each, of two teams, need two people."""
    one, two = (ApprovalRule(need=1, teams=(f"@acme/{team}",)) for team in ("sre", "security"))
    assert of_rules((one, two), TEAMS, PEOPLE).need == 2


def test_a_number_is_a_rule_that_always_holds() -> None:
    """A policy that says a number needs so many owners of any team, and does not ask by rules."""
    found = under(the_rules(policy=a_policy(approvals=2)), a_request(), MERGED_AT)
    assert found == Requirement(need=2, rules=(ApprovalRule(need=2),))
    assert found.any_owner_will_do is False
    assert Requirement(need=1).any_owner_will_do
    assert not Requirement(need=1, teams=(RequiredTeam(name="@acme/sre", rosters=()),)).any_owner_will_do


@pytest.mark.parametrize("part", ["policy", "people", "teams", "account_groups"])
def test_rules_that_do_not_read_need_nothing_that_is_known(part: str) -> None:
    """Then the case is refused for that; no need is made up."""
    rules = the_rules(**{"policy": by_rules(BOTH), part: unreadable()})
    assert under(rules, a_request(), MERGED_AT) is None


def test_of_a_head_that_does_not_read_nothing_is_asked() -> None:
    """The case is refused for that; what is needed is what the rules before the merge say."""
    parsed_case = a_ground(a_case(merge=a_merge(head_rules=the_rules(policy=unreadable()))))
    assert required_approvals(parsed_case) == required_approvals(a_ground())


def test_groups_are_what_a_rule_names_so() -> None:
    """Not the accounts that it names beside them, and none where it names no accounts."""
    named = ApprovalRule(need=1, when=RuleCondition(accounts=("prod", "@production", "staging")))
    assert groups_of(named) == ("@production",)
    assert groups_of(ALWAYS) == groups_of(REFUNDS) == ()


def test_a_policy_without_groups_needs_no_file_of_groups() -> None:
    """What such a file would say changes nothing, so the need is known."""
    rules = the_rules(policy=by_rules(REFUNDS), account_groups=unreadable())
    found = under(rules, a_request(parameters={"table": "refunds"}), MERGED_AT)
    assert found is not None
    assert found.need == 3


def test_a_request_needs_what_holds_for_it() -> None:
    """The same policy needs more of a longer request, and says which rules hold."""
    rules = the_rules(policy=by_rules(BOTH, REFUNDS), account_groups=GROUPS)
    short, long = (under(rules, a_request(duration=hours * HOUR), MERGED_AT) for hours in (2, 3))
    assert short is not None
    assert long is not None
    assert (short.need, short.rules, short.by_rules) == (1, (ALWAYS,), True)
    assert (long.need, long.rules) == (2, (ALWAYS, BOTH))
    assert long.in_words() == (
        "1 always",
        "2 (1 of @acme/payments-leads, 1 of @acme/security) in @production for over 2h",
    )


def test_words_of_every_condition() -> None:
    """Accounts and values are alternatives; parameters must all fit."""
    when = RuleCondition(accounts=("prod", "data", "@rest"), parameters={"table": ("a", "b"), "more": ("c",)})
    assert (
        ApprovalRule(need=2, when=when).in_words() == "2 in prod, data or @rest with table a or b and more c"
    )


def test_a_long_rule_is_cut() -> None:
    """A hundred accounts are not recorded, or shown, of one rule; its policy has them."""
    when = RuleCondition(accounts=tuple(f"account-{number}" for number in range(100)))
    (words,) = of_rules((ApprovalRule(need=2, when=when),), TEAMS, PEOPLE).in_words()
    assert (len(words), words[-1]) == (bounds.TEXT, "…")


TWICE = teams(one="bob dave", two="erin heidi")


def needed(at_head: dict[str, Any], at_base: dict[str, Any], rules: tuple[ApprovalRule, ...]) -> Requirement:
    """What is needed where the head's rules and the base's differ in these parts."""
    policy = by_rules(*rules)
    head, base = (
        the_rules(**{"policy": policy, "teams": TWICE, "account_groups": GROUPS, **part})
        for part in (at_head, at_base)
    )
    return required_approvals(a_ground(a_case(rules=base, merge=a_merge(head_rules=head))))


ONE = ApprovalRule(need=1, teams=("@acme/one",), when=RuleCondition(accounts=("@production",)))


def test_rules_of_either_version_count() -> None:
    """A rule that only the head has is needed, and one that only main has."""
    plain = {"policy": a_policy()}
    for at_head, at_base in (({}, plain), (plain, {})):
        found = needed(at_head, at_base, (ONE,))
        assert (found.need, [team.name for team in found.teams], found.by_rules) == (1, ["@acme/one"], True)
        assert found.rules in ((ALWAYS, ONE), (ONE, ALWAYS), (ALWAYS, ONE, ALWAYS))


def test_a_member_belongs_by_both_versions() -> None:
    """Who joined the team after the approval, or left it before the merge, does not stand for it."""
    (team,) = needed({"teams": teams(one="bob")}, {"teams": teams(one="bob dave")}, (ONE,)).teams
    assert [team.has(a_person(login)) for login in ("bob", "dave", "erin")] == [True, False, False]
    (team,) = needed({"teams": teams(one="bob dave")}, {"teams": teams(one="dave")}, (ONE,)).teams
    assert [team.has(a_person(login)) for login in ("bob", "dave")] == [False, True]


def test_each_version_has_its_own_groups() -> None:
    """Whether a rule holds is asked of the groups beside it: prod left the group on main, or joined it."""
    without = {"account_groups": AccountGroups(groups={"production": ("data",), "rest": ("prod", "staging")})}
    for at_head, at_base in (({}, without), (without, {})):
        assert [team.name for team in needed(at_head, at_base, (ONE,)).teams] == ["@acme/one"]
    assert needed(without, without, (ONE,)).teams == ()


def test_a_human_is_a_member_under_any_login() -> None:
    """bobby is bob's second login: a team that lists one has the other."""
    bobby = a_person("bobby", github_id=GithubId(2002), principal=a_person("bob").principal)
    (team,) = of_rules((ONE,), teams(one="bobby stranger"), people(bobby)).teams
    assert team.has(a_person("bob"))
    assert not team.has(a_person("dave"))


def test_a_team_that_no_version_knows_has_nobody() -> None:
    """An empty roster, and no roster at all, are nobody's."""
    (team,) = of_rules((ONE,), TEAMS, PEOPLE).teams
    assert not team.has(a_person("bob"))
    assert not replace(team, rosters=()).has(a_person("bob"))
