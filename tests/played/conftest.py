"""acme, once for each module, and in the state that a test begins in."""

import time
from collections.abc import Iterator

import pytest
from acme_world import HOUR, World, open_world


@pytest.fixture(scope="module")
def acme() -> Iterator[World]:
    """One running sandbox for all the tests of a module."""
    with open_world() as opened:
        yield opened


@pytest.fixture
def world(acme: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """acme as it begins: its rules on main, an empty ledger, no grants. No retry waits longer than a moment."""
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.001)))
    acme.back(acme.kept["seed"])
    return acme


@pytest.fixture
def one_by_one(world: World) -> Iterator[None]:
    """A GitHub whose GraphQL cannot be asked for whole pull requests: REST's answers are the subject."""
    world.acme.github.reads_together = False
    yield
    world.acme.github.reads_together = True


@pytest.fixture
def asked(world: World) -> str:
    """The path of alice's request for the table orders in prod, for two hours, approved and merged, not granted."""
    if "asked" not in world.kept:
        world.kept_path = world.ask()
        world.kept["asked"] = world.keep()
    world.back(world.kept["asked"])
    return world.kept_path


@pytest.fixture
def granted(world: World, asked: str) -> str:
    """The path of that request, granted just now."""
    if "granted" not in world.kept:
        world.jit("grant")
        world.kept["granted"] = world.keep()
    world.back(world.kept["granted"])
    return asked


@pytest.fixture
def extended(world: World, granted: str) -> str:
    """The path of that request, with an hour more approved and merged, not carried out."""
    if "extended" not in world.kept:
        world.land("alice", {granted: world.text(granted).replace('"2h"', '"3h"')})
        world.kept["extended"] = world.keep()
    world.back(world.kept["extended"])
    return granted


@pytest.fixture
def ended(world: World, granted: str) -> str:
    """The path of that request, released by alice, and due to be removed."""
    if "ended" not in world.kept:
        world.jit("revoke", granted, "--reason", "done", actor="alice")
        world.later(3 * HOUR)
        world.kept["ended"] = world.keep()
    world.back(world.kept["ended"])
    return granted


@pytest.fixture
def admin(world: World) -> str:
    """The path of dave's request for production-admin, approved by two and merged, not granted."""
    if "admin" not in world.kept:
        world.ask("dave", policy="production-admin", by=("erin", "frank"), duration="1h", ticket="OPS-7")
        world.kept["admin"] = world.keep()
    world.back(world.kept["admin"])
    return f"requests/production-admin/{world.now:%Y-%m/%d}-dave-ask.yaml"


@pytest.fixture
def held(world: World) -> str:
    """The path of alice's request for four hours, granted just now."""
    if "held" not in world.kept:
        world.kept_path = world.ask(duration="4h")
        world.jit("grant")
        world.kept["held"] = world.keep()
    world.back(world.kept["held"])
    return world.kept_path
