"""The ledger's branch in memory is walked as git walks it: the same commits, written into a repository, each question put to both."""

import os
import subprocess
from typing import Any

import pytest
from acme_facts import DAY, HOUR, NOW, PATH
from builders import an_approval, an_outcome
from plain_ledger import PlainLedger

from jitbot.adapters.git import GitRepository
from jitbot.domain.ledger.events import EventType
from jitbot.domain.model.bounds import EVENT_READ, EVER
from jitbot.domain.model.documents import Sha

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
    folder = tmp_path_factory.mktemp("ledger")
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*arguments: str, stdin: bytes = b"") -> str:
        ran = subprocess.run(
            ["git", *arguments], cwd=folder, env=known, input=stdin, capture_output=True, check=True
        )
        return ran.stdout.decode()

    told = b""
    for each in plain.commits:
        text = each.message.encode()
        date = int(plain.ages.get(each.commit, NOW).timestamp())
        told += b"commit refs/remotes/origin/ledger\ncommitter a <a@acme.com> %d +0000\n" % date
        told += b"data %d\n%b\n" % (len(text), text)
        for entry in each.entries:
            content = plain.blobs[entry.blob]
            told += b"M 100644 inline %b\ndata %d\n%b\n" % (entry.path.encode(), len(content), content)
    told += b"commit refs/remotes/origin/main\ncommitter a <a@acme.com> 0 +0000\ndata 0\n"
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
