"""What a change of rules does, one kind of change after the other."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from acme_facts import (
    ACCOUNTS,
    DAY,
    HOUR,
    MERGED_AT,
    PEOPLE,
    a_person,
    a_policy,
    people,
    teams,
    the_settings,
    unreadable,
)
from rule_set_facts import LINES, a_roster, a_rule_set, an_admin_policy, coded, effects, unreadable_policy

from jitbot.domain.aws.risk import Level
from jitbot.domain.model.account_groups import AccountGroups
from jitbot.domain.model.approval_rules import ApprovalRule, RuleCondition
from jitbot.domain.model.documents import (
    AccountId,
    Login,
    OwnTrail,
    Parameter,
    ParameterKind,
    Policy,
    Settings,
    Statement,
)
from jitbot.domain.model.roster import Membership
from jitbot.domain.rule_effects.effect import _ITEM, Direction, Effect
from jitbot.domain.rule_effects.rule_set import RuleSet

WIDER, NARROWER, OTHER = Direction.WIDER, Direction.NARROWER, Direction.OTHER
ORDERS, ADMIN = "orders-db-read", "production-admin"


def said(base: RuleSet, head: RuleSet) -> dict[str, str]:
    """Each effect's sentence, by its code."""
    return {code: each.in_words() for code, each in coded(effects(base, head)).items()}


def policy_effect(code: str, before: dict[str, Any], after: dict[str, Any]) -> Effect:
    """The effect with this code of a change of orders-db-read, which is the most serious with it."""
    return coded(effects(a_rule_set(a_policy(**before)), a_rule_set(a_policy(**after))))[code]


def test_a_person_who_joins_a_team_gets_all_that_the_team_has() -> None:
    """What they may ask for and what they may approve, each in one line, the most dangerous policy first."""
    found = effects(
        a_rule_set(),
        a_rule_set(teams=teams(sre="dave mallory", security="erin carol", payments="alice carol mallory")),
    )
    by_code = coded(found, WIDER)
    assert by_code["may-ask"].in_words() == "mallory may newly ask for production-admin"
    assert by_code["may-approve"].in_words() == "carol may newly approve production-admin"
    rules = by_code["may-approve-rules"]
    assert (
        rules.in_words()
        == "carol may newly approve changes of policies/, .github/, jitbot/, pyproject.toml and uv.lock"
    )
    assert (found.effects[0], rules.level) == (rules, Level.CRITICAL)
    assert found.of(NARROWER) == ()


def test_a_person_who_leaves_a_team_loses_it() -> None:
    """The same the other way round; nothing is wider."""
    found = effects(a_rule_set(), a_rule_set(teams=teams(payments="carol mallory", payments_leads="")))
    assert found.of(WIDER) == ()
    words = {each.in_words() for each in found.of(NARROWER)}
    assert words >= {"alice may no longer ask for orders-db-read", "bob may no longer approve orders-db-read"}


def test_one_line_for_the_same_thing_of_many_policies() -> None:
    """A person who joins a team that thirty policies name is said once, with the policies counted."""
    names = [f"policy-{number:02}" for number in range(30)]
    policies = [a_policy(name=name, eligible=("@acme/sre",), statements=()) for name in names]
    base, head = (a_rule_set(*policies, teams=teams(sre=logins)) for logins in ("dave", "dave mallory"))
    (only,) = effects(base, head).effects
    assert only.policies == tuple(names)
    assert only.in_words().startswith("mallory may newly ask for policy-00, policy-01, ")
    assert only.in_words().endswith(" and 24 more")


def test_memberships_are_compared_by_their_times() -> None:
    """A longer membership is more, a shorter one less, one that is over nothing; the dates are said."""
    week = MERGED_AT + 7 * DAY

    def until(moment: Any) -> RuleSet:
        return a_rule_set(teams=a_roster(payments=[Membership(login=Login("alice"), until=moment)]))

    gained = coded(effects(until(week), until(None)))["may-ask"]
    assert gained.people == ("alice from 2026-12-01 09:00 UTC",)
    lost = coded(effects(until(None), until(week)))
    assert (lost["no-longer-ask"].people, "may-ask" in lost) == (("alice from 2026-12-01 09:00 UTC",), False)
    assert effects(until(MERGED_AT), until(MERGED_AT - DAY)).effects == ()
    begins = a_rule_set(teams=a_roster(payments=[Membership(login=Login("alice"), since=week)]))
    assert "alice from 2026-12-01 09:00 UTC" in str(
        coded(effects(until(MERGED_AT), begins))["may-ask"].people
    )


def test_two_weeks_back_to_back_are_less_than_a_fortnight() -> None:
    """Access is cut at the end of the first; who approves does not notice."""
    week = MERGED_AT + 7 * DAY
    parts = [
        Membership(login=Login("bob"), until=week),
        Membership(login=Login("bob"), since=week, until=week + 7 * DAY),
    ]
    whole = [Membership(login=Login("bob"), until=week + 7 * DAY)]
    base, head = (a_rule_set(teams=a_roster(payments=each, payments_leads=each)) for each in (parts, whole))
    assert said(base, head) == {"may-ask": "bob until 2026-12-08 09:00 UTC may newly ask for orders-db-read"}
    assert effects(head, base).of(WIDER) == ()


def test_who_has_no_principal_cannot_ask() -> None:
    """A principal that a person gets makes them one who asks, and says that their identity changed."""
    base = a_rule_set(people=people(replace(PEOPLE[Login("alice")], principal=None)))
    found = said(base, a_rule_set())
    assert found["may-ask"] == "alice may newly ask for orders-db-read"
    assert "alice" in found["another-identity"]


def test_a_login_that_is_somebody_else_is_said() -> None:
    """Another GitHub account, or another identity in AWS: critical, and before all that widens one policy."""
    other = a_person("alice", github_id=4711)
    found = effects(a_rule_set(), a_rule_set(people=people(other)))
    assert (
        coded(found)["another-account"].in_words() == "alice is another GitHub account: 4711, until now 1001"
    )
    assert (coded(found)["may-ask"].people, coded(found)["no-longer-ask"].people) == (("alice",), ("alice",))
    moved = a_person("alice", principal=PEOPLE[Login("bob")].principal)
    found = effects(a_rule_set(), a_rule_set(people=people(moved)))
    assert "user/bob" in coded(found)["another-identity"].in_words()
    assert found.effects[0].level is Level.CRITICAL


def test_accounts_come_from_aliases_and_groups() -> None:
    """A group that gets an account widens every policy that names it; an alias that moves is another account."""
    policy = a_policy(accounts=("@live",))
    base, head = (
        a_rule_set(policy, account_groups=AccountGroups(groups={"live": members}))
        for members in (("prod",), ("prod", "data"))
    )
    assert said(base, head) == {"accounts-added": "Newly reachable under orders-db-read: data (333333333333)"}
    assert said(head, base) == {
        "accounts-removed": "No longer reachable under orders-db-read: data (333333333333)"
    }
    moved = a_rule_set(accounts={**ACCOUNTS, "prod": AccountId("444444444444")})
    found = said(a_rule_set(), moved)
    assert found["another-aws-account"] == "prod is another AWS account: 444444444444, until now 111111111111"
    assert "prod (444444444444)" in found["accounts-added"]


def test_terms_of_a_policy() -> None:
    """How long, and whether with a ticket."""
    longer = policy_effect("duration-longer", {}, {"max_duration": 8 * HOUR})
    assert (longer.direction, longer.in_words()) == (
        WIDER,
        "The longest access under orders-db-read is 8h, and was 4h",
    )
    assert policy_effect("duration-shorter", {}, {"max_duration": HOUR}).direction is NARROWER
    assert policy_effect("ticket-optional", {"ticket_required": True}, {}).direction is WIDER
    assert policy_effect("ticket-required", {}, {"ticket_required": True}).direction is NARROWER
    assert policy_effect("description", {}, {"description": "Other words"}).direction is OTHER


def a_parameter(**changes: Any) -> dict[str, Any]:
    """The policy's one parameter."""
    return {"parameters": (Parameter(**{"name": "table", **changes}),)}


BETWEEN = {"kind": ParameterKind.INTEGER, "minimum": 1, "maximum": 5}


@pytest.mark.parametrize(
    ("before", "after", "code", "what"),
    [
        ({"enum": ("a",)}, {"enum": ("a", "b")}, "parameter-wider", ("b",)),
        ({"enum": ("a", "b")}, {"enum": ("b",)}, "parameter-narrower", ("a",)),
        ({"pattern": "[a-z]+"}, {"enum": ("a", "B")}, "parameter-wider", ()),
        ({"pattern": "[a-z]+"}, {"enum": ("a",)}, "parameter-narrower", ()),
        ({"enum": ("a",)}, {"pattern": "[a-z]+"}, "parameter-wider", ()),
        ({"pattern": "a"}, {"pattern": ".*"}, "parameter-wider", ()),
        ({"pattern": ".*"}, {"pattern": ".*", "separators": frozenset("/")}, "parameter-wider", ()),
        ({"enum": ("a/b", "a")}, {"enum": ("a/b", "a"), "separators": frozenset("/")}, "parameter-wider", ("a/b",)),
        (BETWEEN, {**BETWEEN, "maximum": 9}, "parameter-wider", ("6 to 9",)),
        (BETWEEN, {**BETWEEN, "minimum": -2, "maximum": 4}, "parameter-wider", ("-2 to 0",)),
        (BETWEEN, {**BETWEEN, "maximum": 4}, "parameter-narrower", ("5 to 5",)),
        (BETWEEN, {"pattern": "[0-9]"}, "parameter-wider", ()),
    ],
)  # fmt: skip
def test_values_of_a_parameter(
    before: dict[str, Any], after: dict[str, Any], code: str, what: tuple[str, ...]
) -> None:
    """Values that can be listed are; what cannot be compared counts as more, with both versions shown."""
    found = policy_effect(code, a_parameter(**before), a_parameter(**after))
    assert found.what == what
    assert what or (found.before and found.after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"pattern": "[a-z]+"}, {"pattern": "[a-z]+", "description": "x"}),
        ({"enum": ("a", "b")}, {"enum": ("b", "a")}),
        ({"enum": ("a",)}, {"enum": ("a", "b/c")}),  # no request can have this value: it is no literal
    ],
)
def test_a_parameter_that_takes_the_same_says_nothing(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Whatever is said of it, in whatever order."""
    base, head = (a_rule_set(a_policy(**a_parameter(**each))) for each in (before, after))
    assert effects(base, head).effects == ()


def test_parameters_that_come_and_go() -> None:
    """They are said; what they change in AWS is seen in the statements."""
    assert policy_effect("parameter-removed", {}, {"parameters": ()}).what == ("table",)
    assert policy_effect("parameter-added", {"parameters": ()}, {}).what == ("table",)


def actions(
    *names: str, resources: tuple[str, ...] = ("arn:aws:dynamodb:*:*:table/x",), **conditions: tuple[str, ...]
) -> dict[str, Any]:
    """A policy with one statement."""
    when = (
        {"StringEquals": {key.replace("_", ":"): values for key, values in conditions.items()}}
        if conditions
        else {}
    )
    return {"statements": (Statement(actions=names, resources=resources, conditions=when),)}


def test_new_actions_are_shown_by_access_level() -> None:
    """Each with the risk of what is new, not of the whole policy; the whole policy's risk has a line of its own."""
    base, head = (
        actions("dynamodb:GetItem"),
        actions("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:ListTables", "odd:Thing"),
    )
    found = effects(a_rule_set(a_policy(**base)), a_rule_set(a_policy(**head)))
    lines = [each.in_words() for each in found.effects]
    assert lines == [
        "The risk of orders-db-read is high, and was low: odd:Thing: not known, so nobody can say what it does "
        "and dynamodb:PutItem: can change things",
        "Newly allowed under orders-db-read (actions that are not known): odd:Thing",
        "Newly allowed under orders-db-read (write): dynamodb:PutItem",
        "Newly allowed under orders-db-read (list): dynamodb:ListTables",
    ]
    back = [
        each.code for each in effects(a_rule_set(a_policy(**head)), a_rule_set(a_policy(**base))).of(NARROWER)
    ]
    assert sorted(set(back)) == ["actions-removed", "risk-lower"]


def test_the_same_actions_on_more_resources_or_under_fewer_conditions() -> None:
    """Both versions are shown; the reverse is less."""
    named, everything = actions("dynamodb:GetItem"), actions("dynamodb:GetItem", resources=("*",))
    wider = policy_effect("access-wider", named, everything)
    assert (
        wider.in_words()
        == "Newly reached under orders-db-read with dynamodb:GetItem: \\*; until now: arn".replace("\\*", "*")
        + ":aws:dynamodb:*:*:table/x"
    )
    assert policy_effect("access-narrower", everything, named).direction is NARROWER
    bound = actions("dynamodb:GetItem", aws_region=("x", "y"))
    assert (
        policy_effect("access-wider", bound, named).before
        == "the same resources, if StringEquals aws:region x or y"
    )
    assert (
        policy_effect("access-wider", actions("dynamodb:GetItem", aws_region=("x",)), bound).direction
        is WIDER
    )
    narrower = effects(
        a_rule_set(a_policy(**bound)), a_rule_set(a_policy(**actions("dynamodb:GetItem", aws_region=("x",))))
    )
    assert {each.code for each in narrower.effects} == {"access-narrower"}


def test_what_no_grant_can_do_is_no_change() -> None:
    """The boundary denies it to all."""
    base, head = actions("dynamodb:GetItem"), actions("dynamodb:GetItem", "iam:CreateUser")
    assert effects(a_rule_set(a_policy(**base)), a_rule_set(a_policy(**head))).effects == ()


def test_a_managed_policy_has_its_own_risk() -> None:
    """Administrator access is critical; without it, less."""
    found = policy_effect("managed-added", {}, {"managed_policies": ("AdministratorAccess",)})
    assert found.level is Level.CRITICAL
    assert (
        policy_effect("managed-removed", {"managed_policies": ("ReadOnlyAccess",)}, {}).direction is NARROWER
    )


def test_a_new_policy_is_shown_whole() -> None:
    """Its description, length and approvals, who may ask and approve, where, and what it allows."""
    found = effects(a_rule_set(an_admin_policy()), a_rule_set())
    codes = {each.code for each in found.of(WIDER)}
    assert codes == {"policy-added", "may-ask", "accounts-added", "actions-added", "may-approve"}
    assert coded(found)["policy-added"].in_words() == (
        "NEW policy orders-db-read: Read one DynamoDB table; for at most 4h; approvals: 1 always"
    )


def test_a_policy_that_is_removed_is_one_line() -> None:
    """Nobody can ask for it any more: that says all."""
    (only,) = effects(a_rule_set(), a_rule_set(an_admin_policy())).effects
    assert (only.code, only.direction) == ("policy-removed", NARROWER)


ALWAYS = ApprovalRule(need=1)
LIVE = AccountGroups(groups={"live": ("prod",)})


def rule(need: int, *teams: str, **when: Any) -> ApprovalRule:
    """A rule of approval."""
    return ApprovalRule(need=need, teams=teams, when=RuleCondition(**when) if when else None)


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ((rule(2),), (rule(1),), {"approvals-fewer"}),
        ((rule(1),), (rule(2),), {"approvals-more"}),
        ((ALWAYS, rule(2, accounts=("prod",))), (ALWAYS,), {"approvals-fewer"}),
        ((ALWAYS, rule(2, accounts=("@live",))), (ALWAYS, rule(2, accounts=("prod",))), set()),
        ((ALWAYS, rule(2, accounts=("prod",))), (ALWAYS, rule(2, accounts=("prod", "staging"))), {"approvals-more"}),
        ((ALWAYS, rule(2, accounts=("data",))), (ALWAYS,), set()),  # the policy is not for this account
        ((ALWAYS, rule(2, duration_over=HOUR)), (ALWAYS, rule(2, duration_over=2 * HOUR)), {"approvals-fewer"}),
        ((ALWAYS, rule(2, duration_over=8 * HOUR)), (ALWAYS,), set()),  # no request is that long
        ((ALWAYS, rule(2, parameters={"table": ("orders",)})), (ALWAYS, rule(2)), {"approvals-more"}),
        ((ALWAYS, rule(2, "@acme/security", accounts=("prod",))), (ALWAYS, rule(2, accounts=("prod",))), {"approvals-fewer"}),
        ((ALWAYS, rule(1, "@acme/security")), (ALWAYS, rule(2)), {"approvals-fewer"}),
        ((ALWAYS, rule(2)), (rule(2), ALWAYS), set()),
    ],
)  # fmt: skip
def test_how_many_approvals_are_needed(
    before: tuple[ApprovalRule, ...], after: tuple[ApprovalRule, ...], codes: set[str]
) -> None:
    """Rules are compared by the requests for which they hold, not by how they are written."""
    base, head = (
        a_rule_set(a_policy(approvals=1, approval_rules=each), account_groups=LIVE)
        for each in (before, after)
    )
    assert set(coded(effects(base, head))) == codes


def test_a_group_that_loses_an_account_lowers_what_is_needed() -> None:
    """No policy was touched, and yet requests for this account take fewer approvals."""
    policy = a_policy(approval_rules=(ALWAYS, rule(2, accounts=("@live",))))
    base, head = (
        a_rule_set(policy, account_groups=AccountGroups(groups={"live": members}))
        for members in (("prod", "staging"), ("prod",))
    )
    found = coded(effects(base, head))
    assert set(found) == {"approvals-fewer"}
    assert found["approvals-fewer"].direction is WIDER


GLASS: dict[str, Any] = {"approvals": 0, "reviewers": ("@acme/security",), "review_within": DAY}


def test_break_glass_comes_first() -> None:
    """Access before any approval is critical, whatever the policy allows; who reviews is said; later is wider."""
    found = effects(a_rule_set(a_policy()), a_rule_set(a_policy(**GLASS)))
    assert found.effects[0].code == "break-glass"
    assert found.effects[0].level is Level.CRITICAL
    assert coded(found)["may-review"].people == ("erin",)
    assert set(coded(effects(a_rule_set(a_policy(**GLASS)), a_rule_set(a_policy())))) >= {"no-break-glass"}
    later = policy_effect("review-later", GLASS, {**GLASS, "review_within": 2 * DAY})
    assert (later.direction, later.before, later.after) == (WIDER, "1d", "2d")
    more = policy_effect("may-review", GLASS, {**GLASS, "reviewers": ("@acme/security", "frank")})
    assert more.people == ("frank",)


def test_a_team_of_a_rule_that_gets_an_owner_is_said() -> None:
    """Somebody who owned the requests already can now fill the place of a team."""
    policy = a_policy(approval_rules=(ALWAYS, rule(2, "@acme/security")))
    lines = LINES.replace("@acme/payments-leads", "@acme/payments-leads @acme/security")
    base, head = (
        a_rule_set(policy, lines=lines, teams=teams(security=each)) for each in ("erin", "erin bob")
    )
    found = coded(effects(base, head))["may-approve-for-team"]
    assert found.in_words() == "bob may newly approve for @acme/security under orders-db-read"


def test_a_line_of_codeowners_decides_who_approves() -> None:
    """A line with another owner, and the same lines in another order."""
    head = a_rule_set(lines=LINES.replace("@acme/payments-leads", "@acme/platform"))
    found = said(a_rule_set(), head)
    assert found["may-approve"] == "frank and olivia may newly approve orders-db-read"
    assert found["no-longer-approve"] == "bob may no longer approve orders-db-read"
    lines = LINES.splitlines()
    moved = "\n".join([*lines[1:], lines[0]])  # the line for everything comes last, and so owns everything
    found = said(a_rule_set(), a_rule_set(lines=moved))
    assert "frank and olivia may newly approve changes of policies/" in found["may-approve-rules"]


def test_owners_of_the_rules_whom_no_file_knows_are_named() -> None:
    """GitHub may know the team, though teams.yaml does not."""
    head = a_rule_set(
        lines=LINES.replace(
            "/policies/                  @acme/security", "/policies/ @acme/security @acme/contractors"
        )
    )
    assert said(a_rule_set(), head) == {
        "rules-owners": "CODEOWNERS newly lets @acme/contractors approve changes of policies/"
    }


def test_one_policy_may_have_owners_of_its_own() -> None:
    """A last line for one file of the rules hands that file to others."""
    head = a_rule_set(lines=f"{LINES}/policies/access/orders-db-read.yaml @acme/payments-leads\n")
    found = said(a_rule_set(), head)
    assert (
        found["may-approve-rules"] == "bob may newly approve changes of policies/access/orders-db-read.yaml"
    )


@pytest.mark.parametrize(
    "lines", ["", None, LINES.replace("/policies/                  @acme/security", "/policies/")]
)
def test_rules_without_an_owner_are_the_worst(lines: str | None) -> None:
    """No file, no line, or a line without an owner: then anybody's approval is enough."""
    head = a_rule_set(codeowners=None) if lines is None else a_rule_set(lines=lines)
    first = effects(
        a_rule_set(), replace(head, shared=replace(head.shared, codeowners=None)) if lines is None else head
    ).effects[0]
    assert (first.code, first.level, first.what[0]) == ("rules-ownerless", Level.CRITICAL, "policies/")


def test_a_file_that_github_reads_in_part_is_said() -> None:
    """A line that GitHub skips hands its paths to an earlier one."""
    found = effects(a_rule_set(), a_rule_set(lines=f"{LINES}/policies/ nobody\n"))
    assert found.effects[0].code == "codeowners-skipped"
    assert [each.code for each in found.unread] == ["codeowners-invalid-owner"]


def test_settings_are_compared() -> None:
    """How long an approval counts; and what the whole record rests on."""
    longer = a_rule_set(settings=the_settings(approvals_valid_for=2 * DAY))
    assert said(a_rule_set(), longer) == {
        "approvals-valid-longer": "An approval counts for 2d before the merge; until now: 1d"
    }
    assert coded(effects(longer, a_rule_set()))["approvals-valid-shorter"].direction is NARROWER
    for name, value in (
        ("issuer", "https://evil.example"),
        ("repository_id", 1),
        ("namespace", "x"),
        ("repository", "a/b"),
    ):
        first = effects(a_rule_set(), a_rule_set(settings=the_settings(**{name: value}))).effects[0]
        assert (first.code, first.level, first.after) == ("settings-changed", Level.CRITICAL, str(value))


def test_what_does_not_read_is_named_and_hides_nothing() -> None:
    """The other files are compared all the same, and the one that does not read is taken as it was."""
    base, head = (
        a_rule_set(),
        a_rule_set(a_policy(max_duration=8 * HOUR), an_admin_policy(), people=unreadable()),
    )
    found = effects(base, head)
    assert [each.code for each in found.unread] == ["yaml-syntax"]
    assert [each.code for each in found.effects] == ["duration-longer"]
    broken = replace(base, policies={**base.policies, ORDERS: unreadable_policy()})
    assert [each.file for each in effects(base, broken).unread] == ["policies/access/orders-db-read.yaml"]
    assert effects(base, broken).effects == ()
    assert "policy-added" in coded(effects(broken, base))  # nobody could ask for it before
    assert effects(broken, broken).unread == ()  # nothing new is wrong


@pytest.mark.parametrize(
    ("part", "code"),
    [("people", "may-ask"), ("teams", "may-ask"), ("accounts", "accounts-added"), ("settings", ""), ("account_groups", "")],
)  # fmt: skip
def test_rules_that_could_not_be_read_before_allowed_nothing(part: str, code: str) -> None:
    """What comes to read lets people do what it says; nothing is called unread that reads now."""
    broken: dict[str, Any] = {part: unreadable()}
    found = effects(a_rule_set(**broken), a_rule_set())
    assert found.unread == ()
    assert (code in coded(found)) is bool(code)
    assert bool(found.effects) is bool(code)


def test_files_that_are_not_compared_are_named() -> None:
    """Keys of the ledger, code, and files of which nothing is known here."""
    base = a_rule_set(files={"jitbot/cli.py": "1", "policies/notify.yaml": "1"})
    head = a_rule_set(
        files={
            "jitbot/cli.py": "2",
            "policies/notify.yaml": "2",
            "policies/issuer-keys.json": "1",
            "policies/access/sub/x.yaml": "1",
        }
    )
    found = said(base, head)
    assert found["code-changed"] == "The code that runs changes, and only the diff shows how: jitbot/cli.py"
    assert found["not-compared"] == "Not compared here: policies/notify.yaml and policies/access/sub/x.yaml"
    assert found["keys-changed"].startswith("policies/issuer-keys.json: the keys")


@pytest.mark.parametrize("word", ["id-token: write", "permissions: write-all", "on: pull_request_target"])
def test_a_workflow_that_asks_for_more_is_said(word: str) -> None:
    """Once more than before; what was there already is not."""
    path = ".github/workflows/extra.yml"
    base, head, same = (
        a_rule_set(files={path: text}, workflows={path: text})
        for text in ("jobs: {}", f"jobs: {{}}\n{word}", f"# x\n{word}")
    )
    first = effects(base, head).effects[0]
    assert (first.level, first.what) == (Level.CRITICAL, (path,))
    assert {each.code for each in effects(head, same).effects} == {"code-changed"}


def test_json_has_the_same_keys_for_every_effect() -> None:
    """Whole lists, and the sentence as people read it."""
    (only,) = effects(a_rule_set(), a_rule_set(a_policy(max_duration=8 * HOUR), an_admin_policy())).effects
    assert only.as_json() == {
        "code": "duration-longer",
        "direction": "wider",
        "level": "low",
        "message": "The longest access under orders-db-read is 8h, and was 4h",
        "policies": [ORDERS],
        "people": [],
        "what": [],
        "before": "4h",
        "after": "8h",
    }


# Another value of each field: what a file may say of the rules, and may not change without a word.
OTHER_SETTINGS: dict[str, object] = {
    "repository": "a/b",
    "repository_id": 1,
    "namespace": "x",
    "issuer": "https://evil.example",
    "approvals_valid_for": 2 * DAY,
    "trail": OwnTrail(region="eu-west-1", log_group="all-calls"),
    "review_every": 90 * DAY,
}
OTHER_POLICY: dict[str, object] = {
    "eligible": ("mallory",),
    "accounts": ("prod", "staging", "data"),
    "max_duration": 5 * HOUR,
    "approvals": 2,
    "ticket_required": True,
    "parameters": (Parameter(name="table", enum=("orders",)),),
    "statements": (Statement(actions=("dynamodb:*",), resources=("*",)),),
    "managed_policies": ("ReadOnlyAccess",),
    "approval_rules": (
        ApprovalRule(need=1, field="approvals.0"),
        ApprovalRule(need=2, field="approvals.1", when=RuleCondition(accounts=("prod",))),
    ),
    "reviewed": date(2026, 11, 24),
}
OTHER_BREAK_GLASS: dict[str, object] = {"review_within": 2 * DAY, "reviewers": ("@acme/security", "mallory")}
SILENT = {
    "name": "another name is another policy",
    "description": "words for people, which the diff shows",
    "acknowledged": "silences a warning of the check, and gives nothing",
    "where": "the place in the file",
}


@pytest.mark.parametrize(
    ("before", "after", "code", "words"),
    [
        (None, 24, "reviewed", "Access review of orders-db-read: 2026-11-24; the last one: none"),
        (2, 24, "reviewed", "Access review of orders-db-read: 2026-11-24; the last one: 2026-11-02"),
        (24, 2, "review-withdrawn", "its date is 2026-11-02; until now: 2026-11-24"),
        (24, None, "review-withdrawn", "its date is none; until now: 2026-11-24"),
    ],
)
def test_the_date_of_a_review_lets_nobody_do_more_or_less(
    before: int | None, after: int | None, code: str, words: str
) -> None:
    """It is said, forwards and backwards, and is the only effect."""
    base, head = (
        a_rule_set(a_policy(reviewed=None if day is None else date(2026, 11, day))) for day in (before, after)
    )
    (only,) = effects(base, head).effects
    assert (only.code, only.direction) == (code, Direction.OTHER)
    assert words in only.in_words()


def test_how_often_reviews_are_due_is_said() -> None:
    """Also where they are no longer asked for."""
    asking, not_asking = (a_rule_set(settings=the_settings(review_every=each)) for each in (90 * DAY, None))
    (only,) = effects(asking, not_asking).effects
    assert only.in_words() == (
        "Each policy is to be reviewed: never, as far as settings.yaml asks; until now: every 90 days"
    )


def test_no_part_of_the_settings_changes_without_a_word() -> None:
    """Each field, and one that somebody adds later too."""
    assert set(OTHER_SETTINGS) == {each.name for each in fields(Settings)}
    for name, value in OTHER_SETTINGS.items():
        assert effects(a_rule_set(), a_rule_set(settings=the_settings(**{name: value}))).effects, name
    trail = effects(a_rule_set(), a_rule_set(settings=the_settings(trail=OTHER_SETTINGS["trail"]))).effects[0]
    assert trail.in_words() == (
        "What was done with a grant is read from region eu-west-1, log_group all-calls; "
        "until now: CloudTrail's event history alone"
    )


def test_no_part_of_a_policy_changes_without_a_word() -> None:
    """Each field but those that give nothing, and one that somebody adds later too."""
    known = {*OTHER_POLICY, *OTHER_BREAK_GLASS, *SILENT}
    assert known == {each.name for each in fields(Policy)}
    for name, value in OTHER_POLICY.items():
        assert effects(a_rule_set(a_policy()), a_rule_set(a_policy(**{name: value}))).effects, name
    glass = {"approvals": 0, "reviewers": ("@acme/security",), "review_within": DAY}
    for name, value in OTHER_BREAK_GLASS.items():
        assert effects(
            a_rule_set(a_policy(**glass)), a_rule_set(a_policy(**{**glass, name: value}))
        ).effects, name


OVER_AN_HOUR = RuleCondition(duration_over=HOUR)
TABLES = RuleCondition(parameters={"table": ("orders", "refunds")})


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        (OVER_AN_HOUR, OVER_AN_HOUR, set()),
        (OVER_AN_HOUR, RuleCondition(duration_over=HOUR / 2), {"approvals-more"}),
        (OVER_AN_HOUR, RuleCondition(duration_over=2 * HOUR), {"approvals-fewer"}),
        (RuleCondition(duration_over=4 * HOUR), None, set()),  # no request is longer than four hours
        (TABLES, TABLES, set()),
        (TABLES, RuleCondition(parameters={"table": ("orders",)}), {"approvals-fewer"}),
        (RuleCondition(parameters={"table": ("orders",)}), TABLES, {"approvals-more"}),
    ],
)
def test_when_two_approvals_are_needed(
    before: RuleCondition, after: RuleCondition | None, codes: set[str]
) -> None:
    """A rule that holds less often asks for fewer; the same one says nothing, whatever else changes."""

    def rules(when: RuleCondition | None, description: str) -> RuleSet:
        two = () if when is None else (ApprovalRule(need=2, when=when),)
        return a_rule_set(a_policy(description=description, approval_rules=(ApprovalRule(need=1), *two)))

    found = coded(effects(rules(before, "before"), rules(after, "after")))
    assert {code for code in found if code.startswith("approvals-")} == codes


def test_every_effect_has_a_code() -> None:
    """Also where somebody who still owns the path leaves a team that a rule asks for."""
    policy = a_policy(approval_rules=(ApprovalRule(need=1, teams=("@acme/security",)),))
    lines = LINES.replace("@acme/payments-leads", "@acme/security @bob")
    both = a_roster(security=["erin", "bob"], platform=["frank"])
    one = a_roster(security=["erin"], platform=["frank"])
    found = effects(a_rule_set(policy, teams=both, lines=lines), a_rule_set(policy, teams=one, lines=lines))
    assert found.effects
    assert all(each.code for each in found.effects)


def test_what_nobody_owned_is_not_lost() -> None:
    """Only what had an owner, and has none any more, is said to have lost one."""
    few = "/policies/ @acme/security\n"
    assert "rules-ownerless" not in said(
        a_rule_set(lines=few), a_rule_set(lines=f"/requests/ @acme/security\n{few}")
    )


def test_owners_whom_the_files_know_are_named_as_people() -> None:
    """A team whose members are all over is one of which only GitHub knows the members."""
    lines = LINES.replace("/policies/                  @acme/security", "/policies/ @acme/security @acme/sre")
    known = said(a_rule_set(), a_rule_set(lines=lines))
    assert "rules-owners" not in known
    assert "dave may newly approve changes of policies/" in known["may-approve-rules"]
    over = [Membership(login=Login("dave"), until=MERGED_AT)]
    teams_ = {"payments_leads": ["bob"], "security": ["erin"], "platform": ["frank"], "payments": ["alice"]}
    before, after = (a_rule_set(lines=each, teams=a_roster(sre=over, **teams_)) for each in (LINES, lines))
    assert "@acme/sre" in said(before, after)["rules-owners"]


@pytest.mark.parametrize("names", [("policies/company",), ("policies/a", "policies/ab")])
def test_files_with_owners_of_their_own_are_named_whole(names: tuple[str, ...]) -> None:
    """Whatever they end with or begin with."""
    files = dict.fromkeys(names, "x")
    lines = LINES + "".join(f"/{name} @bob\n" for name in names)
    found = effects(a_rule_set(files=files), a_rule_set(files=files, lines=lines))
    assert names in [each.what for each in found.of(WIDER) if each.code == "may-approve-rules"]


def test_a_policy_that_never_read_is_not_removed() -> None:
    """Nobody could ask under it."""
    base = a_rule_set()
    broken = replace(base, policies={**base.policies, "broken": unreadable_policy("broken")})
    assert "policy-removed" not in said(broken, base)


def test_who_loses_the_identity_in_aws_has_none() -> None:
    """It is said as a word."""
    without = people(a_person("alice", principal=None))
    assert said(a_rule_set(), a_rule_set(people=without))["another-identity"].startswith(
        "What alice is granted goes to another AWS identity: none; until now: "
    )


def test_settings_that_never_read_are_not_compared() -> None:
    """They are a finding at both; everything else is compared."""
    settings = unreadable()
    found = said(a_rule_set(settings=settings), a_rule_set(a_policy(), settings=settings))
    assert list(found) == ["policy-removed"]


def test_a_codeowners_that_was_broken_before_is_not_said_again() -> None:
    """A new one that GitHub reads in part is."""
    broken = f"{LINES}* oops\n"
    assert "codeowners-skipped" not in said(a_rule_set(lines=broken), a_rule_set(lines=f"{broken}* oops\n"))
    assert "codeowners-skipped" in said(a_rule_set(codeowners=None), a_rule_set(lines=broken))


def test_a_file_that_stays_is_not_said() -> None:
    """Neither code nor keys nor what is not compared."""
    files = {
        "jitbot/cli.py": "x", "policies/issuer-keys.json": "x", "policies/other.yaml": "x",
        ".github/workflows/grant.yml": "x",
    }  # fmt: skip
    assert said(a_rule_set(files=files), a_rule_set(files=files)) == {}
    changed = dict.fromkeys(files, "y")
    assert set(said(a_rule_set(files=files), a_rule_set(files=changed))) == {
        "code-changed", "keys-changed", "not-compared",
    }  # fmt: skip


def test_conditions_that_stay_make_nothing_wider() -> None:
    """An action out of a pattern, under the same conditions: also those that exclude values, and on a user's own resources."""
    for conditions in (
        {"StringNotEquals": {"aws:RequestedRegion": ("eu-west-1",)}},
        {"StringEquals": {"aws:RequestedRegion": ("eu-west-1",)}},
    ):
        for resource in ("*", "arn:aws:s3:::home-${aws:username}/*"):
            pattern, one = (
                Statement(actions=(action,), resources=(resource,), conditions=conditions)
                for action in ("s3:Get*", "s3:GetObject")
            )
            found = effects(
                a_rule_set(a_policy(statements=(pattern,))), a_rule_set(a_policy(statements=(one,)))
            )
            assert found.of(WIDER) == ()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            Parameter(name="table", kind=ParameterKind.INTEGER, minimum=1, maximum=5),
            Parameter(name="table", enum=("orders",)),
            "one of orders; until now: 1 to 5",
        ),
        (
            Parameter(name="table", pattern="[a-z]+"),
            Parameter(name="table", pattern="[a-z]+", separators=frozenset({"/", "."})),
            "[a-z]+ with . and /; until now: [a-z]+",
        ),
    ],
)
def test_values_that_cannot_be_listed_are_said_in_words(
    before: Parameter, after: Parameter, words: str
) -> None:
    """The numbers from where to where, the words, or the form with what else may be in it."""
    found = policy_effect("parameter-wider", {"parameters": (before,)}, {"parameters": (after,)})
    assert found.in_words().endswith(f": {words}")


def test_a_long_text_is_cut_at_its_bound() -> None:
    """One of exactly that length is whole."""
    fits = "x" * _ITEM
    effect = Effect(code="x", direction=OTHER, text="{what}", what=(fits,))
    assert effect.in_words() == fits
    assert replace(effect, what=(f"{fits}x",)).in_words() == f"{fits[:-1]}…"


@pytest.mark.parametrize(
    ("within", "code", "direction"),
    [(48 * HOUR, "review-later", WIDER), (12 * HOUR, "review-sooner", NARROWER), (24 * HOUR, None, WIDER)],
)
def test_when_break_glass_is_reviewed(within: timedelta, code: str | None, direction: Direction) -> None:
    """Later is wider, sooner is narrower, and the same is nothing."""

    def glass(within: timedelta) -> RuleSet:
        return a_rule_set(a_policy(approvals=0, review_within=within, reviewers=("erin",)))

    found = effects(glass(24 * HOUR), glass(within)).effects
    assert [(each.code, each.direction) for each in found] == ([(code, direction)] if code else [])


def test_a_new_owner_is_said_once() -> None:
    """Who may newly approve at all is not named again for the team of a rule, through which they may."""
    policy = a_policy(approval_rules=(ApprovalRule(need=1, teams=("@acme/security",)),))
    lines = LINES.replace("@acme/payments-leads", "@acme/security")
    found = said(
        a_rule_set(policy, lines=lines),
        a_rule_set(policy, lines=lines, teams=teams(security="erin mallory")),
    )
    assert "mallory may newly approve" in found["may-approve"]
    assert "may-approve-for-team" not in found


def test_how_long_an_approval_counts_has_a_direction() -> None:
    """Longer is wider, and more dangerous than shorter."""
    short, long = (a_rule_set(settings=the_settings(approvals_valid_for=each)) for each in (DAY, 2 * DAY))
    (longer,), (shorter,) = effects(short, long).effects, effects(long, short).effects
    assert (longer.code, longer.direction, longer.level) == ("approvals-valid-longer", WIDER, Level.HIGH)
    assert (shorter.code, shorter.direction, shorter.level) == (
        "approvals-valid-shorter",
        NARROWER,
        Level.LOW,
    )


def test_a_new_policy_has_no_risk_that_it_had_before() -> None:
    """It is shown whole; nothing of it is higher or lower."""
    assert "risk-higher" not in said(a_rule_set(a_policy()), a_rule_set())


def test_what_moves_is_said_with_both_places() -> None:
    """Of the action alone, in both directions; and where only conditions change, those alone."""
    other = Statement(actions=("dynamodb:Query",), resources=("arn:aws:dynamodb:*:1:table/t",))
    a, b = (
        (other, Statement(actions=("s3:GetObject",), resources=(f"arn:aws:s3:::{name}/*",))) for name in "ab"
    )
    found = said(a_rule_set(a_policy(statements=a)), a_rule_set(a_policy(statements=b)))
    under = f"under {ORDERS} with s3:GetObject"
    one, two = "arn:aws:s3:::a/*", "arn:aws:s3:::b/*"
    assert found == {
        "access-wider": f"Newly reached {under}: {two}; until now: {one}",
        "access-narrower": f"No longer reached {under}: {one}; from now on: {two}",
    }
    limited = (other, replace(a[1], conditions={"StringEquals": {"aws:RequestedRegion": ("eu-west-1",)}}))
    found = said(a_rule_set(a_policy(statements=a)), a_rule_set(a_policy(statements=limited)))
    same = "the same resources"
    assert found == {
        "access-narrower": f"No longer reached {under}: {same}, always; "
        f"from now on: {same}, if StringEquals aws:RequestedRegion eu-west-1",
    }


def test_what_is_no_longer_allowed_is_said_so() -> None:
    """With the risk that falls; and where it rises, with what is newly dangerous alone."""
    read, opens = (
        Statement(actions=(action,), resources=("*",)) for action in ("s3:GetObject", "s3:PutBucketPolicy")
    )
    more, less = (a_rule_set(a_policy(statements=each)) for each in ((read, opens), (read,)))
    found = said(more, less)
    assert found["actions-removed"].startswith(f"No longer allowed under {ORDERS} (")
    assert found["risk-lower"].endswith("is high, and was critical")
    assert said(less, more)["risk-higher"].endswith(
        "is critical, and was high: s3:PutBucketPolicy: can open data to others on every resource"
    )


def test_values_of_another_kind_cannot_be_listed() -> None:
    """Numbers where words were: both are shown whole."""
    number = Parameter(name="table", kind=ParameterKind.INTEGER, minimum=1, maximum=5)
    word = Parameter(name="table", pattern="[a-z]+")
    found = policy_effect("parameter-wider", {"parameters": (word,)}, {"parameters": (number,)})
    assert found.in_words().endswith(": 1 to 5; until now: [a-z]+")
