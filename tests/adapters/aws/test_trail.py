"""CloudTrail's event history, asked as AWS asks to be asked; answered by botocore's own stubber.

moto does not implement LookupEvents, and nothing here ran against the real one.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from cloudtrail import ALICE, AT, ROLE, SESSION, assumed, called, event, switched

from jitbot.adapters.aws.identity import Identity
from jitbot.adapters.aws.trail import MOST, PAUSE, AwsTrail, AwsTrails
from jitbot.domain.model.bounds import RUN_PAGES
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, TooMuchError, UnavailableError
from jitbot.domain.usage.role_usage import Opening, Period

PERIOD = Period(start=datetime(2026, 11, 23, 9, tzinfo=UTC), end=datetime(2026, 11, 23, 13, tzinfo=UTC))
OPENED = Opening(
    event_id="e1", at=AT, region="eu-west-1", by=ALICE, session="alice", key="ASIAEXAMPLE000000001", address="192.0.2.7"
)  # fmt: skip


class Stubbed:
    """A trail whose answers are given beforehand, and each checked against what was asked."""

    def __init__(self, pages: int | None = None) -> None:
        client = boto3.client("cloudtrail", "eu-west-1", aws_access_key_id="AKIA", aws_secret_access_key="x")
        self.stubber = Stubber(client)
        self.slept: list[float] = []
        self.trail = AwsTrail(client, "eu-west-1", sleep=self.slept.append, pages=pages)

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


def test_who_has_no_arn_is_told_by_the_principal(stubbed: Stubbed) -> None:
    """As whoever enters with a token of another issuer."""
    stubbed.expect("ResourceName", ROLE, assumed(userIdentity={"principalId": "issuer:alice"}))
    stubbed.expect("EventName", "SwitchRole")
    assert [each.by for each in stubbed.trail.openings(ROLE, PERIOD)] == ["issuer:alice"]


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


def test_an_event_without_a_time_is_trouble(stubbed: Stubbed) -> None:
    """Nothing else says when it was."""
    whole = called()
    del whole["EventTime"]
    stubbed.expect("AccessKeyId", OPENED.key, whole)
    with pytest.raises(UnavailableError, match="lacks a time"):
        list(stubbed.trail.calls(OPENED, ROLE, PERIOD))


def test_times_are_utc(stubbed: Stubbed) -> None:
    """botocore gives local times; ours are UTC."""
    stubbed.expect("AccessKeyId", OPENED.key, called(at=AT + timedelta(minutes=1)))
    assert [each.at for each in stubbed.trail.calls(OPENED, ROLE, PERIOD)] == [AT + timedelta(minutes=1)]


def test_a_switch_that_failed_opens_nothing(stubbed: Stubbed) -> None:
    """CloudTrail records it too, with its outcome."""
    failed = switched(responseElements={"SwitchRole": "Failure"})
    stubbed.expect("ResourceName", ROLE)
    stubbed.expect("EventName", "SwitchRole", failed, switched(responseElements={"SwitchRole": "Success"}))
    assert len(list(stubbed.trail.openings(ROLE, PERIOD))) == 1


def test_a_role_is_read_so_far_and_no_further() -> None:
    """What was read before stays read; the rest is said to be too much, and is not asked for."""
    stubbed, counted = Stubbed(pages=2), list[int]()
    stubbed.trail._count = lambda: counted.append(1)
    stubbed.expect("AccessKeyId", OPENED.key, called(), answer_token="more")
    stubbed.expect("AccessKeyId", OPENED.key, called(event_id="e2"), token="more", answer_token="still")
    calls = stubbed.trail.calls(OPENED, ROLE, PERIOD)
    with stubbed.stubber:
        assert [next(calls).event_id, next(calls).event_id] == ["e1", "e2"]
        with pytest.raises(TooMuchError, match="more events in eu-west-1 than are read"):
            next(calls)
        stubbed.stubber.assert_no_pending_responses()
    assert len(counted) == 2


class Accounts(AwsTrails):
    """Trails whose clients are stubbed; `opened` counts how often each account was entered."""

    def __init__(self, *answers: Any) -> None:
        self.now, self.opened = 0.0, Counter[str]()
        super().__init__(Identity(role_name="jitbot-audit", session_name="t"), seconds=lambda: self.now)
        self.stubber = Stubber(
            boto3.client("ec2", "us-east-1", aws_access_key_id="AKIA", aws_secret_access_key="x")
        )
        for answer in answers:
            if isinstance(answer, str):
                self.stubber.add_client_error("describe_regions", answer, http_status_code=403)
            else:
                regions = {"Regions": [{"RegionName": each} for each in answer]}
                self.stubber.add_response("describe_regions", regions, {"AllRegions": False})

    def _enter(self, account_id: AccountId) -> Any:
        self.opened[account_id] += 1
        accounts = self

        class Session:
            def client(self, service: str, **_: Any) -> Any:
                return accounts.stubber.client if service == "ec2" else object()

        return Session()


PROD, DATA = AccountId("111111111111"), AccountId("012345670123")


def test_the_regions_of_an_account() -> None:
    """Those that are enabled, in order; a name that is none makes the whole list none."""
    accounts = Accounts(["us-east-1", "eu-west-1"], [], ["eu-west-1", "x; DROP"], "UnauthorizedOperation")
    with accounts.stubber:
        assert accounts.regions(PROD) == ("eu-west-1", "us-east-1")
        for _ in range(2):
            with pytest.raises(UnavailableError, match="cannot be read"):
                accounts.regions(PROD)
        with pytest.raises(DeniedError, match="list the regions of account 111111111111"):
            accounts.regions(PROD)


def test_an_account_is_entered_anew_before_its_credentials_end() -> None:
    """Once for all regions, and again after ten minutes; of two accounts only the last one's clients are kept."""
    accounts = Accounts()
    first = accounts.of(PROD, "eu-west-1")
    assert accounts.of(PROD, "eu-west-1")._client is first._client
    assert accounts.of(DATA, "eu-west-1")._client is not first._client
    accounts.of(PROD, "eu-west-1")
    assert accounts.opened == {PROD: 1, DATA: 1}
    assert len(accounts._clients) == 1
    accounts.now = 600.0
    accounts.of(PROD, "eu-west-1")
    assert accounts.opened == {PROD: 2, DATA: 1}


@pytest.mark.parametrize(
    "given", [None, {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t"}]
)
def test_what_entering_gives_is_what_is_asked_with(given: dict[str, str] | None) -> None:
    """A job's credentials of the account; without a job's token the run's own, as they are."""

    class Entering(Identity):
        def enter(self, sts: Any, account_id: AccountId) -> Any:
            assert (sts.meta.service_model.service_name, account_id) == ("sts", PROD)
            return given

    keys: dict[str, Any] = {"access_key": "AKIA1", "secret_key": "s"}
    session: Any = AwsTrails(Entering(role_name="jitbot-audit", session_name="t", **keys)).session(PROD)
    found = session.get_credentials()
    assert (found.access_key, found.token) == (("ASIA1", "t") if given else ("AKIA1", None))


def test_a_run_asks_no_more_than_it_may() -> None:
    """By the answers of the region that was asked most, and by the time that it took."""
    accounts = Accounts()
    trail = accounts.of(PROD, "eu-west-1")
    for _ in range(RUN_PAGES - 1):
        trail._count()
    accounts.of(PROD, "us-east-1")._count()
    assert not accounts.spent()
    accounts.of(DATA, "eu-west-1")._count()
    assert accounts.spent()
    slow = Accounts()
    slow.now = 1_199.0
    assert not slow.spent()
    slow.now = 1_200.0
    assert slow.spent()


def test_an_answer_without_its_list_is_not_empty(stubbed: Stubbed) -> None:
    """It says nothing, and so not that nobody entered."""
    stubbed.expect("ResourceName", ROLE)
    last = stubbed.stubber._queue.pop()  # type: ignore[attr-defined]
    stubbed.stubber._queue.append({**last, "response": (last["response"][0], {})})  # type: ignore[attr-defined]
    with pytest.raises(UnavailableError, match="lacks what it should hold"):
        list(stubbed.trail.openings(ROLE, PERIOD))
