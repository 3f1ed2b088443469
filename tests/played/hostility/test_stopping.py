"""A run is killed at each of its writes, before and after: the next run repairs, and nobody ever has more."""

import pytest
from acme_world import HOUR, MINUTE, SECOND, World
from breaking import Death

ALICE = {("alice", "prod", "orders")}


def stops(*writes: str) -> pytest.MarkDecorator:
    """Every moment at which a run with these writes can stop: before the first of them, and after each."""
    moments = [(1, False), *((nth, True) for nth in range(1, len(writes) + 1))]
    names = ["before the first", *(f"after {nth} {name}" for nth, name in enumerate(writes, 1))]
    return pytest.mark.parametrize(("nth", "after"), moments, ids=names)


def killed_then_repaired(world: World, verb: str, *, nth: int, after: bool) -> None:
    """Kill one run at its n-th write, look that nobody but alice ever reads, then let a healthy run follow."""
    death = Death(world, nth, after=after)
    world.jit(verb, code=3)
    assert death.struck
    world.calm()
    assert world.reach("alice", "mallory") <= ALICE
    world.jit(verb)


@stops("record", "CreateRole", "PutRolePolicy", "record")
def test_a_grant_stopped_anywhere_is_finished_by_the_next_run(
    world: World, asked: str, nth: int, after: bool
) -> None:
    """One decision, one grant, one role, whichever write was the last."""
    killed_then_repaired(world, "grant", nth=nth, after=after)
    assert [each for each in world.story(asked) if each != "failed"] == ["approved", "granted"]
    assert world.reach("alice", "mallory") == ALICE
    assert len(world.roles()) == 1


@stops("record", "UpdateAssumeRolePolicy", "PutRolePolicy", "record")
def test_an_extension_stopped_anywhere_is_finished_by_the_next_run(
    world: World, extended: str, nth: int, after: bool
) -> None:
    """The same role holds until the new end, and not a second longer."""
    killed_then_repaired(world, "grant", nth=nth, after=after)
    assert [each for each in world.story(extended) if each != "failed"] == [
        "approved", "granted", "extended", "granted",
    ]  # fmt: skip
    world.later(3 * HOUR - MINUTE)
    assert world.reach("alice") == ALICE
    world.later(MINUTE)
    assert world.reach("alice") == set()


@stops("record", "AttachRolePolicy", "record")
def test_a_revocation_stopped_anywhere_is_finished_by_the_next_sweep(
    world: World, granted: str, nth: int, after: bool
) -> None:
    """Once revoked for good, revoked in AWS; stopped before that, revoking again does it."""
    death = Death(world, nth, after=after)
    world.jit("revoke", granted, "--reason", "enough", code=3, actor="alice")
    assert death.struck
    world.calm()
    if "revoked" in world.story(granted):
        world.jit("sweep")
    else:
        world.jit("revoke", granted, "--reason", "enough", actor="alice")
    story = [each for each in world.story(granted) if each != "failed"]
    assert story == ["approved", "granted", "revoked", "ended released"]
    assert world.reach("alice") == set()


@stops("DeleteRolePolicy", "DetachRolePolicy", "DeleteRole", "record")
def test_a_removal_stopped_anywhere_is_finished_by_the_next_sweep(
    world: World, ended: str, nth: int, after: bool
) -> None:
    """What denies goes last, so a half-removed role gives nothing; in the end it is gone, and recorded so."""
    killed_then_repaired(world, "sweep", nth=nth, after=after)
    assert world.roles() == []
    assert world.story(ended)[-1] == "removed"
    assert world.story(ended).count("removed") == 1


@pytest.mark.parametrize("nth", [3, 4], ids=["after PutRolePolicy", "after AttachRolePolicy"])
def test_a_grant_of_a_managed_policy_stopped_anywhere_never_outlives_its_end(
    world: World, admin: str, nth: int
) -> None:
    """The guard is in the role before the managed policy is: no moment gives access without an end."""
    death = Death(world, nth, after=True)
    world.jit("grant", code=3)
    assert death.struck
    world.calm()
    for role in world.roles():
        assert not role.attached or role.inline
    world.jit("grant")
    assert [each for each in world.story(admin) if each != "failed"] == ["approved", "granted"]
    arn = world.roles()[0].arn
    world.later(HOUR - SECOND)
    assert world.assume("dave", arn) is not None
    world.later(SECOND)
    assert world.assume("dave", arn) is None
