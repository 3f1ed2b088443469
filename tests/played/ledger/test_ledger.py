"""The ledger of one run: read once, then only what is new, and never otherwise than if it were read anew."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from acme_world import HOUR, World
from forging import attested, batch, mallorys, push, signed_by

from jitbot.adapters.git.clone import GitRepository
from jitbot.adapters.github.writer import GitHubWriter
from jitbot.adapters.oidc import ActionsOidc
from jitbot.cli import main
from jitbot.domain.ledger.batches import AddedCommit
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import BranchMovedError, UnavailableError
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.ledger import ledger_view
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.wiring.context import open_context

READ = Counter[str]


@pytest.fixture
def verified(world: World, monkeypatch: pytest.MonkeyPatch) -> READ:
    """How often each token's signature is checked."""
    tokens, verify = READ(), ActionsOidc.verified

    def counted(self: ActionsOidc, token: str, keys: Mapping[str, str]) -> Mapping[str, object] | None:
        tokens[token] += 1
        return verify(self, token, keys)

    monkeypatch.setattr(ActionsOidc, "verified", counted)
    return tokens


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> READ:
    """How often each commit of the ledger is read."""
    commits, added = READ(), GitRepository.added

    def counted(self: GitRepository, wanted: Any) -> tuple[AddedCommit, ...]:
        commits.update(wanted)
        return added(self, wanted)

    monkeypatch.setattr(GitRepository, "added", counted)
    return commits


def opened(world: World) -> Ledger:
    """The ledger of a run that has just begun."""
    job = world.acme.job("sweep.yml")
    invocation = Invocation(now=world.now, environ=job, folder=world.acme.clone(), jitbot=main)
    return Ledger(open_context(invocation, "test"), world.now)


def told(found: LedgerView) -> tuple[Any, ...]:
    """All that a reading says."""
    return found.head, found.events, found.ignored, found.doubt, dict(found.signers), found.in_doubt


def refreshed(ledger: Ledger) -> LedgerView:
    """The ledger as this run has it now: the same as if it read all of it anew."""
    found = ledger.refresh()
    assert told(found) == told(ledger_view.read(ledger.context, ledger.at))
    return found


def test_what_another_run_recorded_is_not_written_here(world: World, granted: str) -> None:
    """Two runs record the same: the later one wrote what is new alone, so nobody hears of anything twice."""
    one = mallorys(world)
    other = replace(one, request=one.request.replace(".yaml", "-too.yaml"))
    first, second, third = opened(world), opened(world), opened(world)
    first.add([one])
    assert first.committed == [one]
    second.add([one, other])
    assert second.committed == [other]
    third.add([one, other])
    assert third.committed == []


def test_what_was_written_before_the_ledger_moved_stays_this_runs_own(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run writes between two commits of one record: all of it is written in the end, and each event once."""
    one, ledger, commit = mallorys(world), opened(world), GitHubWriter.commit_on_branch
    many = [replace(one, request=one.request.replace(".yaml", f"-{number}.yaml")) for number in range(120)]
    calls = 0

    def moved_once(self: GitHubWriter, *words: Any) -> Sha:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise BranchMovedError("somebody was first")
        return commit(self, *words)

    monkeypatch.setattr(GitHubWriter, "commit_on_branch", moved_once)
    ledger.add(many)
    assert calls == 3
    assert [each.key for each in ledger.committed] == [each.key for each in many]


@pytest.mark.parametrize("verb", ["grant", "revoke", "sweep"])
def test_a_run_reads_and_verifies_each_batch_once(
    world: World, granted: str, verified: READ, read: READ, verb: str
) -> None:
    """A run reads what was there, and what it wrote: each batch once, however often it looks."""
    world.ask("carol", "second")
    if verb == "sweep":
        world.later(3 * HOUR)
    before = world.keep().ledger
    named = [granted, "--reason", "done"] if verb == "revoke" else []
    world.jit(verb, *named, actor="alice")
    wrote = world.github.store.git("rev-list", "--count", f"{before}..ledger")
    assert int(wrote) == (1 if verb == "sweep" else 2)
    batches = int(world.github.store.git("rev-list", "--count", "ledger")) - 1  # the first is none of ours
    assert (len(verified), set(verified.values())) == (batches, {1})
    assert (len(read), set(read.values())) == (batches + 1, {1})


def test_what_others_push_meanwhile_is_judged_as_ever(world: World, granted: str) -> None:
    """A forgery, a merge beside it and a run's own batch are each read when they come, and judged as in a new reading."""
    ledger, store, mallory = opened(world), world.github.store, signed_by(world, "mallory")
    assert told(ledger.read()) == told(ledger_view.read(ledger.context, ledger.at))
    push(world, {"events/lie.json": b"{}"})
    assert len(refreshed(ledger).ignored) == 1
    real, seed = store.commit(store.tip("ledger")), store.commit(world.kept["seed"].ledger)
    side = store.commit_tree(seed.tree, (seed.sha,), "beside", mallory, mallory)
    store.update_ref(
        "refs/heads/ledger", store.commit_tree(real.tree, (real.sha, side), "merge", mallory, mallory)
    )
    assert len(refreshed(ledger).ignored) == 3
    world.jit("revoke", granted, "--reason", "done", actor="alice", runner="runner-2")
    assert refreshed(ledger).states[granted].revoked is not None


@pytest.mark.parametrize("how", ["cut short", "written anew"])
def test_a_rewritten_ledger_is_read_anew(world: World, granted: str, how: str) -> None:
    """What was read before counts no longer where the branch does not hold it any more."""
    ledger, store, mallory = opened(world), world.github.store, signed_by(world, "mallory")
    assert granted in ledger.read().states
    seed = store.commit(world.kept["seed"].ledger)
    tip = seed.sha
    if how == "written anew":
        tree = store.commit(store.tip("ledger")).tree
        tip = store.commit_tree(tree, (seed.sha,), "all at once", mallory, mallory)
    store.update_ref("refs/heads/ledger", tip)
    assert refreshed(ledger).events == ()


def test_a_key_that_counts_later_counts_for_what_came_before(world: World, granted: str) -> None:
    """A batch of an unknown key is ignored until a batch that counts vouches for its key, in whatever reading that comes."""
    ledger, issuer = opened(world), world.acme.github._issuer
    ledger.read()
    real = issuer._keys
    issuer.rotate()
    kid, public = issuer.key_set()["keys"][0]["kid"], issuer.key_set()["keys"][0]
    lie = mallorys(world)
    push(world, batch(world, lie))
    issuer._keys = real
    found = refreshed(ledger)
    assert (lie.request in found.states, len(found.ignored)) == (False, 1)
    push(world, attested(world, {f"keys/2026/01/01/x/{kid}.json": json.dumps(public).encode()}))
    found = refreshed(ledger)
    assert (lie.request in found.states, found.ignored) == (True, ())


def test_a_reading_that_stopped_in_its_middle_is_begun_anew(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of what is new was read when git failed: nothing of that is read twice, or left out."""
    added, broken = GitRepository.added, False

    def breaks(self: GitRepository, commits: list[Sha]) -> tuple[AddedCommit, ...]:
        if broken and world.github.store.tip("ledger") in commits:
            raise UnavailableError("git failed")
        return added(self, commits)

    monkeypatch.setattr(GitRepository, "added", breaks)
    ledger = opened(world)
    ledger.read()
    push(world, {"events/lie.json": b"{}"})
    world.jit("revoke", granted, "--reason", "done", actor="alice", runner="runner-2")
    monkeypatch.setattr(ledger_view, "_AT_ONCE", 1)
    broken = True
    with pytest.raises(UnavailableError):
        ledger.refresh()
    broken = False
    found = refreshed(ledger)
    assert found.states[granted].revoked is not None
    assert len(found.ignored) == 1
