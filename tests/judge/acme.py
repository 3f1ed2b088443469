"""One request under each of acme's policies, what it names, and what lies beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from grants import MERGED_AT, Grant, explained
from judge import Question

import jitbot

ACME = Path(jitbot.__file__).parent / "sandbox" / "acme"
PLANNED = "2026-11-26T06:30:00Z"
SESSION_ID = "AROASESSIONEXAMPLE001:whatever"  # aws:userid of the session that asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An action on a resource; `{account}` stands for the grant's account."""

    action: str
    resource: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ask:
    """A request, the calls it is for, and calls that look like them and are not meant."""

    policy: str
    requester: str
    accounts: str
    duration: str
    longer: str  # the longest that the policy allows
    fields: str = ""
    named: tuple[Call, ...]
    beside: tuple[Call, ...]

    def file(self, *, duration: str | None = None, starts_at: str | None = None) -> str:
        """The request as its author would write it."""
        start = f"starts_at: {starts_at}\n" if starts_at else ""
        return (
            f"requester: {self.requester}\naccounts: [{self.accounts}]\n"
            f"duration: {duration or self.duration}\nreason: to be judged\n{self.fields}{start}"
        )


TABLE = "arn:aws:dynamodb:eu-west-1:{account}:table/"
BUCKET = "arn:aws:s3:::acme-data-{account}"
LOGS = "arn:aws:logs:eu-west-1:{account}:log-group:/acme/"
INSTANCE = "arn:aws:ec2:eu-west-1:{account}:instance/i-0123456789abcdef0"
QUEUE = "arn:aws:sqs:eu-west-1:{account}:"
SHELL = "arn:aws:ssm:eu-west-1:{account}:"
ABROAD = {"aws:RequestedRegion": "eu-central-1"}

ORDERS = Ask(
    policy="orders-db-read",
    requester="alice",
    accounts="prod, staging",
    duration="2h",
    longer="4h",
    fields="parameters: {table: orders}\n",
    named=(
        Call(action="dynamodb:DescribeTable", resource=f"{TABLE}orders"),
        Call(action="dynamodb:GetItem", resource=f"{TABLE}orders"),
        Call(action="dynamodb:Query", resource=f"{TABLE}orders/index/by-day"),
        Call(action="dynamodb:Scan", resource=f"{TABLE}orders"),
    ),
    beside=(
        Call(action="dynamodb:GetItem", resource=f"{TABLE}refunds"),
        Call(action="dynamodb:GetItem", resource=f"{TABLE}orders2"),
        Call(action="dynamodb:Query", resource=f"{TABLE}refunds/index/orders"),
        Call(action="dynamodb:GetItem", resource=f"{TABLE}orders", context=ABROAD),
        Call(action="dynamodb:PutItem", resource=f"{TABLE}orders"),
        Call(action="dynamodb:BatchGetItem", resource=f"{TABLE}orders"),
    ),
)
PREFIX = Ask(
    policy="s3-prefix-read",
    requester="grace",
    accounts="data, staging",
    duration="90m",
    longer="8h",
    fields="parameters: {prefix: reports/2026}\n",
    named=(
        Call(action="s3:GetObject", resource=f"{BUCKET}/reports/2026/november.csv"),
        Call(action="s3:GetObject", resource=f"{BUCKET}/reports/2026/a/b/c"),
        Call(action="s3:ListBucket", resource=BUCKET, context={"s3:prefix": "reports/2026/"}),
        Call(action="s3:ListBucket", resource=BUCKET, context={"s3:prefix": "reports/2026/november"}),
    ),
    beside=(
        Call(action="s3:GetObject", resource=f"{BUCKET}/reports/2025/november.csv"),
        Call(action="s3:GetObject", resource=f"{BUCKET}/reports/20267/november.csv"),
        Call(action="s3:GetObject", resource=f"{BUCKET}2/reports/2026/november.csv"),
        Call(action="s3:ListBucket", resource=BUCKET),
        Call(action="s3:ListBucket", resource=BUCKET, context={"s3:prefix": "reports/"}),
        Call(action="s3:PutObject", resource=f"{BUCKET}/reports/2026/november.csv"),
        Call(action="s3:GetObjectVersion", resource=f"{BUCKET}/reports/2026/november.csv"),
    ),
)
SERVICE_LOGS = Ask(
    policy="service-logs-read",
    requester="carol",
    accounts="prod, staging",
    duration="4h",
    longer="8h",
    fields="parameters: {service: payments}\n",
    named=(
        Call(action="logs:DescribeLogStreams", resource=f"{LOGS}payments"),
        Call(action="logs:FilterLogEvents", resource=f"{LOGS}payments"),
        Call(action="logs:GetLogEvents", resource=f"{LOGS}payments:log-stream:one"),
        Call(action="logs:StartQuery", resource=f"{LOGS}payments"),
        Call(action="logs:GetQueryResults", resource="*"),
    ),
    beside=(
        Call(action="logs:FilterLogEvents", resource=f"{LOGS}orders"),
        Call(action="logs:FilterLogEvents", resource=f"{LOGS}payments-audit"),
        Call(action="logs:GetLogEvents", resource=f"{LOGS}orders:log-stream:payments"),
        Call(action="logs:DeleteLogGroup", resource=f"{LOGS}payments"),
        Call(action="logs:DescribeQueries", resource="*"),
    ),
)
SSM_SHELL = Ask(
    policy="ssm-shell",
    requester="dave",
    accounts="prod",
    duration="30m",
    longer="2h",
    fields="parameters: {team: sre}\n",
    named=(
        Call(action="ssm:StartSession", resource=INSTANCE, context={"ssm:resourceTag/team": "sre"}),
        Call(action="ssm:StartSession", resource=f"{SHELL}document/SSM-SessionManagerRunShell"),
        Call(action="ssm:ResumeSession", resource=f"{SHELL}session/{SESSION_ID}-0a1b"),
        Call(action="ssm:TerminateSession", resource=f"{SHELL}session/{SESSION_ID}-0a1b"),
        Call(action="ec2:DescribeInstances", resource="*"),
    ),
    beside=(
        Call(action="ssm:StartSession", resource=INSTANCE, context={"ssm:resourceTag/team": "payments"}),
        Call(action="ssm:StartSession", resource=INSTANCE),
        Call(action="ssm:StartSession", resource=f"{SHELL}document/AWS-StartPortForwardingSession"),
        Call(action="ssm:TerminateSession", resource=f"{SHELL}session/AROASESSIONEXAMPLE001:other-0a1b"),
        Call(action="ssm:SendCommand", resource=INSTANCE, context={"ssm:resourceTag/team": "sre"}),
        Call(action="ec2:DescribeVolumes", resource="*"),
    ),
)
REDRIVE = Ask(
    policy="sqs-redrive",
    requester="alice",
    accounts="prod, staging",
    duration="1h",
    longer="2h",
    fields="parameters: {dead_letters: payouts-dead, queue: payouts}\n",
    named=(
        Call(action="sqs:StartMessageMoveTask", resource=f"{QUEUE}payouts-dead"),
        Call(action="sqs:ReceiveMessage", resource=f"{QUEUE}payouts-dead"),
        Call(action="sqs:SendMessage", resource=f"{QUEUE}payouts"),
        Call(action="sqs:GetQueueAttributes", resource=f"{QUEUE}payouts"),
    ),
    beside=(
        Call(action="sqs:ReceiveMessage", resource=f"{QUEUE}payouts"),
        Call(action="sqs:SendMessage", resource=f"{QUEUE}payouts-dead"),
        Call(action="sqs:SendMessage", resource=f"{QUEUE}refunds"),
        Call(action="sqs:PurgeQueue", resource=f"{QUEUE}payouts-dead"),
    ),
)
READ_ONLY = Ask(
    policy="account-read-only",
    requester="bob",
    accounts="prod, staging, data",
    duration="6h",
    longer="8h",
    named=(
        Call(action="dynamodb:Scan", resource=f"{TABLE}anything"),
        Call(action="ec2:DescribeInstances", resource="*"),
        Call(action="iam:GetRole", resource="arn:aws:iam::{account}:role/anything"),
        Call(action="s3:GetObject", resource=f"{BUCKET}/anything"),
    ),
    beside=(
        Call(action="dynamodb:PutItem", resource=f"{TABLE}anything"),
        Call(action="ec2:TerminateInstances", resource=INSTANCE),
        Call(action="iam:CreateUser", resource="arn:aws:iam::{account}:user/anything"),
        Call(action="s3:PutObject", resource=f"{BUCKET}/anything"),
        Call(action="sts:AssumeRole", resource="arn:aws:iam::{account}:role/anything"),
    ),
)
ADMIN = Ask(
    policy="production-admin",
    requester="dave",
    accounts="prod",
    duration="30m",
    longer="1h",
    fields="ticket: OPS-1\n",
    named=(
        Call(action="dynamodb:DeleteTable", resource=f"{TABLE}orders"),
        Call(action="ec2:TerminateInstances", resource=INSTANCE),
        Call(action="s3:PutBucketPolicy", resource=BUCKET),
    ),
    beside=(
        Call(action="iam:CreateUser", resource="arn:aws:iam::{account}:user/anything"),
        Call(action="iam:PutRolePolicy", resource="arn:aws:iam::{account}:role/jit/anything"),
        Call(action="iam:PassRole", resource="arn:aws:iam::{account}:role/anything"),
        Call(action="sts:AssumeRole", resource="arn:aws:iam::{account}:role/anything"),
        Call(action="sts:AssumeRole", resource="arn:aws:iam::{account}:role/jitbot-grant"),
    ),
)
BREAK_GLASS = replace(ADMIN, policy="production-break-glass")  # the same access, reviewed after
WRITTEN_OUT = (
    ORDERS,
    PREFIX,
    SERVICE_LOGS,
    SSM_SHELL,
    REDRIVE,
)  # policies whose actions are listed one by one
BY_AWS = (READ_ONLY, ADMIN, BREAK_GLASS)
ASKS = (*WRITTEN_OUT, *BY_AWS)
IDS = [ask.policy for ask in ASKS]


@cache
def made(
    root: Path, ask: Ask, *, duration: str | None = None, starts_at: str | None = None
) -> tuple[Grant, ...]:
    """The grants of a request in a copy of acme's repository, as if it were merged at `MERGED_AT`."""
    path = f"requests/{ask.policy}/{MERGED_AT:%Y-%m/%d}-{ask.requester}-judged.yaml"
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ask.file(duration=duration, starts_at=starts_at), "utf-8")
    return explained(root, path)


def both(root: Path, ask: Ask) -> tuple[Grant, ...]:
    """The grants of a request as soon as it is merged, and of the same with a start asked for."""
    return made(root, ask) + made(root, ask, starts_at=PLANNED)


def called(grant: Grant, call: Call, *, account: str | None = None) -> Question:
    """A call inside the window, on a resource of the grant's account unless said otherwise."""
    owner = account or grant.account_id
    resource = call.resource.format(account=owner)
    return grant.asks(call.action, resource, grant.opens, account_id=owner, context=call.context)
