"""The sandbox fills a template in as CloudFormation would, and refuses what it does not know."""

from typing import Any

import pytest
from aws_world import BOUNDARY, PROD, World, document, environment, refused, trust

from jitbot.domain.model.errors import InvalidError
from jitbot.sandbox.aws import accounts, stacks

ACCOUNT = "012345670123"


def filled(value: Any, **parameters: str) -> Any:
    """One value of a template, filled in."""
    template = {
        "Parameters": {
            "Name": {"Type": "String", "Default": "jit", "AllowedPattern": "^[a-z]+$"},
            "Flag": {"Type": "String", "Default": "true", "AllowedValues": ["true", "false"]},
            "Items": {"Type": "CommaDelimitedList", "Default": "a, b", "AllowedPattern": "^([a-z]*)$"},
        },
        "Conditions": {
            "On": {"Fn::Equals": [{"Ref": "Flag"}, "true"]},
            "Off": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Flag"}, "true"]}]},
        },
        "Resources": {
            "Issuer": {"Type": "AWS::IAM::OIDCProvider", "Properties": {"Url": "https://issuer.example/x"}},
            "Thing": {"Type": "Some::Thing", "Properties": {"Value": value}},
        },
    }
    resources = stacks.resolve(template, account_id=ACCOUNT, parameters=parameters)
    return resources["Thing"].properties.get("Value")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("as it is ${Name}", "as it is ${Name}"),
        ({"Ref": "Name"}, "jit"),
        ({"Ref": "Items"}, ["a", "b"]),
        ({"Ref": "AWS::AccountId"}, ACCOUNT),
        ({"Ref": "Issuer"}, f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example/x"),
        ({"Fn::Sub": "${Name}bot-${AWS::Partition}-${!Name}-${Name}"}, "jitbot-aws-${Name}-jit"),
        ({"Fn::Sub": ["${Own}-${Name}", {"Own": {"Ref": "AWS::AccountId"}}]}, f"{ACCOUNT}-jit"),
        ({"Fn::Sub": ["${Name}", {"Name": "nearer"}]}, "nearer"),
        ({"Fn::Join": [":*,", {"Ref": "Items"}]}, "a:*,b"),
        ({"Fn::Split": [",", {"Fn::Join": [",", ["x", {"Ref": "Name"}]]}]}, ["x", "jit"]),
        ({"Fn::If": ["On", {"Ref": "Name"}, "other"]}, "jit"),
        ({"Fn::If": ["Off", "one", {"a": [{"Ref": "Name"}]}]}, {"a": ["jit"]}),
        ([1, {"Fn::If": ["Off", 2, {"Ref": "AWS::NoValue"}]}, 3], [1, 3]),
        ({"kept": 1, "left out": {"Ref": "AWS::NoValue"}}, {"kept": 1}),
        ({"Ref": "AWS::NoValue"}, None),
    ],
)
def test_a_function_becomes_its_value(value: Any, expected: Any) -> None:
    """Each function that jitbot's template uses, alone and inside another."""
    assert filled(value) == expected


def test_a_parameter_replaces_its_default() -> None:
    """In text, in conditions, and in lists, of which an empty text makes one empty value."""
    assert filled({"Fn::Sub": "${Name}bot"}, Name="ops") == "opsbot"
    assert filled({"Fn::If": ["On", 1, 2]}, Flag="false") == 2
    assert filled({"Ref": "Items"}, Items="") == [""]


@pytest.mark.parametrize(
    ("value", "parameters"),
    [
        ("x", {"Nobody": "x"}),
        ("x", {"Name": "UPPER"}),
        ("x", {"Name": "jit\n"}),
        ("x", {"Flag": "yes"}),
        ("x", {"Items": "a,B"}),
        ({"Ref": "Nothing"}, {}),
        ({"Ref": "Thing"}, {}),
        ({"Fn::Sub": "${Nothing}"}, {}),
        ({"Fn::Sub": "${Items}"}, {}),
        ({"Fn::If": ["Never", 1, 2]}, {}),
        ({"Fn::Base64": "x"}, {}),
        ({"Fn::Sub": "x", "beside": 1}, {}),
    ],
)
def test_what_is_not_known_is_refused(value: Any, parameters: dict[str, str]) -> None:
    """A wrong parameter, a name without a meaning, a function that jitbot's template does not use."""
    with pytest.raises(InvalidError):
        filled(value, **parameters)


def test_an_unknown_kind_of_condition_is_refused() -> None:
    """No condition is taken for true or false unread."""
    template = {"Conditions": {"X": {"Fn::Or": []}}, "Resources": {"A": {"Type": "T", "Condition": "X"}}}
    with pytest.raises(InvalidError):
        stacks.resolve(template, account_id=ACCOUNT)


def test_a_parameter_without_default_must_be_given() -> None:
    """CloudFormation would ask; here nobody can."""
    template = {"Parameters": {"Owner": {"Type": "String"}}, "Resources": {}}
    with pytest.raises(InvalidError):
        stacks.resolve(template, account_id=ACCOUNT)
    assert stacks.resolve(template, account_id=ACCOUNT, parameters={"Owner": "x"}) == {}


def test_nothing_is_left_to_fill_in() -> None:
    """The stack of an account holds plain documents, with the account's own ARNs."""
    template = accounts.template(
        namespace="jit", issuer="https://i.example", repository="acme/access", repository_id=1, owner_id=2
    )
    resources = stacks.resolve(template, account_id=ACCOUNT)
    text = repr(resources)
    assert sorted(resources) == ["AuditRole", "Boundary", "GrantRole", "OidcProvider", "SweepRole"]
    assert "Fn::" not in text
    assert "${" not in text
    assert f"arn:aws:iam::{ACCOUNT}:role/jit/*" in text


def test_two_namespaces_live_side_by_side() -> None:
    """In one account, the roles of the second work under their own path and boundary, and under no other."""
    with World() as world:
        world.aws.seed_account(PROD, issuer=world.issuer.url, namespace="ops")
        answer = world.anonymous().assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{PROD}:role/opsbot-grant",
            RoleSessionName="run-1",
            WebIdentityToken=world.issuer.token(world.clock.now()),
        )
        iam = world.client("iam", environment(answer))
        wanted = {"AssumeRolePolicyDocument": document(trust(f"arn:aws:iam::{PROD}:root"))}
        own = BOUNDARY.replace("jitbot", "opsbot")
        made = iam.create_role(RoleName="ops-x", Path="/ops/", PermissionsBoundary=own, **wanted)
        assert made["Role"]["Arn"] == f"arn:aws:iam::{PROD}:role/ops/ops-x"
        for path, boundary in (("/jit/", own), ("/jit/", BOUNDARY), ("/ops/", BOUNDARY)):
            there = {"RoleName": "ops-y", "Path": path, "PermissionsBoundary": boundary}
            assert refused(iam.create_role, **there, **wanted) == "AccessDenied"
