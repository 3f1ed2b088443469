"""How dangerous a grant is, in words that a phone can show."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import a_policy
from builders import the_documents
from catalogue_facts import the_catalogue

from jitbot.domain.aws import iam
from jitbot.domain.aws.action_catalog import Access
from jitbot.domain.aws.risk import ESCALATING, SHARING, TAKING, Level, Risk, assess
from jitbot.domain.model.documents import Conditions, Statement

ARN = "arn:aws:{}:eu-west-1:111111111111:{}"
ONE, EVERY = ARN.format("dynamodb", "table/orders"), ARN.format("dynamodb", "table/*")
KEY = ARN.format("kms", "key/1234")
GAINS = "a known way to more rights than were given"
TAKES = "takes data or secrets out"
SHARES = "can open data to others"
TAGS = "changes tags, by which access may be decided"


def granting(*actions: str, on: str = ONE, given: Conditions | None = None) -> iam.Documents:
    """A grant of these actions on one resource, under these conditions."""
    statement = Statement(actions=actions, resources=(on,), conditions=given or {})
    return the_documents(policy=a_policy(statements=(statement,)))


def managing(*names: str) -> iam.Documents:
    """A grant of AWS managed policies alone."""
    return the_documents(policy=a_policy(statements=(), managed_policies=names))


def statements(grant: iam.Documents, effect: str) -> list[dict[str, Any]]:
    """The statements of a grant's permission policy that have this effect."""
    document: Any = grant.permission_policy
    return [each for each in document["Statement"] if each["Effect"] == effect]


FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:x"


def risk_of(*grants: iam.Documents) -> Risk:
    """The risk of these grants, by what the small catalogue knows."""
    return assess(grants, the_catalogue())


@pytest.mark.parametrize(
    ("action", "on", "level", "why"),
    [
        ("dynamodb:GetItem", ONE, Level.LOW, None),
        ("dynamodb:GetItem", "*", Level.MEDIUM, "reads on every resource"),
        ("dynamodb:ListTables", "*", Level.LOW, None),
        ("logs:GetQueryResults", "*", Level.MEDIUM, "reads on every resource"),
        ("dynamodb:PutItem", ONE, Level.MEDIUM, "can change things"),
        ("dynamodb:PutItem", "*", Level.HIGH, "can change things on every resource"),
        ("dynamodb:TagResource", ONE, Level.MEDIUM, TAGS),
        ("dynamodb:TagResource", "*", Level.MEDIUM, f"{TAGS} on every resource"),
        ("kms:Decrypt", KEY, Level.MEDIUM, TAKES),
        ("kms:Decrypt", "*", Level.HIGH, f"{TAKES} on every resource"),
        ("s3:GetObject", "arn:aws:s3:::acme/*", Level.MEDIUM, TAKES),
        ("s3:PutBucketPolicy", "arn:aws:s3:::acme", Level.CRITICAL, SHARES),
        ("ec2:ModifyImageAttribute", "arn:aws:ec2:eu-west-1::image/ami-1", Level.HIGH, SHARES),
        ("ec2:ModifyImageAttribute", "*", Level.HIGH, f"{SHARES} on every resource"),
        ("lambda:RemovePermission", FUNCTION, Level.CRITICAL, "changes who may do what"),
        ("lambda:RemovePermission", "*", Level.CRITICAL, "changes who may do what on every resource"),
        ("lambda:AddPermission", FUNCTION, Level.CRITICAL, GAINS),
        ("iam:CreateUser", "*", Level.LOW, None),
        ("iam:P*", "*", Level.LOW, None),
        ("sts:assumerole", "*", Level.LOW, None),
        ("signin:CreateOAuth2Token", "*", Level.LOW, None),
        ("sso-oauth:*", "*", Level.LOW, None),
        ("iam:*", "*", Level.LOW, None),
        ("ssm:StartSession", "*", Level.CRITICAL, GAINS),
        ("nope:GetItem", ONE, Level.HIGH, "not known, so nobody can say what it does"),
    ],
)
def test_an_action_is_judged_by_the_worst_it_can_do(
    action: str, on: str, level: Level, why: str | None
) -> None:
    """Each action gives at most one reason: its worst, and whether it reaches every resource."""
    risk = risk_of(granting(action, on=on))
    assert (risk.level, risk.reasons) == (level, (f"{action}: {why}",) if why else ())


@pytest.mark.parametrize(
    ("action", "on", "wide"),
    [
        ("dynamodb:PutItem", EVERY, True),
        ("dynamodb:PutItem", ARN.format("dynamodb", "*"), True),
        ("dynamodb:PutItem", ARN.format("dynamodb", "t*"), True),
        ("dynamodb:PutItem", ARN.format("dynamodb", "table/or*"), False),
        ("dynamodb:PutItem", ARN.format("dynamodb", "table/?????"), False),
        ("dynamodb:PutItem", ARN.format("dynamodb", "index/*"), False),
        ("dynamodb:PutItem", ARN.format("sqs", "*"), False),
        ("s3:GetObject", "arn:aws:s3:::*", True),
        ("s3:GetObject", "arn:aws:s3:::*/*", True),
        ("s3:GetObject", "arn:aws:s3:::acme/*", False),
        ("s3:GetObject", "arn:aws:s3:::*/reports/*", False),
    ],
)
def test_everything_of_a_kind_is_every_resource(action: str, on: str, wide: bool) -> None:
    """`table/*` is as wide as `*` for whoever acts on tables; a part of a name, or another service, is not."""
    (reason,) = risk_of(granting(action, on=on)).reasons
    assert reason.endswith(" on every resource") is wide


def test_the_only_one_of_its_kind_is_no_wildcard() -> None:
    """A resource that is spelt out is one resource, even where AWS has no other of the kind."""
    (action,) = the_catalogue().covered("dynamodb:PutItem")
    single = replace(action, resources=(ONE,))
    risk = assess([granting("dynamodb:PutItem")], replace(the_catalogue(), actions=(single,)))
    assert risk.reasons == ("dynamodb:PutItem: can change things",)


def test_conditions_are_mentioned_where_they_narrow_everything() -> None:
    """A condition does not lower the level, but `every resource` alone would not be true."""
    given: Conditions = {"StringEquals": {"aws:ResourceTag/team": ("sre",)}}
    risk = risk_of(granting("dynamodb:PutItem", on=EVERY, given=given))
    assert risk.level is Level.HIGH
    assert risk.reasons == ("dynamodb:PutItem: can change things on every resource that fits the conditions",)
    assert risk_of(granting("dynamodb:PutItem", given=given)).reasons == (
        "dynamodb:PutItem: can change things",
    )


def test_a_start_of_its_own_is_no_condition() -> None:
    """The window's dates are in every grant; they say nothing about resources."""
    grant = granting("dynamodb:PutItem", on="*")
    (allow,) = statements(grant, "Allow")
    allow["Condition"]["DateGreaterThanEquals"] = {"aws:CurrentTime": "2026-11-24T09:00:00Z"}
    assert risk_of(grant).reasons == ("dynamodb:PutItem: can change things on every resource",)


def test_a_pattern_is_judged_by_all_it_covers() -> None:
    """A wildcard is as dangerous as what it lets in, and each danger is told once with its actions."""
    risk = risk_of(granting("dynamodb:*Item"))
    assert risk.level is Level.MEDIUM
    assert risk.reasons == ("dynamodb:DeleteItem, dynamodb:PutItem, dynamodb:UpdateItem: can change things",)


def test_a_part_of_a_service_is_not_the_whole() -> None:
    """A star behind the beginning of a name is judged by what it covers, and by that alone."""
    assert risk_of(granting("dynamodb:Get*")).reasons == ()


def test_a_whole_service_is_named_as_one() -> None:
    """`service:*` says how many actions that is today; of a danger's actions, three are named."""
    risk = risk_of(granting("dynamodb:*"))
    assert risk.level is Level.HIGH
    assert risk.reasons == (
        "dynamodb:*: all of the service: 8 actions",
        "dynamodb:DeleteItem, dynamodb:DeleteTable, dynamodb:PutItem and 1 more: can change things",
        f"dynamodb:TagResource: {TAGS}",
    )


@pytest.mark.parametrize(
    ("name", "level", "why"),
    [
        ("AdministratorAccess", Level.CRITICAL, "can do everything in the account"),
        (
            "IAMFullAccess",
            Level.CRITICAL,
            "can change who may do what, and so gain everything in the account",
        ),
        ("PowerUserAccess", Level.CRITICAL, "can do everything in the account but manage people and roles"),
        ("ReadOnlyAccess", Level.MEDIUM, "reads nearly everything in the account, data included"),
        ("SecurityAudit", Level.MEDIUM, "reads how nearly everything in the account is set up"),
        ("job-function/ViewOnlyAccess", Level.MEDIUM, "lists nearly everything in the account"),
        ("AmazonS3FullAccess", Level.HIGH, "an AWS managed policy, which AWS may widen"),
        ("AmazonS3ReadOnlyAccess", Level.HIGH, "an AWS managed policy, which AWS may widen"),
    ],
)
def test_a_managed_policy_is_told_by_what_it_is(name: str, level: Level, why: str) -> None:
    """The well-known ones have words of their own; of any other nobody here sees what is in it."""
    risk = risk_of(managing(name))
    assert (risk.level, risk.reasons) == (level, (f"{name.rpartition('/')[2]}: {why}",))
    assert risk.access == {}


def test_managed_policies_of_one_kind_share_a_reason() -> None:
    """What is said of several is said once."""
    assert risk_of(managing("AmazonS3FullAccess", "AmazonRDSFullAccess")).reasons == (
        "AmazonRDSFullAccess, AmazonS3FullAccess: an AWS managed policy, which AWS may widen",
    )


def test_the_worst_comes_first_and_only_once() -> None:
    """The level is that of the most dangerous part, whose reason leads; two accounts give no second reason."""
    both = replace(
        granting("dynamodb:PutItem", "kms:Decrypt", "ssm:StartSession"),
        managed_policies=("arn:aws:iam::aws:policy/AmazonS3FullAccess",),
    )
    risk = risk_of(both, both)
    assert risk.level is Level.CRITICAL
    assert risk.reasons == (
        f"ssm:StartSession: {GAINS}",
        "AmazonS3FullAccess: an AWS managed policy, which AWS may widen",
        "dynamodb:PutItem: can change things",
        f"kms:Decrypt: {TAKES}",
    )


def test_an_action_counts_once_by_its_access_level() -> None:
    """However many statements, patterns and accounts allow it, an action is one; the harmless come first."""
    grant = granting(
        "dynamodb:*Item", "dynamodb:PutItem", "dynamodb:ListTables", "lambda:AddPermission", "iam:PassRole"
    )
    risk = risk_of(grant, grant, granting("dynamodb:Query"))
    assert list(risk.access.items()) == [
        (Access.LIST, 1),
        (Access.READ, 2),
        (Access.WRITE, 3),
        (Access.PERMISSIONS, 1),
    ]
    assert risk.access_in_words() == "1 list, 2 read, 3 write, 1 permissions management"


def test_only_what_is_allowed_is_judged() -> None:
    """The guards deny every action of every service, which is no power; a lone denial is none either."""
    grant = granting("dynamodb:GetItem")
    assert risk_of(grant).reasons == ()
    denials = statements(grant, "Deny")
    assert denials
    assert risk_of(replace(grant, permission_policy={"Statement": denials})) == Risk(
        level=Level.LOW, reasons=()
    )


def test_a_statement_without_conditions_is_judged_as_it_is() -> None:
    """What was not rendered here may have no condition at all."""
    bare = {"Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": ["*"]}
    grant = replace(granting("dynamodb:GetItem"), permission_policy={"Statement": [bare]})
    assert risk_of(grant).reasons == ("dynamodb:PutItem: can change things on every resource",)


def test_what_nobody_can_say_is_not_harmless() -> None:
    """Without any grant the level is not known; with one that is missing it is, whatever the others are."""
    assert risk_of().as_json() == {"level": "unknown", "reasons": [], "access": {}}
    admin = managing("AdministratorAccess")
    risk = assess([admin], the_catalogue(), unknown=["nowhere", "elsewhere"])
    assert risk.level is max(Level)
    assert risk.reasons == (
        "elsewhere, nowhere: nobody can say what would be granted there",
        "AdministratorAccess: can do everything in the account",
    )
    assert [level.in_words for level in Level] == ["low", "medium", "high", "critical", "not known"]


def test_a_grant_of_nothing_is_no_risk() -> None:
    """Without a list of statements in it there is nothing to warn of."""
    nothing = {"level": "low", "reasons": [], "access": {}}
    assert risk_of(replace(granting("dynamodb:PutItem"), permission_policy={})).as_json() == nothing
    assert risk_of().access_in_words() == ""


def test_the_json_is_for_machines() -> None:
    """The level is a word in lower case, the reasons a list, access levels are called as AWS calls them."""
    assert risk_of(granting("dynamodb:PutItem", "lambda:AddPermission")).as_json() == {
        "level": "critical",
        "reasons": [f"lambda:AddPermission: {GAINS}", "dynamodb:PutItem: can change things"],
        "access": {"Write": 1, "Permissions management": 1},
    }


def test_no_action_is_on_two_lists() -> None:
    """An action has one worst; a name on two lists would hide one of them."""
    assert not ESCALATING & TAKING
    assert not ESCALATING & SHARING
    assert not TAKING & SHARING
