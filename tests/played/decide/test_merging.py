"""However a request came to main, it is found and decided: by whatever starts a run, merged in whatever way."""

from datetime import timedelta

import pytest
from acme_world import ORDERS, TABLE, World

QUEUE = "github-merge-queue[bot]"


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule"])
def test_several_merges_are_all_found_by_one_run(world: World, event: str) -> None:
    """Three merges, of which any may have fired a push or none: one run grants them all."""
    paths = [world.ask(slug=f"ask-{n}") for n in range(3)]
    world.jit("grant", event=event)
    assert [world.story(path) for path in paths] == [["approved", "granted"]] * 3
    assert len(world.roles()) == 3


def test_a_merge_by_a_workflow_fires_nothing_and_is_found(world: World) -> None:
    """Auto-merge with a job's own token starts no run: the next schedule finds it, hours later."""
    path, text = world.request("alice", ORDERS, "silent", **TABLE)
    number = world.propose("alice", "silent", {path: text})
    world.must(world.review("bob", number))
    world.must(world.merge("github-actions[bot]", number))
    world.later(timedelta(hours=1))
    world.jit("grant", event="schedule")
    assert world.story(path) == ["approved", "granted"]
    merged = world.ledger()[0]["evidence"]["merged_by"]
    assert merged == {"login": "github-actions[bot]", "github_id": 41898282, "type": "Bot"}


@pytest.mark.parametrize("method", ["squash", "merge"])
@pytest.mark.parametrize("commits", [1, 3])
def test_squash_and_merge_commits_are_granted(world: World, method: str, commits: int) -> None:
    """Of one commit or of several: what counts is the file at the approved head, and on main."""
    path, text = world.request("alice", ORDERS, method, **TABLE)
    steps = [{path: text.replace('"orders"', '"refunds"') + "# draft\n" * n} for n in range(commits - 1)]
    world.land("alice", *steps, {path: text}, method=method)
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]
    assert world.reach("alice") == {("alice", "prod", "orders")}


def test_a_rebase_of_one_commit_is_that_commit(world: World) -> None:
    """There is nothing between that could smuggle anything."""
    path, text = world.request("alice", ORDERS, "rebased", **TABLE)
    world.land("alice", {path: text}, method="rebase")
    world.jit("grant")
    assert world.story(path) == ["approved", "granted"]


def test_a_rebase_of_several_commits_is_refused_with_what_helps(world: World) -> None:
    """Between its commits rules may have come and gone: refused, and told how to merge instead."""
    path, text = world.request("alice", ORDERS, "rebased", **TABLE)
    world.land("alice", {path: text}, {"requests/README.md": "# Requests\n"}, method="rebase")
    ran = world.jit("grant", code=1)
    assert world.reasons(path) == {"not-its-merge"}
    assert (
        "merge with a merge commit or a squash: a rebase of several commits cannot be checked" in ran.output
    )
    assert world.roles() == []


@pytest.mark.parametrize("method", ["squash", "merge"])
def test_a_merge_queue_is_several_merges(world: World, method: str) -> None:
    """A queue merges what waits in one go, each on top of the one before, by an account of its own."""
    world.acme.github.add_user(QUEUE, 118344674, type="Bot", permission="admin")
    numbers, paths = [], []
    for n in range(3):
        path, text = world.request("alice", ORDERS, f"queued-{n}", **TABLE)
        world.steps += 1
        numbers.append(world.propose("alice", f"queued {n}", {path: text}))
        paths.append(path)
        world.must(world.review("bob", numbers[-1]))
    for number in numbers:
        world.must(world.merge(QUEUE, number, method))
    world.jit("grant")
    assert [world.story(path) for path in paths] == [["approved", "granted"]] * 3
    assert {
        each["evidence"]["merged_by"]["login"] for each in world.ledger() if each["event"] == "approved"
    } == {QUEUE}


def test_a_queued_pull_request_is_not_merged_yet(world: World) -> None:
    """The queue's own branch grants nothing: only what is on main is looked at."""
    path, text = world.request("alice", ORDERS, "waiting", **TABLE)
    number = world.propose("alice", "waiting", {path: text})
    world.must(world.review("bob", number))
    store = world.github.store
    store.update_ref("refs/heads/gh-readonly-queue/main/pr-1-abc", store.tip("main"))
    world.write(path, text, branch="gh-readonly-queue/main/pr-1-abc")
    assert "nothing to decide" in world.jit("grant").output
    assert world.ledger() == []
