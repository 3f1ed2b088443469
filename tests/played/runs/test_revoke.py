"""Who may end a grant early, what is recorded of it, and that it stays ended."""

from typing import Any

import pytest
from acme_world import DENY_ALL, HOUR, MINUTE, SECOND, World
from breaking import RECORD, answer, at, refuse

from jitbot.sandbox.github import GitHubFault
from jitbot.usecases.ledger.ledger_view import LedgerReader
from jitbot.usecases.ledger.verify_batches import BatchReader


@pytest.mark.parametrize(
    ("actor", "why"),
    [("alice", "released"), ("bob", "revoked"), ("erin", "revoked")],
    ids=["the requester", "an owner of the path", "an owner of policies/"],
)
def test_who_may_end_a_grant_early(world: World, granted: str, actor: str, why: str) -> None:
    """The requester releases; an owner of the request, or of the rules, revokes."""
    ran = world.jit("revoke", granted, "--reason", "enough", actor=actor)
    assert world.story(granted) == ["approved", "granted", "revoked", f"ended {why}"]
    assert world.ledger()[-2]["evidence"]["by"] == actor
    assert f"ended ({why})" in ran.output
    assert world.reach("alice") == set()


def test_each_of_its_pull_requests_names_a_request(world: World, granted: str) -> None:
    """An extension, and what somebody else changed in it and was refused, take no number away from the one that asked."""
    (first,) = (each["evidence"]["pull_request"] for each in world.ledger() if each["event"] == "approved")
    longer = world.land("alice", {granted: world.text(granted).replace('"2h"', '"3h"')})
    world.jit("grant")
    world.land("mallory", {granted: world.text(granted).replace('"3h"', '"4h"')})
    world.later(16 * MINUTE)  # until then GitHub may only be late to list a pull request of alice's
    world.jit("grant", code=1)
    assert f'"pull_request": {longer},' in world.jit("status", "--format", "json", "--all").output
    world.jit("revoke", f"#{first}", "--reason", "enough", actor="bob")
    assert world.reach("alice") == set()


@pytest.mark.parametrize("actor", ["mallory", "carol", "dave", "olivia"])
def test_nobody_else_may_end_a_grant(world: World, granted: str, actor: str) -> None:
    """A colleague of the same team, someone of another, an admin: denied, and nothing is written."""
    assert f"{actor} is neither the requester nor an owner" in (
        world.jit("revoke", granted, "--reason", "spite", code=3, actor=actor).output
    )
    assert world.writes() == []
    assert world.story(granted) == ["approved", "granted"]


def test_a_name_alone_entitles_nobody(world: World, granted: str) -> None:
    """Somebody else signs in under a login that the requester gave up: the GitHub id is another."""
    ran = world.jit("revoke", granted, "--reason", "mine", code=3, actor="alice", GITHUB_ACTOR_ID="4242")
    assert "alice is not known by this GitHub id" in ran.output
    assert world.story(granted) == ["approved", "granted"]


def test_who_is_entitled_must_be_readable(world: World, granted: str) -> None:
    """people.yaml does not read: nobody is taken for entitled."""
    world.write("policies/people.yaml", "people: nonsense\n")
    ran = world.jit("revoke", granted, "--reason", "x", code=3, actor="alice")
    assert "nobody is known to be entitled" in ran.output
    assert world.writes() == []


def test_a_revocation_is_one_write_and_denies_the_open_session_too(world: World, granted: str) -> None:
    """AWSDenyAll on the role: the session that alice has ends with the access."""
    session = world.assume("alice", world.roles()[0].arn) or {}
    assert world.can_read(session, "orders")
    world.forget()
    world.jit("revoke", granted, "--reason", "enough", actor="bob")
    assert world.writes() == ["AttachRolePolicy"]
    assert not world.can_read(session, "orders")
    assert world.roles()[0].attached == (DENY_ALL,)
    assert world.roles()[0].inline  # the policy that carries the guard stays where it is


def test_revoking_twice_is_one_event(world: World, granted: str) -> None:
    """The first revocation counts, whoever comes later; once it is carried out, there is nothing left to write."""
    refuse(world, "AttachRolePolicy")
    world.jit("revoke", granted, "--reason", "first", code=3, actor="bob")
    world.calm()
    world.jit("revoke", granted, "--reason", "second", actor="alice")
    assert world.story(granted) == ["approved", "granted", "revoked", "failed", "ended revoked"]
    world.forget()
    world.jit("revoke", granted, "--reason", "third", actor="erin")
    assert (world.writes(), world.commits()) == ([], 0)


def test_a_revocation_reads_every_batch_of_the_ledger_once(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it for who it is about, and then only what this run wrote: an emergency waits for no second reading."""
    begin, take = LedgerReader._begin, BatchReader.take_named
    begun: list[object] = []
    read: list[str] = []

    def beginning(*given: Any) -> Any:
        begun.append(given)
        return begin(*given)

    def taking(reader: BatchReader, some: Any) -> Any:
        read.extend(some)
        return take(reader, some)

    monkeypatch.setattr(LedgerReader, "_begin", beginning)
    monkeypatch.setattr(BatchReader, "take_named", taking)
    world.jit("revoke", granted, "--reason", "enough", actor="bob")
    assert world.story(granted)[-1] == "ended revoked"
    assert len(begun) == 1
    assert len(read) == len(set(read)) > 3


def test_what_is_over_is_not_denied(world: World, granted: str) -> None:
    """Revoked after its expiry: recorded, and AWS has nothing left to end."""
    world.later(2 * HOUR)
    world.jit("revoke", granted, "--reason", "late", actor="alice")
    assert world.story(granted) == ["approved", "granted", "revoked"]
    assert world.writes() == []


def test_an_older_revocation_run_does_nothing(world: World, granted: str) -> None:
    """Superseded: exit 0, nothing is recorded."""
    world.write("jitbot/version.txt", "2")
    assert "superseded" in world.jit("revoke", granted, "--reason", "x", actor="alice").output
    assert world.story(granted) == ["approved", "granted"]


def test_nothing_is_recorded_on_an_unprotected_ledger(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can be rewritten proves nothing: access ends all the same, said so, and nothing is recorded."""
    monkeypatch.setattr(world.acme.github._site, "rules", {})
    ran = world.jit("revoke", granted, "--reason", "x", code=3, actor="alice")
    assert "the branch ledger is not protected" in ran.output
    assert "denied in 1 account, and it could not be recorded" in ran.output
    assert (world.writes(), world.commits()) == (["AttachRolePolicy"], 0)
    assert world.reach("alice") == set()


def test_a_revocation_that_aws_refuses_is_not_recorded_as_an_end(world: World, granted: str) -> None:
    """The decision stands, the run fails, and the next sweep ends it: no revocation is lost."""
    refuse(world, "AttachRolePolicy")
    world.jit("revoke", granted, "--reason", "enough", code=3, actor="alice")
    assert world.story(granted) == ["approved", "granted", "revoked", "failed"]
    world.calm()
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended released"
    assert world.reach("alice") == set()


def test_what_has_no_role_yet_stays_due_until_its_window_is_over(world: World, asked: str) -> None:
    """Revoked after the approval, before the grant: nothing is granted, and the end is recorded when it is sure."""
    refuse(world, "CreateRole")
    world.jit("grant", code=3)
    world.calm()
    world.jit("revoke", asked, "--reason", "no more", actor="alice")
    world.jit("grant")
    assert world.roles() == []
    world.later(2 * HOUR - SECOND)
    world.jit("sweep")
    assert "ended released" not in world.story(asked)
    world.later(SECOND)
    world.jit("sweep")
    assert world.story(asked)[-1] == "ended released"


def test_a_role_made_in_spite_of_a_revocation_is_denied_by_the_next_sweep(world: World, granted: str) -> None:
    """A late run left a role behind: due is due, granted or not."""
    role = world.roles()[0]
    world.back(world.kept["asked"])
    refuse(world, "CreateRole")
    world.jit("grant", code=3)
    world.calm()
    world.jit("revoke", granted, "--reason", "no more", actor="alice")
    world.by_hand().create_role(RoleName=role.name, Path="/jit/", AssumeRolePolicyDocument=role.trust)
    world.jit("sweep")
    assert world.roles()[0].attached == (DENY_ALL,)
    assert world.story(granted)[-1] == "ended released"


def test_an_early_end_is_final(world: World, granted: str) -> None:
    """An extension that is approved afterwards brings nothing back."""
    world.jit("revoke", granted, "--reason", "enough", actor="bob")
    world.land("alice", {granted: world.text(granted).replace('"2h"', '"3h"')})
    world.jit("grant", code=1)
    assert "already-ended" in world.reasons(granted)
    assert world.reach("alice") == set()


@pytest.mark.parametrize("request_", ["requests/orders-db-read/2026-11/23-alice-nothing.yaml", "nothing"])
def test_what_was_never_approved_cannot_be_revoked(world: World, request_: str) -> None:
    """No such request: said so, exit 1, nothing written."""
    assert "no request is called" in world.jit("revoke", request_, "--reason", "x", code=1).output
    assert world.commits() == 0


def test_what_was_refused_cannot_be_revoked(world: World) -> None:
    """A refused request has nothing to end."""
    path = world.ask(by=())
    world.jit("grant", code=1)
    assert "was never approved" in world.jit("revoke", path, "--reason", "x", code=1, actor="alice").output
    assert world.story(path) == ["refused"]


def test_a_grant_that_is_recorded_meanwhile_does_not_stop_a_revocation(world: World, asked: str) -> None:
    """The ledger moves between reading and recording: read again, recorded once, ended."""
    refuse(world, "CreateRole")
    world.jit("grant", code=3)
    at(world, RECORD, lambda: world.jit("grant", runner="runner-2"))
    world.jit("revoke", asked, "--reason", "enough", actor="alice")
    story = world.story(asked)
    assert story.count("revoked") == story.count("ended released") == 1
    assert world.reach("alice") == set()


def test_a_revocation_on_a_ledger_in_doubt_is_not_begun(world: World, granted: str) -> None:
    """The issuer's keys cannot be had, so what is recorded cannot be told: try again."""
    answer(world, GitHubFault(status=503), "GET", "/jwks")
    ran = world.jit("revoke", granted, "--reason", "x", code=3, actor="alice")
    assert "cannot be checked without it" in ran.output
    assert (world.writes(), world.commits()) == ([], 0)
