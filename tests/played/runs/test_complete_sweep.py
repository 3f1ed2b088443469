"""A complete sweep reads every role whole; and the room an account has is looked at before the first write."""

import json

import pytest
from acme_world import DENY_ALL, HOUR, MINUTE, World
from breaking import Death

EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def another_policy(world: World) -> None:
    """Somebody adds a second inline policy."""
    name = world.roles()[0].name
    world.by_hand().put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=EVERYTHING)


def a_changed_policy(world: World) -> None:
    """Somebody rewrites the policy, guards and all."""
    role = world.roles()[0]
    world.by_hand().put_role_policy(
        RoleName=role.name, PolicyName=role.inline[0][0], PolicyDocument=EVERYTHING
    )


def no_policy(world: World) -> None:
    """Somebody deletes the policy, and the guards with it."""
    role = world.roles()[0]
    world.by_hand().delete_role_policy(RoleName=role.name, PolicyName=role.inline[0][0])


def an_attached_policy(world: World) -> None:
    """Somebody attaches a managed policy."""
    world.by_hand().attach_role_policy(RoleName=world.roles()[0].name, PolicyArn=ADMINISTRATOR)


def no_boundary(world: World) -> None:
    """Somebody takes the boundary off."""
    world.by_hand().delete_role_permissions_boundary(RoleName=world.roles()[0].name)


@pytest.mark.parametrize(
    "tamper", [another_policy, a_changed_policy, no_policy, an_attached_policy, no_boundary]
)
def test_what_a_list_does_not_show_a_complete_sweep_finds(world: World, granted: str, tamper: object) -> None:
    """Denied, recorded as drift, exit 3; an ordinary sweep sees nothing of it."""
    assert callable(tamper)
    tamper(world)
    world.jit("sweep")
    assert world.story(granted)[-1] == "granted"
    world.jit("sweep", "--complete", code=3)
    assert world.story(granted)[-1] == "ended drift"
    assert DENY_ALL in world.roles()[0].attached


def test_a_complete_sweep_of_what_is_as_recorded_changes_nothing(world: World, granted: str) -> None:
    """A role that is whole is left alone, with one more call for each account."""
    world.forget()
    ran = world.jit("sweep", "--complete")
    assert ran.output.splitlines()[-1] == "nothing to end, nothing to remove"
    assert world.writes() == []
    assert world.commits() == 0
    assert {name for _, service, name in world.acme.aws.calls if service == "iam"} == {
        "ListRoles",
        "GetAccountAuthorizationDetails",
    }


def test_changed_tags_are_told_and_decide_nothing(world: World, granted: str) -> None:
    """Tags are for people: a change is a warning, and the grant goes on."""
    name = world.roles()[0].name
    world.by_hand().tag_role(RoleName=name, Tags=[{"Key": "jitbot:requester", "Value": "mallory"}])
    ran = world.jit("sweep", "--complete")
    assert f"the tags of role {name} were changed" in ran.output
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_a_grant_half_made_is_no_drift(world: World, asked: str) -> None:
    """A complete sweep between the two writes of a grant leaves it to the next grant."""
    Death(world, 2, after=True)
    world.jit("grant", code=3)
    world.calm()
    world.jit("sweep", "--complete")
    world.jit("grant")
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_an_extension_half_made_is_no_drift(world: World, extended: str) -> None:
    """Trust rewritten, permissions not yet: both are approved, and neither is ended."""
    Death(world, 2, after=True)
    world.jit("grant", code=3)
    world.calm()
    world.jit("sweep", "--complete")
    world.jit("grant")
    world.later(2 * HOUR + MINUTE)
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_a_full_account_is_found_before_the_first_write(world: World, asked: str) -> None:
    """No room for another role: said so, nothing half made, still due, and granted once there is room."""
    room = world.acme.aws.roles_per_account
    world.acme.aws.roles_per_account = len(world.acme.aws._store.role_names("111111111111"))
    try:
        world.forget()
        ran = world.jit("grant", code=3)
        assert "no room for another role" in ran.output
        assert world.writes() == []
        assert "granted" not in world.story(asked)
    finally:
        world.acme.aws.roles_per_account = room
    world.jit("grant")
    assert world.story(asked)[-1] == "granted"
