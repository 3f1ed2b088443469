"""The ledger's branch in memory is walked as git walks it: the same commits, written into a repository, each question put to both."""

import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from acme_facts import DAY, HOUR, NOW, PATH
from builders import an_approval, an_outcome
from plain_ledger import FOLDER, PlainLedger
from same_life import Real, acmes_github, tried

from jitbot.adapters.git import GitRepository
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.bounds import EVENT_READ, EVER
from jitbot.domain.model.documents import ISSUER_KEYS, PLAIN, Sha
from jitbot.domain.model.errors import BranchMovedError

Both = tuple[PlainLedger, Any, GitRepository, dict[Sha, Sha]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """A ledger of a day, with what others pushed, and some of it with a date of long ago; the real names of its commits."""
    plain = PlainLedger()
    plain.push(an_approval(), at=NOW - 3 * HOUR)
    plain.push(files={"events/x": b"1", "events/y": b""}, message="mine\n\nRequester: ALICE\n", at=NOW - HOUR)
    plain.push(files={"events/z": b"2"}, message="Requester: alice-2\nrequester: alice", at=NOW - 9 * DAY)
    plain.push(an_outcome(EventType.GRANTED))
    plain.push(files={"events/big": b"x" * 99}, message=f"theirs\n\nRequest: {PATH.upper()}x")
    plain.at_main = {"policies/a.yaml": b"a", "policies/b/c": b"", "jitbot": b"x"}
    plain.owned = b"{}"
    return written(plain, tmp_path_factory.mktemp("ledger"))


def written(plain: PlainLedger, folder: Path) -> Both:
    """The same commits in a repository, and the real names of those of the ledger."""
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str, stdin: bytes = b"") -> str:
        ran = subprocess.run(
            ["git", *arguments], cwd=folder, env=known, input=stdin, capture_output=True, check=True
        )
        return ran.stdout.decode()

    told = b""
    links = {path: mode for path, mode in plain.lies.items() if mode != FOLDER}
    for each in plain.commits:
        text = each.message.encode()
        date = int(plain.ages.get(each.commit, NOW).timestamp())
        told += b"commit refs/remotes/origin/ledger\ncommitter a <a@acme.com> %d +0000\n" % date
        told += b"data %d\n%b\n" % (len(text), text)
        for entry in each.entries:
            content = plain.blobs[entry.blob]
            told += b"M 100644 inline %b\ndata %d\n%b\n" % (entry.path.encode(), len(content), content)
        for path, mode in links.items() if each is plain.commits[0] else ():
            told += b"M %b inline %b\ndata 1\nx\n" % (mode.encode(), path.encode())
    told += b"commit refs/remotes/origin/main\ncommitter a <a@acme.com> 0 +0000\ndata 0\n"
    keys = {} if plain.owned is None else {ISSUER_KEYS: plain.owned}
    for path, content in (plain.at_main | keys).items():
        told += b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content)
    git("init", "--quiet", "--template=", "--initial-branch=main")
    git("fast-import", "--quiet", stdin=told)
    names = git("rev-list", "--reverse", "refs/remotes/origin/ledger").split()
    real = {each.commit: Sha(name) for each, name in zip(plain.commits, names, strict=True)}
    mine: Any = plain.context().git
    mine.fetch()
    return plain, mine, GitRepository(folder, environ=known), real


SAYING = ("", "Requester: alice", "requester: ALICE", "Requester: ali.e", f"Request: {PATH}", "nothing")
BEGINNING = ((), ("Request: ", "x"), ("request: REQ",), ("Requester: a[l]",), ("equest",))


@pytest.mark.parametrize("since", [EVER, NOW - 9 * DAY, NOW - 2 * HOUR, NOW, NOW + HOUR])
def test_commits_are_found_by_time_and_by_their_lines(both: Both, since: Any) -> None:
    """A whole line, or how one begins, in upper or lower case; and what is not in the history of another commit."""
    plain, mine, git, real = both

    def same(*given: Any, **named: Any) -> None:
        after = named.get("after")
        theirs = {**named, "after": real[after]} if after else named
        assert [real[each] for each in mine.batches(*given, **named)] == [*git.batches(*given, **theirs)], (
            named
        )

    for saying in SAYING:
        same(since, saying=saying)
    for beginning in BEGINNING:
        same(since, beginning=beginning)
    for each in plain.commits:
        same(since, after=each.commit)
        found = mine.misdated(since, each.commit)
        assert [real[name] for name in found] == [*git.misdated(since, real[each.commit])]


def test_what_a_commit_is_and_adds(both: Both) -> None:
    """Its parent, its message, its files, and whether it has the form of a batch; and whose history it is in."""
    plain, mine, git, real = both
    commits = [each.commit for each in plain.commits]
    assert real[mine.ledger()] == git.ledger()
    added = {each.commit: each for each in git.added([*real.values()])}
    for each in mine.added(commits):
        theirs = added[real[each.commit]]
        assert real.get(each.parent, "") == theirs.parent
        assert each.message.strip() == theirs.message.strip()
        assert sorted(each.entries, key=str) == sorted(theirs.entries, key=str)
        assert each.well_formed is theirs.well_formed
    for tip in commits:
        for commit in commits:
            assert mine.holds(tip, commit) is git.holds(real[tip], real[commit])
    blobs = [*plain.blobs]
    for most in (0, 1, 98, 99, EVENT_READ):
        assert mine.small(blobs, most) == git.small(blobs, most)


ASKED: tuple[list[str], ...] = (
    [ISSUER_KEYS], ["jitbot", "nowhere"], ["policies/"], ["policies"], ["policies/a.yaml", "policies/b"], [],
    ["events"], ["events/", "keys"], ["events/x", "events/y", "events/2026"], ["attestations/2026/11/24/"],
)  # fmt: skip


@pytest.mark.parametrize("paths", ASKED, ids=str)
def test_what_lies_at_a_path(both: Both, paths: list[str]) -> None:
    """At main's tip and at each commit of the ledger: files, folders by themselves, and what is in a folder."""
    _, mine, git, real = both
    for own, theirs in ((mine.main(), git.main()), *real.items()):
        found, there = mine.entries(own, paths), git.entries(theirs, paths)
        assert [shown(each) for each in found] == [shown(each) for each in there]
        if own == mine.main():
            blobs = [each.blob for each in found if each.mode == PLAIN]
            assert mine.read(blobs) == git.read(blobs)


def shown(entry: AddedEntry) -> tuple[str, str, str]:
    """An entry; a folder's own name is git's alone."""
    return entry.path, entry.mode, "" if entry.mode == FOLDER else entry.blob


def test_what_is_no_file_lies_there_too(tmp_path: Path) -> None:
    """As somebody pushed it, in the way of what a run writes."""
    lies = {"events": "120000", "keys": PLAIN}
    _, mine, git, real = written(PlainLedger(lies=lies), tmp_path)
    (own, theirs), paths = next(iter(real.items())), ["events", "events/2026", "keys", "keys/2026", "odd"]
    found = [(each.path, each.mode) for each in mine.entries(own, paths)]
    assert found == [(each.path, each.mode) for each in git.entries(theirs, paths)] == [*lies.items()]


def test_a_whole_clone_has_nothing_filed_apart(both: Both) -> None:
    """Its own commits have it all."""
    _, mine, git, real = both
    assert mine.filed([*real]) == git.filed([*real.values()]) == ()


github = pytest.fixture(acmes_github)


def test_what_a_run_writes(github: Real, tmp_path: Path) -> None:
    """A batch lies on exactly the head that it names, what is in its way is removed by it, and nothing else is written."""
    plain, writes = PlainLedger(lies={"events": PLAIN}), github.site.writer("olivia")
    write = plain.context().github_write.commit_on_branch
    heads = [(plain.commits[-1].commit, github.site.tip("ledger"))]
    way = github.push("ledger", {"events": b"x"}, heads[0][1], "olivia", heads[0][0])
    heads[0] = (heads[0][0], way)

    def batch(on: int, files: dict[str, bytes], gone: list[str]) -> list[Any]:
        asked = ("ledger", "A headline\n\nRequest: x\n", files, gone)
        own, theirs = heads[on]
        tries = (
            partial(write, asked[0], own, *asked[1:]),
            partial(writes.commit_on_branch, asked[0], theirs, *asked[1:]),
        )
        made = [*map(tried, tries)]
        if isinstance(made[0], str):
            heads.append((Sha(made[0]), made[1]))
        return [each if isinstance(each, type) else "made" for each in made]

    assert batch(0, {"events/2026/a.json": b"1", "keys/k": b""}, ["events"]) == ["made"] * 2
    assert batch(0, {"events/2026/b.json": b"2"}, []) == [BranchMovedError] * 2
    assert batch(1, {"events/2026/b.json": b"2"}, []) == ["made"] * 2
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    for command in ("init --quiet --template=", f"remote add origin {github.site.github.git_url('olivia')}"):
        subprocess.run(["git", *command.split()], cwd=tmp_path, env=environ, check=True)
    mine, git = plain.context().git, GitRepository(tmp_path, environ=environ)
    mine.fetch()
    git.fetch()
    known = {theirs: own for own, theirs in heads}
    assert known[git.ledger()] == mine.ledger() == heads[-1][0]
    for own, theirs in heads[1:]:
        (added,), (real,) = mine.added([own]), git.added([theirs])
        assert (added.parent, added.message.strip()) == (known[real.parent], real.message.strip())
        assert sorted(map(shown, added.entries)) == sorted(map(shown, real.entries))
        assert added.well_formed is real.well_formed
        for paths in (["events"], ["events/"], ["events/2026/"], ["keys", "keys/k"]):
            assert [*map(shown, mine.entries(own, paths))] == [*map(shown, git.entries(theirs, paths))]
