"""The sandbox's reading of policy documents, element by element."""

from typing import Any

import pytest

from jitbot.sandbox.aws.policy.conditions import check
from jitbot.sandbox.aws.policy.evaluator import AccessQuestion, Evaluation, evaluate, load

ALLOW, DENY, SILENT = Evaluation.ALLOW, Evaluation.DENY, Evaluation.SILENT


def ask(
    statements: Any,
    action: str = "s3:GetObject",
    resource: str = "arn:aws:s3:::b/k",
    version: str = "2012-10-17",
    **context: Any,
) -> Evaluation:
    """What the statements say; context keys are written with `__` for the colon."""
    keys = {name.replace("__", ":").lower(): value for name, value in context.items()}
    found = {name: value if isinstance(value, tuple) else (value,) for name, value in keys.items()}
    return evaluate(
        [{"Version": version, "Statement": statements}],
        AccessQuestion(action=action, resource=resource, context=found),
    )


def allow(**elements: Any) -> dict[str, Any]:
    """An Allow of everything, but for these elements."""
    base = {"Effect": "Allow"}
    if "NotAction" not in elements:
        base["Action"] = "*"
    if "NotResource" not in elements:
        base["Resource"] = "*"
    return {**base, **elements}


@pytest.mark.parametrize(
    ("elements", "verdict"),
    [
        ({"Action": "s3:GetObject"}, ALLOW),
        ({"Action": "S3:getobject"}, ALLOW),
        ({"Action": ["s3:PutObject", "s3:Get*"]}, ALLOW),
        ({"Action": "s3:GetObjec?"}, ALLOW),
        ({"Action": "s3:Get"}, SILENT),
        ({"Action": []}, SILENT),
        ({"NotAction": "s3:PutObject"}, ALLOW),
        ({"NotAction": ["s3:Get*"]}, SILENT),
        ({"Resource": "arn:aws:s3:::b/*"}, ALLOW),
        ({"Resource": "arn:aws:s3:::b"}, SILENT),
        ({"Resource": "arn:aws:s3:::B/k"}, SILENT),
        ({"Resource": "arn:*:b/k"}, SILENT),
        ({"Resource": "arn:aws:s3"}, ALLOW),
        ({"NotResource": "arn:aws:s3:::b/*"}, SILENT),
        ({"NotResource": "arn:aws:s3:::c/*"}, ALLOW),
    ],
)
def test_actions_and_resources_match_as_aws_matches_them(
    elements: dict[str, Any], verdict: Evaluation
) -> None:
    """Actions ignore case, resources do not, and a wildcard stays within its part of an ARN."""
    assert ask(allow(**elements)) is verdict


def test_a_statement_without_action_or_resource_says_nothing() -> None:
    """What a statement does not name, it does not allow."""
    assert ask({"Effect": "Allow", "Action": "*"}) is SILENT
    assert ask({"Effect": "Allow", "Resource": "*"}) is SILENT
    assert ask([]) is SILENT


def test_an_explicit_deny_wins_wherever_it_stands() -> None:
    """The order of statements and documents does not matter."""
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert ask([allow(), deny]) is DENY
    assert ask([deny, allow()]) is DENY
    assert ask([allow(), deny], action="ec2:RunInstances", resource="*") is ALLOW


def test_an_action_without_a_resource_needs_the_star() -> None:
    """`*` is reached by nothing but `*`."""
    assert ask(allow(Resource="arn:aws:iam::1:role/*"), action="iam:ListRoles", resource="*") is SILENT
    assert ask(allow(Resource="*"), action="iam:ListRoles", resource="*") is ALLOW


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a*", "a*", True),
        ("StringEquals", "A", "a", False),
        ("StringEquals", ["x", "a"], "a", True),
        ("StringEquals", "a", (), False),
        ("StringEqualsIfExists", "a", (), True),
        ("StringEqualsIfExists", "a", "b", False),
        ("StringEqualsIgnoreCase", "A", "a", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", "a", (), True),
        ("StringNotEqualsIgnoreCase", "A", "a", False),
        ("StringLike", "a*", "abc", True),
        ("StringLike", "a?", "abc", False),
        ("StringLike", "*:alice@acme.com", "AROA1:alice@acme.com", True),
        ("StringLike", "*:alice@acme.com", "AROA1:alice@acme.com.evil", False),
        ("StringNotLike", "a*", "abc", False),
        ("ArnLike", "arn:aws:iam::2:role/x/*", "arn:aws:iam::2:role/x/y", True),
        ("ArnLike", "arn:aws:iam::2:role/x/*", "arn:aws:iam::22:role/x/y", False),
        ("ArnEquals", "arn:aws:iam:*:role/x", "arn:aws:iam::2:role/x", False),
        ("ArnNotLike", "arn:aws:iam::2:role/*", "arn:aws:iam::2:role/y", False),
        ("ArnLike", "arn:aws:iam::2:role/x", "not an arn", False),
        ("NumericLessThan", "10", "9", True),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericNotEquals", "10", "10.0", False),
        ("Bool", "true", "true", True),
        ("Bool", "false", "true", False),
        ("BoolIfExists", "false", (), True),
        ("Bool", "false", (), False),
        ("Null", "true", (), True),
        ("Null", "false", (), False),
        ("Null", "false", "x", True),
        ("IpAddress", "127.0.0.0/8", "127.0.0.1", True),
        ("IpAddress", "127.0.0.0/8", "128.0.0.1", False),
        ("IpAddress", "127.0.0.0/8", "::1", False),
        ("NumericLessThan", "10", "few", False),
        ("DateLessThan", "2026-11-24T11:00:00Z", "alice", False),
        ("NotIpAddress", "127.0.0.0/8", "127.0.0.1", False),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a"], ("a", "b"), False),
        ("ForAllValues:StringEquals", ["a"], (), True),
        ("ForAnyValue:StringEquals", ["b"], ("a", "b"), True),
        ("ForAnyValue:StringEquals", ["c"], ("a", "b"), False),
        ("ForAnyValue:StringEquals", ["c"], (), False),
        ("ForAnyValue:StringNotEquals", ["c"], (), False),
        ("ForAnyValue:StringEqualsIfExists", ["c"], (), True),
    ],
)
def test_conditions_hold_as_aws_describes_them(operator: str, wanted: Any, given: Any, holds: bool) -> None:
    """Each operator, with the key there, missing, and multiplied."""
    assert ask(allow(Condition={operator: {"k:Key": wanted}}), k__Key=given) is (ALLOW if holds else SILENT)


@pytest.mark.parametrize(
    ("operator", "before", "at", "after"),
    [
        ("DateLessThan", True, False, False),
        ("DateLessThanEquals", True, True, False),
        ("DateEquals", False, True, False),
        ("DateNotEquals", True, False, True),
        ("DateGreaterThanEquals", False, True, True),
        ("DateGreaterThan", False, False, True),
    ],
)
@pytest.mark.parametrize("limit", ["2026-11-24T11:00:00Z", "2026-11-24T12:00:00+01:00", "1795518000"])
def test_dates_are_exact_to_the_second(
    operator: str, before: bool, at: bool, after: bool, limit: str
) -> None:
    """One second before, at, and after, in every spelling of a time."""
    statement = allow(Condition={operator: {"aws:CurrentTime": limit}})
    times = ("2026-11-24T10:59:59Z", "2026-11-24T11:00:00Z", "2026-11-24T11:00:01Z")
    said = [ask(statement, aws__CurrentTime=moment) is ALLOW for moment in times]
    assert said == [before, at, after]


def test_all_operators_and_all_keys_must_hold() -> None:
    """A condition block is a conjunction."""
    block = {"StringEquals": {"k:a": "1", "k:b": "2"}, "Bool": {"k:c": "true"}}
    assert ask(allow(Condition=block), k__a="1", k__b="2", k__c="true") is ALLOW
    assert ask(allow(Condition=block), k__a="1", k__b="3", k__c="true") is SILENT
    assert ask(allow(Condition=block), k__a="1", k__b="2", k__c="false") is SILENT


def test_a_variable_brings_in_text_and_never_a_pattern() -> None:
    """A session named `*` reaches its own session alone."""
    statement = allow(Resource="arn:aws:s3:::b/${aws:userid}-*")
    assert ask(statement, resource="arn:aws:s3:::b/AROA1:x-9", aws__userid="AROA1:x") is ALLOW
    assert ask(statement, resource="arn:aws:s3:::b/other-9", aws__userid="*") is SILENT
    assert ask(statement, resource="arn:aws:s3:::b/*-9", aws__userid="*") is ALLOW


def test_a_missing_variable_matches_nothing() -> None:
    """An unknown variable makes its statement silent, and old documents know none at all."""
    statement = allow(Resource="arn:aws:s3:::b/${aws:username}")
    assert ask(statement, resource="arn:aws:s3:::b/bob") is SILENT
    assert ask(statement, resource="arn:aws:s3:::b/bob", aws__username="bob") is ALLOW
    assert ask(statement, resource="arn:aws:s3:::b/bob", version="2008-10-17", aws__username="bob") is SILENT
    assert ask(allow(Resource="arn:aws:s3:::b/${*}"), resource="arn:aws:s3:::b/bob") is SILENT
    assert ask(allow(Condition={"StringEquals": {"k:a": "${k:b}"}}), k__a="x", k__b="x") is ALLOW


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("StringEqual", "x"),
        ("ForSomeValues:StringEquals", "x"),
        ("NullIfExists", "true"),
        ("DateLessThan", "tomorrow"),
        ("DateLessThan", "2026-11-31T00:00:00Z"),
        ("NumericEquals", "ten"),
        ("Bool", "yes"),
        ("IpAddress", "localhost"),
    ],
)
def test_what_aws_would_not_store_is_an_error(operator: str, value: str) -> None:
    """Unknown operators and unreadable values are never quietly false."""
    with pytest.raises(ValueError, match=r"."):
        check(operator, [value])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"Version": "1", "Version": "2"}'])
def test_a_document_must_be_one_clear_object(text: str) -> None:
    """Broken JSON, other values and repeated keys are refused."""
    with pytest.raises(ValueError, match=r"."):
        load(text)
