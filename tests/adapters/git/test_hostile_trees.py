"""What anyone who may push can make as large as they like: no walk and no reading follows it to its end."""

import time
import tracemalloc
from pathlib import Path

import pytest
from clones import ASK, SINCE, Clone, additions

from jitbot.domain.model.bounds import MOST_OF_REQUESTS
from jitbot.domain.model.documents import Sha

SOON = 10  # seconds: nothing here takes one; following a bomb to its end would take years
EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def bomb(clone: Clone, *, leaf: str = "", levels: int = 12) -> str:
    """A tree of a kilobyte that unfolds into 10 to the power of `levels` paths; without a leaf, into folders alone."""
    entry = f"100644 blob {leaf}" if leaf else f"040000 tree {EMPTY}"
    clone.git("hash-object", "-t", "tree", "-w", "--stdin")
    for _ in range(levels):
        tree = clone.git("mktree", stdin="".join(f"{entry}\t{number}\n" for number in range(10)).encode())
        entry = f"040000 tree {tree}"
    return tree


def push_tree(clone: Clone, tree: str, name: str, branch: str = "ledger") -> Sha:
    """A commit on what is checked out, with a tree in it under a name; on the branch, and nowhere else."""
    listing = clone.git("ls-tree", "HEAD") + f"\n040000 tree {tree}\t{name}\n"
    made = clone.git("commit-tree", clone.git("mktree", stdin=listing.encode()), "-p", "HEAD", "-m", "x")
    clone.push(f"{made}:refs/heads/{branch}", f"HEAD:{'ledger' if branch == 'main' else 'main'}")
    return Sha(made)


@pytest.mark.parametrize("leaf", [True, False], ids=["files", "folders alone"])
def test_a_tree_bomb_is_no_batch_and_costs_nothing(clone: Clone, leaf: bool) -> None:
    """A pushed kilobyte that unfolds into a million million paths is untidy, and the batches beside it count."""
    blob = clone.git("rev-parse", "HEAD:README.md") if leaf else ""
    clone.push()
    made = push_tree(clone, bomb(clone, leaf=blob), "events")
    began = time.monotonic()
    tracemalloc.start()
    told = {each.commit: each for each in additions(clone.repository)}
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert time.monotonic() - began < SOON
    assert not told[made].well_formed


def test_a_tree_bomb_among_a_pull_requests_commits_burdens_nothing(clone: Clone) -> None:
    """Whether a commit changes the request is found on the way to its path alone."""
    blob = clone.git("rev-parse", "HEAD:README.md")
    clone.push()
    made = push_tree(clone, bomb(clone, leaf=blob), "side")
    began = time.monotonic()
    assert clone.repository.touching([made], ASK) == frozenset()
    assert clone.repository.touching([made], "side/0/0") == frozenset()
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("name", ["requests", "docs"])
def test_what_cannot_be_looked_at_whole_is_never_told_in_part(clone: Clone, name: str) -> None:
    """A merge that changes more than can be listed has no list of paths, never a part of one."""
    base = Sha(clone.git("rev-parse", "HEAD"))
    blob = clone.git("rev-parse", "HEAD:README.md")
    made = push_tree(clone, bomb(clone, leaf=blob), name, branch="main")
    assert clone.repository.touched(base, made) is None
    found = clone.repository.too_large(SINCE)
    assert [(each.commit, each.base) for each in found] == ([(made, base)] if name == "requests" else [])
    assert clone.repository.touching([made], f"{name}/") == {made}


def test_a_deep_path_ends_somewhere(clone: Clone) -> None:
    """A path of a thousand folders is not followed to its end."""
    tree = clone.git("mktree", stdin=f"100644 blob {clone.git('rev-parse', 'HEAD:README.md')}\tx\n".encode())
    for _ in range(200):
        tree = clone.git("mktree", stdin=f"040000 tree {tree}\td\n".encode())
    made = push_tree(clone, tree, "events")
    told = {each.commit: each for each in additions(clone.repository)}
    assert not told[made].well_formed


def test_a_commit_of_a_huge_message_is_no_batch(clone: Clone) -> None:
    """A message of two megabytes is not held: the commit is untidy, whatever it adds."""
    clone.write("events/a.json")
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--file=-", stdin=b"x" * (2 << 20))
    clone.push()
    last = additions(clone.repository)[-1]
    assert (last.well_formed, last.message) == (False, "")


def test_a_huge_message_on_main_hides_nothing(clone: Clone) -> None:
    """Of a commit of main with a message of two megabytes, what it changed is told like any other's."""
    clone.write(ASK)
    clone.git("add", "--all")
    clone.git("commit", "--quiet", "--file=-", stdin=b"x" * (2 << 20))
    clone.push()
    assert [change.path for change in clone.repository.changes(SINCE)] == [ASK]
    assert clone.repository.touching([clone.repository.main()], ASK) == {clone.repository.main()}
    assert clone.repository.too_large(SINCE) == ()


def test_a_large_blob_is_not_held(clone: Clone) -> None:
    """Of blobs, those that are small enough are read; the others, and what is no blob, are None."""
    clone.write("small", "x" * 16)
    clone.write("large", "x" * 17)
    clone.commit()
    small, large, head = (Sha(clone.git("rev-parse", each)) for each in ("HEAD:small", "HEAD:large", "HEAD"))
    assert clone.repository.small([large, head, small], 16) == {large: None, head: None, small: b"x" * 16}


@pytest.mark.parametrize(("folders", "name"), [(3, "many"), (70, "deep")])
def test_a_commit_that_is_too_large_hides_no_other(clone: Clone, folders: int, name: str) -> None:
    """What one commit of main adds beyond every bound is named; the commits before and after it are told as ever."""
    clone.write(ASK)
    clone.commit()
    many = range(MOST_OF_REQUESTS if name == "many" else 1)
    for number in many:
        clone.write(f"requests/{'a/' * folders}{number}.md")
    clone.commit()
    large = clone.git("rev-parse", "HEAD")
    clone.write(ASK, "again")
    clone.commit()
    clone.push()
    assert [change.path for change in clone.repository.changes(SINCE)] == [ASK, ASK]
    assert [each.commit for each in clone.repository.too_large(SINCE)] == [large]


def test_a_deletion_is_seen_in_a_commit_of_any_size(clone: Clone) -> None:
    """Which of the known files a commit deletes is asked of its two trees, not of a list of all its changes."""
    clone.write(ASK)
    clone.write("requests/stays.yaml")
    clone.commit()
    clone.git("rm", "--quiet", ASK)
    clone.write(f"requests/{'a/' * 70}x.md")
    clone.commit()
    clone.push()
    (large,) = clone.repository.too_large(SINCE)
    assert clone.repository.deleting(large.commit, [ASK, "requests/stays.yaml", "requests/never"]) == {ASK}


def test_any_number_of_paths_is_looked_up(clone: Clone) -> None:
    """People choose how many files there are and how long their names: git's command line is never too long."""
    paths = [f"requests/{number:04}{'x' * 240}/{'y' * 250}.yaml" for number in range(1500)]
    clone.write(paths[0])
    clone.write(paths[-1])
    clone.commit()
    clone.push()
    found = clone.repository.entries(clone.repository.main(), paths)
    assert [entry.path for entry in found] == [paths[0], paths[-1]]


def test_a_commit_of_an_impossible_time_is_read(clone: Clone, tmp_path: Path) -> None:
    """A commit may claim any time; one beyond the calendar is the calendar's last, and stops nobody."""
    clone.write(ASK)
    clone.git("add", "--all")
    tree, parent = clone.git("write-tree"), clone.git("rev-parse", "HEAD")
    stamp = "alice <alice@acme.com> 99999999999999 +0000"
    text = f"tree {tree}\nparent {parent}\nauthor {stamp}\ncommitter {stamp}\n\nx\n".encode()
    made = clone.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=text)
    clone.push(f"{made}:refs/heads/main", "HEAD:ledger")
    (change,) = clone.repository.changes(SINCE)
    assert (change.path, change.committed_at.year) == (ASK, 9999)
