"""CloudTrail's event history of the embedded AWS: what is in it, who may look, and how it can be asked."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aws_world import ALICE, BOB, PROD, STAGING, START, World, refused
from botocore.exceptions import ClientError


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


def history(world: World, **asked: Any) -> list[dict[str, Any]]:
    """What production's administrator finds."""
    client = world.client("cloudtrail", world.aws.admin(PROD))
    found: list[dict[str, Any]] = client.lookup_events(**asked)["Events"]
    return found


def by(key: str, value: str) -> dict[str, Any]:
    """A question by one attribute."""
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def test_nobody_has_done_anything(world: World) -> None:
    """A new account has a history of its own, and it is empty."""
    assert history(world) == []


def test_calls_are_found_by_what_they_are_about(world: World) -> None:
    """By name, key and person; refused ones with their error; not those of another account or region."""
    iam = world.admin(PROD)
    iam.list_roles()
    world.admin(STAGING).list_roles()
    with pytest.raises(ClientError):
        world.client("iam", world.aws.credentials(BOB)).list_roles()
    (found,) = history(world, **by("EventName", "ListRoles"))
    assert found["EventTime"].timestamp() == START.timestamp()
    assert '"errorCode"' not in found["CloudTrailEvent"]
    assert history(world, **by("EventName", "ListUsers")) == []
    staging = world.client("cloudtrail", world.aws.admin(STAGING))
    assert len(staging.lookup_events(**by("EventName", "ListRoles"))["Events"]) == 1


def test_what_reads_data_is_not_in_it(world: World) -> None:
    """As AWS's own: reading a table leaves no trace there."""
    table = world.client("dynamodb", world.aws.admin(PROD))
    with pytest.raises(ClientError):
        table.scan(TableName="none")
    table.list_tables()
    assert [each["EventName"] for each in history(world)][::-1].count("Scan") == 0
    assert history(world, **by("EventName", "ListTables"))


def test_pages_and_times(world: World) -> None:
    """Fifty at most at once, the newest first, and only what lies in the time that is asked about."""
    iam = world.admin(PROD)
    for _ in range(3):
        iam.list_roles()
        world.clock.advance(timedelta(minutes=1))
    first = world.client("cloudtrail", world.aws.admin(PROD)).lookup_events(
        MaxResults=2, **by("EventName", "ListRoles")
    )
    assert [each["EventTime"].minute for each in first["Events"]] == [2, 1]
    rest = history(world, MaxResults=2, NextToken=first["NextToken"], **by("EventName", "ListRoles"))
    assert [each["EventTime"].minute for each in rest] == [0]
    assert history(world, EndTime=START - timedelta(seconds=1)) == []
    world.clock.advance(timedelta(days=91))
    assert history(world, **by("EventName", "ListRoles")) == []


def test_who_may_not_look_sees_nothing(world: World) -> None:
    """Looking needs a right of its own."""
    client = world.client("cloudtrail", world.aws.credentials(ALICE))
    assert refused(client.lookup_events) == "AccessDeniedException"


def test_one_attribute_and_no_more(world: World) -> None:
    """As AWS has it."""
    client = world.client("cloudtrail", world.aws.admin(PROD))
    two = [*by("EventName", "a")["LookupAttributes"], *by("EventName", "b")["LookupAttributes"]]
    assert refused(lambda: client.lookup_events(LookupAttributes=two)) == "InvalidLookupAttributesException"
    assert refused(lambda: client.lookup_events(NextToken="odd")) == "InvalidNextTokenException"  # no secret
    backwards = {"StartTime": START, "EndTime": START - timedelta(hours=1)}
    assert refused(lambda: client.lookup_events(**backwards)) == "InvalidTimeRangeException"
