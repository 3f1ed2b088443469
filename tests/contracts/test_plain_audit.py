"""The clone in memory answers an audit as git does: the same life, written into a repository, and each question put to both."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from acme_facts import DAY, MINUTE
from plain_audit import ORDERS, PlainClone

from jitbot.adapters.git import GitRepository
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.git_history import NO_BASE, RULE_PATHS, HistoryStep
from jitbot.domain.model.documents import FOLDER, PEOPLE, PLAIN, SETTINGS, Sha
from jitbot.usecases.collect.collect_case import rule_paths

pytestmark = pytest.mark.real_git
LINK = "policies/teams.yaml"
Names = Mapping[str, Sha]  # the clone's own name of each of git's commits


def a_life() -> PlainClone:
    """A life of everything, with a link, what came back, and an event that was edited and another one taken away."""
    clone = PlainClone().live()
    before = clone.trees.files[LINK]
    odd = clone.push({LINK: b"elsewhere", PEOPLE: None})
    clone.modes[odd, LINK] = "120000"
    clone.later(MINUTE)
    clone.push({LINK: before, PEOPLE: clone.trees.files[PEOPLE], ORDERS: None}, at=clone.now - 9 * DAY)
    paths = [each.path for each in clone.inputs().history.recorded]
    clone.tell(files={paths[0]: b"{}"})
    clone.taken[clone.tell(files={"events/lie.json": b"{}"})] = (paths[1],)
    return clone


def of_main(clone: PlainClone) -> Iterator[bytes]:
    """main for `git fast-import`, each commit with all of its files."""
    for commit in clone.line:
        yield from began("main", int(clone.dates[commit].timestamp()), "x")
        yield b"deleteall\n"
        for path, content in clone.trees.tree(commit).items():
            yield put(clone.modes.get((commit, path), PLAIN), path, content)


def of_ledger(clone: PlainClone) -> Iterator[bytes]:
    """The ledger, each commit with what it adds and takes away."""
    for step in clone.ledger_steps(clone.ledger()):
        yield from began("ledger", int(step.at.timestamp()), step.message)
        for each in step.touched:
            if each.status == "D":
                yield f"D {each.path}\n".encode()
            else:
                yield put(each.mode, each.path, clone.ledger_of.blobs[each.blob])


def began(branch: str, at: int, message: str) -> Iterator[bytes]:
    """A commit on the tip of a branch."""
    who, text = f"a <a@acme.com> {at} +0000", message.encode()
    yield f"commit refs/remotes/origin/{branch}\ncommitter {who}\ndata {len(text)}\n".encode() + text + b"\n"


def put(mode: str, path: str, content: bytes) -> bytes:
    """A file of a commit."""
    return f"M {mode} inline {path}\ndata {len(content)}\n".encode() + content + b"\n"


@pytest.fixture
def both(tmp_path: Path) -> tuple[PlainClone, GitRepository, Names]:
    """The clone, and git's repository of the same."""

    def git(*arguments: str, stdin: bytes = b"") -> str:
        known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
        ran = subprocess.run(
            ["git", *arguments], cwd=tmp_path, env=known, input=stdin, capture_output=True, check=True
        )
        return ran.stdout.decode()

    clone = a_life()
    git("init", "--quiet", "--template=", "--initial-branch=main")
    git("fast-import", "--quiet", stdin=b"".join([*of_main(clone), *of_ledger(clone)]))
    own = {"main": clone.line, "ledger": [each.commit for each in clone.ledger_of.commits]}
    names = {
        real: mine
        for branch, line in own.items()
        for real, mine in zip(
            git("rev-list", "--reverse", f"refs/remotes/origin/{branch}").split(), line, strict=True
        )
    }
    return clone, GitRepository(tmp_path), names


def told(step: HistoryStep, names: Names) -> object:
    """All that a step says."""
    parents = tuple(names[each] for each in step.parents)
    touched = sorted((each.path, each.mode, each.blob, each.status) for each in step.touched)
    flags = (step.whole, step.asks_whole, step.rules_whole)
    return names[step.commit], parents, step.at, step.message.strip(), touched, flags


def test_the_steps_of_both_branches_are_gits(both: tuple[PlainClone, GitRepository, Names]) -> None:
    """Paths, modes, blobs, statuses, dates and parents, the oldest first; and what of them changed the rules."""
    clone, real, names = both
    same: dict[str, Sha] = {each: each for each in names.values()}
    mine = [told(each, same) for each in clone.main_steps(clone.main())]
    assert [told(each, names) for each in real.main_steps(real.main())] == mine
    mine = [told(each, same) for each in clone.ledger_steps(clone.ledger())]
    assert [told(each, names) for each in real.ledger_steps(real.ledger())] == mine
    changes = [
        (names[each.commit], each.at, each.paths, names.get(each.base, NO_BASE), each.whole)
        for each in real.rule_changes(real.main(), RULE_PATHS)
    ]
    assert changes == [
        (each.commit, each.at, each.paths, each.base, each.whole)
        for each in clone.rule_changes(clone.main(), RULE_PATHS)
    ]


def lying(entries: Iterable[AddedEntry]) -> list[tuple[str, str, str]]:
    """What lies there; a folder by its path alone, since nobody asks for its name in git."""
    return sorted((each.path, each.mode, "" if each.mode == FOLDER else each.blob) for each in entries)


def test_files_at_any_commit_are_gits(both: tuple[PlainClone, GitRepository, Names]) -> None:
    """Entries with their modes, blobs by place and their bytes; of what is not there nothing is said."""
    clone, real, names = both
    theirs = {mine: Sha(name) for name, mine in names.items()}
    wanted = [*rule_paths("orders-db-read"), ORDERS]
    places = [(commit, path) for commit in clone.line for path in wanted]
    found = real.blobs_at((theirs[commit], path) for commit, path in places)
    assert {(names[commit], path): blob for (commit, path), blob in found.items()} == clone.blobs_at(places)
    for commit in clone.line:
        for paths in (wanted, ["policies/access/"], ["requests/"], [SETTINGS, "nowhere"]):
            assert lying(real.entries(theirs[commit], paths)) == lying(clone.entries(commit, paths))
    blobs = [*dict.fromkeys(each for each in found.values() if each), blob_name(b"of nobody")]
    assert dict(real.contents(blobs)) == dict(clone.contents(blobs))
    assert dict(real.contents(blobs, 100)) == dict(clone.contents(blobs, 100))
    assert real.here(blobs) == clone.here(blobs)


def test_the_history_of_a_commit_is_gits(both: tuple[PlainClone, GitRepository, Names]) -> None:
    """Which commits it has, and which it holds."""
    clone, real, names = both
    line = list(names)[len(clone.line) :]
    for tip in (line[0], line[3], line[-1]):
        assert {names[each] for each in real.commits_of(Sha(tip))} == clone.commits_of(names[tip])
        for commit in (line[0], line[5]):
            assert real.holds(Sha(tip), Sha(commit)) is clone.holds(names[tip], names[commit])
