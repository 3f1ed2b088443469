"""An attested event that cannot be read puts its own request in doubt, and nothing else: for runs and audits alike."""

import json

import pytest
from acme_world import HOUR, PROD, World
from audit_story import clone, vouched
from breaking import refuse
from forging import NEWER, batch, push, unreadable

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import AccountId

LARGE = b'{"x": "' + b"x" * EVENT_READ + b'"}'


@pytest.mark.parametrize("content", [LARGE, NEWER], ids=["too large", "of another schema"])
def test_other_requests_go_on(world: World, granted: str, content: bytes) -> None:
    """carol's request is decided, granted and ended beside it; alice's, which it is about, is given nothing and keeps what it has."""
    unreadable(world, content, kind=EventType.EXTENDED, request=granted)
    other = world.ask("carol", "beside")
    text = world.text(granted)
    world.land("alice", {granted: text.replace('"2h"', '"3h"')})
    ran = world.jit("grant", code=3)
    assert f"an event of the ledger that may be about {granted} cannot be read" in ran.output
    assert "cannot be read whole" in ran.output
    assert world.story(other) == ["approved", "granted"]
    assert world.story(granted)[-1] == "granted"
    world.jit("sweep")
    assert world.reach("alice") != set()
    world.jit("revoke", other, "--reason", "done", actor="carol")
    assert world.reach("carol") == set()


def test_what_is_approved_and_given_nothing_in_doubt_fails_the_run(world: World, granted: str) -> None:
    """Else nobody looks again before the next merge: a run that gave all that was due is green."""
    other = world.ask("carol", "beside")
    refuse(world, "AssumeRoleWithWebIdentity")
    world.jit("grant", code=3)
    world.acme.aws.faults = None
    assert world.story(other) == ["approved"]
    ledger = world.github.store.tip("ledger")
    unreadable(world, NEWER, kind=EventType.EXTENDED, request=other)
    ran = world.jit("grant", code=3)
    assert "it is approved, and nothing is granted" in ran.output
    world.github.store.update_ref("refs/heads/ledger", ledger)
    world.jit("grant")
    assert world.story(other)[-1] == "granted"


def test_what_is_in_doubt_can_be_ended(world: World, granted: str) -> None:
    """A revocation is positively read, whatever else is in doubt; and so is a deletion."""
    unreadable(world, LARGE, kind=EventType.EXTENDED, request=granted)
    world.jit("revoke", granted, "--reason", "stolen", actor="bob")
    assert (world.reach("alice"), world.story(granted)[-1]) == (set(), "ended revoked")


def test_what_is_known_by_half_is_not_said_never_to_have_been_approved(world: World, granted: str) -> None:
    """A readable event names the request, and its approval cannot be read: that is doubt, 3, and no "never approved"."""
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    unreadable(world, LARGE, kind=EventType.APPROVED, request=granted)
    said = {"message": "AWS is slow"}
    event = Event(
        kind=EventType.FAILED,
        at=world.now,
        request=granted,
        account_id=AccountId(PROD),
        evidence=Evidence(said),
    )
    push(world, batch(world, event), message="forged")
    ran = world.ran("revoke", granted, "--reason", "stolen", actor="bob")
    assert (ran.code, "never approved" in ran.output) == (3, False), ran.output


def test_what_cannot_be_read_is_told_wherever_the_request_is(world: World, granted: str) -> None:
    """status, explain and the comment do not say more than is known of it; carol's, beside it, is as ever."""
    other = world.ask("carol", "beside")
    world.jit("grant")
    clone(world)
    numbers = {
        each["request"]: each["evidence"]["pull_request"]
        for each in world.ledger()
        if each["event"] == "approved"
    }
    unreadable(world, NEWER, kind=EventType.EXTENDED, request=granted)
    why = f"an event of the ledger that may be about {granted} cannot be read"
    seen = world.ran("status", "--all", runner="auditor")
    assert (seen.code, why in seen.output, "beside" in seen.output) == (3, True, True), seen.output
    told = world.ran("explain", str(numbers[granted]), runner="auditor")
    assert (told.code, why in told.output) == (3, True), told.output
    assert world.ran("explain", str(numbers[other]), runner="auditor").code == 0
    for number, doubted in ((numbers[granted], True), (numbers[other], False)):
        world.github.comments.clear()
        world.ran("comment", str(number), workflow="grant.yml", event="push")
        (body,) = (each.body for each in world.github.comments.values())
        assert ("access may have ended" in body) is doubted


def test_what_only_an_unreadable_event_names_is_found_and_not_revoked(world: World, granted: str) -> None:
    """Nothing but the unreadable event knows the request: that is doubt, 3, and no "no request is called so"."""
    world.github.store.update_ref("refs/heads/ledger", world.kept["seed"].ledger)
    unreadable(world, LARGE, kind=EventType.APPROVED, request=granted)
    ran = world.ran("revoke", granted, "--reason", "stolen", actor="bob")
    assert (ran.code, "may be about" in ran.output) == (3, True), ran.output


def test_a_deletion_of_what_is_in_doubt_ends_it(world: World, granted: str) -> None:
    """The same by a deletion."""
    unreadable(world, NEWER, kind=EventType.EXTENDED, request=granted)
    world.write(granted, None)
    world.jit("sweep")
    assert (world.reach("alice"), world.story(granted)[-1]) == (set(), "ended deleted")


def test_nothing_ends_in_doubt(world: World, granted: str) -> None:
    """A role that only an unreadable approval may explain is no orphan; one that nothing names is."""
    role = world.roles()[0]
    before = world.kept["granted"].ledger if "granted" in world.kept else None
    assert before is not None
    world.github.store.update_ref(
        "refs/heads/ledger", world.kept["seed"].ledger
    )  # as if it had never been readable
    unreadable(world, LARGE, kind=EventType.APPROVED, request=granted, role=role.name)
    world.jit("sweep")
    assert world.reach("alice") != set()
    world.by_hand().create_role(RoleName="jit-nobody", Path="/jit/", AssumeRolePolicyDocument=role.trust)
    world.jit("sweep", code=3)
    assert world.reach("alice") != set()
    assert [each["event"] for each in world.ledger() if each["event"] == "ended"] == ["ended"]


def test_what_says_of_nothing_what_it_is_about_stops_every_run(world: World, granted: str) -> None:
    """A newer event that names no request may end anybody: nothing is given, nothing ends; a refusal ends nobody."""
    unreadable(world, NEWER, kind="stopped", request="")
    other = world.ask("carol", "beside")
    assert "cannot be read by this jitbot" in world.jit("grant", code=3).output
    assert "cannot be read by this jitbot" in world.jit("sweep", code=3).output
    assert world.story(other) == []
    world.jit("revoke", granted, "--reason", "stolen", code=3, actor="bob")  # ended, and not recorded
    assert world.reach("alice") == set()


def test_an_unreadable_refusal_that_names_nothing_stops_nobody(world: World, granted: str) -> None:
    """Whatever it refused, it gave nothing."""
    unreadable(world, LARGE, kind=EventType.REFUSED, request="")
    other = world.ask("carol", "beside")
    world.jit("grant")
    assert world.story(other) == ["approved", "granted"]


def test_an_audit_judges_everything_beside_it(world: World, granted: str) -> None:
    """Not to be checked is the request it may be about, and no other; a rightful grant beside it is rightful."""
    unreadable(
        world, LARGE, kind=EventType.REFUSED, request="requests/orders-db-read/2026-11/23-mallory-x.yaml"
    )
    world.later(HOUR)
    clone(world)
    given = ("--keys", str(vouched(world)), "--format", "json")
    found = json.loads(world.ran("audit", "verify", *given, runner="auditor", workflow="audit.yml").output)
    assert found["exit_code"] == 3
    told = [(each["code"], each["weight"], each["request"]) for each in found["findings"]]
    assert told == [("unreadable", "unchecked", "requests/orders-db-read/2026-11/23-mallory-x.yaml")]
