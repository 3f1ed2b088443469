"""Three organisations as people would write them: nothing is wrong with any, and each begins with `jitbot init`."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

import pytest
from desk import said
from organisation import NOW, SETUPS, Laid

from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.model.codeowners import CodeOwners
from jitbot.domain.model.documents import People
from jitbot.domain.setup.doctor import break_glass, ownership
from jitbot.domain.setup.doctor.report import Check, CheckVerdict

every_one = pytest.mark.parametrize("name", [each.name for each in SETUPS])


@every_one
def test_check_finds_nothing(organisations: Mapping[str, Laid], name: str) -> None:
    """No error and no warning, on the day that the memberships with dates are written for."""
    answer = said("check", "--format", "json", folder=organisations[name].root, now=NOW)
    assert (answer.code, answer.json) == (0, {"ok": True, "findings": []})


def doctors(laid: Laid, codeowners: CodeOwners, people: People) -> list[Check]:
    """What `doctor` finds in files alone: who owns what, and who approves and reviews for each policy."""
    teams, policies = laid.teams(), list(laid.policies.values())
    files = [*laid.tree(), *(f"requests/{policy.name}/2026-11/24-any-any.yaml" for policy in policies)]
    return list(
        chain(
            [ownership.reading(codeowners)],
            ownership.coverage(files, codeowners, people, teams),
            ownership.approvers(policies, codeowners, people, teams),
            break_glass.reviewers(policies, people, teams),
        )
    )


def read(laid: Laid) -> tuple[CodeOwners, People]:
    """CODEOWNERS and people.yaml."""
    rules = laid.rules("rehearsal")
    assert rules.codeowners is not None
    assert rules.people.value is not None
    return rules.codeowners, rules.people.value


@every_one
def test_doctor_finds_nothing(organisations: Mapping[str, Laid], name: str) -> None:
    """Everything is owned, the rules by lines placed last, and for every possible requester somebody else approves."""
    laid = organisations[name]
    checks = doctors(laid, *read(laid))
    assert {each.code for each in checks if each.verdict is not CheckVerdict.OK} == set()
    asked = [policy for policy in laid.policies.values() if not is_break_glass(policy)]
    assert len([each for each in checks if each.code.startswith("approvers-")]) == len(asked)


@every_one
def test_doctor_would_find_something(organisations: Mapping[str, Laid], name: str) -> None:
    """The same with a line lost, or with few people: the silence above is not that of a check that sees nothing."""
    laid = organisations[name]
    codeowners, people = read(laid)
    for fewer in (
        replace(codeowners, rules=codeowners.rules[:-1]),
        replace(codeowners, rules=codeowners.rules[1:]),
    ):
        assert any(each.verdict is CheckVerdict.WRONG for each in doctors(laid, fewer, people))
    alone = {login: people[login] for login in list(people)[:1]}
    assert any(each.verdict is CheckVerdict.WRONG for each in doctors(laid, codeowners, alone))


@every_one
def test_the_rules_take_two_people(organisations: Mapping[str, Laid], name: str) -> None:
    """People own the rules, at least three by name: no author is left alone, and no team's membership counts for them."""
    codeowners, people = read(organisations[name])
    for path in ("policies/people.yaml", ".github/CODEOWNERS", ".github/workflows/grant.yml"):
        rule = codeowners.rule_for(path)
        assert rule is not None
        assert len(rule.owners) >= 3
        assert {owner.removeprefix("@") for owner in rule.owners} <= set(people)


@every_one
def test_its_accounts_can_be_prepared(organisations: Mapping[str, Laid], name: str) -> None:
    """`bootstrap` prints a template; what jitbot may attach there is what the policies name, and no more."""
    laid = organisations[name]
    answer = said("bootstrap", "--owner-id", "9000", "--format", "json", folder=laid.root)
    assert answer.code == 0, answer.err
    named = {each for policy in laid.policies.values() for each in policy.managed_policies}
    assert answer.json["Parameters"]["ManagedPolicies"]["Default"].split(",") == sorted(named)


def test_they_are_as_large_as_they_say(organisations: Mapping[str, Laid]) -> None:
    """8 people; 300 people, 40 teams, 60 accounts and 80 policies; a bank of 21."""
    sizes = {}
    for name, laid in organisations.items():
        accounts = laid.rules("rehearsal").accounts.value
        sizes[name] = len(laid.everybody), len(laid.teams()), len(accounts or ()), len(laid.policies)
    assert sizes == {"startup": (8, 1, 2, 6), "company": (300, 40, 60, 80), "bank": (21, 9, 6, 8)}
