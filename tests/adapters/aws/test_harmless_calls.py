"""The two reads of a rehearsal, against the embedded AWS and with stubbed answers."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

from jitbot.adapters.aws.harmless_calls import HarmlessCalls
from jitbot.domain.enforce.grant_target import Session
from jitbot.domain.model.errors import UnavailableError
from jitbot.sandbox.aws import AwsFault
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def acme() -> Iterator[Acme]:
    """acme, at nine o'clock."""
    with Acme(Clock(NOW)) as running:
        yield running


def session(acme: Acme, found: dict[str, str]) -> Session:
    """Somebody's credentials as a session."""
    return Session(
        access_key=found["AWS_ACCESS_KEY_ID"],
        secret_key=found["AWS_SECRET_ACCESS_KEY"],
        token=found.get("AWS_SESSION_TOKEN", ""),
        expires_at=acme.clock.now(),
    )


def calls(acme: Acme) -> HarmlessCalls:
    """The adapter, in acme's region."""
    return HarmlessCalls({"AWS_REGION": "eu-west-1"}, endpoint=acme.aws.url)


def test_an_answer_has_awss_own_time(acme: Acme) -> None:
    """Both reads are allowed to an administrator, and dated by AWS."""
    found = session(acme, acme.aws.admin("111111111111"))
    asked = calls(acme)
    assert [asked.granted(found).at, asked.other(found).at] == [NOW, NOW]
    assert (asked.granted(found).refusal, asked.other(found).refusal) == ("", "")


def test_a_refusal_is_an_outcome(acme: Acme) -> None:
    """It has AWS's time and words; it was asked once, so that it is of a known second."""
    acme.aws.calls.clear()
    outcome = calls(acme).granted(session(acme, acme.signed_in("bob")))
    assert outcome.at == NOW
    assert outcome.refusal.startswith(
        "UnauthorizedOperation: User: arn:aws:iam::222222222222:user/bob is not"
    )
    assert [operation for _, _, operation in acme.aws.calls] == ["DescribeRegions"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("RequestLimitExceeded", 503), ("RequestExpired", 400), ("InternalError", 500), ("OptInRequired", 401)],
)
def test_anything_else_is_no_answer(acme: Acme, code: str, status: int) -> None:
    """Too many calls, a session that is over, AWS in trouble: nothing of it says what the grant allows."""
    acme.aws.faults = lambda *_: AwsFault(code=code, status=status)
    try:
        with pytest.raises(UnavailableError, match=f"AWS would not answer a harmless read: {code}"):
            calls(acme).granted(session(acme, acme.aws.admin("111111111111")))
    finally:
        acme.aws.faults = None


def test_an_answer_without_a_date_is_none(acme: Acme) -> None:
    """The second of an answer is what it is asked for."""
    found = session(acme, acme.aws.admin("111111111111"))
    asked = calls(acme)
    with Stubber(asked._for(found)) as stub:
        stub.add_response("describe_regions", {"Regions": [], "ResponseMetadata": {"HTTPStatusCode": 200}})
        with pytest.raises(UnavailableError, match="AWS answered without a date"):
            asked.granted(found)


def test_it_calls_where_the_person_does() -> None:
    """The region of the environment, or of the profile, which the caller passes as one; else the usual one."""
    found = Session(access_key="ASIA1", secret_key="s", token="t", expires_at=NOW)
    regions = [
        HarmlessCalls(environ, endpoint=None)._for(found).meta.region_name
        for environ in ({"AWS_REGION": "eu-west-3"}, {"AWS_DEFAULT_REGION": "eu-west-2"}, {})
    ]
    assert regions == ["eu-west-3", "eu-west-2", "us-east-1"]
