"""Dated memberships from the file to the grant: shown before, cut at the end, recorded, and decided again."""

from datetime import timedelta

from acme_world import HOUR, MINUTE, ORDERS, TABLE, World
from audit_story import verdict

from jitbot.domain.text import timestamp

TEAMS = "policies/teams.yaml"


def dated(world: World, team: str, login: str, *, since: timedelta | None = None, until: timedelta) -> str:
    """Main's teams, with one member more or with dates, from now on; `until` in words."""
    text, end = world.text(TEAMS), world.now + until
    begin = f", from: {timestamp.show(world.now + since)}" if since is not None else ""
    (line,) = (each for each in text.splitlines() if each.startswith(f"{team}:"))
    others = [each for each in line.partition("[")[2].rstrip("]").split(", ") if each != login]
    entry = f"{{login: {login}{begin}, until: {timestamp.show(end)}}}"
    world.write(TEAMS, text.replace(line, f"{team}: [{', '.join([*others, entry])}]"))
    return timestamp.for_people(end)


def proposed(world: World, **fields: str) -> tuple[str, int]:
    """alice's pull request for the orders table; its path and number."""
    world.steps += 1
    path, text = world.request("alice", ORDERS, f"dated-{world.steps}", **TABLE, **fields)
    return path, world.propose("alice", f"dated {world.steps}", {path: text})


def test_a_stand_in_approves_while_the_membership_lasts(world: World) -> None:
    """heidi is shown with her dates, and counts until they are over; her approval of before does not outlive them."""
    until = dated(world, "acme/payments-leads", "heidi", until=HOUR)
    path, number = proposed(world)
    assert f"heidi until {until}" in world.jit("explain", str(number)).output
    world.must(world.review("heidi", number))
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    assert [each["login"] for each in world.ledger()[0]["evidence"]["approvals"]] == ["heidi"]
    late, number = proposed(world)
    world.must(world.review("heidi", number))
    world.later(HOUR)
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(late) == {"not-enough-approvals"}
    assert world.reach("alice") == {("alice", "prod", "orders")}  # what was granted goes on
    assert verdict(world, code=0)["findings"] == []


def test_access_ends_with_the_requesters_membership(world: World) -> None:
    """Asked for two hours, it ends after one; AWS refuses from that second on, and an audit decides the same."""
    until = dated(world, "acme/payments", "alice", until=HOUR + MINUTE)
    world.write(
        f"policies/access/{ORDERS}.yaml",
        world.text(f"policies/access/{ORDERS}.yaml").replace('"@acme/payments", dave', '"@acme/payments"'),
    )
    path, number = proposed(world)
    shown = world.jit("explain", str(number)).output
    assert f"alice may ask until {until}: access ends then, before the duration is over." in shown
    world.must(world.review("bob", number))
    world.must(world.merge("olivia", number))
    world.jit("grant")
    world.later(HOUR)
    assert world.reach("alice") == {("alice", "prod", "orders")}
    world.later(MINUTE)
    assert world.reach("alice") == set()
    world.jit("sweep")
    assert world.story(path) == ["approved", "granted", "ended expired"]
    approved = world.ledger()[0]
    assert approved["ask"]["duration"] == "2h"
    assert verdict(world, code=0)["findings"] == []


def test_a_membership_that_runs_out_ends_nothing_that_is_live(world: World, granted: str) -> None:
    """alice's two hours were granted without a date; one that comes later, and is over at once, leaves them as they are."""
    dated(world, "acme/payments", "alice", until=MINUTE)
    world.later(2 * MINUTE)
    world.jit("sweep")
    assert world.story(granted) == ["approved", "granted"]
    assert world.reach("alice") == {("alice", "prod", "orders")}
    _, number = proposed(world)
    assert "alice may use orders-db-read only until" in world.ran("explain", str(number)).output
