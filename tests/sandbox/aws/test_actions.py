"""Which action on which resource each kind of call is."""

import json
from typing import Any

import pytest

from jitbot.sandbox.aws.policy.actions import questions
from jitbot.sandbox.aws.policy.s3_actions import wanted
from jitbot.sandbox.aws.sessions import Caller, Kind
from jitbot.sandbox.aws.store import RoleStore
from jitbot.sandbox.aws.wire import AwsCall, Protocol

ACCOUNT = "111111111111"
CALLER = Caller(kind=Kind.ADMIN, account_id=ACCOUNT, arn="x", userid="x")


@pytest.mark.parametrize(
    ("method", "path", "query", "action", "resource"),
    [
        ("GET", "/", "", "ListAllMyBuckets", "*"),
        ("GET", "/b", "list-type", "ListBucket", "arn:aws:s3:::b"),
        ("GET", "/b/", "list-type", "ListBucket", "arn:aws:s3:::b"),
        ("HEAD", "/b", "", "ListBucket", "arn:aws:s3:::b"),
        ("GET", "/b", "versions", "ListBucketVersions", "arn:aws:s3:::b"),
        ("PUT", "/b", "", "CreateBucket", "arn:aws:s3:::b"),
        ("DELETE", "/b", "", "DeleteBucket", "arn:aws:s3:::b"),
        ("POST", "/b", "delete", "DeleteObject", "arn:aws:s3:::b/*"),
        ("POST", "/b", "", "PutObject", "arn:aws:s3:::b/*"),
        ("GET", "/b", "policy", "GetBucketPolicy", "arn:aws:s3:::b"),
        ("PUT", "/b", "policy", "PutBucketPolicy", "arn:aws:s3:::b"),
        ("GET", "/b/a/b c", "", "GetObject", "arn:aws:s3:::b/a/b c"),
        ("HEAD", "/b/k", "", "GetObject", "arn:aws:s3:::b/k"),
        ("GET", "/b/k", "versionId", "GetObjectVersion", "arn:aws:s3:::b/k"),
        ("PUT", "/b/k", "", "PutObject", "arn:aws:s3:::b/k"),
        ("PUT", "/b/k", "uploadId", "PutObject", "arn:aws:s3:::b/k"),
        ("POST", "/b/k", "uploads", "PutObject", "arn:aws:s3:::b/k"),
        ("GET", "/b/k", "uploadId", "ListMultipartUploadParts", "arn:aws:s3:::b/k"),
        ("DELETE", "/b/k", "uploadId", "AbortMultipartUpload", "arn:aws:s3:::b/k"),
        ("DELETE", "/b/k", "", "DeleteObject", "arn:aws:s3:::b/k"),
        ("PUT", "/b/k", "acl", "PutObjectAcl", "arn:aws:s3:::b/k"),
    ],
)
def test_an_s3_request_is_read_by_method_path_and_query(
    method: str, path: str, query: str, action: str, resource: str
) -> None:
    """The names that S3's own reference gives them."""
    parameters = {query: ""} if query else {}
    call = AwsCall(
        service="s3", operation="", protocol=Protocol.S3, method=method, path=path, parameters=parameters
    )
    assert [(name, arn) for name, arn, _ in wanted(call)] == [(f"s3:{action}", resource)]


@pytest.mark.parametrize(
    ("service", "operation", "document", "resources"),
    [
        ("dynamodb", "GetItem", {"TableName": "t"}, ["table/t"]),
        ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, ["table/t/index/i"]),
        ("dynamodb", "BatchWriteItem", {"RequestItems": {"a": [], "b": []}}, ["table/a", "table/b"]),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "a"}}, {"Delete": {"TableName": "b"}}]},
            ["table/a", "table/b"],
        ),
        ("logs", "GetLogEvents", {"logGroupName": "g", "logStreamName": "s"}, ["log-group:g:log-stream:s"]),
        (
            "logs",
            "StartQuery",
            {"logGroupNames": ["g", "h"]},
            ["log-group:g:log-stream:", "log-group:h:log-stream:"],
        ),
        ("logs", "DescribeLogGroups", {}, ["log-group::log-stream:"]),
        ("ssm", "GetParameter", {"Name": "/a/b"}, ["parameter/a/b"]),
        ("ssm", "GetParameters", {"Names": ["a", "b"]}, ["parameter/a", "parameter/b"]),
        ("ssm", "ResumeSession", {"SessionId": "s"}, ["session/s"]),
    ],
)
def test_a_json_call_names_its_resources(
    service: str, operation: str, document: dict[str, Any], resources: list[str]
) -> None:
    """Every table, group, parameter and session it touches, each asked for."""
    call = AwsCall(
        service=service,
        operation=operation,
        region="eu-west-1",
        protocol=Protocol.JSON,
        body=json.dumps(document).encode(),
    )
    asked = questions(call, CALLER, RoleStore(), {})
    assert {question.action for question in asked} == {f"{service}:{operation}"}
    assert [question.resource for question in asked] == [
        f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{resource}" for resource in resources
    ]


def test_a_shell_asks_for_instance_and_document() -> None:
    """Both must be allowed where a document is named."""
    body = json.dumps({"Target": "i-1", "DocumentName": "D"}).encode()
    call = AwsCall(
        service="ssm", operation="StartSession", region="eu-west-1", protocol=Protocol.JSON, body=body
    )
    found = [question.resource for question in questions(call, CALLER, RoleStore(), {})]
    assert found == [
        f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1",
        f"arn:aws:ssm:eu-west-1:{ACCOUNT}:document/D",
    ]


@pytest.mark.parametrize(
    ("service", "operation", "method", "action"),
    [
        ("monitoring", "GetMetricData", "POST", "cloudwatch:GetMetricData"),
        ("lambda", "", "GET", "lambda:GET"),
    ],
)
def test_anything_else_is_asked_of_the_star(service: str, operation: str, method: str, action: str) -> None:
    """By its operation where the request names one, else by its method."""
    call = AwsCall(service=service, operation=operation, method=method, protocol=Protocol.REST)
    assert [(asked.action, asked.resource) for asked in questions(call, CALLER, RoleStore(), {})] == [
        (action, "*")
    ]
