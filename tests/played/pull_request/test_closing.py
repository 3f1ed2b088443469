"""A sweep that the clock started closes what can give nothing any more, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from acme_world import DAY, HOUR, MINUTE, ORDERS, TABLE, World
from pages import bodies, only

from jitbot.sandbox.github.records import GitHubFault

BOT = "github-actions[bot]"
REST = "/repos/{owner}/{name}"


@pytest.fixture(autouse=True)
def page(world: World) -> None:
    """Pages without comments."""
    world.github.comments.clear()


def swept(
    world: World, workflow: str = "sweep.yml", actor: str = BOT, event: str = "workflow_dispatch"
) -> str:
    """The comment step of a run that the clock started; gives what it printed."""
    world.forget()
    return world.jit("comment", workflow=workflow, actor=actor, event=event).output


def asked(world: World, slug: str, **fields: Any) -> int:
    """An open pull request of alice's with one request."""
    path, text = world.request("alice", ORDERS, slug, **{**TABLE, **fields})
    return offered(world, {path: text})


def offered(world: World, files: dict[str, str | None], login: str = "alice") -> int:
    """An open pull request with these files, from a branch of its own."""
    world.steps += 1
    return world.offer(login, f"change {world.steps}", files)


def is_open(world: World, number: int) -> bool:
    """Whether it is still open."""
    return bool(world.github.pulls[number].is_open)


def writes(world: World) -> list[str]:
    """The calls since the last run began that change something."""
    calls = world.acme.github.calls
    return [
        f"{verb} {path.removeprefix(REST)}"
        for verb, path in calls
        if verb != "GET" and path.startswith("/repos")
    ]


def test_a_path_that_is_too_old_is_closed_with_the_reason(world: World) -> None:
    """Once, by three calls that write or ask for it alone; a second run finds nothing."""
    number = asked(world, "forgotten")
    world.later(7 * DAY)
    assert "no pull request to bring up to date" in swept(world)
    world.later(DAY)
    assert f"#{number}: all good, brought up to date" in swept(world)
    assert not is_open(world, number)
    assert writes(world) == ["POST /issues/{number}/comments", "PATCH /pulls/{number}"]
    assert "**This can give nothing any more:** its path is dated 2026-11-23" in only(world, number)
    assert f"jitbot request --again {number}" in only(world, number)
    assert "no pull request to bring up to date" in swept(world)
    assert writes(world) == []


def test_a_window_that_is_over_is_closed(world: World) -> None:
    """A planned request whose whole window has passed; one that still lasts is left."""
    begin = (world.now + DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    gone, lasting = (
        asked(world, "gone", starts_at=begin),
        asked(world, "lasting", starts_at=begin, duration="4h"),
    )
    world.later(DAY + 3 * HOUR)
    swept(world)
    assert (is_open(world, gone), is_open(world, lasting)) == (False, True)
    assert "the window that it asks for ended at" in only(world, gone)


def test_an_extension_of_what_has_ended_is_closed(world: World, granted: str) -> None:
    """Only once the grant is over."""
    number = offered(world, {granted: world.text(granted).replace('"2h"', '"3h"')})
    world.github.change(world.github.pulls[number], created_at=world.now - 2 * DAY)
    swept(world)
    assert is_open(world, number)
    world.later(2 * HOUR)
    swept(world)
    assert not is_open(world, number)
    assert "the grant that it extends ended at" in only(world, number)


def test_nothing_else_is_ever_closed(world: World, granted: str) -> None:
    """Rules, rules beside a request, an end of access, two requests of which one can still be granted, another base, a young one."""
    path, text = world.request("alice", ORDERS, "beside", **TABLE)
    others = [
        offered(world, {"policies/note.yaml": "a: 1\n"}),
        offered(world, {path: text, "policies/note.yaml": "a: 1\n"}),
        offered(world, {path: text, "requests/README.md": "more\n"}),
        offered(world, {granted: None}),
    ]
    based = asked(world, "based")
    world.github.change(world.github.pulls[based], base_ref="other")
    old, _ = world.request("alice", ORDERS, "old", **TABLE)
    world.later(8 * DAY)
    new, _ = world.request("alice", ORDERS, "new", **TABLE)
    others += [based, offered(world, {old: text, new: text})]
    world.github.change(world.github.pulls[others[-1]], created_at=world.now - 8 * DAY)
    young = offered(world, {old: text})
    output = swept(world)
    assert "no pull request to bring up to date" in output
    assert [is_open(world, each) for each in (*others, young)] == [True] * 7
    assert writes(world) == []
    world.later(DAY)
    swept(world)
    assert [is_open(world, each) for each in (*others, young)] == [True] * 6 + [False]


def test_who_opens_it_again_has_a_day_to_fix_it(world: World) -> None:
    """Opened again it stays open for a day, then it is closed again; with a new path it stays open for good."""
    number = asked(world, "again")
    world.later(8 * DAY)
    swept(world)
    assert world.acme.call("alice", "PATCH", f"/pulls/{number}", state="open").ok
    swept(world)
    assert is_open(world, number)
    world.later(DAY)
    swept(world)
    assert not is_open(world, number)
    assert len(bodies(world, number)) == 1


def test_only_a_scheduled_sweep_closes(world: World) -> None:
    """Not a person's run, not a push, not the check of a pull request, not grant."""
    number = asked(world, "left")
    world.later(8 * DAY)
    for run in (
        {"actor": "olivia"},
        {"event": "push"},
        {"workflow": "grant.yml"},
        {"workflow": "revoke.yml"},
    ):
        swept(world, **run)
        assert is_open(world, number)


def test_a_push_in_the_last_moment_keeps_it_open(world: World) -> None:
    """The head is looked at again just before it is closed; a merge in that moment is no trouble either."""
    number = asked(world, "late")
    world.later(8 * DAY)
    tip = world.github.store.tip("main")

    def push(method: str, path: str) -> GitHubFault | None:
        if method == "GET" and path.endswith(f"/pulls/{number}"):
            world.github.change(world.github.pulls[number], head_sha=tip)
        return None

    world.acme.github.faults = push
    swept(world)
    world.acme.github.faults = None
    assert is_open(world, number)
    assert "PATCH /pulls/{number}" not in writes(world)


def test_where_the_reason_cannot_be_said_nothing_is_closed(world: World) -> None:
    """A locked conversation: it stays open rather than be closed without a word."""
    number = asked(world, "locked")
    world.later(8 * DAY)
    world.acme.github.faults = lambda method, path: (
        GitHubFault(status=403) if method == "POST" and path.endswith("/comments") else None
    )
    world.ran("comment", workflow="sweep.yml", actor=BOT, event="workflow_dispatch")
    assert is_open(world, number)


def test_trouble_with_one_hides_no_other(world: World) -> None:
    """A head that git does not get, and a list that GitHub does not give, of one pull request; the other is closed."""
    first, second = asked(world, "first"), asked(world, "second")
    world.later(8 * DAY)
    world.github.store.update_ref(f"refs/pull/{first}/head", None)
    swept(world)
    assert (is_open(world, first), is_open(world, second)) == (True, False)
    world.acme.github.faults = lambda _, path: GitHubFault(status=403) if path.endswith("/pulls") else None
    assert "! what is over is not closed: GitHub answered 403" in swept(world)


def test_more_than_one_run_looks_into_take_turns(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that stay open, however many, do not keep others from their turn."""
    monkeypatch.setattr("jitbot.usecases.pull_request.closing.MOST", 1)
    for each in ("one", "two"):
        offered(world, {f"policies/{each}.yaml": "a: 1\n"})
    number = asked(world, "third")
    world.later(8 * DAY)
    looked = 0
    while is_open(world, number):
        swept(world)
        world.later(HOUR)
        looked += 1
    assert 1 <= looked <= 3


def test_a_closed_page_goes_on_to_say_why(world: World) -> None:
    """A later run of the check keeps the reason; of what was closed for something else it says that it grants nothing."""
    number, other = asked(world, "over"), asked(world, "needless")
    world.jit("comment", str(other), workflow="check.yml")
    assert world.acme.call("alice", "PATCH", f"/pulls/{other}", state="closed").ok
    world.jit("comment", str(other), workflow="check.yml")
    assert "asks for nothing any more" in only(world, other)
    world.later(8 * DAY + MINUTE)
    swept(world)
    world.later(timedelta(days=1))
    world.jit("comment", str(number), workflow="check.yml")
    assert "This can give nothing any more" in only(world, number)
