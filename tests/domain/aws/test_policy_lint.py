"""Does a policy say what its author thinks? On a small catalogue; `tests/commands` has it with AWS's whole one."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from acme_facts import a_policy
from catalogue_facts import PlainCatalogue, an_action, the_catalogue

from jitbot.domain.aws import policy_lint
from jitbot.domain.aws.action_catalog import Access
from jitbot.domain.aws.policy_lint import policy_findings
from jitbot.domain.model.documents import (
    Acknowledgement,
    Conditions,
    Finding,
    FindingLevel,
    Policy,
    Position,
    Statement,
)

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
    assert told(allowing(action, on=("*",))) == [("unknown-action", f"no action {action} of AWS is known")]


def test_an_unknown_action_leaves_the_rest_to_be_judged() -> None:
    """An unknown action may act on anything and send any key: only the known actions are judged, each by itself."""
    given: Conditions = {"StringEquals": {"nope:key": ("x",)}}
    alone = told(allowing("dynamodb:GetItm", on=(OBJECT,), given=given))
    assert [code for code, _ in alone] == ["unknown-action"]
    both = told(allowing("dynamodb:GetItm", "dynamodb:GetItem", "s3:ListBucket", on=(TABLE,), given=given))
    assert [code for code, _ in both] == ["unknown-action", "resource-does-not-fit"]


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
        ("resource-does-not-fit", f"{action} is known to act on none of these resources; it takes {takes}"),
        ("resource-does-not-fit", f"no action of this statement is known to act on {resource}"),
    ]


@pytest.mark.parametrize(
    ("resource", "fits"),
    [
        ("arn:aws:dynamodb:*:*:*", True),
        ("arn:aws:dynamodb:*:{{account_id}}:table/*", True),
        ("arn:aws:dynamodb:*:{{account_id}}:table/ord*", False),
        ("arn:aws:dynamodb:*:{{account_id}}:table/orders", False),
        ("arn:aws:dynamodb:*:{{account_id}}:backup/*", False),
        ("arn:aws:sns:*:{{account_id}}:*", False),
    ],
)
def test_a_call_that_names_no_resource_needs_all_of_a_kind(resource: str, fits: bool) -> None:
    """A list of tables is compared with `table/` and nothing behind it: a name of one's own never fits it."""
    unnamed = ("arn:*:dynamodb:*:*:table/",)
    action = replace(an_action("dynamodb:ListTables", Access.LIST), unnamed=unnamed)
    policy = a_policy(statements=(allowing("dynamodb:ListTables", on=(resource,)),))
    messages = [each.message for each in policy_findings(policy, PlainCatalogue(actions=(action,)))]
    assert [message.endswith("it takes *") for message in messages] == ([] if fits else [True, False])


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("iotsitewise:PropertyId", []),
        ("iotsitewise:PropertyIds", ["condition-never-matches"]),
        ("saml:sub", ["condition-key-not-in-session"]),
    ],
)
def test_a_key_of_the_service_alone_may_be_sent(key: str, codes: list[str]) -> None:
    """Where the reference lists a key without an action nobody knows that it never matches; of the session's, we do."""
    unbound = frozenset({"iotsitewise:propertyid", "saml:sub"})
    action = replace(an_action("iotsitewise:GetAsset", Access.READ), unbound_keys=unbound)
    given: Conditions = {"StringEquals": {key: ("x",)}}
    policy = a_policy(statements=(allowing("iotsitewise:GetAsset", on=("*",), given=given),))
    found = policy_findings(policy, PlainCatalogue(actions=(action,)))
    assert [each.code for each in found] == codes


def test_one_misplaced_action_is_found_alone() -> None:
    """Where others fit the resource, only the action that does not is named, with what it takes."""
    assert told(allowing("dynamodb:GetItem", "s3:*")) == [
        (
            "resource-does-not-fit",
            "s3:* is known to act on none of these resources; it takes arn:*:s3:::*, arn:*:s3:::*/*",
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


def test_an_alias_in_place_of_a_number_is_found() -> None:
    """The catalogue leaves the account open, so the resource fits the action; elsewhere a name may hold an alias."""
    alias = TABLE.replace("{{account_id}}", "{{account}}")
    message = f"{{{{account}}}} is an alias, and an ARN has the account's number: nothing matches {alias}"
    assert told(allowing("dynamodb:GetItem", on=(alias,))) == [("resource-does-not-fit", message)]
    named = "arn:aws:dynamodb:*:{{account_id}}:table/{{account}}"
    assert told(allowing("dynamodb:GetItem", on=(named, "*"))) == []


def test_one_useless_resource_is_found_alone() -> None:
    """Where another resource fits the actions, only the one that does not is named."""
    assert told(allowing("dynamodb:GetItem", on=(TABLE, OBJECT))) == [
        ("resource-does-not-fit", f"no action of this statement is known to act on {OBJECT}")
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
        ("dynamodb:GetItem", "aws:ViaAWSMCPService"),
        ("dynamodb:GetItem", "aws:CalledViaAWSMCP"),
        ("dynamodb:GetItem", "aws:PrincipalTag/Cost Center"),
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
            f"no action of this statement is known to send {key}; if none does, StringLike on it never matches",
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
    assert finding.message.endswith(f"if none does, {operator} on it {often} matches")
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
    first, second = allowing("dynamodb:GetItm", on=(BUCKET,)), allowing("s3:GetObject", on=(BUCKET,))
    findings = told(first, second, allowing("s3:GetObject", on=(OBJECT,), given=given))
    assert [code for code, _ in findings] == ["unknown-action"] + ["resource-does-not-fit"] * 2 + [
        "condition-never-matches"
    ] * 3
    assert ["s3:a" in message for _, message in findings[3:]] == [True, False, False]


SPOILT = allowing("iam:CreateUser", "s3:GetObject", on=(BUCKET,), given={"StringEquals": {"s3:nope": ("x",)}})
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


@pytest.mark.parametrize(
    "spelt", ["tag-key", "TagKey", "tag_key", "tagkey", "<key>", "<tag key>", "${TagKey}", "*", ""]
)
def test_a_tag_is_known_however_its_place_is_spelt(spelt: str) -> None:
    """The reference writes what varies in a key in many ways, and none of them is a tag's name."""
    action = an_action(
        "s3:GetObject",
        Access.READ,
        "arn:*:s3:::*",
        keys=f"s3:resourcetag/{spelt.casefold()}".replace(" ", ""),
    )
    given: Conditions = {
        "StringNotEquals": {"s3:ResourceTag/Cost Center": ("x",), "s3:ResourceTags/x": ("x",)}
    }
    policy = a_policy(statements=(allowing("s3:GetObject", on=("*",), given=given),))
    found = policy_findings(policy, PlainCatalogue(actions=(action,)))
    assert [(each.code, "s3:ResourceTags/x" in each.message) for each in found] == [
        ("condition-always-matches", True)
    ]


def test_what_rests_on_the_catalogue_alone_is_a_warning() -> None:
    """It lags behind AWS, so it keeps no policy from being merged."""
    spoilt = (
        allowing("dynamodb:GetItm"),
        allowing(
            "dynamodb:GetItem",
            on=(OBJECT,),
            given={"StringEquals": {"s3:a": ("x",)}, "StringNotEquals": {"s3:b": ("x",)}},
        ),
    )
    told = found(*spoilt)
    assert len({each.code for each in told}) == 4
    assert {each.level for each in told} == {FindingLevel.WARNING}
    assert all("acknowledged:" in each.hint for each in told)


@pytest.mark.parametrize(
    ("operator", "key", "often"),
    [
        ("Bool", "aws:MultiFactorAuthPresent", "never"),
        ("BoolIfExists", "AWS:multifactorauthpresent", "always"),
        ("StringEquals", "aws:username", "never"),
        ("ArnNotLike", "aws:SourceArn", "always"),
        ("StringEquals", "saml:sub", "never"),
    ],
)
def test_a_key_that_no_session_carries_is_an_error(operator: str, key: str, often: str) -> None:
    """Whoever enters a role by sts:AssumeRole brings none of it along, whatever the actions are."""
    for actions in (("dynamodb:GetItem",), ("dynamodb:GetItem", "dynamodb:GetItm")):
        told = [
            each
            for each in found(allowing(*actions, given={operator: {key: ("true",)}}))
            if each.code != "unknown-action"
        ]
        assert [(each.code, each.level) for each in told] == [
            ("condition-key-not-in-session", FindingLevel.ERROR)
        ]
        assert told[0].message.endswith(f"so {operator} on it {often} matches")
        assert ("keeps nobody out" in told[0].hint) is (often == "always")


def test_a_key_that_the_action_sends_is_no_matter_of_the_session() -> None:
    """The user whom a call is about is not the user who makes it."""
    action = an_action("q:CreateAssignment", Access.WRITE, keys="identitystore:userid")
    given: Conditions = {"StringEquals": {"identitystore:UserId": ("x",)}}
    policy = a_policy(statements=(allowing("q:CreateAssignment", on=("*",), given=given),))
    assert policy_findings(policy, PlainCatalogue(actions=(action,))) == ()


@pytest.mark.parametrize(
    "action", ["iam:CreateUser", "iam:P*", "STS:AssumeRole", "signin:CreateOAuth2Token", "sso-oauth:*"]
)
def test_what_the_boundary_denies_is_told(action: str) -> None:
    """A policy that allows it gives nothing, whether the action is known or not."""
    (told,) = found(allowing(action, on=("*",)))
    assert (told.code, told.level) == ("denied-by-boundary", FindingLevel.WARNING)


@pytest.mark.parametrize("action", ["iam:*", "iam:?assRole", "s3:*"])
def test_what_the_boundary_denies_in_part_is_not_told(action: str) -> None:
    """Of a pattern something may be left."""
    assert "denied-by-boundary" not in {each.code for each in found(allowing(action, on=("*",)))}


def acknowledging(*known: tuple[str, str], statement: Statement) -> tuple[Finding, ...]:
    """What is told of a policy that acknowledges these findings, by code and by what they are about."""
    acknowledged = tuple(
        Acknowledgement(finding=code, about=about, reason="the guide says so") for code, about in known
    )
    return policy_findings(a_policy(statements=(statement,), acknowledged=acknowledged), the_catalogue())


@pytest.mark.parametrize(
    ("code", "about", "statement"),
    [
        ("unknown-action", "dynamodb:GetItm", allowing("dynamodb:GetItm")),
        ("resource-does-not-fit", OBJECT, allowing("dynamodb:GetItem", on=(TABLE, OBJECT))),
        ("resource-does-not-fit", "s3:GetObject", allowing("dynamodb:GetItem", "s3:GetObject")),
        (
            "condition-never-matches",
            "s3:a",
            allowing("dynamodb:GetItem", given={"StringLike": {"s3:a": ("x",)}}),
        ),
        (
            "condition-always-matches",
            "s3:a",
            allowing("dynamodb:GetItem", given={"StringNotLike": {"s3:a": ("x",)}}),
        ),
        (
            "condition-key-not-in-session",
            "saml:sub",
            allowing("dynamodb:GetItem", given={"StringLike": {"saml:sub": ("x",)}}),
        ),
        ("denied-by-boundary", "iam:CreateUser", allowing("iam:CreateUser", on=("*",))),
    ],
)
def test_a_finding_that_is_acknowledged_is_told_with_its_reason(
    code: str, about: str, statement: Statement
) -> None:
    """And it stops nothing; the same acknowledgement of something else changes nothing and is told itself."""
    (told,) = acknowledging((code, about), statement=statement)
    assert (told.code, told.level) == (code, FindingLevel.NOTICE)
    assert told.message.endswith("; acknowledged: the guide says so")
    first, in_vain = acknowledging((code, f"{about}x"), statement=statement)
    assert first.level is not FindingLevel.NOTICE
    assert (in_vain.code, in_vain.level) == ("acknowledged-in-vain", FindingLevel.WARNING)
    assert f"{code} is not found of {about}x" in in_vain.message


def test_an_acknowledgement_is_of_one_code() -> None:
    """Another finding about the same action is another matter."""
    told = acknowledging(("resource-does-not-fit", "dynamodb:GetItm"), statement=allowing("dynamodb:GetItm"))
    assert [each.code for each in told] == ["unknown-action", "acknowledged-in-vain"]


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        (allowing("dynamodb:*", on=("*",)), ["every-action"]),
        (allowing("dynamodb:*", on=(TABLE, "*")), ["every-action"]),
        (allowing("dynamodb:Get*", on=("*",)), []),
        (allowing("dynamodb:*"), []),
        (allowing("dynamodb:*", on=("*",), given={"StringEquals": {"aws:RequestedRegion": ("eu-west-1",)}}), []),
    ],
)  # fmt: skip
def test_a_whole_service_on_everything_is_said(statement: Statement, codes: list[str]) -> None:
    """All of its actions on all resources, whenever; a condition, resources or names make it less."""
    assert [code for code, _ in told(statement)] == codes


def test_what_cannot_be_acknowledged_has_no_hint_to_do_so() -> None:
    """A warning about nothing in particular names no way to silence it."""
    about = [each for each in found(allowing("dynamodb:*", on=("*",))) if "acknowledged" in each.hint]
    assert [each.code for each in about] == ["every-action"]
    warned = policy_lint._warning(a_policy(), "statements", "x", "message", "hint")
    assert (warned.about, warned.finding.hint) == ("", "hint")
