"""Promises of the README that need several runs, or none, to be seen."""

from datetime import timedelta

from acme_world import HOUR, MINUTE, SECOND, World

ALICE = ("alice", "prod", "orders")


def test_access_ends_at_its_second_without_any_run(world: World, granted: str) -> None:
    """The schedule is broken and GitHub is gone: AWS refuses the open session and gives no new one."""
    world.later(HOUR + MINUTE)
    role = world.roles()[0].arn
    session = world.assume("alice", role) or {}
    world.later(59 * MINUTE - SECOND)
    assert world.can_read(session, "orders")
    world.forget()
    world.later(SECOND)
    assert not world.can_read(session, "orders")
    assert world.assume("alice", role) is None
    assert not [call for call in world.acme.aws.calls if call[1] == "iam"]


def test_ending_one_of_two_overlapping_grants_leaves_the_other(world: World, granted: str) -> None:
    """The same person, policy and account, twice: each is its own role, with its own end."""
    second = world.ask("alice", "second", duration="1h")
    world.jit("grant")
    world.jit("revoke", granted, "--reason", "one is enough", actor="alice")
    assert world.reach("alice") == {ALICE}
    world.jit("sweep")
    assert world.story(second) == ["approved", "granted"]
    world.later(HOUR)
    assert world.reach("alice") == set()


def test_the_end_of_a_shorter_grant_leaves_the_longer_one(world: World, granted: str) -> None:
    """One expires and is confirmed and removed while the other goes on."""
    world.ask("alice", "short", duration="15m")
    world.jit("grant")
    world.later(20 * MINUTE)
    world.jit("sweep")
    world.later(HOUR)
    world.jit("sweep")
    assert len(world.roles()) == 1
    assert world.reach("alice") == {ALICE}


def test_a_planned_grant_begins_at_its_second(world: World) -> None:
    """Made now, good from starts_at, for its duration from then."""
    starts = world.now + HOUR
    world.ask(duration="1h", starts_at=f"{starts:%Y-%m-%dT%H:%M:%SZ}")
    world.jit("grant")
    world.later(HOUR - SECOND)
    assert world.reach("alice") == set()
    world.later(SECOND)
    assert world.reach("alice") == {ALICE}
    world.later(HOUR)
    assert world.reach("alice") == set()


def test_an_upgrade_or_a_policy_change_touches_no_live_grant(world: World, granted: str) -> None:
    """AWS is held against what was recorded, never against what today's rules would render."""
    path = "policies/access/orders-db-read.yaml"
    world.write(path, world.text(path).replace("dynamodb:Scan", "dynamodb:PutItem"))
    world.forget()
    assert "nothing to decide" in world.jit("grant").output
    assert "nothing to end" in world.jit("sweep").output
    assert world.writes() == []


def test_a_late_run_gives_no_more_time(world: World, asked: str) -> None:
    """The duration counts from the merge, whenever jitbot comes to it."""
    world.later(HOUR)
    world.jit("grant")
    world.later(HOUR - SECOND)
    assert world.reach("alice") == {ALICE}
    world.later(SECOND)
    assert world.reach("alice") == set()


def test_everything_that_was_decided_can_be_read_from_git_log(world: World, granted: str) -> None:
    """The ledger's log says who got what, by whose approval, until when; no person's text is in it."""
    log = world.github.store.git("log", "--format=%B", "ledger").decode()
    assert "approved: alice gets orders-db-read in prod until 2026-11-23T11:00:00Z" in log
    assert f"Request: {granted}" in log
    assert "Approved-by: bob" in log
    assert "INC-1234" not in log


def test_old_grants_are_forgotten_only_when_nothing_is_left_of_them(world: World, granted: str) -> None:
    """Three weeks on, with no run in between but the sweeps, there is no role, and nothing to do."""
    for step in (2 * HOUR, HOUR, timedelta(days=22)):
        world.later(step)
        world.jit("sweep")
    assert world.roles() == []
    assert "nothing to end" in world.jit("sweep").output
