"""The cookbook's lines of git, as written, against a real ledger: what each finds, and that prose stays prose."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from acme_world import HOUR, World, open_world
from audit_story import clone, vouched
from forging import push, signed_by, tags
from typed import lines_of_git

pytestmark = pytest.mark.real_git


@pytest.fixture(scope="module")
def acme() -> Iterator[World]:
    """One running sandbox."""
    with open_world() as opened:
        yield opened


@pytest.fixture
def world(acme: World) -> World:
    """acme as it begins."""
    acme.back(acme.kept["seed"])
    return acme


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
    """What the cookbook's line about this prints, run by a shell as it stands there."""
    ran = subprocess.run(
        ["bash", "-c", lines_of_git()[about]],
        cwd=told,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


def test_a_batch_of_several_people_answers_for_one(told: Path) -> None:
    """Alice's grant was recorded together with carol's: each line of the answer is an event of hers, and is whole."""
    together = subprocess.run(
        ["git", "log", "refs/remotes/origin/ledger", "--grep=granted: carol has", "--format=%B"],
        cwd=told, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "granted: alice has" in together.stdout
    found = answered(told, "Everything alice got")
    assert len(found) == 2
    for line in found:
        day, commit, sentence = line.split(" ", 2)
        assert (day, len(commit)) == ("2026-11-23", 40)
        assert re.fullmatch(r"(- )?granted: alice has orders-db-read in prod until \S+", sentence)


def test_what_ended_early(told: Path) -> None:
    """Released and deleted, not what expired, and nothing else of the same batches."""
    found = [line.split(" ", 2)[2].removeprefix("- ") for line in answered(told, "What ended early, and how")]
    assert sorted(found) == [
        "ended (deleted): orders-db-read of dave in prod",
        "ended (released): orders-db-read of carol in staging",
    ]


@pytest.fixture
def hijacked(world: World, told: Path) -> Iterator[Callable[[], None]]:
    """Fetches what anyone with write access can push: tags of the names that people type, with another history."""
    store, who = world.github.store, signed_by(world, "mallory")
    tree = store.commit(store.tip("main")).tree
    lie = store.commit_tree(tree, (), "granted: alice has production-admin in prod", who, who)
    names = ("origin/ledger", "origin/main", "ledger", "main", "refs/remotes/origin/ledger")

    def fetch() -> None:
        world.acme.git("olivia", "fetch", "--quiet", "--tags", "origin", cwd=told)

    with tags(world, *names, commit=lie):
        yield fetch


def test_a_tag_of_the_ledgers_name_changes_no_answer(
    world: World, told: Path, hijacked: Callable[[], None]
) -> None:
    """The cookbook's lines and the audit read the branch, whatever tags came with the clone."""
    honest = {about: answered(told, about) for about in lines_of_git()}
    arguments = ("audit", "log", "--keys", str(vouched(world)), "--format", "csv")
    log = world.jit(*arguments, runner=told.name, workflow="audit.yml").output
    hijacked()
    short = subprocess.run(
        ["git", "log", "origin/ledger", "--format=%s"], cwd=told, capture_output=True, text=True, check=True
    )
    assert short.stdout.strip() == "granted: alice has production-admin in prod"
    assert {about: answered(told, about) for about in lines_of_git()} == honest
    assert world.jit(*arguments, runner=told.name, workflow="audit.yml").output == log


def test_a_sentence_inside_another_is_no_answer(world: World, told: Path) -> None:
    """A batch whose sentence only quotes a grant or an end is not found: the lines ask for whole beginnings."""
    honest = {about: answered(told, about) for about in lines_of_git()}
    text = "refused: x for y, granted: alice has production-admin in prod until 2026, ended (revoked): z of alice"
    for message in (text, f"2 events: {text}, and more\n\n- {text}\n- {text}"):
        push(world, {"events/lie.json": message.encode()}, message=message)
    told = clone(world)
    assert {about: answered(told, about) for about in lines_of_git()} == honest


def test_the_evidence_packs_lines_find_the_evidence(
    world: World, told: Path, hijacked: Callable[[], None]
) -> None:
    """The first line of each item finds its batches, and nothing of a request whose name begins the same."""
    pack = told.parent / "pack"
    world.jit(
        *("audit", "export", "--from", "2026-11-01", "--to", "2026-11-30", "--output", str(pack)),
        *("--seed", "s", "--keys", str(vouched(world))),
        runner=told.name,
        workflow="audit.yml",
    )
    hijacked()
    found = {}
    for file in sorted((pack / "evidence").iterdir()):
        item = json.loads(file.read_text())
        line = item["see_it_in_git"][0]
        ran = subprocess.run(
            ["bash", "-c", f"{line} --format=%s"], cwd=told, capture_output=True, text=True, check=True
        )
        found[item["request"]] = ran.stdout.splitlines()
    assert len(found) == 3
    assert all(len(each) >= 2 and "production-admin" not in " ".join(each) for each in found.values())


def test_git_reads_the_trailers(told: Path) -> None:
    """Every batch's last paragraph is trailers to git, so that any of them can be asked for."""
    ran = subprocess.run(
        ["git", "log", "refs/remotes/origin/ledger", "--format=%(trailers:key=Run,valueonly,separator=|)"],
        cwd=told, capture_output=True, text=True, check=True,
    )  # fmt: skip
    runs = ran.stdout.splitlines()
    assert [bool(each) for each in runs] == [True] * (len(runs) - 1) + [
        False
    ]  # but for the branch's first commit
