"""Account groups from the file to the grant: what main says before the merge and at the head decides, and is recorded."""

import json

from acme_world import HOUR, ORDERS, TABLE, World
from audit_story import verdict

GROUPS, POLICY = "policies/account-groups.yaml", f"policies/access/{ORDERS}.yaml"


def grouped(world: World, members: str = "prod, data", *, head: str | None = None) -> tuple[str, int]:
    """alice's pull request for prod, where the policy names "@production"; `head` stands for it on her branch alone."""
    policy = world.text(POLICY)
    assert "accounts: [prod, staging]" in policy
    world.write(POLICY, policy.replace("accounts: [prod, staging]", 'accounts: ["@production", staging]'))
    world.write(GROUPS, f"production: [{head or members}]\n")
    world.steps += 1
    path, text = world.request("alice", ORDERS, f"grouped-{world.steps}", **TABLE)
    number = world.propose("alice", f"grouped {world.steps}", {path: text})
    if head is not None:
        world.write(GROUPS, f"production: [{members}]\n")
    world.must(world.review("bob", number))
    return path, number


def test_a_group_of_a_policy_is_granted_recorded_and_decided_again(world: World) -> None:
    """The file's blob at the head is in the evidence, and an audit decides by the file at the base."""
    path, number = grouped(world)
    world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    assert world.reach("alice") == {("alice", "prod", "orders")}
    blob = world.github.store.git("rev-parse", f"main:{GROUPS}").decode().strip()
    assert f'"{GROUPS}": "{blob}"' in json.dumps(world.ledger()[0]["evidence"]["facts"])
    world.write(
        GROUPS, "production: [data]\n"
    )  # what it stands for today says nothing about what was decided
    world.later(3 * HOUR)
    world.jit("sweep")
    found = verdict(world, code=0)
    assert found["findings"] == []
    assert found["checked"]["approved"] == 1


def test_a_group_that_changed_after_the_approval_gives_nothing(world: World) -> None:
    """It stands for prod at the merge, and did not when bob approved."""
    path, number = grouped(world, head="data")
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(path) == {"rules-changed"}
    assert world.reach("alice") == set()


def test_a_group_that_lost_the_account_gives_nothing(world: World) -> None:
    """It stood for prod when bob approved, and does not at the merge."""
    path, number = grouped(world, members="data", head="prod")
    world.must(world.merge("olivia", number))
    world.jit("grant", code=1)
    assert world.reasons(path) == {"account-not-allowed"}
    assert world.reach("alice") == set()
