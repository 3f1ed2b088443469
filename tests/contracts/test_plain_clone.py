"""The clone in memory answers a job as git does: the same life in both, fetched from the embedded GitHub, each question put to both."""

import os
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from acme_facts import DAY, NOW, PATH, sha
from plain_pulls import PlainPulls
from plain_trees import MAIN
from same_life import FILES, OLD, SECOND, Life, Real, acmes_github, answered, of_both, the_same_life, tried

from jitbot.adapters.git import GitRepository
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.bounds import EVENT_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.ports.git import Git

shared = pytest.fixture(acmes_github, scope="module")
life = pytest.fixture(lambda shared: the_same_life(shared), scope="module")
HEADS = (1, 2, 3, 4, 5)
BIG = b"x" * (EVENT_READ + 1)


@pytest.fixture(scope="module")
def clones(life: Life, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, GitRepository, Real]:
    """A new clone of each, with main and the heads that were fetched; one head is larger than anything that is read."""
    _, acme, real = life
    folder = tmp_path_factory.mktemp("clone")
    big = acme.push("big", {"big": BIG})
    real.push("big", {"big": BIG}, real.theirs(MAIN), "alice", big)
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    origin = real.site.github.git_url("alice")
    for command in ("init --quiet --template=", f"remote add origin {origin}"):
        subprocess.run(["git", *command.split()], cwd=folder, env=known, check=True)
    git, mine = GitRepository(folder, environ=known), acme.git()
    acme.pushed |= {number: acme.heads.pop(number) for number in HEADS}
    assert (mine.pull_head(1), git.pull_head(1)) == (None, None)
    for each in (mine, git):
        each.fetch()
        each.fetch(HEADS)
    subprocess.run(["git", "fetch", "--quiet", "origin", "big"], cwd=folder, env=known, check=True)
    return mine, git, real


def test_nothing_is_answered_that_is_not_compared() -> None:
    """Whatever else the clone in memory learns to say must be put to both; the ledger's branch has a suite of its own."""
    named = {"fetch", "main", "pull_head", "changes", "entries", "touched", "touching", "merge_base"}
    of_ledger = {"ledger", "holds", "batches", "misdated", "added", "filed"}
    assert answered(PlainPulls().git(), Git) == named | {"small", "read"} | of_ledger


def commits(acme: PlainPulls) -> list[Sha]:
    """All that are of interest, by the memory's names."""
    return [MAIN, acme.main(), acme.parents[acme.main()], *(each.head for each in acme.pulls)]


def test_where_everything_is(clones: tuple[Any, GitRepository, Real]) -> None:
    """main, the heads that were fetched, and what main did to requests: each time by the same commits."""
    mine, git, real = clones
    questions: list[Callable[[Any], Any]] = [
        lambda each: each.main(),
        *(lambda each, number=number: each.pull_head(number) for number in (*HEADS, 9)),
        lambda each: each.changes(NOW - DAY),
    ]
    for ask in questions:
        assert of_both(ask(mine), {}) == of_both(ask(git), real.names)
    assert [each.path for each in mine.changes(NOW - DAY)] == [OLD, OLD]


def test_what_commits_hold_and_change(life: Life, clones: tuple[Any, GitRepository, Real]) -> None:
    """Entries at paths and in folders, what differs, which commits touch a path, and where two lines part."""
    (_, acme, _), (mine, git, real) = life, clones
    all_of_it = commits(acme)
    paths = [PATH, "a/", "policies/", "./", "requests/", "nowhere", "nowhere/", "policies", "a/b/c", "nul"]
    for one in all_of_it:
        theirs = real.theirs(one)
        for asked in (paths, [PATH], ["policies/", PATH]):
            found = of_both(git.entries(theirs, asked), real.names)
            assert of_both(mine.entries(one, asked), {}) == found
        for other in all_of_it[:4]:
            assert mine.touched(one, other) == git.touched(theirs, real.theirs(other))
            assert mine.merge_base(one, other) == real.names[git.merge_base(theirs, real.theirs(other))]
    for path in (PATH, SECOND, OLD, "policies/notify.yaml", "nowhere"):
        found = git.touching(map(real.theirs, all_of_it), path)
        assert mine.touching(all_of_it, path) == {real.names[each] for each in found}


@pytest.mark.parametrize("most", [0, 1, len(FILES[PATH]) - 1, len(FILES[PATH]), EVENT_READ])
def test_bytes(clones: tuple[Any, GitRepository, Real], most: int) -> None:
    """An empty file is empty, not missing; a large one is None, or an error for who reads whole; one that is not here is one."""
    mine, git, _ = clones
    blobs = [*map(blob_name, [*FILES.values(), BIG])]
    assert dict(mine.small(blobs, most)) == dict(git.small(blobs, most))
    assert mine.read(blobs[:-1]) == git.read(blobs[:-1])
    missing = [sha("nothing")]
    asked = [
        partial(ask, *given)
        for each in (mine, git)
        for ask, *given in ((each.read, blobs), (each.read, missing), (each.small, missing, most))
    ]
    assert [*map(tried, asked)] == [UnavailableError] * 6
