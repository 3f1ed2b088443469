"""A job's first fetch leaves most of the ledger at GitHub. What is read of it is what a whole clone reads."""

import base64
import json
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from acme_world import World
from breaking import answer
from forging import NEWER, batch, mallorys, push, signed_by, unreadable

from jitbot.adapters.git import filed_batches, plumbing
from jitbot.adapters.git.partial_clone import MOST_ASKED, Remainder
from jitbot.cli import main
from jitbot.domain.ledger import attestation
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.sandbox.github import GitHubFault
from jitbot.sandbox.github.git.objects import Signature
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import LedgerView, read
from jitbot.wiring.context import open_context

COMMITS = "refs/jitbot/ledger-commits"

pytestmark = pytest.mark.real_git


def opened(world: World, folder: Path) -> Context:
    """The context of a run of sweep in this clone, with everything fetched."""
    invocation = Invocation(now=world.now, environ=world.acme.job("sweep.yml"), folder=folder, jitbot=main)
    return open_context(invocation, "test")


def checked_out(world: World) -> Path:
    """What actions/checkout leaves with the options of the workflows, here of one commit of main: a shallow, partial clone."""
    folder = Path(mkdtemp(prefix="job-", dir=world.acme.clone().parent))
    world.acme.git("olivia", "init", "--quiet", str(folder), cwd=folder.parent)
    address = f"{world.acme.github.url}/{world.acme.repository}.git"
    world.acme.git("olivia", "remote", "add", "origin", address, cwd=folder)
    world.acme.git("olivia", "fetch", "--quiet", "--no-tags", "--filter=blob:none", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main", cwd=folder)  # fmt: skip
    world.acme.git("olivia", "checkout", "--quiet", "-B", "main", "refs/remotes/origin/main", cwd=folder)
    return folder


def here(folder: Path) -> set[str]:
    """The objects that a clone has, without asking for any."""
    asked = ["git", "cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]
    return set(subprocess.run(asked, cwd=folder, check=True, capture_output=True).stdout.decode().split())


def trees_missing(folder: Path) -> int:
    """How many of the commits that came alone lack their tree here."""
    asked = ["git", "log", "--format=%T", COMMITS]
    trees = subprocess.run(asked, cwd=folder, check=True, capture_output=True).stdout.decode().split()
    return len(set(trees) - here(folder))


def nothing_happens(world: World, granted: str) -> None:
    """The ledger as jitbot wrote it."""


def forged_with_any_date(world: World, granted: str) -> None:
    """Commits that claim to be of any time, before, between and after what counts."""
    store = world.github.store
    for days in (-19_000, -22, -1, 1, 20_000):
        tip = store.commit(store.tip("ledger"))
        then = Signature(name="mallory", email="m@acme.com", when=world.now + timedelta(days=days))
        store.update_ref("refs/heads/ledger", store.commit_tree(tip.tree, (tip.sha,), "x", then, then))
        push(world, {f"events/{days}.json": b"{}"})
    world.jit("revoke", granted, "--reason", "done", actor="alice")


def the_tip_dated_back(world: World, granted: str) -> None:
    """The newest batch, a revocation, is made anew with a date of years ago; all that its token attests stays."""
    world.jit("revoke", granted, "--reason", "done", actor="alice")
    store = world.github.store
    tip = store.commit(store.tip("ledger"))
    then = Signature(name="mallory", email="m@acme.com", when=world.now - timedelta(days=2000))
    made = store.commit_tree(tip.tree, tip.parents, tip.message, then, then)
    store.update_ref("refs/heads/ledger", made)


def many_empty_commits(world: World, granted: str) -> None:
    """More commits that add nothing than there are batches."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    for number in range(250):
        tip = store.commit(store.tip("ledger"))
        made = store.commit_tree(tip.tree, (tip.sha,), f"empty {number}", mallory, mallory)
        store.update_ref("refs/heads/ledger", made)


def all_files_removed(world: World, granted: str) -> None:
    """The tip's tree has nothing of what was recorded."""
    store = world.github.store
    listed = store.git("ls-tree", "-r", "--name-only", "ledger").decode().split()
    push(world, {"note.txt": b"gone"}, gone=tuple(each for each in listed if each != "README.md"))


def files_changed_and_added(world: World, granted: str) -> None:
    """In the folders of batches an event is other, a token is another one, and something lies beside them."""
    store, tip = world.github.store, world.github.store.tip("ledger")
    listed = store.git("ls-tree", "-r", "--name-only", "ledger").decode().split()
    found = [each for each in listed if each.startswith("events/")]
    tokens = [each for each in listed if each.startswith(attestation.TOKENS)]
    swapped = dict(zip(tokens, [store.read(tip, each) for each in reversed(tokens)], strict=True))
    beside = f"{found[-1].rpartition('/')[0]}/000000-revoked-{'a' * 20}.json"
    push(world, {found[0]: b"{}", beside: b"{}", **swapped})


def planted(world: World, *, files: Mapping[str, tuple[str, str]]) -> None:
    """Mallory's commit, with these entries in the place of what lies there: for each path its mode and its object."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    index = {"GIT_INDEX_FILE": mkdtemp() + "/index"}
    store.git("read-tree", "ledger", variables=index)
    store.git("rm", "-r", "-q", "--cached", "--ignore-unmatch", "--", *files, variables=index)
    lines = "".join(f"{mode} {name}\t{path}\n" for path, (mode, name) in files.items())
    store.git("update-index", "--add", "--index-info", stdin=lines.encode(), variables=index)
    tree = store.git("write-tree", variables=index).decode().strip()
    made = store.commit_tree(tree, (store.tip("ledger"),), "planted", mallory, mallory)
    store.update_ref("refs/heads/ledger", made)


def no_folders_of_the_day(world: World, granted: str) -> None:
    """Where the folders of a day were lie a file, a link, and a submodule whose name is that of a tree left at the remote."""
    store = world.github.store
    tree = store.git("rev-parse", "ledger~1^{tree}").decode().strip()
    blob = store.git("hash-object", "-w", "--stdin", stdin=b"no folder").decode().strip()
    kinds = {
        "events/": ("100644", blob),
        attestation.TOKENS: ("120000", blob),
        attestation.KEYS: ("160000", tree),
    }
    planted(world, files={f"{top}{world.now:%Y/%m/%d}": kind for top, kind in kinds.items()})


def no_folders_of_batches(world: World, granted: str) -> None:
    """A submodule lies where each batch's folder was, and a folder where each token was."""
    store, day = world.github.store, f"{world.now:%Y/%m/%d}"
    tree = store.git("rev-parse", "ledger~1^{tree}").decode().strip()
    folders = store.git("ls-tree", "--name-only", f"ledger:events/{day}").decode().split()
    tokens = store.git("ls-tree", f"ledger:{attestation.TOKENS}{day}").decode().splitlines()
    submodules = {f"events/{day}/{name}": ("160000", tree) for name in folders}
    moved = {f"{attestation.TOKENS}{day}/{each.split()[3]}/x": ("100644", each.split()[2]) for each in tokens}
    planted(world, files=submodules)
    planted(world, files=moved)


def deep_folders(world: World, granted: str) -> None:
    """A file far below, which is gone from the tip: each level would cost a call."""
    store = world.github.store
    before = store.git("rev-parse", "ledger^{tree}").decode().strip()
    push(world, {f"{'d/' * 60}file": b"deep"})
    mallory = signed_by(world, "mallory")
    made = store.commit_tree(before, (store.tip("ledger"),), "gone", mallory, mallory)
    store.update_ref("refs/heads/ledger", made)


def main_merged(world: World, granted: str) -> None:
    """Main's tip, where the job's history of it is cut off, is a second parent on the ledger."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    tip = store.commit(store.tip("ledger"))
    merge = store.commit_tree(tip.tree, (tip.sha, store.tip("main")), "merge", mallory, mallory)
    store.update_ref("refs/heads/ledger", merge)


def an_event_that_is_large(world: World, granted: str) -> None:
    """A batch that counts, with an event too large to come along with the small files."""
    unreadable(world, NEWER + b" " * 100_000, kind="stopped", request=granted)


def tokens_of_an_unknown_key(world: World, granted: str) -> None:
    """In the tip every token names a key that nobody knows: such a one could wait for a batch that vouches for it."""
    store, tip = world.github.store, world.github.store.tip("ledger")
    listed = store.git("ls-tree", "-r", "--name-only", "ledger", attestation.TOKENS).decode().split()
    head = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"nobodys","typ":"JWT"}').rstrip(b"=")
    push(world, {each: head + b"." + store.read(tip, each).partition(b".")[2] for each in listed})


def a_lie_in_the_right_place(world: World, granted: str) -> None:
    """A batch that looks as it must, with a token of another workflow."""
    push(world, batch(world, mallorys(world), job_workflow_ref="acme/access/.github/workflows/x.yml@refs/heads/main"))  # fmt: skip


def an_old_line_merged(world: World, granted: str) -> None:
    """A merge whose tree is that of its first parent, from before everything was recorded."""
    store, mallory = world.github.store, signed_by(world, "mallory")
    real, seed = store.commit(store.tip("ledger")), store.commit(world.kept["seed"].ledger)
    merge = store.commit_tree(seed.tree, (seed.sha, real.sha), "merge", mallory, mallory)
    store.update_ref("refs/heads/ledger", merge)


def another_key(world: World, granted: str) -> None:
    """The issuer signs with a new key and publishes no other; a batch of the time between vouches for the former one."""
    old = world.acme.github._issuer.key_set()["keys"]
    world.acme.github.rotate_keys()
    both = json.dumps({"keys": [*old, *world.acme.github._issuer.key_set()["keys"]]}).encode()
    answer(world, GitHubFault(status=200, body=both), "GET", "/jwks")
    world.jit("revoke", granted, "--reason", "done", actor="alice")
    world.calm()
    world.forget()


def a_key_that_only_a_removed_batch_has(world: World, granted: str) -> None:
    """What was signed with a former key waits for a batch that vouches for it, whose files are gone from the tip."""
    another_key(world, granted)
    all_files_removed(world, granted)


STORIES = [
    nothing_happens,
    forged_with_any_date,
    the_tip_dated_back,
    many_empty_commits,
    all_files_removed,
    files_changed_and_added,
    no_folders_of_the_day,
    no_folders_of_batches,
    deep_folders,
    main_merged,
    an_event_that_is_large,
    tokens_of_an_unknown_key,
    a_lie_in_the_right_place,
    an_old_line_merged,
    another_key,
    a_key_that_only_a_removed_batch_has,
]

ENDED = (forged_with_any_date, the_tip_dated_back, another_key, a_key_that_only_a_removed_batch_has)


def same(one: LedgerView, other: LedgerView) -> None:
    """Two readings agree in everything."""
    for field in fields(LedgerView):
        assert getattr(one, field.name) == getattr(other, field.name), field.name


@pytest.mark.parametrize("story", STORIES)
def test_a_job_reads_what_a_whole_clone_reads(
    world: World, granted: str, story: Callable[[World, str], None]
) -> None:
    """Whatever was pushed: the same events, the same findings, the same keys, the same doubt."""
    story(world, granted)
    whole = read(opened(world, world.acme.clone()), world.now)
    folder = checked_out(world)
    context = opened(world, folder)
    assert trees_missing(folder) > 0
    same(read(context, world.now), whole)
    assert granted in whole.states
    assert (whole.states[granted].revoked is not None) == (story in ENDED)
    world.later(timedelta(days=60))
    since = world.now - timedelta(days=90)
    same(
        read(context, world.now, since=since, requester="alice"),
        read(opened(world, world.acme.clone()), world.now, since=since, requester="alice"),
    )


def processes(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Counter[str]:
    """How often git is started in this clone, by its verb."""
    counted, popen = Counter[str](), subprocess.Popen

    def started(arguments: list[str], *rest: Any, **more: Any) -> "subprocess.Popen[bytes]":
        if arguments[:3] == ["git", "-C", str(folder)]:
            counted[next(each for each in arguments[3:] if each[0] != "-" and "=" not in each)] += 1
        return popen(arguments, *rest, **more)

    monkeypatch.setattr("jitbot.adapters.git.process.subprocess.Popen", started)
    return counted


def test_what_jitbot_wrote_needs_no_other_tree(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of batches the tip's tree is enough: one fetch brings their files, and one more the tree of the branch's beginning."""
    context = opened(world, folder := checked_out(world))
    started = processes(monkeypatch, folder)
    found = read(context, world.now)
    assert started["fetch"] == 2
    assert trees_missing(folder) == 1  # that of the approval: neither the tip nor the beginning
    assert len(found.states) == 1
    started.clear()
    assert read(opened(world, folder), world.now) == found  # the next command of the same job
    assert started["fetch"] == 1


def test_no_folder_costs_more_calls_than_all_trees(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However deep somebody's folders are: after some calls all trees come in one, which is the last."""
    deep_folders(world, granted)
    context = opened(world, folder := checked_out(world))
    started = processes(monkeypatch, folder)
    read(context, world.now)
    assert MOST_ASKED < started["fetch"] <= MOST_ASKED + 3
    refs = world.acme.git("olivia", "for-each-ref", cwd=folder).stdout
    assert COMMITS not in refs


def test_what_a_search_of_the_tip_opens_is_bounded(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody fills the folders of a day: what is beyond the budget is judged by what its commits add, and counts."""
    push(world, {f"{attestation.KEYS}{world.now:%Y/%m/%d}/{number}": b"" for number in range(200)})
    whole = read(opened(world, world.acme.clone()), world.now)
    context, parse = opened(world, checked_out(world)), plumbing.tree
    parsed: list[int] = []

    def counting(content: bytes) -> Iterator[AddedEntry]:
        parsed.append(len(content))
        return parse(content)

    monkeypatch.setattr(filed_batches, "_READ", 2000)
    monkeypatch.setattr(plumbing, "tree", counting)
    same(read(context, world.now), whole)
    assert sum(parsed) <= 2 * 2000  # the folders of days, and those of batches


def test_main_is_never_older_than_the_ledger(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is merged and recorded between the calls of a first fetch: main has what the ledger speaks of."""
    folder, bring = checked_out(world), Remainder.bring_commits

    def moving(self: Remainder, source: str) -> Sha | None:
        found = bring(self, source)
        monkeypatch.setattr(Remainder, "bring_commits", bring)
        world.ask("carol", "second")
        world.jit("grant", runner="runner-2")
        return found

    monkeypatch.setattr(Remainder, "bring_commits", moving)
    context = opened(world, folder)
    assert (context.git.main(), context.git.ledger()) == (
        world.github.store.tip("main"),
        world.github.store.tip("ledger"),
    )
    same(read(context, world.now), read(opened(world, world.acme.clone()), world.now))


def test_what_cannot_be_brought_is_an_error(world: World, granted: str) -> None:
    """A remote that is gone after the first fetch: neither fewer events nor a doubt, but an error that says so."""
    push(world, {"events/lie.json": b"{}"})
    context = opened(world, folder := checked_out(world))
    world.acme.git("olivia", "remote", "set-url", "origin", "/nowhere", cwd=folder)
    with pytest.raises(UnavailableError, match=r"git could not fetch .* from origin"):
        read(context, world.now)


@pytest.mark.parametrize("setting", ["uploadpack.allowFilter", "uploadpackfilter.tree.maxDepth"])
def test_a_remote_that_sends_no_commits_alone_sends_all(world: World, granted: str, setting: str) -> None:
    """A server without partial clones, or without this filter: the whole fetch, and the same answer."""
    folder, store = checked_out(world), world.github.store
    before = store.git("config", setting).decode().strip()
    store.git("config", "--unset", setting)
    if setting != "uploadpack.allowFilter":
        store.git("config", "uploadpackfilter.tree.allow", "false")
    store.forget_refs()
    try:
        context = opened(world, folder)
        found = read(context, world.now)
    finally:
        store.git("config", setting, before)
        store.git("config", "uploadpackfilter.tree.allow", "true")
        store.forget_refs()
    assert set(
        world.acme.git("olivia", "log", "--format=%T", "origin/ledger", cwd=folder).stdout.split()
    ) <= here(folder)
    same(found, read(opened(world, world.acme.clone()), world.now))


def test_trees_that_did_not_come_are_asked_for_again(
    world: World, granted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A remote that fails after the commits came: the trees of the tip come when they are read."""
    many_empty_commits(world, granted)

    def breaks(self: Remainder, tree: Sha) -> None:
        raise UnavailableError("the remote failed")

    folder = checked_out(world)
    with monkeypatch.context() as patch:
        patch.setattr(Remainder, "bring_folder", breaks)
        context = opened(world, folder)
        with pytest.raises(UnavailableError, match="the remote failed"):
            read(context, world.now)
    same(read(context, world.now), read(opened(world, world.acme.clone()), world.now))


def test_blobs_that_the_remote_lost_are_an_error(world: World, granted: str) -> None:
    """An event of a batch that counts, or a token, that GitHub no longer has: no reader takes it for absent."""
    context = opened(world, checked_out(world))
    for folder in ("events/", attestation.TOKENS):
        listed = world.github.store.git("ls-tree", "-r", "ledger", "--", folder).decode().split()
        blob = world.github.store.path / "objects" / listed[2][:2] / listed[2][2:]
        content = blob.read_bytes()
        blob.unlink()
        with pytest.raises(UnavailableError):
            read(context, world.now)
        blob.parent.mkdir(exist_ok=True)
        blob.write_bytes(content)
    assert granted in read(context, world.now).states


def test_an_audit_brings_all_trees(world: World, granted: str) -> None:
    """Where a job left them at GitHub, whoever reads the whole ledger has them brought in one call, and reads all."""
    context = opened(world, folder := checked_out(world))
    tip = context.git.ledger()
    whole = opened(world, world.acme.clone()).git
    assert list(context.git.ledger_steps(tip)) == list(whole.ledger_steps(tip))
    refs = world.acme.git("olivia", "for-each-ref", cwd=folder).stdout
    assert COMMITS not in refs
    assert list(context.git.ledger_steps(tip)) == list(whole.ledger_steps(tip))


def test_something_is_recorded_from_a_first_fetch(world: World, granted: str) -> None:
    """The run of such a clone writes on the ledger, though somebody put empty commits on it, and reads back what it wrote."""
    many_empty_commits(world, granted)
    folder = checked_out(world)
    ran = world.jit("revoke", granted, "--reason", "done", actor="alice", runner=folder.name)
    assert "revoked" in ran.output
    assert world.reach("alice") == set()
    same(
        read(opened(world, checked_out(world)), world.now), read(opened(world, world.acme.clone()), world.now)
    )
