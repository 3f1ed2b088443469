"""A grant and a revocation at once, in whatever order their writes fall: what was revoked is over."""

import pytest
from acme_world import DENY_ALL, HOUR, World
from audit_story import clone, vouched
from breaking import RECORD, at

GRANT_WRITES = [(RECORD, 1), ("CreateRole", 1), ("PutRolePolicy", 1), (RECORD, 2)]
REVOKE_WRITES = [(RECORD, 1), ("AttachRolePolicy", 1), (RECORD, 2)]


def is_over(world: World, path: str) -> None:
    """Nobody reads anything, in this moment and after whatever runs come next; every end is told once."""
    for verb in ("grant", "sweep", "grant"):
        assert world.reach("alice", "mallory") == set()
        world.jit(verb)
    story = world.story(path)
    assert story.count("revoked") == 1
    assert [each for each in story if each.startswith("ended")] == ["ended released"]
    assert all(DENY_ALL in role.attached for role in world.roles())


def revoke(world: World, path: str) -> None:
    """alice ends her own access, in a job of its own."""
    world.jit("revoke", path, "--reason", "done", actor="alice", runner="runner-2")


def grant(world: World, runner: str = "runner") -> None:
    """A run of grant. It may refuse the extension of what is over, or find that what it wrote is denied, and fail."""
    assert world.ran("grant", runner=runner).code in (0, 1, 3)


@pytest.mark.parametrize(("name", "nth"), GRANT_WRITES[1:])
def test_a_revocation_before_any_write_of_a_grant_wins(world: World, asked: str, name: str, nth: int) -> None:
    """The whole revocation happens just before one of the grant's writes."""
    at(world, name, lambda: revoke(world, asked), nth=nth)
    grant(world)
    world.calm()
    is_over(world, asked)


@pytest.mark.parametrize(("name", "nth"), GRANT_WRITES)
def test_a_revocation_before_any_write_of_an_extension_wins(
    world: World, extended: str, name: str, nth: int
) -> None:
    """The same while an approved extension is carried out: the later end is as over as the former."""
    name = "UpdateAssumeRolePolicy" if name == "CreateRole" else name
    at(world, name, lambda: revoke(world, extended), nth=nth)
    grant(world)
    world.calm()
    is_over(world, extended)
    world.later(2 * HOUR)
    assert world.reach("alice") == set()


@pytest.mark.parametrize(("name", "nth"), REVOKE_WRITES)
def test_a_grant_before_any_write_of_a_revocation_loses(
    world: World, extended: str, name: str, nth: int
) -> None:
    """A whole run of grant, with an extension to carry out, happens just before one of the revocation's writes."""

    at(world, name, lambda: grant(world, "runner-2"), nth=nth)
    world.jit("revoke", extended, "--reason", "done", actor="alice")
    world.calm()
    is_over(world, extended)


def test_what_was_revoked_meanwhile_is_never_recorded_as_extended(world: World, extended: str) -> None:
    """The decision that is recorded is one on the ledger that it is recorded on: an audit finds nothing wrong in it."""
    at(world, RECORD, lambda: revoke(world, extended))
    ran = world.ran("grant")
    assert ran.code == 1, ran.output
    world.calm()
    assert "extended" not in world.story(extended)
    assert world.reasons(extended) == {"already-ended"}
    clone(world)
    given = ("--keys", str(vouched(world)))
    audited = world.ran("audit", "verify", *given, runner="auditor", workflow="audit.yml")
    assert audited.code == 0, audited.output
