"""CloudTrail's event history: the management events of the last 90 days, read at the rate AWS allows.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html. Data events, such as
reading a table's rows, are not in it. None of it is proven against the real AWS here.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import boto3

from jitbot.adapters.aws.errors import translated
from jitbot.adapters.aws.identity import Identity, config
from jitbot.domain.audit.report.usage import Opening, Period, TrailCall
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import UnavailableError

MOST = 10_000  # events of one question: a hundred seconds at AWS's rate
PAUSE = 0.5  # seconds between two calls: AWS allows two a second for each account and region
_PAGE = 50
_ATTEMPTS = 5


class AwsTrail:
    """One account in one region. Events are asked for by one attribute, since AWS takes no more."""

    def __init__(self, client: Any, region: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._region = region
        self._sleep = sleep

    def openings(self, role_arn: str, period: Period) -> Iterator[Opening]:
        """Every AssumeRole of the role that gave credentials, and every switch to it in the console."""
        for event in self._events("ResourceName", role_arn, period):
            if event.get("eventName") == "AssumeRole" and not event.get("errorCode"):
                yield self._assumed(event)
        for event in self._events("EventName", "SwitchRole", period):
            arn = _text(event, "userIdentity", "arn")
            if _role_of(arn) == role_arn.rpartition("/")[2] and arn.split(":")[4] == role_arn.split(":")[4]:
                yield self._switched(event, arn)

    def calls(self, opening: Opening, role_arn: str, period: Period) -> Iterator[TrailCall]:
        """What was called with the credentials so given; for a console session, by its name and role."""
        attribute = ("AccessKeyId", opening.key) if opening.key else ("Username", opening.session)
        for event in self._events(*attribute, period):
            issuer = _text(event, "userIdentity", "sessionContext", "sessionIssuer", "arn")
            if issuer == role_arn:
                yield TrailCall(
                    event_id=_text(event, "eventID"),
                    at=_moment(event),
                    region=_text(event, "awsRegion"),
                    service=_text(event, "eventSource"),
                    name=_text(event, "eventName"),
                    error=_text(event, "errorCode"),
                    session=_text(event, "userIdentity", "arn").rpartition("/")[2],
                )

    def _assumed(self, event: Mapping[str, Any]) -> Opening:
        return Opening(
            event_id=_text(event, "eventID"),
            at=_moment(event),
            region=_text(event, "awsRegion"),
            by=_text(event, "userIdentity", "arn") or _text(event, "userIdentity", "principalId"),
            session=_text(event, "requestParameters", "roleSessionName"),
            key=_text(event, "responseElements", "credentials", "accessKeyId"),
            address=_text(event, "sourceIPAddress"),
        )

    def _switched(self, event: Mapping[str, Any], arn: str) -> Opening:
        return Opening(
            event_id=_text(event, "eventID"),
            at=_moment(event),
            region=_text(event, "awsRegion"),
            by=_text(event, "additionalEventData", "SwitchFrom"),
            session=arn.rpartition("/")[2],
            key="",
            address=_text(event, "sourceIPAddress"),
        )

    def _events(self, key: str, value: str, period: Period) -> Iterator[Mapping[str, Any]]:
        """Every event with this attribute, the newest first."""
        found = islice(self._pages(key, value, period), MOST + 1)
        for number, event in enumerate(found):
            if number == MOST:
                raise UnavailableError(f"CloudTrail has more than {MOST} events of {value}: look there")
            yield event

    def _pages(self, key: str, value: str, period: Period) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}],
            "StartTime": period.start,
            "EndTime": period.end,
            "MaxResults": _PAGE,
        }
        while True:
            self._sleep(PAUSE)
            with translated(f"look up events in {self._region}"):
                answer = self._client.lookup_events(**asked)
            for event in answer["Events"]:
                yield _whole(event)
            if not (token := answer.get("NextToken")):
                return
            asked["NextToken"] = token


class AwsTrails:
    """The trails of every account, entered with this run's own identity; never by a fallback."""

    def __init__(
        self, identity: Identity, *, endpoint: str | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._identity = identity
        self._endpoint = endpoint
        self._sleep = sleep
        self._entered: dict[AccountId, boto3.Session] = {}

    def of(self, account_id: AccountId, region: str) -> AwsTrail:
        if account_id not in self._entered:
            with translated(f"enter account {account_id}"):
                self._entered[account_id] = self._enter(account_id)
        with translated(f"reach CloudTrail in {region}"):
            client = self._entered[account_id].client(
                "cloudtrail", region_name=region, endpoint_url=self._endpoint, config=config(_ATTEMPTS)
            )
        return AwsTrail(client, region, sleep=self._sleep)

    def _enter(self, account_id: AccountId) -> boto3.Session:
        session = self._identity.session()
        sts: Any = session.client("sts", endpoint_url=self._endpoint, config=self._identity.config(_ATTEMPTS))
        found = self._identity.enter(sts, account_id)
        if found is None:
            return session
        return boto3.Session(
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
        )


def _whole(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event itself, which CloudTrail answers as a text within its own envelope."""
    try:
        found = json.loads(event["CloudTrailEvent"])
    except (KeyError, ValueError, RecursionError) as error:
        raise UnavailableError("CloudTrail's answer lacks what it should hold") from error
    if not isinstance(found, dict):
        raise UnavailableError("CloudTrail's answer lacks what it should hold")
    return {**found, "at": event.get("EventTime")}


def _text(event: Mapping[str, Any], *path: str) -> str:
    """The text at a path in the event; empty if there is none."""
    value: Any = event
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _moment(event: Mapping[str, Any]) -> datetime:
    at = event["at"]
    if not isinstance(at, datetime):
        raise UnavailableError("CloudTrail's answer lacks a time")
    return at.astimezone(UTC)


def _role_of(arn: str) -> str:
    """The role's name in the ARN of a session; empty for anything else."""
    _, _, path = arn.partition(":assumed-role/")
    return path.partition("/")[0]
