"""What a sweep ends, confirms and removes, and what it leaves alone."""

from functools import partial

import pytest
from acme_world import DENY_ALL, HOUR, PROD, SECOND, STAGING, World
from breaking import at, refuse

ALICE = {("alice", "prod", "orders")}
IDLE = ["nothing to end, nothing to remove"]


def test_a_sweep_with_nothing_due_reads_one_list_in_each_account(world: World, granted: str) -> None:
    """No read of any role, no write to AWS, no commit, and one line."""
    before = world.keep().ledger
    ran = world.jit("sweep")
    calls = [operation for _, service, operation in world.acme.aws.calls if service == "iam"]
    assert calls == ["ListRoles"] * 3
    assert (world.commits(), world.keep().ledger) == (0, before)
    assert ran.output.splitlines() == IDLE


def test_expiry_needs_no_run_and_is_confirmed_by_the_next(world: World, granted: str) -> None:
    """At the second of its end AWS refuses; the sweep reads the guard back, and writes nothing to AWS."""
    world.later(2 * HOUR - SECOND)
    assert world.jit("sweep").output.splitlines() == IDLE
    assert world.reach("alice") == ALICE
    world.later(SECOND)
    assert world.reach("alice") == set()
    end = f"{world.now:%Y-%m-%dT%H:%M:%SZ}"
    world.later(HOUR - SECOND)
    world.forget()
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended expired"
    assert world.ledger()[-1]["evidence"]["effective_at"] == end
    assert world.writes() == []


def test_a_role_is_removed_one_session_after_its_end(world: World, granted: str) -> None:
    """Not a second before; then it is deleted, read back as gone, recorded, and nothing is left to do."""
    world.later(2 * HOUR)
    world.jit("sweep")
    world.later(HOUR - SECOND)
    assert world.jit("sweep").output.splitlines() == IDLE
    world.later(SECOND)
    world.forget()
    world.jit("sweep")
    assert world.writes() == ["DeleteRolePolicy", "DeleteRole"]
    assert world.story(granted)[-2:] == ["ended expired", "removed"]
    assert world.roles() == []
    assert world.jit("sweep").output.splitlines() == IDLE


def test_a_denied_role_stays_as_a_tombstone_until_its_time(world: World, granted: str) -> None:
    """Its policy carries the guard: it is removed when the recorded end and one session are over, not before."""
    world.jit("revoke", granted, "--reason", "done", actor="alice")
    world.later(3 * HOUR - SECOND)
    assert world.jit("sweep").output.splitlines() == IDLE
    assert world.roles()[0].inline
    world.later(SECOND)
    world.forget()
    world.jit("sweep")
    assert world.writes() == ["DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"]
    assert world.story(granted)[-1] == "removed"


def test_a_removal_that_aws_refuses_stays_due(world: World, granted: str) -> None:
    """Nothing is called removed that was not read back as gone; each run fails, and a healthy one removes."""
    world.later(2 * HOUR)
    world.jit("sweep")
    world.later(HOUR)
    for operation in ("GetRole", "DeleteRolePolicy", "DeleteRole"):
        refuse(world, operation)
        world.jit("sweep", code=3)
    assert "removed" not in world.story(granted)
    world.calm()
    world.jit("sweep")
    assert world.story(granted)[-1] == "removed"
    assert world.roles() == []


def test_what_is_still_there_after_its_removal_is_not_called_removed(world: World, ended: str) -> None:
    """Somebody makes the role anew before it is read back as gone."""
    role = world.roles()[0]
    make = partial(world.by_hand().create_role, RoleName=role.name, Path="/jit/")
    at(world, "GetRole", partial(make, AssumeRolePolicyDocument=role.trust), nth=2)
    assert "is still there after its removal" in world.jit("sweep", code=3).output
    assert "removed" not in world.story(ended)


def test_a_lost_revocation_is_impossible(world: World, granted: str) -> None:
    """AWS refuses the denial of a deleted request: nothing is recorded as ended, exit 3, the next run does it."""
    world.write(granted, None)
    refuse(world, "AttachRolePolicy")
    world.jit("sweep", code=3)
    assert world.story(granted) == ["approved", "granted", "failed"]
    world.calm()
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended deleted"
    assert world.reach("alice") == set()


def test_a_grant_made_during_a_sweep_is_no_orphan(world: World, asked: str) -> None:
    """The whole grant happens between the sweep's first look at the ledger and its list of roles."""
    left = ["grant"]

    def listing(account_id: str, _service: str, operation: str) -> None:
        if (account_id, operation) == (PROD, "ListRoles") and left:
            world.jit(left.pop(), runner="runner-2")

    world.acme.aws.faults = listing
    world.jit("sweep")
    assert world.story(asked) == ["approved", "granted"]
    assert world.reach("alice") == ALICE


def test_one_accounts_trouble_does_not_stop_another(world: World) -> None:
    """prod cannot be entered: what ends in staging ends, the run fails, and prod follows when it answers."""
    path = world.ask(accounts=["prod", "staging"])
    world.jit("grant")
    world.write(path, None)
    refuse(world, "AssumeRoleWithWebIdentity", account_id=PROD)
    assert f"account {PROD}" in world.jit("sweep", code=3).output
    assert DENY_ALL in world.roles(STAGING)[0].attached
    assert DENY_ALL not in world.roles(PROD)[0].attached
    world.calm()
    world.jit("sweep")
    assert world.story(path)[3:] == ["ended deleted", "ended deleted"]
    assert world.reach("alice") == set()


def test_a_list_that_fails_ends_nothing_there(world: World, granted: str) -> None:
    """An account that does not answer has not lost its roles."""
    world.later(HOUR)
    refuse(world, "ListRoles")
    world.jit("sweep", code=3)
    assert world.story(granted) == ["approved", "granted"]


PEOPLE = "policies/people.yaml"
ALICES = "  alice: {github_id: 1001, identity_center: alice@acme.com}\n"


@pytest.mark.parametrize(
    "instead",
    ["", ALICES.replace("1001", "4242"), ALICES.replace("alice@", "alicia@")],
    ids=["gone", "another GitHub id", "another principal"],
)
def test_who_is_no_longer_that_person_loses_access(world: World, granted: str, instead: str) -> None:
    """Removed from people.yaml, or no longer with the recorded id and principal: ended, recorded."""
    text = world.text(PEOPLE)
    teams = world.text("policies/teams.yaml")
    assert ALICES in text
    world.write("policies/teams.yaml", teams.replace("alice, ", "") if not instead else teams)
    world.write(PEOPLE, text.replace(ALICES, instead))
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended offboarded"
    assert world.reach("alice") == set()


@pytest.mark.parametrize("content", [None, "people: nonsense\n", ""], ids=["missing", "no people", "empty"])
def test_nobody_is_offboarded_by_a_file_that_cannot_be_read(
    world: World, granted: str, content: str | None
) -> None:
    """A broken people.yaml ends nothing that is live, and the sweep says so."""
    world.write(PEOPLE, content)
    assert "nobody's access ends because they left" in world.jit("sweep", code=3).output
    assert world.story(granted) == ["approved", "granted"]
    assert world.reach("alice") == ALICE


def test_an_account_that_main_no_longer_names_is_still_swept(world: World, granted: str) -> None:
    """main loses accounts.yaml: what the ledger has there is ended and removed all the same."""
    world.write("policies/accounts.yaml", None)
    world.write(granted, None)
    world.jit("sweep", code=3)
    assert world.story(granted)[-1] == "ended deleted"


def test_a_dry_run_says_what_it_would_end_and_does_not(world: World, granted: str) -> None:
    """Neither git nor AWS is written to, whatever is due."""
    world.write(granted, None)
    assert "would deny jit-alice-" in world.jit("sweep", "--dry-run").output
    assert (world.writes(), world.commits()) == ([], 0)


def test_an_older_sweep_does_nothing(world: World, granted: str) -> None:
    """Superseded: exit 0, AWS is not asked."""
    world.write(granted, None)
    world.write("jitbot/version.txt", "2")
    assert "superseded" in world.jit("sweep").output
    assert world.acme.aws.calls == []


def test_a_denial_that_does_not_read_back_is_not_recorded(world: World, granted: str) -> None:
    """Somebody detaches it at once: the end is not recorded as made, and stays due."""
    world.write(granted, None)
    name = world.roles()[0].name

    def detach() -> None:
        world._iam(PROD).get_role(name).managed_policies.clear()

    at(world, "GetRole", detach, nth=2)
    assert "does not read back as denied" in world.jit("sweep", code=3).output
    assert world.story(granted)[-1] == "failed"


def test_a_role_that_is_gone_before_its_end_was_looked_at_is_confirmed(world: World, granted: str) -> None:
    """Deleted by hand after its expiry, before any sweep: it ended as it should, and is recorded as absent."""
    world.later(2 * HOUR)
    role = world.roles()[0]
    world.by_hand().delete_role_policy(RoleName=role.name, PolicyName=role.inline[0][0])
    world.by_hand().delete_role(RoleName=role.name)
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended expired"
    assert world.ledger()[-1]["evidence"]["seen"] == "absent"
