"""What somebody writes into the branch `ledger` keeps nobody from ending, or extending, what is theirs."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from acme_world import HOUR, ORDERS, TABLE, World
from desk import Said, said
from forging import batch, push, told

from jitbot.domain.aws.iam import Window
from jitbot.domain.ledger import events
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger

OVER = "the ledger records, unverified, that"


def as_alice(world: World, *arguments: str) -> Said:
    """Run jitbot as alice, from an empty folder, with her token."""
    environ = {
        "GITHUB_TOKEN": world.acme.token("alice"),
        "GITHUB_API_URL": world.acme.github.api_url,
        "JITBOT_REPOSITORY": world.acme.repository,
    }
    folder = world.acme.clone("runner").parent
    return said(*arguments, folder=folder, environ=environ, now=world.now)


def release(world: World, *arguments: str) -> tuple[str, str]:
    """What revoke.yml was started with, and what was said. It is carried out, so that the end is true."""
    answer = as_alice(world, "release", *arguments, "--no-wait")
    assert answer.code == 0, answer.err
    started = world.acme.github.dispatches[-1]
    assert (started.workflow, started.ref, started.actor) == ("revoke.yml", "refs/heads/main", "alice")
    world.jit("revoke", started.inputs["request"], "--reason", started.inputs["reason"], actor="alice")
    return started.inputs["request"], answer.err


def lie(world: World, event: Event) -> None:
    """Push an event without any token: anybody who may write can."""
    push(
        world, {path: content for path, content in batch(world, event).items() if path.startswith("events/")}
    )


def approval(world: World) -> dict[str, Any]:
    """The true approval of what alice has."""
    return next(each for each in world.ledger() if each["event"] == "approved")


def shorter(world: World) -> Event:
    """The approval once more, with a window that is over."""
    true = approval(world)
    documents = tuple(events.load_documents(each) for each in true["documents"])
    return Event(
        kind=EventType.APPROVED, at=world.now, request=true["request"], commit=Sha(true["commit"]), ask=Ask(true["ask"]),
        window=Window(starts_at=None, expires_at=world.now - timedelta(seconds=1)), documents=documents, cause="x",
    )  # fmt: skip


@pytest.mark.parametrize("named", [True, False], ids=["named", "the newest"])
@pytest.mark.parametrize("kind", [EventType.ENDED, EventType.REVOKED, EventType.APPROVED, EventType.REFUSED])
def test_no_forged_event_keeps_anybody_from_ending_theirs(
    world: World, granted: str, kind: EventType, named: bool
) -> None:
    """Ended, revoked, over, refused: the workflow is started for the request all the same, and its job ends it."""
    lie(world, shorter(world) if kind is EventType.APPROVED else told(approval(world), kind, world))
    path, heard = release(world, *([granted] if named else []))
    assert path == granted
    assert (f"{OVER} it is over; revoke.yml is started all the same" in heard) is (kind is EventType.ENDED)
    assert world.reach("alice") == set()


def test_events_that_were_taken_out_are_not_missed(world: World, granted: str) -> None:
    """Anyone who may push can delete every event from the branch's tip: what main holds is still there to be ended."""
    store = world.github.store
    listed = store.git("ls-tree", "-r", "--name-only", "ledger", "events/").decode().split()
    push(world, {}, gone=tuple(listed))
    for arguments in ((), (granted,), ("alice-ask",)):
        answer = as_alice(world, "release", *arguments, "--no-wait")
        assert (answer.code, world.acme.github.dispatches[-1].inputs["request"]) == (0, granted)
        assert f"{OVER} it was never approved" in answer.err
    assert world.reach("alice") != set()
    release(world)
    assert world.reach("alice") == set()


def test_a_forged_request_is_not_mistaken_for_ones_own(world: World, granted: str) -> None:
    """A newer one that main does not hold, and one that says it came of the same pull request, mislead nobody."""
    world.later(timedelta(minutes=5))
    number = approval(world)["evidence"]["pull_request"]
    twin = granted.replace("-ask.yaml", "-ask-2.yaml")
    raw = json.loads(json.dumps(approval(world)).replace(granted, twin))
    documents = tuple(events.load_documents(each) for each in raw["documents"])
    forged = Event(
        kind=EventType.APPROVED, at=world.now, request=twin, commit=Sha("f" * 40), window=documents[0].window,
        documents=documents, ask=Ask({**raw["ask"], "began": f"{world.now:%Y-%m-%dT%H:%M:%SZ}"}), evidence=Evidence(raw["evidence"]),
    )  # fmt: skip
    lie(world, forged)
    for words in ((), ("alice-ask",), (str(number),), (f"#{number}",), (granted,)):
        as_alice(world, "release", *words, "--no-wait")
        assert world.acme.github.dispatches[-1].inputs["request"] == granted, words


def test_a_ledger_that_cannot_be_read_stops_no_end(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flooded with events, the branch is more than anybody reads through the API."""

    def flooded(*_: Any) -> Any:
        raise InvalidError("the ledger holds 5000 events of these days, too many to read one by one")

    monkeypatch.setattr(UnverifiedLedger, "events", flooded)
    for words in ((granted,), ("alice-ask",), ("1",), ()):
        before = len(world.acme.github.dispatches)
        as_alice(world, "release", *words, "--no-wait")
        assert len(world.acme.github.dispatches) == before + 1, words
    assert as_alice(world, "extend", granted, "3h").code == 1


GARBAGE: tuple[object, ...] = ("garbage", "", "99", 7, None, [], {}, ["x"], {"x": 1}, True)
ASKED = (
    "requester",
    "github_id",
    "accounts",
    "duration",
    "reason",
    "parameters",
    "ticket",
    "began",
    "policy",
)


def test_nothing_that_lies_in_the_ledger_stops_an_end(world: World, granted: str) -> None:
    """Bytes that are no text in the place of an event, and events whose every part is garbage: all of it is passed over."""
    true, over = approval(world), shorter(world)
    day, name = f"events/{world.now:%Y/%m/%d}", "090000-approved-"
    push(world, {f"{day}/{'0' * 20}/{name}{'a' * 20}.json": b"\xff\xfe\x00"})
    files: dict[str, bytes] = {}
    for number, (key, value) in enumerate((key, value) for key in ASKED for value in GARBAGE):
        event = replace(over, ask=Ask({**true["ask"], key: value}), cause=f"{number}")
        files |= {path: each for path, each in batch(world, event).items() if path.startswith("events/")}
    assert len(files) == len(ASKED) * len(GARBAGE)
    push(world, files)
    for words in ((granted,), ("alice-ask",), ("1",), ()):
        before = len(world.acme.github.dispatches)
        answer = as_alice(world, "release", *words, "--no-wait")
        assert len(world.acme.github.dispatches) == before + 1, answer.err
        warned = (
            "is neither the requester nor an owner" in answer.err
        )  # where the last lie is of the requester's id
        assert answer.code == int(warned), answer.err
    assert as_alice(world, "extend", "--by", "1h", "--dry-run").code == 0
    assert as_alice(world, "extend", granted, "3h", "--dry-run").code == 0
    shown = as_alice(world, "status", "--all")
    assert (shown.code, "this jitbot cannot read" in shown.err) == (3, True)


def test_waiting_says_that_it_verified_nothing(world: World, granted: str) -> None:
    """What is said already is not waited for; what is said afterwards is told as what it is."""
    lie(world, told(approval(world), EventType.ENDED, world))
    answer = as_alice(world, "release", granted, "--timeout", "15m", "--format", "json")
    assert (answer.code, answer.json) == (0, {"request": granted, "started": True, "ended": False})
    assert "/actions/workflows/revoke.yml" in answer.err
    assert world.reach("alice") != set()


def test_nothing_to_end_starts_nothing(world: World, granted: str) -> None:
    """A request that neither main nor the ledger knows, and a person without any: said, and nothing started."""
    before = len(world.acme.github.dispatches)
    answer = as_alice(world, "release", granted.replace("-ask", "-never"))
    assert (answer.code, "main has no such file" in answer.err) == (1, True)
    world.later(3 * HOUR)
    world.jit("sweep")
    answer = as_alice(world, "release")
    assert answer.code == 1
    assert "nothing live" in answer.err
    assert "nobody has verified that here" in answer.err
    assert len(world.acme.github.dispatches) == before


def test_a_forged_end_stops_no_extension(world: World, granted: str) -> None:
    """The pull request is opened, with a word of warning; its check knows what is true, and it is granted."""
    lie(world, told(approval(world), EventType.ENDED, world))
    answer = as_alice(world, "extend", "--by", "1h", "--format", "json")
    assert answer.code == 0, answer.err
    assert f"{OVER} {granted} ended early; if that is so, this will be refused" in answer.err
    number = answer.json["pull_request"]
    world.must(world.review("bob", number))
    if world.github.pulls[number].is_open:
        world.must(world.merge("olivia", number))
    world.jit("grant")
    assert world.story(granted)[-2:] == ["extended", "granted"]


def test_what_is_over_by_its_own_time_is_not_extended(world: World, granted: str) -> None:
    """Nobody can make an end earlier; that it is over is said before anything is opened."""
    lie(world, shorter(world))
    assert as_alice(world, "extend", "--by", "30m", "--dry-run").code == 0
    world.later(3 * HOUR)
    for words in ((granted, "3h"), ("--by", "1h")):
        answer = as_alice(world, "extend", *words)
        assert answer.code == 1


def test_two_requests_of_ones_own_are_told_apart(world: World, granted: str) -> None:
    """Of two that may run none is ended without its name; the one that is said to have ended is no second one."""
    world.later(timedelta(minutes=5))
    path, text = world.request("alice", ORDERS, "ask-more", **TABLE)
    world.land("alice", {path: text})
    world.jit("grant")
    answer = as_alice(world, "release", "--no-wait")
    assert (answer.code, answer.err.count("jitbot release requests/")) == (1, 2)
    assert release(world, path)[0] == path
    assert release(world)[0] == granted
