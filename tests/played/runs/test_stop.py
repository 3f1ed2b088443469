"""The emergency stop: who may stop and lift, what is refused and what ends, and that doubt ends access first."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from acme_world import DENY_ALL, HOUR, MINUTE, ORDERS, SECOND, World
from breaking import RECORD, answer, at, refuse

from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.stops import StopSubject, lifted_event, stopped_event, stops_of
from jitbot.domain.model.documents import GithubId, Login, Person, Sha
from jitbot.sandbox.github import GitHubFault
from jitbot.usecases.ledger.ledger import _batches

DAY = 24 * HOUR
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TWO_OWNERS = "acme/security: [erin, frank]"


@pytest.fixture
def owners(world: World) -> World:
    """acme, where erin and frank own the rules."""
    teams = world.text("policies/teams.yaml").replace("acme/security: [erin]", TWO_OWNERS)
    world.write("policies/teams.yaml", teams)
    return world


def stop(world: World, *arguments: str, actor: str = "erin", code: int = 0) -> str:
    """`jitbot stop` in a run of revoke.yml that this person started; what it printed."""
    ran = world.jit("stop", *arguments, "--reason", "stolen", actor=actor, code=code, workflow="revoke.yml")
    return ran.output


def stops(world: World) -> list[str]:
    """The stops and lifts on the ledger, in their order."""
    return [each["event"] for each in world.ledger() if each["event"] in ("stopped", "lifted")]


@pytest.mark.parametrize("who", [("--person", "alice"), ("--person", "ALICE"), ("--policy", ORDERS)])
def test_a_stop_ends_what_is_live(world: World, granted: str, who: tuple[str, str]) -> None:
    """One write for one grant; the ledger says by whom, why and until when; nobody reaches anything."""
    world.forget()
    said = stop(world, *who)
    assert world.story(granted) == ["approved", "granted", "ended stopped"]
    assert (world.writes(), world.roles()[0].attached) == (["AttachRolePolicy"], (DENY_ALL,))
    assert world.reach("alice") == set()
    (event,) = [each for each in world.ledger() if each["event"] == "stopped"]
    assert (event["evidence"]["by"], event["evidence"]["reason"]) == ("erin", "stolen")
    assert "stopped: every request of " in said
    assert "by erin" in said


def test_others_keep_what_they_have(world: World, granted: str) -> None:
    """A stop of one person ends nothing of another under the same policy, nor refuses it."""
    path = world.ask("carol", "hers")
    world.jit("grant")
    stop(world, "--person", "alice")
    assert world.story(path) == ["approved", "granted"]
    other = world.ask("carol", "later")
    world.jit("grant")
    assert world.story(other) == ["approved", "granted"]


@pytest.mark.parametrize("who", [("--person", "alice"), ("--policy", ORDERS)])
def test_a_request_merged_before_the_stop_is_refused(world: World, asked: str, who: tuple[str, str]) -> None:
    """Merged, and not decided yet: refused for good, and a lift brings nothing back."""
    stop(world, *who)
    world.jit("grant", code=1)
    assert world.reasons(asked) == {"stopped"}
    stop(world, *who, "--lift")
    world.jit("grant")
    assert (world.story(asked), world.roles()) == (["refused"], [])


def test_a_request_asked_after_the_stop_is_refused(world: World) -> None:
    """Also where nothing of theirs was ever recorded, and approved by everybody who must."""
    stop(world, "--person", "alice")
    path = world.ask()
    world.jit("grant", code=1)
    assert world.reasons(path) == {"stopped"}


def test_an_extension_is_refused(world: World, granted: str) -> None:
    """What was ended stays ended, longer or not."""
    stop(world, "--policy", ORDERS)
    world.land("alice", {granted: world.text(granted).replace('"2h"', '"3h"')})
    world.jit("grant", code=1)
    assert world.reasons(granted) == {"stopped", "already-ended"}
    assert world.reach("alice") == set()


def test_what_is_approved_and_not_granted_is_never_granted(world: World, asked: str) -> None:
    """AWS refused the grant, then came the stop: lifted or not, its end is final."""
    refuse(world, "CreateRole")
    world.jit("grant", code=3)
    world.calm()
    stop(world, "--person", "alice")
    world.jit("grant")
    assert world.roles() == []
    stop(world, "--person", "alice", "--lift")
    world.jit("grant")
    assert (world.roles(), world.reach("alice")) == ([], set())


def test_a_request_that_was_kept_from_being_decided_is_refused_after_the_lift(
    world: World, asked: str
) -> None:
    """Somebody cancels every run of grant until the stop is lifted: it was merged before that."""
    stop(world, "--person", "alice")
    world.later(HOUR)
    stop(world, "--person", "alice", "--lift")
    world.jit("grant", code=1)
    assert world.reasons(asked) == {"stopped"}


def test_a_grant_in_the_making_ends_at_once(world: World, asked: str) -> None:
    """The stop is recorded between the approval and its outcome: the role is denied by the run that made it."""
    at(
        world,
        RECORD,
        lambda: world.jit(
            "stop",
            "--person",
            "alice",
            "--reason",
            "x",
            actor="erin",
            workflow="revoke.yml",
            runner="runner-2",
        ),
        nth=2,
    )
    world.jit("grant")
    assert world.reach("alice") == set()
    assert [role.attached for role in world.roles()] == [(DENY_ALL,)]
    assert "granted" not in world.story(asked)


def test_a_stop_lasts_seven_days_to_the_second(world: World) -> None:
    """Merged a second before its end: refused. Merged at its end: granted."""
    stop(world, "--person", "alice")
    world.later(7 * DAY - SECOND)
    early = world.ask(slug="early")
    world.jit("grant", code=1)
    world.later(SECOND)
    late = world.ask(slug="late")
    world.jit("grant")
    assert (world.story(early), world.story(late)) == (["refused"], ["approved", "granted"])


def test_lifted_and_stopped_again(world: World) -> None:
    """Each stop is one of its own; what is asked between the two is granted, and ended by the second."""
    stop(world, "--person", "alice")
    world.later(MINUTE)
    stop(world, "--person", "ALICE", "--lift")
    world.later(MINUTE)
    path = world.ask(slug="between")
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    world.later(MINUTE)
    stop(world, "--person", "alice")
    assert stops(world) == ["stopped", "lifted", "stopped"]
    assert world.story(path)[-1] == "ended stopped"
    later = world.ask(slug="later")
    world.jit("grant", code=1)
    assert world.reasons(later) == {"stopped"}


def test_two_stops_at_once_are_lifted_one_by_one(world: World) -> None:
    """A person and a policy: while one of them holds, the request is refused."""
    stop(world, "--person", "alice")
    stop(world, "--policy", ORDERS)
    stop(world, "--person", "alice", "--lift")
    world.later(MINUTE)
    first = world.ask(slug="first")
    world.jit("grant", code=1)
    stop(world, "--policy", ORDERS, "--lift")
    world.later(MINUTE)
    second = world.ask(slug="second")
    world.jit("grant")
    assert (world.story(first), world.story(second)) == (["refused"], ["approved", "granted"])


def test_a_lift_lifts_every_stop_of_its_subject(world: World) -> None:
    """Stopped twice, lifted once: nothing holds any more, and there is nothing left to lift."""
    stop(world, "--person", "alice")
    world.later(MINUTE)
    stop(world, "--person", "alice")
    stop(world, "--person", "alice", "--lift")
    assert stops(world) == ["stopped", "stopped", "lifted", "lifted"]
    assert "no stop of alice is in force" in stop(world, "--person", "alice", "--lift", code=1)


@pytest.mark.parametrize("actor", ["alice", "bob", "mallory", "olivia"])
@pytest.mark.parametrize("more", [(), ("--lift",)])
def test_nobody_but_an_owner_of_the_rules(
    world: World, granted: str, actor: str, more: tuple[str, ...]
) -> None:
    """The requester, an owner of the request, a colleague, an admin: denied, and nothing changes."""
    stop(world, "--person", "carol")
    world.forget()
    said = stop(world, "--person", "carol", *more, actor=actor, code=3)
    assert f"{actor} is no owner of policies/" in said
    assert (world.writes(), world.commits(), stops(world)) == ([], 0, ["stopped"])


def test_a_name_alone_entitles_nobody(world: World, granted: str) -> None:
    """Somebody else took over the owner's login: the GitHub id is another."""
    arguments = ("--person", "alice", "--reason", "x")
    ran = world.jit("stop", *arguments, code=3, actor="erin", workflow="revoke.yml", GITHUB_ACTOR_ID="4242")
    assert "erin is not known by this GitHub id" in ran.output
    assert stops(world) == []


def test_on_ones_own_machine_it_says_what_to_start(world: World, granted: str) -> None:
    """Nothing proves there who acts."""
    arguments = ("--person", "alice", "--reason", "x")
    ran = world.jit("stop", *arguments, code=3, actor="erin", workflow="revoke.yml", GITHUB_ACTOR_ID="")
    assert "gh workflow run revoke.yml -f person=LOGIN" in ran.output
    assert (world.roles()[0].attached, stops(world)) == ((), [])


def test_a_rerun_stops_nobody(world: World, granted: str) -> None:
    """It acts in the name of the person who started the first attempt."""
    arguments = ("--person", "alice", "--reason", "x")
    ran = world.jit("stop", *arguments, code=3, actor="erin", workflow="revoke.yml", GITHUB_RUN_ATTEMPT="2")
    assert "a re-run acts in the name of" in ran.output


def test_who_is_stopped_lifts_nothing(owners: World) -> None:
    """An owner of the rules whose account was taken over: another owner lifts, and they do not."""
    stop(owners, "--person", "erin", actor="frank")
    stop(owners, "--policy", ORDERS, actor="frank")
    for who in (("--person", "erin"), ("--policy", ORDERS)):
        assert "erin is stopped, and so lifts no stop" in stop(owners, *who, "--lift", code=3)
    stop(owners, "--person", "erin", "--lift", actor="frank")
    stop(owners, "--policy", ORDERS, "--lift")
    assert stops(owners) == ["stopped", "stopped", "lifted", "lifted"]


def test_the_only_owner_is_stopped(world: World) -> None:
    """Nobody lifts it, until a change of the rules names another owner, or seven days are over."""
    stop(world, "--person", "erin")
    assert "another owner of policies/ does" in stop(world, "--person", "erin", "--lift", code=3)
    teams = world.text("policies/teams.yaml").replace("acme/security: [erin]", TWO_OWNERS)
    world.write("policies/teams.yaml", teams)
    stop(world, "--person", "erin", "--lift", actor="frank")
    assert stops(world) == ["stopped", "lifted"]


def test_a_person_who_left_people_yaml_is_stopped_by_the_ledger(world: World, granted: str) -> None:
    """Their login is in no file any more; what they have is found by the id that was recorded."""
    people = [line for line in world.text("policies/people.yaml").splitlines() if "  alice:" not in line]
    world.write("policies/people.yaml", "\n".join(people) + "\n")
    stop(world, "--person", "Alice")
    assert world.story(granted)[-1] == "ended stopped"


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("--person", "nobody"), 1, "nobody is neither in policies/people.yaml"),
        (("--policy", "nothing"), 1, "neither policies/access/nothing.yaml is on main"),
        (("--person", "a lice\n::error::"), 2, "is no GitHub login"),
        (("--person", "../x"), 2, "is no GitHub login"),
        (("--policy", "../settings"), 2, "is no policy's name"),
        (("--policy", "orders-db-read\n"), 2, "is no policy's name"),
        (("--person", "alice", "--policy", ORDERS), 2, "name either"),
        ((), 2, "name either"),
        (("--person", ""), 2, "name either"),
    ],
)
def test_what_is_named_must_be_known(world: World, arguments: tuple[str, ...], code: int, why: str) -> None:
    """A misspelt, hostile or empty name: said so, and nothing is written."""
    world.forget()
    said = stop(world, *arguments, code=code)
    assert why in said
    assert "\n::error::" not in said
    assert (stops(world), world.commits()) == ([], 0)


def test_access_ends_first_where_the_ledger_takes_no_record(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is read and not written: AWS denies what is live, and the run is red and says so."""
    monkeypatch.setattr(world.acme.github._site, "rules", {})
    world.forget()
    said = stop(world, "--person", "alice", code=3)
    assert "the branch ledger is not protected" in said
    assert "denied: 1 role, and it could not be recorded, and what is merged now is not refused" in said
    assert (world.writes(), world.commits()) == (["AttachRolePolicy"], 0)
    assert world.reach("alice") == set()
    monkeypatch.undo()
    stop(world, "--person", "alice")
    assert world.story(granted)[-1] == "ended stopped"


def test_access_ends_first_where_github_is_down(world: World, granted: str) -> None:
    """Every record fails: AWS first, red, and a second run records what the first one did."""
    answer(world, GitHubFault(status=503), "POST", "/graphql")
    said = stop(world, "--person", "alice", code=3)
    assert "it could not be recorded" in said
    assert (world.reach("alice"), stops(world)) == (set(), [])
    world.calm()
    stop(world, "--person", "alice")
    assert (world.story(granted)[-1], stops(world)) == ("ended stopped", ["stopped"])


def test_an_end_that_aws_refuses_stays_due(world: World, granted: str) -> None:
    """The stop is recorded, the run fails, and the next sweep ends it."""
    refuse(world, "AttachRolePolicy")
    stop(world, "--person", "alice", code=3)
    assert world.story(granted) == ["approved", "granted", "failed"]
    world.calm()
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended stopped"
    assert world.reach("alice") == set()


def test_a_stop_has_a_commit_of_its_own(world: World, granted: str) -> None:
    """A jitbot that cannot read it then knows no request that it is about, and gives nothing to anybody."""
    stop(world, "--person", "alice")
    log = world.github.store.git("log", "-2", "--format=%B%x00", "--name-only", "ledger").decode()
    ended, stopped = log.split("stopped: every request of")
    assert "-ended-" in ended
    assert "-stopped-" in stopped
    assert "Request: " not in stopped
    assert "-ended-" not in stopped


def test_what_is_over_is_not_ended(world: World, granted: str) -> None:
    """It expired before the stop: it ends as planned."""
    world.later(2 * HOUR)
    world.forget()
    stop(world, "--person", "alice")
    assert world.writes() == []
    world.jit("sweep")
    assert world.story(granted)[-1] == "ended expired"


def test_a_request_in_the_ledger_is_enough_to_stop_its_policy(world: World, granted: str) -> None:
    """The policy's file is gone from main; what was granted under it is not."""
    world.write(f"policies/access/{ORDERS}.yaml", None)
    stop(world, "--policy", ORDERS)
    assert world.story(granted)[-1] == "ended stopped"


def test_a_decision_made_before_the_stop_is_not_recorded_after_it(world: World, asked: str) -> None:
    """The stop comes between decision and record: the run reads the ledger again, and decides again."""
    at(
        world,
        RECORD,
        lambda: world.jit(
            "stop",
            "--person",
            "alice",
            "--reason",
            "x",
            actor="erin",
            workflow="revoke.yml",
            runner="runner-2",
        ),
    )
    world.jit("grant", code=1)
    assert (world.story(asked), world.reasons(asked)) == (["refused"], {"stopped"})


def test_a_late_stop_has_a_commit_of_its_own_too() -> None:
    """A stop that is recorded together with its outcomes, and between others: each kind in a batch for itself."""
    event = Event(kind=EventType.FAILED, at=NOW, request="requests/a/2026-11/24-alice-x.yaml")
    subject = StopSubject(login=Login("alice"), github_id=GithubId(1001))
    erin = Person(login=Login("erin"), github_id=GithubId(1005))
    stopped = stopped_event(subject, erin, reason="x", rules=Sha("a" * 40), at=NOW, run="")
    (stop_,) = stops_of([stopped])
    lifted = lifted_event(stop_, erin, reason="x", rules=Sha("a" * 40), at=NOW, run="")
    more = [replace(event, cause="more"), replace(event, cause="again")]
    found = _batches([event, stopped, lifted, *more])
    kinds = [[each.kind for each, _ in batch.values()] for batch in found]
    assert kinds == [["failed"], ["stopped"], ["lifted"], ["failed", "failed"]]
