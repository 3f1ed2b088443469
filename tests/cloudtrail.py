"""Events as CloudTrail's event history answers them, for the tests of what reads it."""

import json
from datetime import UTC, datetime
from typing import Any

ROLE = "arn:aws:iam::111111111111:role/jit/jit-alice-orders-db-read-8074caf777"
SESSION = "arn:aws:sts::111111111111:assumed-role/jit-alice-orders-db-read-8074caf777/alice"
ALICE = "arn:aws:sts::222222222222:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/alice@acme.com"
AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def event(name: str, *, at: datetime = AT, event_id: str = "e1", **parts: Any) -> dict[str, Any]:
    """One event in its envelope; `parts` are of the event itself."""
    inner = {
        "eventID": event_id,
        "eventName": name,
        "eventSource": "sts.amazonaws.com",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        **parts,
    }
    return {"EventId": event_id, "EventName": name, "EventTime": at, "CloudTrailEvent": json.dumps(inner)}


def assumed(**changes: Any) -> dict[str, Any]:
    """alice assumes the role with a program."""
    return event(
        "AssumeRole",
        **{
            "userIdentity": {"type": "AssumedRole", "arn": ALICE},
            "requestParameters": {"roleArn": ROLE, "roleSessionName": "alice"},
            "responseElements": {"credentials": {"accessKeyId": "ASIAEXAMPLE000000001"}},
            **changes,
        },
    )


def switched(session: str = SESSION, **changes: Any) -> dict[str, Any]:
    """alice switches to the role in the console."""
    return event(
        "SwitchRole",
        **{
            "eventSource": "signin.amazonaws.com",
            "userIdentity": {"type": "AssumedRole", "arn": session},
            "additionalEventData": {"SwitchFrom": ALICE},
            **changes,
        },
    )


def called(name: str = "DescribeTable", role: str = ROLE, **changes: Any) -> dict[str, Any]:
    """A call made in a session of the role."""
    issuer = {"sessionContext": {"sessionIssuer": {"type": "Role", "arn": role}}}
    return event(
        name,
        **{
            "eventSource": "dynamodb.amazonaws.com",
            "userIdentity": {"type": "AssumedRole", "arn": SESSION, **issuer},
            **changes,
        },
    )
