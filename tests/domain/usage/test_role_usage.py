"""What was done with a grant, from plain values: periods, regions, sums, and words."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_facts import EXPIRES_AT, HOUR, MINUTE, NOW, SECOND
from builders import an_approval, an_outcome, the_documents

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.usage.role_usage import (
    KEPT,
    LAG,
    Opening,
    Period,
    TrailCall,
    Usage,
    is_denial,
    period_of,
    regions_of,
    summed,
)

DAY = timedelta(days=1)
PERIOD = Period(start=NOW, end=NOW + 3 * HOUR)


def recorded(*events: Event) -> list[Event]:
    """These events, as the ledger has them."""
    return list(events)


def a_call(name: str = "GetItem", error: str = "", **changes: Any) -> TrailCall:
    """A call of alice's session."""
    call = TrailCall(
        event_id="e2", at=NOW + 10 * MINUTE, region="eu-west-1", service="dynamodb.amazonaws.com",
        name=name, error=error, session="alice",
    )  # fmt: skip
    return replace(call, **changes)


def an_opening(**changes: Any) -> Opening:
    """alice enters the role."""
    opening = Opening(
        event_id="e1", at=NOW + 5 * MINUTE, region="eu-west-1", by="arn:alice", session="alice", key="ASIA", address="192.0.2.7"
    )  # fmt: skip
    return replace(opening, **changes)


def a_usage(**changes: Any) -> Usage:
    """alice's role, entered once and used twice."""
    usage = Usage(
        documents=the_documents(), period=PERIOD, regions=("eu-west-1", "us-east-1"), openings=(an_opening(),),
        calls=(a_call(), a_call("Scan", "AccessDeniedException", at=NOW + 20 * MINUTE)),
    )  # fmt: skip
    return replace(usage, **changes)


def test_a_use_for_machines() -> None:
    """First and last use, who entered, what was called, how much of it was denied."""
    found = a_usage().as_json()
    assert (found["never_used"], found["first_use"], found["last_use"]) == (
        False, "2026-11-24T09:06:00Z", "2026-11-24T09:21:00Z",
    )  # fmt: skip
    assert found["calls"] == [
        {"service": "dynamodb.amazonaws.com", "call": "GetItem", "count": 1, "denied": 0},
        {"service": "dynamodb.amazonaws.com", "call": "Scan", "count": 1, "denied": 1},
    ]
    assert found["denied"] == 1


def test_never_used() -> None:
    """Nobody entered and nothing was called: that is told, and no time."""
    usage = a_usage(openings=(), calls=())
    assert usage.never
    assert (usage.times, usage.as_json()["first_use"]) == (None, None)
    assert not a_usage(openings=()).never
    assert not a_usage(calls=()).never


def test_how_it_was_entered() -> None:
    """By the console, or with a key; and what is cut off is told."""
    found: Any = a_usage(openings=(an_opening(), an_opening(key="")), cut="gone").as_json()
    assert [each["console"] for each in found["entered"]] == ["no", "yes"]
    assert (found["cut"], a_usage().as_json()["cut"]) == ("gone", None)


def test_sums_begin_with_the_most_used() -> None:
    """Calls are counted by operation."""
    calls = [a_call("Scan"), a_call(), a_call(), a_call(error="AccessDenied")]
    assert list(summed(calls).items()) == [
        (("dynamodb.amazonaws.com", "GetItem"), (3, 1)),
        (("dynamodb.amazonaws.com", "Scan"), (1, 0)),
    ]


@pytest.mark.parametrize(
    ("error", "denied"),
    [("AccessDenied", True), ("AccessDeniedException", True), ("Client.UnauthorizedOperation", True), ("ThrottlingException", False), ("", False)],
)  # fmt: skip
def test_what_a_denial_is(error: str, denied: bool) -> None:
    """Services have their own words for no."""
    assert is_denial(error) is denied


def test_the_period_of_a_grant() -> None:
    """From a little before it was granted until no session can live."""
    granted = an_outcome(EventType.GRANTED)
    found = period_of(recorded(an_approval(), granted), the_documents(), NOW + DAY)
    assert granted.window is not None
    assert found == (Period(start=granted.at - LAG, end=granted.window.expires_at + HOUR), "")


def test_what_is_not_there_yet_is_said() -> None:
    """CloudTrail lags some minutes behind."""
    found = period_of(recorded(an_approval(), an_outcome(EventType.GRANTED)), the_documents(), NOW + HOUR)
    assert found is not None
    assert (found[0].end, "last 15 minutes" in found[1]) == (NOW + HOUR, True)


def test_what_is_kept_no_more_is_said() -> None:
    """Partly gone is told; wholly gone is no period."""
    events = recorded(an_approval(), an_outcome(EventType.GRANTED))
    partly = period_of(events, the_documents(), NOW + KEPT + HOUR)
    assert partly is not None
    assert (partly[0].start, "not kept" in partly[1]) == (NOW + HOUR, True)
    assert period_of(events, the_documents(), NOW + KEPT + DAY) is None
    start, end = NOW + MINUTE - LAG, EXPIRES_AT + HOUR
    whole = period_of(events, the_documents(), start + KEPT)
    assert whole == (Period(start=start, end=end), "")
    assert period_of(events, the_documents(), end + KEPT) is None
    assert period_of(events, the_documents(), end + KEPT - SECOND) is not None
    assert period_of(events, the_documents(), start) is None
    assert period_of(events, the_documents(), start + SECOND) is not None
    just = period_of(events, the_documents(), end + LAG)
    assert just == (Period(start=start, end=end), "")


def test_the_period_is_of_the_account() -> None:
    """When it was granted elsewhere, or anything else was recorded here, does not count."""
    elsewhere = an_outcome(EventType.GRANTED, "staging", at=NOW - HOUR)
    other = an_outcome(EventType.FAILED, at=NOW - HOUR, window=None)
    events = recorded(an_approval(), elsewhere, other, an_outcome(EventType.GRANTED))
    found = period_of(events, the_documents(), NOW + DAY)
    assert found is not None
    assert found[0].start == NOW + MINUTE - LAG


@pytest.mark.parametrize(
    ("statement", "regions"),
    [
        ({"Effect": "Allow", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}, {"eu-west-1"}),
        ({"Effect": "Allow", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": ["a-1", "b-1"]}}}, {"a-1", "b-1"}),
        ({"Effect": "Allow", "Resource": ["arn:aws:dynamodb:eu-central-1:1:table/x"]}, {"eu-central-1"}),
        ({"Effect": "Allow", "Resource": "arn:aws:dynamodb:*:1:table/x"}, set()),
        ({"Effect": "Allow", "Resource": "arn:aws:s3:::bucket"}, set()),
        ({"Effect": "Deny", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}, set()),
        ({"Effect": "Allow", "Resource": "*", "Condition": {"StringLike": {"aws:RequestedRegion": "eu-*"}}}, set()),
        ({"Effect": "Allow", "Resource": [7, "arn:aws:dynamodb:eu-west-1:1"], "Condition": {"Bool": "odd"}}, set()),
        ({"Effect": "Allow", "Resource": "arn:aws:sqs:eu-west-1:1:queue", "Condition": ["odd"]}, {"eu-west-1"}),
        ("odd", set()),
    ],
)  # fmt: skip
def test_regions_that_the_statements_name(statement: Any, regions: set[str]) -> None:
    """A literal region in a condition or a resource of what is allowed; a pattern names none."""
    documents = replace(the_documents(), permission_policy={"Statement": [statement]})
    assert regions_of(documents) == regions
    assert regions_of(replace(documents, permission_policy={"Statement": 7})) == set()
