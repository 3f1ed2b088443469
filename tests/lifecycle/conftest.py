"""acme, once for each module, and in the state that a test begins in."""

import time
from collections.abc import Iterator

import pytest
from acme_world import World, open_world


@pytest.fixture(scope="module")
def acme() -> Iterator[World]:
    """One running sandbox for all the tests of a module."""
    with open_world() as opened:
        yield opened


@pytest.fixture
def world(acme: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """acme as it begins: its rules on main, an empty ledger, no grants. Nothing waits between retries."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    acme.back(acme.kept["seed"])
    return acme


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
