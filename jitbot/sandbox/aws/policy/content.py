"""What the demo's accounts hold besides IAM: two tables, a log group, a bucket and two instances.

Made when an account is first asked for any of it, because most sandboxes never are.
"""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from jitbot.sandbox.aws.sessions import Caller
from jitbot.sandbox.aws.wire import AwsAnswer, AwsCall

REGION = "eu-west-1"
REGIONS = ("eu-central-1", REGION, "us-east-1")
TABLES = ("orders", "refunds")
LOG_GROUPS = ("/acme/payments", "/acme/orders")
OBJECTS = {"reports/2026/november.csv": b"order,amount\n1,10\n", "exports/customers.csv": b"name\nalice\n"}
INSTANCES = {"i-0aaaaaaaaaaaaaaaa": "payments", "i-0bbbbbbbbbbbbbbbb": "sre"}  # instance -> its tag `team`


class Content:
    """The demo content of the target accounts."""

    def __init__(self) -> None:
        self._wanted: set[tuple[str, str]] = set()

    def plan(self, account_id: str) -> None:
        """Promise the account its content."""
        self._wanted |= {(account_id, service) for service in _SEEDS}

    def context(self, call: AwsCall) -> dict[str, tuple[str, ...]]:
        """The condition keys of the instance that a session is to be started on."""
        if call.service != "ssm" or call.operation != "StartSession":
            return {}
        team = INSTANCES.get(str(call.document.get("Target")))
        keys = ("ssm:resourcetag/team", "aws:resourcetag/team")
        return dict.fromkeys(keys, (team,)) if team else {}

    def prepare(self, service: str) -> None:
        """Make what this service is to find, in every account: names of buckets, at least, are global."""
        for account_id, _ in sorted(item for item in self._wanted if item[1] == service):
            self._wanted.discard((account_id, service))
            _SEEDS[service](account_id)

    def answer(self, call: AwsCall, caller: Caller) -> AwsAnswer | None:
        """Answer what moto cannot (sessions on instances), or does not as these accounts would; None leaves the call to moto."""
        if (call.service, call.operation) == ("ec2", "DescribeRegions"):
            return _regions()
        if call.service == "ssm" and call.operation in ("StartSession", "TerminateSession"):
            return _session(call, caller)
        return None


def _regions() -> AwsAnswer:
    """The regions that every account of the sandbox has enabled."""
    items = "".join(
        f"<item><regionName>{name}</regionName><optInStatus>opt-in-not-required</optInStatus>"
        f"<regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint></item>"
        for name in REGIONS
    )
    text = (
        '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>sandbox</requestId>'
        f"<regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    )
    return AwsAnswer(status=200, body=text.encode(), headers=(("Content-Type", "text/xml"),))


def _session(call: AwsCall, caller: Caller) -> AwsAnswer:
    if call.operation == "TerminateSession":
        document = {"SessionId": call.document.get("SessionId")}
    else:
        document = {
            "SessionId": f"{caller.userid}-{secrets.token_hex(8)}",
            "StreamUrl": f"wss://ssmmessages.{call.region}.amazonaws.com/sandbox",
            "TokenValue": "sandbox",
        }
    headers = (("Content-Type", "application/x-amz-json-1.1"),)
    return AwsAnswer(status=200, body=json.dumps(document).encode(), headers=headers)


def _seed_tables(account_id: str) -> None:
    from moto.dynamodb.models import dynamodb_backends

    backend = dynamodb_backends[account_id][REGION]
    for name in TABLES:
        backend.create_table(
            name=name,
            schema=[{"AttributeName": "id", "KeyType": "HASH"}],
            throughput=None,
            attr=[{"AttributeName": "id", "AttributeType": "S"}],
            global_indexes=None,
            indexes=None,
            streams=None,
            billing_mode="PAY_PER_REQUEST",
            sse_specification=None,
            tags=[],
            deletion_protection_enabled=None,
            warm_throughput=None,
        )
        backend.put_item(name, {"id": {"S": "1"}, "amount": {"N": "10"}})


def _seed_logs(account_id: str) -> None:
    from moto.logs.models import logs_backends

    backend = logs_backends[account_id][REGION]
    # Moto refuses events that the machine's clock calls old.
    moment = int(datetime.now(UTC).timestamp() * 1000)
    events: list[dict[str, Any]] = [{"timestamp": moment, "message": "payment 1 accepted"}]
    for name in LOG_GROUPS:
        backend.create_log_group(name, {})
        backend.create_log_stream(name, "main")
        backend.put_log_events(name, "main", events)


def _seed_bucket(account_id: str) -> None:
    from moto.s3.models import s3_backends

    backend = s3_backends[account_id]["aws"]
    bucket = f"acme-data-{account_id}"
    backend.create_bucket(bucket, REGION)
    for key, content in OBJECTS.items():
        backend.put_object(bucket, key, content)


_SEEDS = {"dynamodb": _seed_tables, "logs": _seed_logs, "s3": _seed_bucket}
