"""CloudTrail's event history, asked as AWS asks to be asked; answered by botocore's own stubber.

moto does not implement LookupEvents, and nothing here ran against the real one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from cloudtrail import ALICE, AT, ROLE, SESSION, assumed, called, event, switched

from jitbot.adapters.aws.trail import MOST, PAUSE, AwsTrail
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.usage.role_usage import Opening, Period

PERIOD = Period(start=datetime(2026, 11, 23, 9, tzinfo=UTC), end=datetime(2026, 11, 23, 13, tzinfo=UTC))
OPENED = Opening(
    event_id="e1", at=AT, region="eu-west-1", by=ALICE, session="alice", key="ASIAEXAMPLE000000001", address="192.0.2.7"
)  # fmt: skip


class Stubbed:
    """A trail whose answers are given beforehand, and each checked against what was asked."""

    def __init__(self) -> None:
        client = boto3.client("cloudtrail", "eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="x")
        self.stubber = Stubber(client)
        self.slept: list[float] = []
        self.trail = AwsTrail(client, "eu-west-1", sleep=self.slept.append)

    def expect(self, key: str, value: str, *events: Any, token: str = "", answer_token: str = "") -> None:
        """The next question, whole, and its answer."""
        asked: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}],
            "StartTime": PERIOD.start,
            "EndTime": PERIOD.end,
            "MaxResults": 50,
            **({"NextToken": token} if token else {}),
        }
        answer = {"Events": list(events), **({"NextToken": answer_token} if answer_token else {})}
        self.stubber.add_response("lookup_events", answer, asked)


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    """Such a trail; every question foreseen must be asked."""
    found = Stubbed()
    with found.stubber:
        yield found
        found.stubber.assert_no_pending_responses()


def test_entering_with_a_program(stubbed: Stubbed) -> None:
    """The role's own ARN finds its AssumeRole events, each with the key that it gave."""
    stubbed.expect("ResourceName", ROLE, assumed())
    stubbed.expect("EventName", "SwitchRole")
    assert list(stubbed.trail.openings(ROLE, PERIOD)) == [OPENED]


def test_entering_in_the_console(stubbed: Stubbed) -> None:
    """A switch of roles has no key; those to other roles, or in other accounts, are left out."""
    other_role = SESSION.replace("orders", "others")
    other_account = SESSION.replace("111111111111", "999999999999")
    stubbed.expect("ResourceName", ROLE)
    stubbed.expect("EventName", "SwitchRole", switched(), switched(other_role), switched(other_account))
    found = list(stubbed.trail.openings(ROLE, PERIOD))
    assert [(each.by, each.session, each.key) for each in found] == [(ALICE, "alice", "")]


def test_who_was_not_let_in_did_not_enter(stubbed: Stubbed) -> None:
    """A refused AssumeRole, and another call that names the role, open nothing."""
    stubbed.expect("ResourceName", ROLE, assumed(errorCode="AccessDenied"), event("GetRole"))
    stubbed.expect("EventName", "SwitchRole")
    assert list(stubbed.trail.openings(ROLE, PERIOD)) == []


def test_calls_of_a_session(stubbed: Stubbed) -> None:
    """What the key called, and what it was denied; a call of another role's session is none of it."""
    denied = called("Scan", errorCode="AccessDeniedException", eventID="e3")
    stubbed.expect(
        "AccessKeyId", OPENED.key, called(eventID="e2"), denied, called(role="arn:aws:iam::1:role/x")
    )
    found = list(stubbed.trail.calls(OPENED, ROLE, PERIOD))
    assert [(each.event_id, each.service, each.name, each.error, each.session) for each in found] == [
        ("e2", "dynamodb.amazonaws.com", "DescribeTable", "", "alice"),
        ("e3", "dynamodb.amazonaws.com", "Scan", "AccessDeniedException", "alice"),
    ]


def test_calls_of_a_console_session(stubbed: Stubbed) -> None:
    """Without a key they are found by the session's name, and told apart by the role."""
    console = Opening(
        event_id="e1", at=AT, region="us-east-1", by=ALICE, session="alice", key="", address="192.0.2.7"
    )
    stubbed.expect("Username", "alice", called(), called(role="arn:aws:iam::1:role/x"))
    assert len(list(stubbed.trail.calls(console, ROLE, PERIOD))) == 1


def test_page_by_page_within_the_rate(stubbed: Stubbed) -> None:
    """Each page is asked with the same question and the token, after half a second."""
    stubbed.expect("AccessKeyId", OPENED.key, called(), answer_token="more")
    stubbed.expect("AccessKeyId", OPENED.key, called(), token="more", answer_token="last")
    stubbed.expect("AccessKeyId", OPENED.key, called(), token="last")
    assert len(list(stubbed.trail.calls(OPENED, ROLE, PERIOD))) == 3
    assert stubbed.slept == [PAUSE] * 3
    assert PAUSE >= 0.5


def test_more_than_anybody_reads_is_said(stubbed: Stubbed) -> None:
    """A session with more calls than the limit is not told as if it were whole."""
    page = [called() for _ in range(50)]
    for _ in range(MOST // 50):
        stubbed.stubber.add_response("lookup_events", {"Events": page, "NextToken": "more"})
    stubbed.stubber.add_response("lookup_events", {"Events": page})
    with pytest.raises(UnavailableError, match="more than 10000 events"):
        list(stubbed.trail.calls(OPENED, ROLE, PERIOD))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("AccessDeniedException", 400, DeniedError), ("ThrottlingException", 400, UnavailableError), ("InternalError", 500, UnavailableError)],
)  # fmt: skip
def test_a_no_is_told_from_trouble(stubbed: Stubbed, code: str, status: int, kind: type[Exception]) -> None:
    """A refusal of AWS is final; throttling and its own failures are not."""
    stubbed.stubber.add_client_error("lookup_events", code, http_status_code=status)
    with pytest.raises(kind, match="look up events in eu-west-1"):
        list(stubbed.trail.calls(OPENED, ROLE, PERIOD))


@pytest.mark.parametrize("content", ["", "no JSON", "[]", "[" * 100_000])
def test_an_event_that_cannot_be_read_is_trouble(stubbed: Stubbed, content: str) -> None:
    """What CloudTrail answers is not guessed at."""
    stubbed.expect("AccessKeyId", OPENED.key, {**called(), "CloudTrailEvent": content})
    with pytest.raises(UnavailableError, match="lacks what it should hold"):
        list(stubbed.trail.calls(OPENED, ROLE, PERIOD))


def test_times_are_utc(stubbed: Stubbed) -> None:
    """botocore gives local times; ours are UTC."""
    stubbed.expect("AccessKeyId", OPENED.key, called(at=AT + timedelta(minutes=1)))
    assert [each.at for each in stubbed.trail.calls(OPENED, ROLE, PERIOD)] == [AT + timedelta(minutes=1)]
