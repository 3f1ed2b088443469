"""CloudTrail's event history: the management events of every account and region, looked up as AWS lets them be.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html. What reads or writes data is not
in it. The sandbox shows every event at once; AWS takes minutes.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jitbot.sandbox.aws.sessions import Caller, Kind
from jitbot.sandbox.aws.wire import AwsAnswer, AwsCall, RefusedError

KEPT = timedelta(days=90)
_MOST = 50_000  # events of one sandbox
_PAGE = 50
_ACCESS_KEY = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")
_DATA = re.compile(
    r"dynamodb:(Batch(Get|Write)Item|(Get|Put|Update|Delete)Item|Query|Scan|Transact\w+|\w*Statement)|s3:.*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call, as one account's event history in one region has it. `names` are what it can be found by."""

    account_id: str
    region: str
    at: datetime
    event: Mapping[str, Any]
    names: frozenset[tuple[str, str]]


class EventHistory:
    """Every management event so far."""

    def __init__(self) -> None:
        self.calls: deque[RecordedCall] = deque(maxlen=_MOST)
        self._number = 0

    def note(
        self,
        call: AwsCall,
        caller: Caller,
        account_id: str,
        now: datetime,
        *,
        body: bytes = b"",
        error: str = "",
    ) -> None:
        """Record a call of a known caller, with what it gave or the error it ended with."""
        name = call.operation or call.method
        if _DATA.fullmatch(f"{call.service}:{name}"):
            return
        self._number += 1
        role = call.parameters.get("RoleArn", "")
        key = _ACCESS_KEY.search(body)
        given = {"credentials": {"accessKeyId": key[1].decode()}} if key and not error else None
        event: dict[str, Any] = {
            "eventVersion": "1.11",
            "eventID": f"00000000-0000-4000-8000-{self._number:012d}",
            "eventTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": f"{call.service}.amazonaws.com",
            "eventName": name,
            "awsRegion": call.region,
            "sourceIPAddress": "127.0.0.1",
            "userIdentity": _identity(call, caller),
            "requestParameters": _asked(call),
            "responseElements": given,
            **({"errorCode": error} if error else {}),
        }
        names = {
            ("EventName", name),
            ("AccessKeyId", call.access_key),
            ("Username", caller.arn.rpartition("/")[2]),
            *((("ResourceName", role),) if role else ()),
        }
        self.calls.append(
            RecordedCall(
                account_id=account_id, region=call.region, at=now, event=event, names=frozenset(names)
            )
        )

    def look_up(self, call: AwsCall, caller: Caller, now: datetime) -> AwsAnswer:
        """Answer LookupEvents, the newest event first."""
        asked = call.document
        found = sorted(self._found(asked, caller.account_id, call.region, now), key=lambda each: each.at)
        found.reverse()
        start, size = _token(asked), min(int(asked.get("MaxResults", _PAGE)), _PAGE)
        shown = found[start : start + size]
        answer: dict[str, Any] = {"Events": [_enveloped(each) for each in shown]}
        if len(found) > start + size:
            answer["NextToken"] = str(start + size)
        body = json.dumps(answer).encode()
        return AwsAnswer(status=200, body=body, headers=(("Content-Type", "application/x-amz-json-1.1"),))

    def _found(
        self, asked: Mapping[str, Any], account_id: str, region: str, now: datetime
    ) -> Iterator[RecordedCall]:
        wanted = {(each.get("AttributeKey"), each.get("AttributeValue")) for each in _attributes(asked)}
        start, end = _moment(asked, "StartTime", now - KEPT), _moment(asked, "EndTime", now)
        if start > end:
            raise RefusedError("InvalidTimeRangeException", "StartTime is after EndTime")
        for each in self.calls:
            here = (each.account_id, each.region) == (account_id, region)
            if here and max(start, now - KEPT) <= each.at <= end and wanted <= each.names:
                yield each


def _attributes(asked: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = asked.get("LookupAttributes", [])
    if not isinstance(found, list) or len(found) > 1 or not all(isinstance(each, dict) for each in found):
        raise RefusedError("InvalidLookupAttributesException", "AWS takes one attribute")
    return found


def _moment(asked: Mapping[str, Any], name: str, otherwise: datetime) -> datetime:
    given = asked.get(name)
    return datetime.fromtimestamp(float(given), UTC) if isinstance(given, int | float) else otherwise


def _token(asked: Mapping[str, Any]) -> int:
    token = str(asked.get("NextToken", "0"))
    if not token.isdecimal():
        raise RefusedError("InvalidNextTokenException", "No such token")
    return int(token)


def _asked(call: AwsCall) -> Mapping[str, Any] | None:
    if call.operation not in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        return None
    names = {"roleArn": "RoleArn", "roleSessionName": "RoleSessionName"}
    return {name: call.parameters.get(parameter, "") for name, parameter in names.items()}


def _identity(call: AwsCall, caller: Caller) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "type": caller.kind.value,
        "principalId": caller.userid,
        "arn": caller.arn,
        "accountId": caller.account_id,
        "accessKeyId": call.access_key,
    }
    if caller.kind is Kind.ROLE and caller.entity is not None:
        issuer = {"type": "Role", "arn": caller.entity.arn, "userName": caller.entity.name}
        found["sessionContext"] = {"sessionIssuer": issuer}
    return found


def _enveloped(each: RecordedCall) -> Mapping[str, Any]:
    return {
        "EventId": each.event["eventID"],
        "EventName": each.event["eventName"],
        "EventTime": each.at.timestamp(),
        "CloudTrailEvent": json.dumps(each.event),
    }
