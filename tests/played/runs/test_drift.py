"""AWS is not as recorded, because somebody changed it by hand: denied, recorded, and an alarm."""

import json
from datetime import timedelta
from typing import Any

from acme_world import DENY_ALL, HOUR, MINUTE, SECOND, World

IDLE = ["nothing to end, nothing to remove"]
BOB = "arn:aws:iam::222222222222:user/bob"


def trusting(**more: Any) -> str:
    """A trust policy for bob, with anything more in its one statement."""
    statement = {"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def rewrite_trust(world: World, old: str, new: str) -> None:
    """Somebody changes whom the role trusts, by hand."""
    role = world.roles()[0]
    world.by_hand().update_assume_role_policy(RoleName=role.name, PolicyDocument=role.trust.replace(old, new))


def delete(world: World) -> None:
    """Somebody deletes the role, by hand."""
    role, by_hand = world.roles()[0], world.by_hand()
    for arn in role.attached:
        by_hand.detach_role_policy(RoleName=role.name, PolicyArn=arn)
    by_hand.delete_role_policy(RoleName=role.name, PolicyName=role.inline[0][0])
    by_hand.delete_role(RoleName=role.name)


def make(world: World, name: str, trust: str, path: str = "/jit/") -> None:
    """Somebody makes a role, by hand."""
    world.by_hand().create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
    world.forget()


def alarm(world: World, path: str, why: str) -> None:
    """The next sweep denies the one role there is, records why, and fails, so that somebody looks."""
    world.jit("sweep", code=3)
    assert world.story(path)[-1] == f"ended {why}"
    assert DENY_ALL in world.roles()[0].attached


def test_a_changed_trust_policy_is_drift(world: World, granted: str) -> None:
    """Seen in the list alone: denied at once, recorded, exit 3."""
    rewrite_trust(world, "alice@acme.com", "mallory@acme.com")
    assert world.reach("mallory") != set()
    alarm(world, granted, "drift")
    assert world.reach("alice", "mallory") == set()


def test_a_longer_trust_policy_is_drift(world: World, granted: str) -> None:
    """Somebody moves the end by hand; the guard inside still holds, and the sweep sees it."""
    rewrite_trust(world, f"{world.now + 2 * HOUR:%Y-%m-%dT%H}", f"{world.now + 9 * HOUR:%Y-%m-%dT%H}")
    alarm(world, granted, "drift")


def test_a_changed_inline_policy_is_drift_at_expiry(world: World, granted: str) -> None:
    """The guard is gone when the end is to be confirmed: that is no expiry, and it is denied."""
    role = world.roles()[0]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    world.by_hand().put_role_policy(
        RoleName=role.name, PolicyName=role.inline[0][0], PolicyDocument=json.dumps(everything)
    )
    world.later(2 * HOUR)
    alarm(world, granted, "drift")
    assert "ended expired" not in world.story(granted)


def test_another_role_under_the_same_name_is_drift(world: World, granted: str) -> None:
    """Deleted and made anew by hand with the same trust: the id gives it away."""
    role = world.roles()[0]
    delete(world)
    make(world, role.name, role.trust)
    alarm(world, granted, "drift")


def test_a_role_made_anew_after_its_end_is_denied_again(world: World, granted: str) -> None:
    """Ended, then deleted and made anew by hand: the denial was on another role."""
    world.jit("revoke", granted, "--reason", "done", actor="alice")
    role = world.roles()[0]
    delete(world)
    make(world, role.name, role.trust)
    alarm(world, granted, "drift")


def test_a_role_deleted_by_hand_is_recorded_and_not_made_again(world: World, granted: str) -> None:
    """Missing from the list a quarter of an hour after the grant: an end that somebody made, and it is final."""
    delete(world)
    world.later(15 * MINUTE - SECOND)
    world.jit("sweep")
    assert world.story(granted)[-1] == "granted"
    world.later(SECOND)
    world.jit("sweep", code=3)
    assert world.story(granted)[-1] == "ended drift"
    world.jit("grant")
    assert world.roles() == []


def test_an_orphan_is_denied_recorded_and_removed_in_its_time(world: World) -> None:
    """No request explains the role: denied at once, exit 3, and removed when the end it names is long over."""
    end = f"{world.now + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"
    make(world, "jit-leftover", trusting(Condition={"DateLessThan": {"aws:CurrentTime": end}}))
    alarm(world, "", "orphan")
    assert world.jit("sweep").output.splitlines() == IDLE
    world.later(3 * HOUR - SECOND)
    assert world.jit("sweep").output.splitlines() == IDLE
    world.later(SECOND)
    world.jit("sweep")
    assert world.roles() == []
    assert world.story("")[-1] == "removed"


def test_an_orphan_whose_end_cannot_be_read_is_never_removed(world: World) -> None:
    """Denied it is; but what may still be someone's is not thrown away."""
    make(world, "jit-leftover", trusting())
    world.jit("sweep", code=3)
    world.later(timedelta(days=6))
    world.jit("sweep")
    assert [role.name for role in world.roles()] == ["jit-leftover"]


def test_a_role_outside_the_path_is_nobodys_business(world: World) -> None:
    """The account's other roles are neither looked at nor touched."""
    make(world, "jit-looks-like-it", trusting(), path="/")
    assert world.jit("sweep").output.splitlines() == IDLE
    assert world.writes() == []
