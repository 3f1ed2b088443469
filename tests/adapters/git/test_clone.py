"""git as the port asks for it, on real repositories in temporary folders."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any

import pytest
from clones import ASK, NOBODY, NOW, SINCE, Clone, additions

from jitbot.adapters.git import GitRepository
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.merge_facts import ChangeKind


def test_a_change_is_told_whole(clone: Clone) -> None:
    """A change names its path, commit, first parent, time, kind, mode and blob."""
    base = Sha(clone.git("rev-parse", "HEAD"))
    commit = clone.put(ASK, "duration: 2h\n")
    clone.push()
    (change,) = clone.repository.changes(SINCE)
    assert (change.path, change.commit, change.base, change.kind) == (ASK, commit, base, ChangeKind.ADDED)
    assert (change.committed_at, change.mode) == (clone.now, "100644")
    assert change.blob is not None
    assert clone.repository.read([change.blob]) == {change.blob: b"duration: 2h\n"}


def test_every_kind_of_change_comes_oldest_first(clone: Clone) -> None:
    """A file that is added, changed and deleted is three changes, in that order; a deletion has no blob."""
    clone.put(ASK)
    clone.put(ASK, "a: 2\n")
    (clone.root / ASK).unlink()
    clone.commit()
    assert clone.changed() == [
        (ChangeKind.ADDED, ASK),
        (ChangeKind.MODIFIED, ASK),
        (ChangeKind.DELETED, ASK),
    ]
    assert clone.repository.changes(SINCE)[-1].blob is None


def test_only_requests_are_changes(clone: Clone) -> None:
    """Rules, code and a folder whose name merely begins alike are none of it."""
    clone.put("policies/accounts.yaml")
    clone.put("requests-old/x.yaml")
    assert clone.changed() == []


def test_a_merge_is_one_change_against_its_first_parent(clone: Clone) -> None:
    """Of a merged branch only the merge counts: its commits are not on main's first-parent line."""
    clone.git("checkout", "--quiet", "-b", "ask")
    clone.put(ASK)
    clone.put(ASK, "a: 2\n")
    clone.git("checkout", "--quiet", "main")
    before = clone.put("README.md", "meanwhile\n")
    clone.now += timedelta(minutes=1)
    clone.git("merge", "--quiet", "--no-ff", "ask")
    clone.push()
    (change,) = clone.repository.changes(SINCE)
    assert (change.kind, change.base) == (ChangeKind.ADDED, before)
    assert change.commit == clone.repository.main()


def test_a_rename_is_a_deletion_and_an_addition(clone: Clone) -> None:
    """A moved request is two changes, though every byte is the same, whatever a user's settings say."""
    clone.git("config", "diff.renames", "copies")
    clone.put(ASK)
    moved = ASK.replace("-x", "-y")
    clone.git("mv", ASK, moved)
    clone.commit()
    assert sorted(clone.changed()[1:]) == [(ChangeKind.ADDED, moved), (ChangeKind.DELETED, ASK)]
    assert sorted(clone.repository.touched(Sha("HEAD~1"), Sha("HEAD")) or ()) == [ASK, moved]


def test_empty_commits_change_nothing(clone: Clone) -> None:
    """A commit without a difference is no change, and hides none of its neighbours."""
    clone.commit("empty")
    clone.put(ASK)
    clone.commit("empty again")
    assert clone.changed() == [(ChangeKind.ADDED, ASK)]
    assert clone.repository.touched(Sha("HEAD~1"), Sha("HEAD")) == ()


def test_an_undone_change_is_told_each_time(clone: Clone) -> None:
    """The same two trees may follow each other again and again: each time is a change of its own."""
    clone.put(ASK)
    for _ in range(2):
        (clone.root / ASK).unlink()
        clone.commit()
        clone.put(ASK)
    kinds = [kind for kind, _ in clone.changed()]
    assert kinds == [ChangeKind.ADDED, *[ChangeKind.DELETED, ChangeKind.ADDED] * 2]


def test_an_old_dated_commit_hides_nothing(clone: Clone) -> None:
    """Behind a commit that claims to be years old the recent ones are found all the same."""
    clone.put(ASK)
    now, clone.now = clone.now, NOW - timedelta(days=4000)
    clone.put("README.md", "backdated\n")
    clone.now = now
    clone.put(ASK.replace("-x", "-y"))
    assert [path for _, path in clone.changed()] == [ASK, ASK.replace("-x", "-y")]


def test_what_lies_before_the_window_is_left_out(clone: Clone) -> None:
    """A commit at the very second counts, one a second before does not."""
    commit = clone.put(ASK)
    clone.push()
    assert [change.commit for change in clone.repository.changes(clone.now)] == [commit]
    assert clone.repository.changes(clone.now + timedelta(seconds=1)) == ()


@pytest.mark.parametrize(
    "name",
    [
        "with space.yaml",
        'quote".yaml',
        "line\nbreak.yaml",
        "tab\t.yaml",
        "ümlaut.yaml",
        "\udcff\udcfe.yaml",
        ":100644 100644.yaml",
        "a" * 200 + ".yaml",
        "*.yaml",
        "[a-z].yaml",
        ":(glob)x.yaml",
    ],
)
def test_odd_names_come_through_as_they_are(clone: Clone, name: str) -> None:
    """No byte of a file's name is quoted, lost, or taken for git's own punctuation or patterns."""
    path = f"requests/p/2026-11/{name}"
    clone.put(path)
    clone.put("requests/p/2026-11/z.yaml")
    assert [each for _, each in clone.changed()] == [path, "requests/p/2026-11/z.yaml"]
    (entry,) = clone.repository.entries(Sha("HEAD"), [path])
    assert entry.path == path
    assert clone.repository.touching([clone.repository.main()], path) == frozenset()


def test_modes_are_told_apart(clone: Clone) -> None:
    """A symlink, an executable and a submodule show their modes; a change of mode alone is a change."""
    clone.put(ASK)
    (clone.root / ASK).chmod(0o755)
    clone.commit()
    (clone.root / ASK).unlink()
    (clone.root / ASK).symlink_to("/etc/passwd")
    clone.commit()
    (clone.root / ASK).unlink()
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{NOBODY},{ASK}")
    clone.git("commit", "--quiet", "--message", "submodule")
    clone.push()
    changes = clone.repository.changes(SINCE)
    assert [change.mode for change in changes] == ["100644", "100755", "120000", "160000"]
    assert {change.kind for change in changes[1:]} == {ChangeKind.MODIFIED}
    assert clone.repository.entries(Sha("HEAD"), [ASK])[0].mode == "160000"


def test_entries_are_those_of_the_commit(clone: Clone) -> None:
    """Files are read from the commit and never from the working tree; a folder lists what is directly in it."""
    clone.write("requests/p/a.yaml")
    clone.write("requests/p/deep/b.yaml")
    commit = clone.commit()
    clone.write("requests/p/c.yaml")
    listed = clone.repository.entries(commit, ["requests/p/"])
    assert [(each.path, each.mode) for each in listed] == [
        ("requests/p/a.yaml", "100644"),
        ("requests/p/deep", "040000"),
    ]
    assert clone.repository.entries(commit, ["requests/p/c.yaml"]) == ()


def test_a_path_is_no_pattern(clone: Clone) -> None:
    """What git elsewhere takes for a pattern, or for its own magic, names a file of just that name."""
    for path in (":(top)README.md", ":/README.md", "READ*"):
        assert clone.repository.entries(Sha("HEAD"), [path]) == ()


def test_no_paths_are_no_entries(clone: Clone) -> None:
    """Asked for nothing, nothing is listed: git itself would list everything."""
    assert clone.repository.entries(Sha("HEAD"), []) == ()
    assert clone.repository.read([]) == {}
    assert clone.repository.touching([], "README.md") == frozenset()


def test_touching_compares_with_the_first_parent(clone: Clone) -> None:
    """Who merged main into a branch did not write what came with it; who wrote it, and a root, did."""
    root = Sha(clone.git("rev-parse", "HEAD"))
    clone.git("checkout", "--quiet", "-b", "ask")
    wrote = clone.put(ASK)
    clone.git("checkout", "--quiet", "main")
    clone.put("policies/x.yaml")
    clone.git("checkout", "--quiet", "ask")
    clone.now += timedelta(minutes=1)
    clone.git("merge", "--quiet", "--no-ff", "--message", "update branch", "main")
    merged = Sha(clone.git("rev-parse", "HEAD"))
    assert clone.repository.touching([root, wrote, merged], ASK) == {wrote}
    assert clone.repository.touching([root, wrote, merged], "policies/x.yaml") == {merged}
    assert clone.repository.touching([root], "README.md") == {root}


@pytest.mark.parametrize("ask", ["touched", "touching", "read", "tree of a blob", "merge base"])
def test_what_git_lacks_is_said_with_what_to_do(clone: Clone, ask: str) -> None:
    """A commit or a blob that is not here is never taken for an empty one: fetch deeper."""
    repository, head = clone.repository, Sha(clone.git("rev-parse", "HEAD"))
    blob = Sha(clone.git("rev-parse", "HEAD:README.md"))
    calls: dict[str, Callable[[], object]] = {
        "touched": lambda: repository.touched(head, NOBODY),
        "touching": lambda: repository.touching([head, NOBODY], "README.md"),
        "read": lambda: repository.read([blob, NOBODY]),
        "tree of a blob": lambda: repository.touched(head, blob),
        "merge base": lambda: repository.merge_base(
            head, Sha(clone.git("commit-tree", "HEAD^{tree}", "-m", "x"))
        ),
    }
    with pytest.raises(UnavailableError, match="fetch deeper"):
        calls[ask]()


def test_a_commit_is_no_blob(clone: Clone) -> None:
    """Only a blob is read as one."""
    with pytest.raises(UnavailableError, match="is no file"):
        clone.repository.read([Sha(clone.git("rev-parse", "HEAD"))])


def cut(clone: Clone, *options: str) -> GitRepository:
    """A shallow clone of the remote, as a job's checkout makes it: one commit of main, and of the ledger."""
    clone.git("-C", "../bare.git", "config", "uploadpack.allowFilter", "true")
    clone.git("-C", "../bare.git", "config", "uploadpack.allowAnySHA1InWant", "true")
    remote = f"file://{clone.root.parent}/bare.git"
    clone.git("clone", "--quiet", "--depth=1", "--no-checkout", *options, remote, "../cut")
    refs = "+ledger:refs/remotes/origin/ledger"
    clone.git("-C", "../cut", "fetch", "--quiet", "--depth=1", "origin", refs)
    return GitRepository(clone.root.parent / "cut", timeout=20)


def test_a_shallow_clone_is_deepened(clone: Clone) -> None:
    """Where history is cut off inside the window more of it is brought: no commit passes for having added all."""
    first, second = clone.put(ASK), clone.put(ASK, "a: 2\n")
    clone.push()
    shallow = cut(clone)
    assert [change.commit for change in shallow.changes(SINCE)] == [first, second]
    assert [batch.commit for batch in additions(shallow)][1:] == [first, second]


def test_a_cut_behind_the_window_is_left(clone: Clone) -> None:
    """What is older than the window is not brought: a long history costs nothing."""
    clone.put(ASK)
    clone.push()
    shallow = cut(clone)
    assert shallow.changes(clone.now + timedelta(seconds=1)) == ()
    assert clone.git("-C", "../cut", "rev-list", "--count", "origin/main") == "1"


def test_a_shallow_clone_is_deepened_to_the_common_ancestor(clone: Clone) -> None:
    """Where a branch parted from main before the cut, main is deepened until it knows where."""
    parted = Sha(clone.git("rev-parse", "HEAD"))
    clone.put("a")
    clone.push()
    shallow = cut(clone)
    clone.git("checkout", "--quiet", "-b", "other", parted)
    other = clone.put("b")
    clone.git("push", "--quiet", "origin", f"{other}:refs/pull/7/head")
    shallow.fetch([7])
    assert shallow.merge_base(shallow.main(), other) == parted


def test_a_shallow_clone_hides_nothing(clone: Clone) -> None:
    """Where history is cut off inside the window and cannot be had, the run stops, instead of deciding on half of it."""
    clone.put(ASK)
    clone.push()
    shallow = cut(clone)
    clone.git("-C", "../cut", "remote", "set-url", "origin", "/nowhere")
    for ask in (shallow.changes, shallow.batches):
        with pytest.raises(UnavailableError, match="fetch-depth: 0"):
            ask(SINCE)


def test_a_remote_without_more_ends_the_search(clone: Clone) -> None:
    """A remote that is cut off in the same place is not asked again and again."""
    clone.put(ASK)
    clone.push()
    shallow = cut(clone)
    (clone.root.parent / "bare.git" / "shallow").write_text(f"{shallow.main()}\n")
    with pytest.raises(UnavailableError, match="fetch-depth: 0"):
        shallow.changes(SINCE)


def test_missing_blobs_come_at_once(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone without blobs gets those that are read in one fetch, those that it has in none, and no others."""
    paths = [ASK.replace("-x", f"-{letter}") for letter in "abcdefgh"]
    for path in paths:
        clone.write(path, path)
    clone.commit()
    clone.push()
    partial = cut(clone, "--filter=blob:none")
    wanted = {entry.blob: entry.path for entry in partial.entries(partial.main(), paths[:6])}
    trace = clone.root.parent / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    assert partial.read(wanted) == {blob: path.encode() for blob, path in wanted.items()}
    assert partial.read(list(wanted)[:3]) == {blob: wanted[blob].encode() for blob in list(wanted)[:3]}
    assert trace.read_text().count("trace: built-in: git fetch") == 1
    monkeypatch.delenv("GIT_TRACE")
    listed = clone.git("-C", "../cut", "cat-file", "--batch-check", "--batch-all-objects").splitlines()
    assert sum(" blob " in line for line in listed) == len(wanted)


def test_all_objects_are_listed_only_where_one_is_missing(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of everything grows with the ledger: who has what is read does without, who lacks some lists once."""
    other = ASK.replace("-x", "-y")
    clone.put(ASK, "small")
    clone.put(other, "other")
    clone.push()
    partial = cut(clone, "--filter=blob:none")
    blobs = [entry.blob for entry in partial.entries(partial.main(), [ASK, other])]
    trace = clone.root.parent / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    assert [list(partial.read([blob])) for blob in blobs] == [[blob] for blob in blobs]
    assert (
        trace.read_text().count("built-in: git cat-file '--batch-check=%(objectname)' --batch-all-objects")
        == 1
    )
    trace.unlink()
    again = GitRepository(clone.root.parent / "cut", timeout=20)
    assert set(again.read(blobs)) == set(blobs)
    assert "--batch-all-objects" not in trace.read_text()
    assert "git fetch" not in trace.read_text()


def test_what_is_new_comes_with_its_small_blobs(clone: Clone) -> None:
    """In a clone without blobs a later fetch brings what will be read of it, and nothing large that somebody pushed."""
    clone.push()
    partial = cut(clone, "--filter=blob:none")
    (readme,) = partial.entries(partial.main(), ["README.md"])
    assert partial.read([readme.blob]) == {readme.blob: b"a: 1\n"}
    clone.write("large", "x" * 70_000)
    clone.put(ASK, "small")
    clone.push("HEAD:main", "HEAD:ledger", "HEAD:refs/pull/7/head")
    partial.fetch()
    partial.fetch([7])
    (entry,) = partial.entries(partial.main(), [ASK])
    listed = clone.git("-C", "../cut", "cat-file", "--batch-check", "--batch-all-objects").splitlines()
    assert max(int(line.split()[2]) for line in listed) < 70_000
    clone.git("-C", "../cut", "remote", "set-url", "origin", "/nowhere")
    assert partial.read([entry.blob]) == {entry.blob: b"small"}


def test_a_whole_clone_stays_whole(clone: Clone) -> None:
    """Fetching into a clone that has everything brings everything, large blobs too."""
    clone.push()
    clone.write("large", "x" * 70_000)
    clone.put(ASK)
    clone.push()
    clone.git("clone", "--quiet", "../bare.git", "../whole")
    whole = GitRepository(clone.root.parent / "whole", timeout=20)
    clone.write("large", "y" * 70_000)
    made = clone.commit()
    clone.push()
    whole.fetch()
    (entry,) = whole.entries(made, ["large"])
    clone.git("-C", "../whole", "remote", "set-url", "origin", "/nowhere")
    assert whole.read([entry.blob]) == {entry.blob: b"y" * 70_000}


def test_blobs_that_cannot_be_had_are_missed(clone: Clone) -> None:
    """Where the remote does not give what a clone without blobs lacks, nothing is concluded."""
    clone.put(ASK)
    clone.push()
    partial = cut(clone, "--filter=blob:none")
    (entry,) = partial.entries(partial.main(), [ASK])
    clone.git("-C", "../cut", "remote", "set-url", "origin", "/nowhere")
    with pytest.raises(UnavailableError, match="could not fetch 1 blobs"):
        partial.read([entry.blob])


def test_a_whole_clone_fetches_no_blobs(clone: Clone) -> None:
    """A blob that a whole clone lacks is missed at once: only a partial one asks its remote."""
    clone.push()
    with pytest.raises(UnavailableError, match="git has no blob"):
        clone.repository.read([NOBODY])


def ledger(clone: Clone, *names: str, message: str = "batch") -> Sha:
    """Commit files of the ledger on the branch that is checked out."""
    for name in names:
        clone.write(name, f"{{{name}}}\n")
    return clone.commit(message)


def test_additions_are_told_whole(clone: Clone) -> None:
    """A batch is its commit, its parent, its whole message and the files it adds; the first has no parent."""
    root = Sha(clone.git("rev-parse", "HEAD"))
    made = ledger(clone, "events/a.json", "events/b.json", message="head\n\nbody\n\nRun: 1")
    clone.push()
    first, second = additions(clone.repository)
    assert (first.commit, first.parent, first.well_formed) == (root, "", False)
    assert (second.commit, second.parent, second.well_formed) == (made, root, True)
    assert second.message == "head\n\nbody\n\nRun: 1\n"
    assert [entry.path for entry in second.entries] == ["events/a.json", "events/b.json"]
    assert (
        list(clone.repository.read(entry.blob for entry in second.entries).values())[1]
        == b"{events/b.json}\n"
    )


def test_an_untidy_commit_is_no_batch(clone: Clone) -> None:
    """A commit that puts anything but plain files, or nothing at all, is marked."""
    tidy = ledger(clone, "events/a.json")
    (clone.root / "events/e.json").symlink_to("a.json")
    linked = clone.commit()
    clone.write("events/f.json")
    (clone.root / "events/f.json").chmod(0o755)
    executable = clone.commit()
    (clone.root / "events/a.json").unlink()
    deleted = clone.commit()
    empty = clone.commit()
    clone.push()
    batches = [each for each in additions(clone.repository) if each.parent]
    assert {each.commit for each in batches if each.well_formed} == {tidy}
    assert {each.commit for each in batches if not each.well_formed} == {linked, executable, deleted, empty}


def test_a_line_that_is_searched_for_is_taken_as_it_stands(clone: Clone) -> None:
    """What a login holds is text, never a pattern: no other requester's batches are found by it, and a whole line is meant."""
    made = {}
    for login in ("a.b", "axb", "a*b", "aab", "xa.b", "a.bx"):
        clone.git("commit", "--quiet", "--allow-empty", "--message", f"granted\n\nRequester: {login}")
        made[login] = clone.git("rev-parse", "HEAD")
    clone.git("push", "--quiet", "origin", "HEAD:ledger", "HEAD:main")
    clone.repository.fetch()
    for login in ("a.b", "a*b"):
        assert clone.repository.batches(SINCE, saying=f"Requester: {login}") == (made[login],)
        assert clone.repository.batches(SINCE, saying=f"requester: {login.upper()}") == (made[login],)


def test_lines_that_begin_so_are_found_too(clone: Clone) -> None:
    """Those of several policies at once, each as it stands, and none whose name only begins so."""
    made = {}
    for name in ("a.b/x", "axb/x", "other/x", "a.b-more/x", "xa.b/x"):
        clone.git(
            "commit", "--quiet", "--allow-empty", "--message", f"granted\n\nRequest: requests/{name}.yaml"
        )
        made[name] = clone.git("rev-parse", "HEAD")
    clone.git("push", "--quiet", "origin", "HEAD:ledger", "HEAD:main")
    clone.repository.fetch()
    wanted = ("Request: requests/a.b/", "Request: requests/other/")
    assert clone.repository.batches(SINCE, beginning=wanted) == (made["a.b/x"], made["other/x"])
    assert clone.repository.batches(SINCE, beginning=wanted[:1], after=Sha(made["a.b/x"])) == ()


def test_only_what_a_known_commit_does_not_hold_is_listed(clone: Clone) -> None:
    """Whoever knows a tip asks for what came after it, through every parent."""
    known = ledger(clone, "events/a.json")
    clone.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    beside = ledger(clone, "events/b.json")
    clone.git("checkout", "--quiet", "main")
    clone.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    merge = Sha(clone.git("rev-parse", "HEAD"))
    clone.push()
    assert clone.repository.batches(SINCE, after=known) == (beside, merge)
    assert clone.repository.batches(SINCE, after=merge) == ()


def test_commits_that_claim_to_be_older_than_their_history_are_found(clone: Clone) -> None:
    """All that was made after a commit, if a date of it is from before; nothing if the dates go on as they should."""
    clone.put("0")
    first, then = clone.put("a"), clone.now
    second = clone.put("b")
    clone.push()
    since = then - timedelta(seconds=30)
    assert clone.repository.misdated(since, first) == ()
    clone.now = NOW - timedelta(days=9000)
    third = clone.put("c")
    clone.now = then + timedelta(hours=1)
    fourth = clone.put("d")
    clone.push()
    assert clone.repository.batches(since) == (first, second, fourth)
    assert clone.repository.misdated(since, first) == (second, third, fourth)
    assert clone.repository.misdated(since, third) == (fourth,)


def test_a_history_holds_what_led_to_it_alone(clone: Clone) -> None:
    """Neither what came later, nor what nobody has."""
    first, second = ledger(clone, "events/a.json"), ledger(clone, "events/b.json")
    holds = clone.repository.holds
    assert (holds(second, first), holds(first, second), holds(second, NOBODY)) == (True, False, False)


def test_a_batch_is_what_it_puts(clone: Clone) -> None:
    """What a commit adds or overwrites is told with the bytes it puts there; what it takes away is not."""
    ledger(clone, "events/a.json", "events/b.json")
    clone.write("events/a.json", "again\n")
    (clone.root / "events/b.json").unlink()
    ledger(clone, "events/c.json")
    clone.push()
    batch = additions(clone.repository)[-1]
    contents = clone.repository.read(entry.blob for entry in batch.entries)
    assert batch.well_formed
    assert [(entry.path, contents[entry.blob]) for entry in batch.entries] == [
        ("events/a.json", b"again\n"),
        ("events/c.json", b"{events/c.json}\n"),
    ]


def test_a_submodule_in_the_ledger_stops_nobody(clone: Clone) -> None:
    """Its entry names an object that no clone has, so it is left out: anyone who may push could else stop every run."""
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{NOBODY},events/2026/11/24/x.json")
    clone.git("commit", "--quiet", "--message", "submodule")
    clone.push()
    pushed = additions(clone.repository)[-1]
    assert (pushed.entries, pushed.well_formed) == ((), False)


def test_additions_come_through_every_parent(clone: Clone) -> None:
    """Events on a branch that was merged into the ledger are found; the merge itself is no batch."""
    clone.git("checkout", "--quiet", "-b", "side")
    side = ledger(clone, "events/side.json")
    clone.git("checkout", "--quiet", "main")
    straight = ledger(clone, "events/straight.json")
    clone.now += timedelta(minutes=1)
    clone.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    clone.push()
    found = {each.commit: each for each in additions(clone.repository)}
    merge = clone.repository.ledger()
    assert {side, straight, merge} <= set(found)
    assert found[side].well_formed
    assert not found[merge].well_formed
    assert list(found)[-1] == merge


@pytest.mark.parametrize(
    "headers",
    [b"", b"encoding UTF-7\n", b"encoding nonsense\n", b"gpgsig -----BEGIN\n \n parent 1\n -----END\n"],
)
def test_a_message_is_its_own_bytes(clone: Clone, headers: bytes) -> None:
    """A message is told as it was committed, whatever encoding or signature the commit claims."""
    tree, parent = clone.git("rev-parse", "HEAD^{tree}", "HEAD").split()
    stamp = f"alice <alice@acme.com> {int(NOW.timestamp())} +0000"
    text = f"tree {tree}\nparent {parent}\nauthor {stamp}\ncommitter {stamp}\n".encode()
    made = clone.git(
        "hash-object", "-t", "commit", "-w", "--stdin", stdin=text + headers + b"\n+AAA- head\n\nbody \xff\n"
    )
    clone.git("config", "i18n.logOutputEncoding", "latin1")
    clone.push(f"{made}:refs/heads/ledger", "HEAD:main")
    found = next(each for each in additions(clone.repository) if each.commit == made)
    assert (found.message, found.parent) == ("+AAA- head\n\nbody �\n", parent)


def test_a_replaced_commit_is_read_as_it_was_made(clone: Clone) -> None:
    """git's local replacements of objects change nothing of what is read."""
    made = clone.put(ASK)
    clone.push()
    other = clone.git("commit-tree", "HEAD~1^{tree}", "-p", "HEAD~1", "-m", "innocent")
    clone.git("replace", made, other)
    assert [change.path for change in clone.repository.changes(SINCE)] == [ASK]


def test_the_tips_are_the_fetched_ones(clone: Clone) -> None:
    """main and ledger are what the remote has, forced back or not, and never the local branches."""
    clone.push()
    pushed = clone.repository.main()
    local = clone.put("README.md", "not pushed\n")
    assert (clone.repository.main(), clone.repository.head()) == (pushed, local)
    clone.push()
    clone.git("--git-dir", "../bare.git", "update-ref", "refs/heads/main", pushed)
    clone.repository.fetch()
    assert clone.repository.main() == pushed
    assert clone.repository.ledger() == local


def test_heads_of_pull_requests_are_fetched_by_number(clone: Clone) -> None:
    """A pull request's head is known once it was asked for, and follows the remote."""
    clone.push()
    first = clone.put(ASK)
    clone.git("push", "--quiet", "origin", "HEAD:refs/pull/7/head")
    assert clone.repository.pull_head(7) is None
    clone.repository.fetch([7])
    assert [clone.repository.pull_head(7) for _ in range(2)] == [first] * 2
    assert clone.repository.pull_head(70) is None
    clone.git("push", "--quiet", "--force", "origin", "HEAD~1:refs/pull/7/head")
    clone.repository.fetch([7])
    assert clone.repository.pull_head(7) != first


def test_a_missing_ledger_is_ones_own_to_fix(clone: Clone) -> None:
    """A remote without a ledger is said to be so, with the command that makes one."""
    clone.git("push", "--quiet", "origin", "HEAD:main")
    with pytest.raises(InvalidError, match="jitbot init"):
        clone.repository.fetch()
    with pytest.raises(InvalidError, match="no branch ledger"):
        clone.repository.ledger()


def test_what_the_remote_lacks_is_unavailable(clone: Clone) -> None:
    """A missing main or pull request, and a remote that is not there, give git's own reason."""
    clone.git("push", "--quiet", "origin", "HEAD:ledger")
    with pytest.raises(UnavailableError, match="refs/heads/main"):
        clone.repository.fetch()
    with pytest.raises(UnavailableError, match="refs/pull/9/head"):
        clone.repository.fetch([9])
    clone.git("remote", "set-url", "origin", "/nowhere")
    with pytest.raises(UnavailableError, match="could not fetch from origin"):
        clone.repository.fetch()


@pytest.mark.parametrize("name", ["nothing", "-h", "--all", "HEAD:README.md", "HEAD^{tree}", "", "\udcff"])
def test_a_revision_that_names_no_commit_is_refused(clone: Clone, name: str) -> None:
    """A name that is no commit's, or an option in disguise, is for the user to fix."""
    with pytest.raises(InvalidError, match="git knows no commit"):
        clone.repository.resolve(name)


def test_a_revision_names_its_commit(clone: Clone) -> None:
    """A branch, a shortened name and a tag give the whole name of their commit."""
    head = clone.git("rev-parse", "HEAD")
    clone.git("tag", "-a", "v1", "-m", "v1")
    assert {clone.repository.resolve(name) for name in ("main", "HEAD", head[:8], "v1")} == {head}


def test_the_common_ancestor(clone: Clone) -> None:
    """The merge base of two lines is where they parted."""
    parted = Sha(clone.git("rev-parse", "HEAD"))
    one = clone.put("a")
    clone.git("checkout", "--quiet", "-b", "other", parted)
    assert clone.repository.merge_base(one, clone.put("b")) == parted


def test_git_must_be_there(clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without git on PATH the error says just that."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="not installed"):
        clone.repository.head()


def test_what_cannot_be_started_is_unavailable(clone: Clone) -> None:
    """A name longer than any command line is an error of ours, not a crash."""
    with pytest.raises(UnavailableError, match="cannot be run"):
        clone.repository.resolve("x" * 3_000_000)


def test_a_hanging_remote_is_given_up(clone: Clone) -> None:
    """A remote that takes the call and never answers costs no more than the time allowed."""
    begun = time.monotonic()
    with create_server(("127.0.0.1", 0)) as silent:
        clone.git("remote", "set-url", "origin", f"http://127.0.0.1:{silent.getsockname()[1]}/x.git")
        with pytest.raises(UnavailableError, match="git fetch took longer than 0 s"):
            GitRepository(clone.root, timeout=0.4).fetch()
    assert time.monotonic() - begun < 4


@contextmanager
def listening(status: int = 403) -> Iterator[tuple[str, list[str]]]:
    """A server that refuses everyone, and remembers what they showed; with 401 it asks who they are."""
    shown: list[str] = []

    class Exchange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.append(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/acme/access.git", shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("words", "failing", "tries"),
    [
        ("fatal: the remote end hung up unexpectedly", 2, 3),
        ("fatal: the remote end hung up unexpectedly", 9, 4),
        ("fatal: couldn't find remote ref refs/heads/ledger", 9, 1),
        ("fatal: Authentication failed for 'https://github.com/acme/access/'", 9, 1),
    ],
)
def test_a_fetch_that_fails_is_tried_again(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str, failing: int, tries: int
) -> None:
    """One fault of git or of the network ends no run; a refusal that stays one is not asked for again."""
    clone.push()
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    spy, count = tmp_path / "bin/git", tmp_path / "count"
    spy.parent.mkdir()
    real = shutil.which("git")
    spy.write_text(
        f'#!/bin/sh\ncase "$*" in *" fetch "*) echo >> {count}; if [ $(wc -l < {count}) -le {failing} ]; then '
        f'echo "{words}" >&2; exit 128; fi;; esac\nexec {real} "$@"\n'
    )
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    with nullcontext() if failing < tries else pytest.raises((InvalidError, UnavailableError)):
        GitRepository(clone.root).fetch()
    assert count.read_text().count("\n") == tries
    pauses = [each for each in waited if each >= 1]  # to wait for git itself takes shorter ones
    assert pauses == sorted(pauses)
    assert len(pauses) == tries - 1


def test_the_token_is_shown_to_the_remote_alone(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The token reaches the remote as a header; no command line, error or later git command holds it."""
    spy = tmp_path / "bin/git"
    spy.parent.mkdir()
    real = shutil.which("git")
    spy.write_text(f'#!/bin/sh\n(echo "$@"; env) > {tmp_path}/ran-$$\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{spy.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with listening() as (url, shown):
        secret = GitRepository(clone.root, token="ghs_secret", server=url)
        clone.git("remote", "set-url", "origin", url)
        with pytest.raises(UnavailableError) as caught:
            secret.fetch()
    secret.head()
    basic = "eC1hY2Nlc3MtdG9rZW46Z2hzX3NlY3JldA=="
    assert set(shown) == {f"Basic {basic}"}
    ran = [path.read_text().partition("\n") for path in tmp_path.glob("ran-*")]
    assert {" fetch " in arguments for arguments, _, environ in ran if basic in environ} == {True}
    assert len(ran) > 2
    for text in (*(arguments for arguments, _, _ in ran), str(caught.value)):
        assert "ghs_secret" not in text
        assert basic not in text


def test_git_asks_nobody(clone: Clone) -> None:
    """A remote that wants a password gets an error at once, not a prompt."""
    with listening() as (url, shown):
        clone.git("remote", "set-url", "origin", url)
        with pytest.raises(UnavailableError, match="403"):
            clone.repository.fetch()
    assert set(shown) == {""}


def test_git_never_prompts(clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a remote wants to know who asks, git is told to prompt nobody, and does not only lack a terminal."""
    real = shutil.which("git")
    alone = tmp_path / "bin/git"  # without this machine's terminal, so that a git that asks ends all the same
    alone.parent.mkdir()
    alone.write_text(
        f"#!{sys.executable}\nimport os, sys\nos.setsid()\nos.execv({real!r}, ['git', *sys.argv[1:]])\n"
    )
    alone.chmod(0o755)
    monkeypatch.setenv("PATH", f"{alone.parent}:{os.environ['PATH']}")
    with listening(401) as (url, _):
        clone.git("remote", "set-url", "origin", url)
        with pytest.raises(UnavailableError, match="the server asks who you are"):
            clone.repository.fetch()
