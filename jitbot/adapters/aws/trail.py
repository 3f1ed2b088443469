"""CloudTrail's event history: the management events of the last 90 days, read at the rate AWS allows.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html. Data events, such as
reading a table's rows, are not in it. Entering a role is recorded in the region whose endpoint of STS was asked, which
may be any that the account has enabled. None of it is proven against the real AWS here.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import boto3

from jitbot.adapters.aws.errors import translated
from jitbot.adapters.aws.identity import REGION, Identity, client_of
from jitbot.domain.model.bounds import RUN_PAGES
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import TooMuchError, UnavailableError
from jitbot.domain.usage.role_usage import Opening, Period, TrailCall

MOST = 10_000  # events of one question: a hundred seconds at AWS's rate
PAUSE = 0.5  # seconds between two calls: AWS allows two a second for each account and region
_PAGE = 50
_ATTEMPTS = 5
_FRESH = 600.0  # seconds; the credentials of an account live for 900
_LONGEST = 1_200.0  # seconds that one run asks; its job has half an hour
_REGION = re.compile(r"[a-z]{2,3}(-[a-z]{1,12}){1,3}-[0-9]{1,2}", re.ASCII)


class AwsTrail:
    """One account in one region. Events are asked for by one attribute, since AWS takes no more.

    `pages` is how many answers it reads in all; None bounds each question by `MOST` alone. `count` hears of each.
    """

    def __init__(
        self,
        client: Any,
        region: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        pages: int | None = None,
        count: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._region = region
        self._sleep = sleep
        self._pages_left = pages
        self._count = count

    def openings(self, role_arn: str, period: Period) -> Iterator[Opening]:
        """Every AssumeRole of the role that gave credentials, and every switch to it in the console."""
        for event in self._events("ResourceName", role_arn, period):
            if event.get("eventName") == "AssumeRole" and not event.get("errorCode"):
                yield self._assumed(event)
        for event in self._events("EventName", "SwitchRole", period):
            arn = _text(event, "userIdentity", "arn")
            same = (
                _role_of(arn) == role_arn.rpartition("/")[2] and arn.split(":")[4] == role_arn.split(":")[4]
            )
            if same and _text(event, "responseElements", "SwitchRole") != "Failure":
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
                raise TooMuchError(f"CloudTrail has more than {MOST} events of {value}: look there")
            yield event

    def _pages(self, key: str, value: str, period: Period) -> Iterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}],
            "StartTime": period.start,
            "EndTime": period.end,
            "MaxResults": _PAGE,
        }
        while True:
            if self._pages_left is not None:
                if self._pages_left <= 0:
                    raise TooMuchError(
                        f"CloudTrail has more events in {self._region} than are read: look there"
                    )
                self._pages_left -= 1
            self._count()
            self._sleep(PAUSE)
            with translated(f"look up events in {self._region}"):
                answer = self._client.lookup_events(**asked)
            if (events := answer.get("Events")) is None:  # no list is not an empty one
                raise UnavailableError("CloudTrail's answer lacks what it should hold")
            for event in events:
                yield _whole(event)
            if not (token := answer.get("NextToken")):
                return
            asked["NextToken"] = token


class AwsTrails:
    """The trails of every account, entered with this run's own identity; never by a fallback.

    `pages` is how many answers are read of one trail that is asked for, and so of one role in one region.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        endpoint: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        pages: int | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._endpoint = endpoint
        self._sleep = sleep
        self._pages = pages
        self._seconds = seconds
        self._began = seconds()
        self._entered: dict[AccountId, tuple[boto3.Session, float]] = {}
        self._asked = Counter[str]()
        self._clients: dict[tuple[str, str], Any] = {}  # of the session that was used last
        self._session_of: boto3.Session | None = None

    def of(self, account_id: AccountId, region: str) -> AwsTrail:
        client = self._client(account_id, "cloudtrail", region)
        return AwsTrail(
            client, region, sleep=self._sleep, pages=self._pages, count=lambda: self._asked.update([region])
        )

    def regions(self, account_id: AccountId) -> tuple[str, ...]:
        """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html: the enabled ones."""
        client = self._client(account_id, "ec2", REGION)
        with translated(f"list the regions of account {account_id}"):
            answer = client.describe_regions(AllRegions=False)
        found = {str(each.get("RegionName", "")) for each in answer.get("Regions", [])}
        if not found or not all(_REGION.fullmatch(each) for each in found):
            raise UnavailableError(f"AWS's list of regions of account {account_id} cannot be read")
        return tuple(sorted(found))

    def spent(self) -> bool:
        return max(self._asked.values(), default=0) >= RUN_PAGES or self._seconds() - self._began >= _LONGEST

    def session(self, account_id: AccountId) -> boto3.Session:
        """The account, entered; anew before its credentials run out."""
        session, since = self._entered.get(account_id, (None, 0.0))
        if session is None or self._seconds() - since >= _FRESH:
            with translated(f"enter account {account_id}"):
                session = self._enter(account_id)
            self._entered[account_id] = (session, self._seconds())
        return session

    def _client(self, account_id: AccountId, service: str, region: str) -> Any:
        """A client; those of one account are kept until another is asked, since each takes memory and time."""
        session = self.session(account_id)
        if session is not self._session_of:
            self._session_of, self._clients = session, {}
        if (service, region) not in self._clients:
            self._clients[service, region] = client_of(
                session, service, region, endpoint=self._endpoint, attempts=_ATTEMPTS
            )
        return self._clients[service, region]

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
    return at.astimezone(UTC).replace(microsecond=0)


def _role_of(arn: str) -> str:
    """The role's name in the ARN of a session; empty for anything else."""
    _, _, path = arn.partition(":assumed-role/")
    return path.partition("/")[0]
