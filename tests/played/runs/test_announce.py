"""Who is notified of what a run recorded, once at the most, whatever goes wrong and however often anything runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acme_world import HOUR, MINUTE, ORDERS, World
from breaking import RECORD, Death, answer, at, refuse
from forging import NEWER, unreadable
from pages import notified, only

from jitbot.domain.ledger.events import EventType
from jitbot.domain.notifications.chat_notice import HandedOn, handed
from jitbot.sandbox.github.api import graphql, pulls
from jitbot.sandbox.github.records import GitHubFault, RefusalError
from jitbot.usecases.runs import announce

COMMENTS = "/comments"
GLASS = "production-break-glass"
LOST = GitHubFault(status=502, after=True)
GRANT_WRITES = [(RECORD, 1), ("CreateRole", 1), ("PutRolePolicy", 1), (RECORD, 2)]


def number(world: World) -> int:
    """The newest pull request."""
    return int(max(world.github.pulls))


def shown(world: World, login: str, name: str) -> int:
    """A pull request that was checked, approved and merged, so that there is a comment that is kept."""
    path, text = world.request(login, ORDERS, name, parameters={"table": "orders"})
    pull = world.offer(login, name, {path: text})
    world.jit("comment", str(pull), workflow="check.yml", event="pull_request")
    world.must(world.review("bob", pull))
    world.must(world.merge("olivia", pull))
    world.steps += 1
    return pull


def posts(world: World) -> int:
    """How often a new comment was asked for since `forget`."""
    return sum(method == "POST" and path.endswith(COMMENTS) for method, path in world.acme.github.calls)


def test_a_grant_notifies_its_requester_once(world: World) -> None:
    """One call, after all others; later runs, re-runs and other runs' records add nothing."""
    shown(world, "alice", "ask")
    world.forget()
    world.jit("grant")
    assert posts(world) == 0
    assert world.acme.github.calls[-1] == ("POST", "/graphql")
    assert "✅ **alice** has orders-db-read" in only(world, number(world))  # the kept one, in the same call
    (said,) = notified(world, number(world))
    assert said.startswith(
        "✅ @alice, you have **orders-db-read** in **prod**, until **23 Nov 2026, 11:00 UTC**."
    )
    for verb in ("grant", "sweep", "grant"):
        world.jit(verb, GITHUB_RUN_ATTEMPT="2")
        world.jit(verb, runner="another")
    assert notified(world, number(world)) == [said]


def test_a_dry_run_notifies_nobody(world: World, asked: str) -> None:
    """What is not recorded is not said."""
    world.jit("grant", "--dry-run")
    assert notified(world, number(world)) == []


def test_a_refusal_notifies_who_opened_the_pull_request(world: World) -> None:
    """A file may name anybody as its requester: that person hears nothing."""
    path, text = world.request("alice", ORDERS, "hers", parameters={"table": "orders"})
    pull = world.land("mallory", {path: text})
    world.later(16 * MINUTE)  # until then GitHub might still list a pull request of alice's
    world.jit("grant", code=1)
    (said,) = notified(world, pull)
    assert said.startswith(
        "❌ @mallory, this was refused after the merge: nothing was granted of orders-db-read."
    )
    assert "@alice" not in said


@pytest.mark.parametrize(
    ("actor", "words"), [("alice", "**alice** gave it back"), ("bob", "**bob** revoked it")]
)
def test_an_early_end_notifies_the_requester(world: World, granted: str, actor: str, words: str) -> None:
    """By whom and why, and the reason mentions nobody."""
    world.forget()
    world.jit("revoke", granted, "--reason", "done, @erin @acme/sre", actor=actor)
    assert posts(world) == 1
    said = notified(world, number(world))[-1]
    assert said.startswith("⚪ @alice, your access with **orders-db-read** in **prod** has ended early: ")
    assert words in said
    assert said.count("@") - said.count("@\u200b") == 1
    world.jit("revoke", granted, "--reason", "again", actor=actor)
    world.jit("sweep")
    assert len(notified(world, number(world))) == 2


def test_a_deletion_notifies_when_the_sweep_ends_the_access(world: World, granted: str) -> None:
    """The run that ends it says so, on the pull request that asked for it."""
    asked_in = number(world)
    world.land("alice", {granted: None})
    world.jit("sweep")
    assert "its file was deleted" in notified(world, asked_in)[-1]


def test_a_stop_notifies_everybody_whom_it_ends(world: World, granted: str) -> None:
    """Each on their own pull request."""
    first = number(world)
    world.ask("carol", "hers")
    world.jit("grant")
    world.jit("stop", "--policy", ORDERS, "--reason", "leak", actor="erin", workflow="revoke.yml")
    for pull, login in ((first, "alice"), (number(world), "carol")):
        said = notified(world, pull)[-1]
        assert said.startswith(
            f"⚪ @{login}, your access with **orders-db-read** in **prod** has ended early: "
        )
        assert "**erin** stopped every request of **the policy orders-db-read**" in said


def test_an_expiry_notifies_nobody(world: World, granted: str) -> None:
    """Everybody knew it from the start."""
    world.later(2 * HOUR + MINUTE)
    world.jit("sweep")
    world.later(2 * HOUR)
    world.jit("sweep")
    assert world.story(granted)[-2:] == ["ended expired", "removed"]
    assert len(notified(world, number(world))) == 1


def test_a_break_glass_notifies_its_reviewers(world: World) -> None:
    """At once, and again when its time is over; an approval that was there before asks nobody."""
    world.ask("dave", policy=GLASS, by=(), duration="1h", ticket="OPS-7")
    world.jit("grant")
    (said,) = notified(world, number(world))
    assert (
        "🔎 @erin, @frank or @olivia: **dave** used break-glass, **production-break-glass** in **prod**"
        in said
    )
    assert "✅ @dave, you have **production-break-glass** in **prod**" in said
    world.later(25 * HOUR)
    world.jit("sweep", code=3)
    late = notified(world, number(world))[-1]
    assert late.startswith("🔴 @erin, @frank or @olivia: **dave** used break-glass")
    world.jit("sweep", code=3)
    assert len(notified(world, number(world))) == 2
    world.ask("dave", "early", policy=GLASS, by=("frank",), duration="1h", ticket="OPS-7")
    world.jit("grant")
    assert "🔎" not in notified(world, number(world))[-1]


# Once at the most


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(
    ("status", "after", "there"),
    [(502, False, 0), (502, True, 1), (None, False, 0), (403, False, 0), (429, True, 1)],
)
def test_a_notification_that_fails_is_not_repeated(
    world: World, asked: str, status: int | None, after: bool, there: int
) -> None:
    """Whether GitHub took it is unknown: it is asked once. The grant is as good as any, and no later run says it."""
    answer(world, GitHubFault(status=status, after=after), "POST", COMMENTS)
    world.forget()
    ran = world.jit("grant")
    assert posts(world) == 1
    assert "no notification on #" in ran.output
    world.calm()
    world.jit("grant")
    world.jit("sweep")
    assert len(notified(world, number(world))) == there
    assert world.story(asked) == ["approved", "granted"]


@pytest.mark.parametrize(("nth", "after"), [(1, False), *((each, True) for each in range(1, 5))])
def test_a_run_that_dies_anywhere_notifies_once_at_the_most(
    world: World, asked: str, nth: int, after: bool
) -> None:
    """Killed at each of its writes, and followed by healthy runs: nobody hears of the same grant twice."""
    death = Death(world, nth, after=after)
    world.jit("grant", code=3)
    assert death.struck
    world.calm()
    for verb in ("grant", "sweep", "grant"):
        world.jit(verb)
    assert world.story(asked)[-1] == "granted"
    assert len(notified(world, number(world))) == (0 if (nth, after) == (4, True) else 1)


@pytest.mark.parametrize(("name", "nth"), GRANT_WRITES)
def test_two_runs_at_once_notify_once(world: World, asked: str, name: str, nth: int) -> None:
    """Another whole run of grant happens just before each of its writes: whose commit recorded it, says it."""
    at(world, name, lambda: world.ran("grant", runner="another"), nth=nth)
    world.ran("grant")
    world.calm()
    world.jit("sweep")
    assert [each for each in world.story(asked) if each != "failed"] == ["approved", "granted"]
    assert len(notified(world, number(world))) == 1


def test_a_run_that_fails_later_says_what_it_recorded(world: World, asked: str) -> None:
    """A refusal of AWS fails the run; what was decided of others is said all the same."""
    path, text = world.request("mallory", ORDERS, "bad", parameters={"table": "orders"}, duration="9h")
    pull = world.land("mallory", {path: text})
    refuse(world, "CreateRole")
    world.jit("grant", code=3)
    assert len(notified(world, pull)) == 1


# What chat is handed


def handed_on(world: World, *arguments: str, folder: Path, **job: Any) -> HandedOn | None:
    """What a run hands to the job that writes to chat; None if it hands on nothing."""
    output = folder / "output"
    output.write_text("")
    world.ran(*arguments, GITHUB_OUTPUT=str(output), **job)
    lines = [line for line in output.read_text().splitlines() if not line.startswith("sweep=")]
    if not lines:
        return None
    (line,) = lines
    name, _, value = line.partition("=")
    assert name == "notifications"
    return handed(value)


def test_what_is_recorded_is_handed_on(world: World, asked: str, tmp_path: Path) -> None:
    """In validated words, with the attempt of the run; a later run hands on nothing."""
    found = handed_on(world, "grant", folder=tmp_path, GITHUB_RUN_ATTEMPT="3")
    assert found is not None
    (one,) = found.notifications
    assert (found.attempt, one.kind, one.policy, one.requester, one.accounts) == (
        3,
        "granted",
        ORDERS,
        "alice",
        ("prod",),
    )
    assert handed_on(world, "grant", folder=tmp_path) is None


@pytest.mark.parametrize("text", [None, "channels: {}\n", "channels: {access: smoke}\n", "channels: [\n"])
def test_without_channels_nothing_is_handed_on(
    world: World, asked: str, tmp_path: Path, text: str | None
) -> None:
    """No file, no channel, or a file that does not read: the job for chat never begins, and the grant is as ever."""
    world.write("policies/notify.yaml", text)
    assert handed_on(world, "grant", folder=tmp_path) is None
    assert world.story(asked) == ["approved", "granted"]
    assert len(notified(world, number(world))) == 1


def test_a_file_that_does_not_read_is_said(world: World, asked: str) -> None:
    """The run names file and line, and is green."""
    world.write("policies/notify.yaml", "channels: {access: smoke}\n")
    assert "chat is not notified: policies/notify.yaml:1: " in world.jit("grant").output


def test_what_cannot_be_handed_on_stops_nothing(world: World, asked: str, tmp_path: Path) -> None:
    """Where the step's output cannot be written, the grant is green."""
    ran = world.jit("grant", GITHUB_OUTPUT=str(tmp_path / "nowhere" / "output"))
    assert "nobody is notified: the output of this step cannot be written" in ran.output


def test_a_hostile_request_hands_on_words_alone(world: World, tmp_path: Path) -> None:
    """Whatever is in the file of a request, what chat is handed are its policy, who opened it, and codes."""
    path, _ = world.request("mallory", ORDERS, "evil", parameters={"table": "orders"})
    evil = "requester: '<!channel> @here'\naccounts: ['<x>']\nduration: '@all'\nreason: '[a](http://evil.example)'\n"
    world.land("mallory", {path: evil})
    found = handed_on(world, "grant", folder=tmp_path)
    assert found is not None
    (one,) = found.notifications
    assert (one.kind, one.policy, one.requester, one.accounts) == ("refused", ORDERS, "mallory", ())
    assert not set(json.dumps(one.codes)) & set("<>@!/(")


# When something goes wrong between several


@pytest.fixture
def two(world: World, asked: str) -> tuple[int, int]:
    """The pull requests of two requests that are merged and not decided yet, alice's and then carol's."""
    first = number(world)
    world.ask("carol", "hers")
    return first, number(world)


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize(("status", "tried"), [(403, 2), (404, 2), (502, 1), (None, 1)])
def test_a_refusal_is_about_one_and_silence_about_all(
    world: World, two: tuple[int, int], status: int | None, tried: int
) -> None:
    """Where GitHub refuses one comment the next is tried; where it does not answer, nothing more is waited for."""
    answer(world, GitHubFault(status=status), "POST", COMMENTS)
    world.forget()
    world.jit("grant")
    assert posts(world) == tried


def test_a_run_writes_so_many_comments_and_no_more(
    world: World, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop of hundreds must not use up what GitHub takes in a minute."""
    monkeypatch.setattr(announce, "MOST", 1)
    world.jit("grant")
    assert sum(len(notified(world, each)) for each in two) == 1


def the_third_record(fault: GitHubFault) -> Callable[[str, str], GitHubFault | None]:
    """A fault of what a grant writes after its two records: all its comments."""
    seen: list[str] = []

    def faulty(method: str, path: str) -> GitHubFault | None:
        seen.extend([path] if (method, path) == ("POST", "/graphql") else [])
        return fault if len(seen) == 3 and path == "/graphql" else None

    return faulty


@pytest.mark.parametrize(
    ("status", "after", "there"),
    [(502, False, 0), (502, True, 1), (None, False, 0), (403, False, 1), (404, False, 1), (429, True, 1)],
)
def test_comments_of_one_call_are_there_once_at_the_most(
    world: World, two: tuple[int, int], status: int | None, after: bool, there: int
) -> None:
    """A lost answer is asked for by nobody again. Where GitHub refuses the call, each is written by itself."""
    world.acme.github.faults = the_third_record(GitHubFault(status=status, after=after))
    world.forget()
    ran = world.jit("grant")
    assert posts(world) == (2 if status in (403, 404) else 0)
    assert ("a call for comments has no answer" in ran.output) == (status not in (403, 404))
    world.calm()
    for verb in ("grant", "sweep"):
        world.jit(verb)
    assert [len(notified(world, each)) for each in two] == [there, there]


def test_a_conversation_that_is_locked_is_that_one_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others of the call are there, and its kept comment is as it should be."""
    two = shown(world, "alice", "first"), shown(world, "carol", "second")
    add = pulls.add_comment

    def locked(call: Any, repo: Any, number: int, body: str) -> Any:
        if number == two[0]:
            raise RefusalError(403, "the conversation is locked")
        return add(call, repo, number, body)

    monkeypatch.setattr(graphql, "add_comment", locked)
    monkeypatch.setattr(pulls, "add_comment", locked)
    ran = world.jit("grant")
    assert f"no notification on #{two[0]}: " in ran.output
    assert [len(notified(world, each)) for each in two] == [0, 1]
    assert all("✅" in only(world, each) for each in two)


def test_a_kept_comment_that_is_not_among_the_first_is_left_to_the_next_step(world: World) -> None:
    """Anyone may comment before jitbot does; the step after the grant reads all comments."""
    pull = shown(world, "alice", "ask")
    ours = list(world.github.comments)
    for each in range(3):
        world.must(world.acme.call("mallory", "POST", f"/issues/{pull}/comments", body=f"first {each}"))
    late = [world.github.comments.pop(each) for each in ours]
    world.github.comments.update({each.id: each for each in late})  # GitHub lists it after those three
    kept = only(world, pull)
    world.jit("grant", GITHUB_RUN_ID="7")
    assert (only(world, pull), len(notified(world, pull))) == (kept, 1)
    world.jit("comment", workflow="grant.yml", GITHUB_RUN_ID="7")
    assert "✅ **alice** has orders-db-read" in only(world, pull)


def test_what_was_recorded_before_an_error_is_said(world: World, asked: str) -> None:
    """The second record fails, and with it the run: the refusal of the first one reaches its requester all the same."""
    path, text = world.request("mallory", ORDERS, "bad", parameters={"table": "orders"}, duration="9h")
    refused = world.land("mallory", {path: text})
    records: list[str] = []

    def second(method: str, path: str) -> GitHubFault | None:
        if (method, path) == ("POST", "/graphql"):
            records.append(path)
        return (
            GitHubFault(status=403, body=b'{"message": "no"}')
            if len(records) == 2 and "graphql" in path
            else None
        )

    world.acme.github.faults = second
    world.jit("grant", code=3)
    world.calm()
    assert len(records) == 3  # the last are the comments
    assert world.story(path) == ["refused"]
    assert [len(notified(world, each)) for each in (refused, refused - 1)] == [1, 0]


def test_what_may_have_ended_is_not_announced(world: World, asked: str) -> None:
    """A newer jitbot records something of the request meanwhile that this one cannot read: it may be an end."""
    at(world, RECORD, lambda: unreadable(world, NEWER, kind=EventType.REVOKED, request=asked), nth=2)
    world.ran("grant")
    world.calm()
    assert "granted" in world.story(asked)
    assert notified(world, number(world)) == []


def test_what_does_not_count_is_not_announced(world: World) -> None:
    """A run of another workflow writes a refusal to the ledger; it is no record, so nobody hears of it."""
    path, text = world.request("mallory", ORDERS, "bad", parameters={"table": "orders"}, duration="9h")
    pull = world.land("mallory", {path: text})
    ran = world.jit("grant", workflow="mine.yml", code=3)
    assert "does not read back as attested" in ran.output
    assert notified(world, pull) == []
