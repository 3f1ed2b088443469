"""Does a policy say what its author thinks? On a small catalogue; `tests/commands` has it with AWS's whole one."""

from collections.abc import Mapping

import pytest
from acme_facts import a_policy
from catalogue_facts import PlainCatalogue, an_action, the_catalogue

from jitbot.domain.aws.action_catalog import Access
from jitbot.domain.aws.policy_lint import policy_findings
from jitbot.domain.model.documents import Conditions, Finding, Policy, Position, Statement

TABLE = "arn:aws:dynamodb:*:{{account_id}}:table/{{table}}"
BUCKET, OBJECT = "arn:aws:s3:::acme-{{account_id}}", "arn:aws:s3:::acme-{{account_id}}/reports/*"


def allowing(*actions: str, on: tuple[str, ...] = (TABLE,), given: Conditions | None = None) -> Statement:
    """A statement of a policy."""
    return Statement(actions=actions, resources=on, conditions=given or {})


def found(*statements: Statement, where: Mapping[str, Position] | None = None) -> tuple[Finding, ...]:
    """What is wrong with a policy of these statements."""
    policy: Policy = a_policy(statements=statements, where=where or {})
    return policy_findings(policy, the_catalogue())


def told(*statements: Statement) -> list[tuple[str, str]]:
    """The code and the sentence of each finding."""
    return [(each.code, each.message) for each in found(*statements)]


@pytest.mark.parametrize(
    "statement",
    [
        allowing("dynamodb:GetItem", "dynamodb:Query"),
        allowing("dynamodb:getitem"),
        allowing("dynamodb:*"),
        allowing("dynamodb:?etItem"),
        allowing("dynamodb:ListTables", "dynamodb:GetItem", on=("*",)),
        allowing("dynamodb:GetItem", on=("*", TABLE)),
        allowing("dynamodb:GetItem", on=("arn:aws:dynamodb:eu-west-1:111111111111:*",)),
        allowing("s3:GetObject", "s3:ListBucket", on=(BUCKET, OBJECT)),
        allowing("s3:GetObject", on=("arn:aws:s3:::acme/reports/*",)),
        allowing("s3:GetObject", on=("arn:aws:s3:::acme-${aws:PrincipalTag/team}/x",)),
        allowing("dynamodb:GetItem", on=("arn:aws:dynamodb:*:{{account_id}}:{{what}}",)),
        allowing("dynamodb:GetItem", on=("arn:aws:dynamodb:*:*:${aws:PrincipalTag/what}",)),
        allowing("ssm:StartSession", on=("arn:aws:ec2:*:{{account_id}}:instance/*",)),
    ],
    ids=str,
)
def test_what_aws_understands_is_fine(statement: Statement) -> None:
    """Known actions on resources of theirs, in any case, with wildcards and placeholders: no finding."""
    assert told(statement) == []


def test_a_policy_of_managed_policies_alone_is_fine() -> None:
    """Without statements there is nothing to lint."""
    assert told() == []


@pytest.mark.parametrize("action", ["dynamodb:GetItm", "dynamo:GetItem", "s3:Fetch*", "s3:GetObjec", "s3:?"])
def test_an_unknown_action_is_found(action: str) -> None:
    """A misspelt action, an unknown service, and a pattern that covers nothing: each would allow nothing."""
    assert told(allowing(action, on=("*",))) == [("unknown-action", f"AWS has no action {action}")]


def test_an_unknown_action_leaves_the_rest_to_be_judged() -> None:
    """Of a statement whose actions are all unknown, nothing else is said; known ones are judged as ever."""
    given: Conditions = {"StringEquals": {"nope:key": ("x",)}}
    alone = told(allowing("dynamodb:GetItm", on=(OBJECT,), given=given))
    assert [code for code, _ in alone] == ["unknown-action"]
    both = told(allowing("dynamodb:GetItm", "dynamodb:GetItem", on=(TABLE, OBJECT), given=given))
    assert [code for code, _ in both] == [
        "unknown-action",
        "resource-does-not-fit",
        "condition-never-matches",
    ]


@pytest.mark.parametrize(
    ("action", "resource", "takes"),
    [
        ("s3:GetObject", BUCKET, "arn:*:s3:::*/*"),
        ("s3:ListBucket", "arn:aws:s3:eu-west-1::acme", "arn:*:s3:::*"),
        ("dynamodb:GetItem", "arn:aws:sqs:*:{{account_id}}:orders", "arn:*:dynamodb:*:*:table/*"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:*:{{account_id}}:tabel/x", "arn:*:dynamodb:*:*:table/*"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:*:*:stream/*", "arn:*:dynamodb:*:*:table/*"),
        ("dynamodb:ListTables", TABLE, "*"),
    ],
)
def test_an_action_that_acts_on_none_of_the_resources_is_found(
    action: str, resource: str, takes: str
) -> None:
    """The finding says what the action takes; the resource, of no use to any action, is one of its own."""
    assert told(allowing(action, on=(resource,))) == [
        ("resource-does-not-fit", f"{action} acts on none of these resources; it takes {takes}"),
        ("resource-does-not-fit", f"no action of this statement acts on {resource}"),
    ]


def test_one_misplaced_action_is_found_alone() -> None:
    """Where others fit the resource, only the action that does not is named, with what it takes."""
    assert told(allowing("dynamodb:GetItem", "s3:*")) == [
        (
            "resource-does-not-fit",
            "s3:* acts on none of these resources; it takes arn:*:s3:::*, arn:*:s3:::*/*",
        )
    ]


def test_three_kinds_of_resources_are_named_at_most() -> None:
    """A pattern may cover actions on dozens of kinds, and a finding stays a sentence."""
    kinds = [f"arn:*:ec2:*:*:{kind}/*" for kind in ("volume", "image", "instance", "vpc")]
    catalogue = PlainCatalogue(
        actions=tuple(an_action(f"ec2:Stop{kind[-6:]}", Access.WRITE, kind) for kind in kinds)
    )
    finding, _ = policy_findings(a_policy(statements=(allowing("ec2:*"),)), catalogue)
    assert finding.message.endswith(f"it takes {kinds[1]}, {kinds[2]}, {kinds[0]}")


def test_one_useless_resource_is_found_alone() -> None:
    """Where another resource fits the actions, only the one that does not is named."""
    assert told(allowing("dynamodb:GetItem", on=(TABLE, OBJECT))) == [
        ("resource-does-not-fit", f"no action of this statement acts on {OBJECT}")
    ]


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("dynamodb:GetItem", "aws:RequestedRegion"),
        ("dynamodb:GetItem", "AWS:requestedregion"),
        ("dynamodb:GetItem", "aws:PrincipalTag/team"),
        ("dynamodb:GetItem", "dynamodb:LeadingKeys"),
        ("dynamodb:*", "DynamoDB:leadingKEYS"),
        ("dynamodb:TagResource", "aws:TagKeys"),
        ("s3:GetObject", "s3:ExistingObjectTag/team"),
        ("ssm:StartSession", "ssm:resourceTag/team"),
        ("kms:Decrypt", "kms:EncryptionContext:service"),
    ],
)
def test_a_condition_that_aws_sends_is_fine(action: str, key: str) -> None:
    """Global keys, the action's own, and those with a name of one's own behind a slash or a colon; in any case."""
    assert told(allowing(action, on=("*",), given={"StringEquals": {key: ("x",)}})) == []


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("dynamodb:GetItem", "aws:RequestRegion"),
        ("dynamodb:GetItem", "dynamodb:LeadingKey"),
        ("dynamodb:Query", "dynamodb:LeadingKeys"),
        ("dynamodb:GetItem", "s3:prefix"),
        ("s3:GetObject", "s3:ExistingObjectTags/team"),
        ("s3:ListBucket", "s3:prefix/x"),
        ("kms:Decrypt", "kms:EncryptionContext"),
    ],
)
def test_a_condition_that_no_action_sends_is_found(action: str, key: str) -> None:
    """A key that is misspelt, or another action's: the condition is never met."""
    assert told(allowing(action, on=("*",), given={"StringLike": {key: ("x",)}})) == [
        (
            "condition-never-matches",
            f"no action of this statement sends {key}, so StringLike on it never matches",
        )
    ]


NEVER = (
    *("StringEquals", "StringEqualsIgnoreCase", "StringLike", "Bool", "BinaryEquals", "IpAddress"),
    *("NumericEquals", "NumericLessThan", "NumericGreaterThanEquals", "ArnEquals", "ArnLike"),
    *("ForAnyValue:StringEquals", "ForAnyValue:StringNotLike", "ForAnyValue:ArnNotLike"),
)
ALWAYS = (
    *("StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "NumericNotEquals"),
    *("NotIpAddress", "ArnNotEquals", "ArnNotLike"),
    *("StringEqualsIfExists", "StringNotEqualsIfExists", "BoolIfExists", "IpAddressIfExists"),
    *("ForAllValues:StringEquals", "ForAllValues:StringNotEquals", "ForAnyValue:StringEqualsIfExists"),
)


@pytest.mark.parametrize(
    ("operator", "value", "often"),
    [
        *((operator, "x", "never") for operator in NEVER),
        *((operator, "x", "always") for operator in ALWAYS),
        ("Null", "false", "never"),
        ("Null", "true", "always"),
    ],
)
def test_a_key_that_is_not_sent_never_matches_or_always(operator: str, value: str, often: str) -> None:
    """What asks for a value is never met without its key; what asks for none, or only if it is there, always is."""
    given: Conditions = {operator: {"dynamodb:NoSuchKey": (value,)}}
    (finding,) = found(allowing("dynamodb:GetItem", given=given))
    assert finding.code == f"condition-{often}-matches"
    assert finding.message.endswith(f"so {operator} on it {often} matches")
    assert ("keeps nobody out" in finding.hint) is (often == "always")


@pytest.mark.parametrize("operator", [*NEVER, *ALWAYS])
def test_a_key_that_is_sent_may_stand_under_any_operator(operator: str) -> None:
    """Whether the condition is met then depends on the call."""
    given: Conditions = {operator: {"dynamodb:LeadingKeys": ("x",)}}
    assert told(allowing("dynamodb:GetItem", given=given)) == []


def test_a_condition_needs_one_action_that_sends_it() -> None:
    """A key counts for its statement, whichever action brings it, and for no other statement."""
    given: Conditions = {"StringLike": {"s3:prefix": ("x/*",)}}
    sends = allowing("s3:GetObject", "s3:ListBucket", on=(BUCKET, OBJECT), given=given)
    assert told(sends) == []
    codes = [code for code, _ in told(sends, allowing("s3:GetObject", on=(OBJECT,), given=given))]
    assert codes == ["condition-never-matches"]


def test_every_finding_is_told() -> None:
    """All that is wrong comes at once, in the order of the file."""
    given: Conditions = {
        "StringEquals": {"s3:a": ("x",), "aws:SourceIp": ("x",), "s3:b": ("x",)},
        "Bool": {"s3:c": ("true",)},
    }
    first = allowing("dynamodb:GetItm", "s3:GetObject", on=(BUCKET,))
    findings = told(first, allowing("s3:GetObject", on=(OBJECT,), given=given))
    assert [code for code, _ in findings] == ["unknown-action"] + ["resource-does-not-fit"] * 2 + [
        "condition-never-matches"
    ] * 3
    assert ["s3:a" in message for _, message in findings[3:]] == [True, False, False]


SPOILT = allowing(
    "dynamodb:GetItm", "s3:GetObject", on=(BUCKET,), given={"StringEquals": {"s3:nope": ("x",)}}
)
FIELDS = (
    "statements.1.actions.0",
    "statements.1.actions.1",
    "statements.1.resources.0",
    "statements.1.conditions.StringEquals.s3:nope",
)


def test_a_finding_names_the_place_in_the_file() -> None:
    """File, line and column are those of the very entry, and there is always something to do."""
    where = {field: Position(line=number, column=2 * number) for number, field in enumerate(FIELDS, 11)}
    findings = found(allowing("dynamodb:GetItem"), SPOILT, where=where)
    assert [(each.line, each.column) for each in findings] == [(11, 22), (12, 24), (13, 26), (14, 28)]
    assert {each.file for each in findings} == {"policies/access/orders-db-read.yaml"}
    assert all(each.hint for each in findings)


def test_a_place_that_is_not_known_is_the_nearest_above() -> None:
    """Where the entry has no place of its own, the finding points to what holds it, or to the file."""
    where = {"statements.1": Position(line=7, column=5)}
    places = {(each.line, each.column) for each in found(allowing("dynamodb:GetItem"), SPOILT, where=where)}
    assert places == {(7, 5)}
    assert {(each.line, each.column) for each in found(SPOILT)} == {(0, 0)}
