"""The README's lines of git, as written, against a real ledger: what each finds, and that prose stays prose."""

import re
import subprocess
from pathlib import Path

import pytest
from acme_world import HOUR, World
from books import clone

README = Path(__file__).parents[2] / "README.md"
SECTION = "## The record, with git alone"


def lines() -> dict[str, str]:
    """Each line of git in the README's section, by the sentence above it."""
    text = README.read_text("utf-8")
    section = text.partition(SECTION)[2].partition("\n## ")[0]
    return dict(re.findall(r"^([^\n]+):\n\n```git\n([^\n]+)\n```$", section, re.MULTILINE))


@pytest.fixture
def told(world: World) -> Path:
    """A clone of a ledger: alice's refunds and a second request, extended; carol's, released; dave's, deleted."""
    if "told" not in world.kept:
        path = world.ask("alice", "refunds")
        carols = world.ask("carol", "orders", accounts=["staging"])
        world.jit("grant")
        world.land("alice", {path: world.text(path).replace('"2h"', '"3h"')})
        daves = world.ask("dave", "other")
        world.jit("grant")
        world.jit("revoke", carols, "--reason", "done", actor="carol")
        world.land("dave", {daves: None})
        world.jit("sweep")
        for _ in range(2):
            world.later(3 * HOUR)
            world.jit("sweep")
        world.kept["told"] = world.keep()
    world.back(world.kept["told"])
    return clone(world)


def answered(told: Path, about: str) -> list[str]:
    """What the README's line about this prints, run by a shell as it stands there."""
    ran = subprocess.run(
        ["bash", "-c", lines()[about]],
        cwd=told,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


def test_there_are_five() -> None:
    """The section is there, with as many questions as it promises, each with its line."""
    assert len(lines()) == 5


def test_everything_alice_got(told: Path) -> None:
    """Her grant and its extension, and nobody else's."""
    found = answered(told, "Everything alice got")
    assert len(found) == 2
    assert all("2026-11-23" in line for line in found)


def test_everything_that_bob_approved(told: Path) -> None:
    """The requests of the three, and the extension."""
    found = answered(told, "Everything that bob approved")
    assert len(found) == 2
    for slug in ("alice-refunds", "carol-orders", "dave-other"):
        assert any(slug in line for line in found)


def test_what_ended_early(told: Path) -> None:
    """Released and deleted, not what expired."""
    found = " ".join(answered(told, "What ended early, and how"))
    assert "ended (released): orders-db-read of carol in staging" in found
    assert "ended (deleted): orders-db-read of dave in prod" in found
    assert "expired" not in found


def test_all_that_happened_in_one_account(told: Path) -> None:
    """What was in prod; what was in staging alone is not there."""
    found = " ".join(answered(told, "All that happened in one account"))
    assert "granted: alice has orders-db-read in prod" in found
    assert "ended (released)" not in found


def test_what_one_request_lived_through(told: Path) -> None:
    """From asking to removal, in the order in which it came."""
    found = answered(told, "What one request lived through, from asking to removal")
    words = ["approved", "granted", "extended", "granted", "ended", "removed"]
    times = [line.split(" ")[0] for line in found]
    assert times == sorted(times)
    text = "\n".join(found)
    assert len(found) >= 5
    assert text.index("events: approved") < text.index("removed")
    assert words


def test_git_reads_the_trailers(told: Path) -> None:
    """Every batch's last paragraph is trailers to git, so that any of them can be asked for."""
    ran = subprocess.run(
        ["git", "log", "origin/ledger", "--format=%(trailers:key=Run,valueonly,separator=|)"],
        cwd=told, capture_output=True, text=True, check=True,
    )  # fmt: skip
    runs = ran.stdout.splitlines()
    assert [bool(each) for each in runs] == [True] * (len(runs) - 1) + [
        False
    ]  # but for the branch's first commit
