"""What tests ask the embedded AWS again and again, asked at its gateway: who may enter a role, and read a table.

The gateway, and all that it decides and notes, is the same; left out are a client's own checks, its signature, which
the sandbox does not verify, and the reading of an answer into objects. tests/contracts/test_quick_http.py holds the
answers to those of a client.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from quick_http import environ_of

from jitbot.sandbox.aws import AwsSandbox

_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_JSON = "application/x-amz-json-1.0"
_GIVEN = re.compile(rb"<(AccessKeyId|SecretAccessKey|SessionToken)>([^<]+)</")


def assume(aws: AwsSandbox, signed_in: Mapping[str, str], role_arn: str, name: str) -> dict[str, str] | None:
    """The credentials of a session of this role; None if AWS denies it. Raises AssertionError for any other answer."""
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role_arn, "RoleSessionName": name}
    status, body = _ask(aws, signed_in, "sts", urlencode(form).encode(), {"Content-Type": _FORM})
    if status == 200:
        found = {match[1].decode(): match[2].decode() for match in _GIVEN.finditer(body)}
        return {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
        }
    assert b"<Code>AccessDenied</Code>" in body, body
    return None


def can_read(aws: AwsSandbox, session: Mapping[str, str], table: str) -> bool:
    """Whether a session may read a table. Raises AssertionError for any answer but yes and no."""
    headers = {"Content-Type": _JSON, "X-Amz-Target": "DynamoDB_20120810.Scan"}
    status, body = _ask(aws, session, "dynamodb", json.dumps({"TableName": table}).encode(), headers)
    if status == 200:
        return True
    assert "AccessDenied" in json.loads(body)["__type"], body
    return False


def _ask(
    aws: AwsSandbox, who: Mapping[str, str], service: str, content: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes]:
    key = who["AWS_ACCESS_KEY_ID"]
    signed = (
        f"AWS4-HMAC-SHA256 Credential={key}/20261123/{who['AWS_DEFAULT_REGION']}/{service}/aws4_request, none"
    )
    token = {"X-Amz-Security-Token": who["AWS_SESSION_TOKEN"]} if who.get("AWS_SESSION_TOKEN") else {}
    environ = environ_of(
        "POST", "/", aws.url.partition("//")[2], {"Authorization": signed, **headers, **token}, content
    )
    statuses: list[int] = []

    def start(status: str, *_: Any) -> Any:
        statuses.append(int(status.split(" ", 1)[0]))

    body = b"".join(aws._gateway(environ, start))
    return statuses[0], body
