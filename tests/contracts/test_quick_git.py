"""The quick git answers as git does: each question of jitbot's and of the embedded GitHub's, put to both.

Every form in which the code asks is here, on a repository with all that a tree and a history can hold. `JITBOT_GIT=both`
compares them in a whole run of the tests as well.
"""

import os
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from acme_world import open_world
from answering import answered_here, left_to_git
from git_objects import Entry, Objects, UnsureError, as_tree
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from quick_commit import commit_files, commit_tree, update_ref
from quick_fetch import fetch, fetch_all
from quick_git import answer
from quick_merge import merge_trees

from jitbot.sandbox.github.git.git_http import create_store
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.github.git.store import GitStore

WHO = Signature(name="alice", email="alice@acme.com", when=datetime(2026, 11, 2, 8, tzinfo=UTC))
ODD = "requests/a é/ü\nb.yaml"  # a name with a line break, letters of another script, a blank
DIFF = ("diff-tree", "--stdin", "-z", "--raw", "--no-renames", "--no-abbrev")
COMMITS = ("one", "two", "three", "merged", "main")


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> tuple[int, bytes]:
    """What git itself answers: its exit code, and what it prints."""
    done = subprocess.run(
        ["git", f"--git-dir={folder}", *arguments], input=stdin, capture_output=True, check=False
    )
    return done.returncode, done.stdout


def made(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    """What git made, by its name."""
    code, printed = git(folder, *arguments, stdin=stdin)
    assert code == 0, arguments
    return printed.decode().strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files, programs, links, submodules and folders that come, change, change kind and go; a merge; half of it packed."""
    store = create_store(tmp_path_factory.mktemp("quick") / "all.git", tmp_path_factory.mktemp("home"))
    folder = store.path
    blob = made(folder, "hash-object", "-w", "--stdin", stdin=b"a file\n")
    trees = {
        "one": f"100644 blob {blob}\ta\n100755 blob {blob}\tb\n120000 blob {blob}\tc\n",
        "two": f"100644 blob {blob}\tb\n160000 commit {'1' * 40}\tc\n",
    }
    names = {name: made(folder, "mktree", "--missing", stdin=text.encode()) for name, text in trees.items()}
    nested = f"040000 tree {names['one']}\ta\n040000 tree {names['two']}\ta-b\n100644 blob {blob}\ta.b\n"
    names["three"] = made(folder, "mktree", stdin=nested.encode())
    odd = f"040000 tree {names['three']}\trequests\n100644 blob {blob}\t{ODD.rpartition('/')[2]}\0"
    names["odd"] = made(folder, "mktree", "-z", stdin=odd.replace("\n1", "\0" + "1").encode())
    one = store.commit_tree(names["one"], (), "One\n\nRequest: x.yaml\n", WHO, WHO)
    two = store.commit_tree(names["two"], (one,), "Two\n", WHO, WHO)
    three = store.commit_tree(names["three"], (one,), "Three\n\nRequest: x.yaml\n", WHO, WHO)
    merged = store.commit_tree(names["odd"], (two, three), "Merge\n", WHO, WHO)
    store.update_ref("refs/heads/one", one)
    store.update_ref("refs/heads/main", merged)
    git(folder, "repack", "-adq")
    git(folder, "pack-refs", "--all")
    main = store.commit_files(
        "main", merged, {"d/e/f": b"new\n", "a": b"other\n"}, ["b"], "Files\n", WHO, WHO
    )
    for name, commit in (("two", two), ("three", three), ("merged", merged), ("pull/7/head", two)):
        store.update_ref(f"refs/{name}" if "/" in name else f"refs/heads/{name}", commit)
    assert made(folder, "rev-parse", "main") == main
    return folder


def questions(folder: Path) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Every form in which anything is asked, of every commit, path and ref."""
    refs = {name: made(folder, "rev-parse", f"refs/heads/{name}") for name in COMMITS}
    objects = made(folder, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    names = "".join(f"{each}\n" for each in (*objects, "2" * 40)).encode()
    for how in ("--batch", "--batch-check", "--batch-check=%(objecttype) %(objectsize)"):
        yield ("cat-file", how), names
    yield ("cat-file", "--batch", "--buffer"), names
    paths = [
        "a",
        "b",
        "c",
        "a/b",
        "requests",
        "requests/a/c",
        "none",
        "a/b/c",
        "d/e",
        "d/e/f",
        "requests/",
        "./",
        "../a",
        "a//b",
        "d/",
    ]
    yield (
        ("cat-file", "--batch-check"),
        "".join(f"{sha}:{path}\n{sha}^{{tree}}\n" for sha in refs.values() for path in paths).encode(),
    )
    trees = [made(folder, "rev-parse", f"{sha}^{{tree}}") for sha in refs.values()]
    yield DIFF, "".join(f"{one} {other}\n" for one in trees for other in trees).encode()
    yield DIFF, "".join(f"{one} {trees[0]}\n.\n" for one in trees).encode()
    for sha in refs.values():
        yield ("diff-tree", "-r", "--root", "--name-only", "--no-commit-id", sha), b""
        for path in paths:
            yield ("cat-file", "blob", f"{sha}:{path}"), b""
            yield ("ls-tree", "-z", "--full-tree", sha, "--", path), b""
            yield ("ls-tree", "-z", f"{sha}:{path}"), b""
        yield ("ls-tree", "-z", sha), b""
        yield ("ls-tree", "-z", "--full-tree", sha, "--", *paths), b""
        yield ("rev-parse", "--verify", "--quiet", f"{sha}^{{commit}}"), b""
        for options in (
            (),
            ("--first-parent",),
            ("--reverse", "--topo-order"),
            ("--timestamp", "--first-parent"),
        ):
            yield ("rev-list", *options, sha), b""
            yield ("rev-list", *options, r"--grep=^Request: x\.yaml$", sha), b""
            for other in refs.values():
                yield ("rev-list", *options, f"{other}..{sha}"), b""
                yield ("rev-list", *options, f"^{other}", sha), b""
        for other in refs.values():
            yield ("merge-base", sha, other), b""
            yield ("merge-base", "--is-ancestor", sha, other), b""
    for places in ((), ("refs/heads/",), ("refs/heads/main", "refs/pull"), ("refs/none",)):
        yield ("for-each-ref", "--format=%(objectname) %(refname)", *places), b""
        yield ("for-each-ref", "--format=%(objectname)", "--", *places), b""
        yield ("for-each-ref", "--format=%(objectname) %(objecttype) %(refname)", "--", *places), b""
    yield ("rev-parse", "--verify", "--quiet", "3" * 40), b""
    yield ("rev-parse", "--verify", "--quiet", "main"), b""
    yield ("config", "--type=bool", "--get", "remote.origin.promisor"), b""


def test_every_answer_is_gits(repository: Path) -> None:
    """Byte for byte, with its exit code; and most are answered, so that this compares something."""
    asked = answered = 0
    for arguments, stdin in questions(repository):
        found = answer(repository, arguments, stdin)
        asked += 1
        if found is not None:
            answered += 1
            assert (found.code, found.printed) == git(repository, *arguments, stdin=stdin), arguments
    assert answered > 0.5 * asked > 150


def test_each_kind_of_question_is_answered(repository: Path) -> None:
    """What is left to git everywhere would be compared nowhere."""
    kinds = {arguments[0]: set[bool]() for arguments, _ in questions(repository)}
    for arguments, stdin in questions(repository):
        kinds[arguments[0]].add(answer(repository, arguments, stdin) is not None)
    assert all(True in found for found in kinds.values()), kinds


@pytest.mark.parametrize(
    "arguments",
    [
        ("log", "-1"),
        ("ls-tree", "-r", "main"),
        ("rev-list", "--all"),
        ("cat-file", "--batch=%(deltabase)"),
        ("rev-parse", "--verify", "--quiet", "main~1"),
        ("for-each-ref", "--format=%(subject)"),
        ("for-each-ref", "--format=%(objectname)", "refs/heads/*"),
        ("diff-tree", "--stdin", "-r"),
    ],
)
def test_what_nobody_asks_is_left_to_git(repository: Path, arguments: tuple[str, ...]) -> None:
    """A form that is not known here is no guess."""
    name = made(repository, "rev-parse", "main")
    assert answer(repository, arguments, f"{name}\n".encode()) is None


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("shallow", "1" * 40),
        ("objects/info/alternates", "/elsewhere\n"),
        ("config", '[remote "origin"]\n\tpromisor = true\n'),
        ("config", "[extensions]\n\tobjectFormat = sha256\n"),
        ("config", "[include]\n\tpath = other\n"),
    ],
)
def test_a_repository_that_is_not_whole_is_left_to_git(
    repository: Path, tmp_path: Path, file: str, text: str
) -> None:
    """Where objects may be elsewhere, or otherwise kept, git alone knows."""
    copy = Path(shutil.copytree(repository, tmp_path / "copy.git"))
    assert answer(copy, ("for-each-ref", "--format=%(objectname)"), b"") is not None
    (copy / file).parent.mkdir(exist_ok=True)
    (copy / file).write_text(text)
    assert answer(copy, ("for-each-ref", "--format=%(objectname)"), b"") is None


def test_what_is_written_meanwhile_is_seen(repository: Path, tmp_path: Path) -> None:
    """Refs and objects are looked up each time: git may write beside."""
    copy = Path(shutil.copytree(repository, tmp_path / "copy.git"))
    for number in range(2):
        blob = made(copy, "hash-object", "-w", "--stdin", stdin=b"%d\n" % number)
        if number:
            git(copy, "repack", "-adq")
            git(copy, "gc", "-q", "--prune=now")
        found = answer(copy, ("cat-file", "--batch-check"), f"{blob}\n".encode())
        assert found is not None
        assert found.printed == git(copy, "cat-file", "--batch-check", stdin=f"{blob}\n".encode())[1]


_NAMES = st.lists(st.sampled_from(["a", "b", "a.b", "a-b", "é"]), min_size=1, max_size=3).map("/".join)
_FILES = st.dictionaries(_NAMES, st.one_of(st.none(), st.binary(max_size=3)), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_FILES, min_size=1, max_size=4))
def test_what_is_committed_has_gits_name(tmp_path: Path, steps: list[dict[str, bytes | None]]) -> None:
    """The same commits by both, one after another: their names hold everything in them."""
    folder = tmp_path / os.urandom(8).hex()
    both = [create_store(folder / name, folder / "home") for name in ("quick", "git")]
    parent: str | None = None
    for files in steps:
        kept = {path: content for path, content in files.items() if content is not None}
        gone = [path for path in files if path not in kept]
        try:
            quick = commit_files(
                Objects(both[0].path), "refs/heads/main", parent, files, b"Files\n", WHO, WHO
            )
        except UnsureError:
            return
        assert quick == both[1].commit_files("main", parent, kept, gone, "Files\n", WHO, WHO)
        parent = quick
    assert git(both[0].path, "fsck", "--strict")[0] == 0


_TREE = st.dictionaries(_NAMES, st.binary(max_size=1), max_size=5)


def test_what_is_merged_is_what_git_merges(tmp_path: Path) -> None:
    """Files and folders that come, change and go on two sides: the same tree, or it is left to git."""
    merges = Counter[bool]()

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(base=_TREE, one=_FILES, other=_FILES)
    @example(base={"a": b"1"}, one={"a": b"2"}, other={"a": b"3"})  # left to git
    def same(base: dict[str, bytes], one: dict[str, bytes | None], other: dict[str, bytes | None]) -> None:
        store = create_store(tmp_path / os.urandom(8).hex() / "all.git", tmp_path)
        objects = Objects(store.path)
        try:
            files: dict[str, bytes | None] = {"README.md": b"acme\n", **base}
            first = commit_files(objects, "refs/heads/one", None, files, b"Base\n", WHO, WHO)
            update_ref(objects, "refs/heads/other", first)
            ours = commit_files(objects, "refs/heads/one", first, one, b"One\n", WHO, WHO)
            theirs = commit_files(objects, "refs/heads/other", first, other, b"Other\n", WHO, WHO)
        except UnsureError:  # a file in the place of a folder
            return
        try:
            quick = merge_trees(objects, first, ours, theirs)
        except UnsureError:
            merges[False] += 1
            return
        merges[True] += 1
        assert quick == store.merge_trees(first, ours, theirs)

    same()
    assert merges[True] > 20, merges
    assert merges[False] > 0, merges


@pytest.mark.parametrize("name", [".git", "..", "GIT~1", "a:b", "a\\b"])
def test_a_tree_that_an_index_may_refuse_is_left_to_git(repository: Path, tmp_path: Path, name: str) -> None:
    """Wherever it lies, also where nobody changed it; as is an empty folder, which an index does not know."""
    objects = Objects(Path(shutil.copytree(repository, tmp_path / "copy.git")))
    blob = objects.write("blob", b"a file\n")
    plain = Entry(name=b"plain", mode="100644", sha=blob)
    ours = objects.write("tree", as_tree([plain]))
    assert merge_trees(objects, ours, ours, ours) == ours
    for odd in (
        Entry(name=name.encode(), mode="100644", sha=blob),
        Entry(name=b"empty", mode="040000", sha=objects.write("tree", b"")),
        Entry(name=b"none", mode="100644", sha="5" * 40),
    ):
        tree = objects.write("tree", as_tree([odd]))
        theirs = objects.write("tree", as_tree([plain, Entry(name=b"folder", mode="040000", sha=tree)]))
        with pytest.raises(UnsureError):
            merge_trees(objects, theirs, ours, theirs)


def test_a_commit_and_a_ref_are_gits(repository: Path, tmp_path: Path) -> None:
    """A merge has the name that git gives it, and git finds the ref."""
    copy = Path(shutil.copytree(repository, tmp_path / "copy.git"))
    store, tree = GitStore(copy, tmp_path), made(repository, "rev-parse", "main^{tree}")
    parents = [made(repository, "rev-parse", name) for name in ("one", "two", "one")]
    quick = commit_tree(Objects(copy), tree, parents, b"Merge\n", WHO, WHO)
    assert quick == store.commit_tree(tree, parents, "Merge\n", WHO, WHO)
    update_ref(Objects(copy), "refs/heads/new", quick)
    assert made(copy, "rev-parse", "refs/heads/new") == quick
    update_ref(Objects(copy), "refs/heads/new", "")
    assert git(copy, "rev-parse", "--verify", "--quiet", "refs/heads/new")[0] == 1
    git(copy, "pack-refs", "--all")
    for ref in ("refs/heads/new", "refs/heads/main"):  # one that is not there, one that lies with others
        with pytest.raises(UnsureError):
            update_ref(Objects(copy), ref, "")


@pytest.mark.parametrize(
    ("ref", "sha"),
    [("refs/heads/a..b", ""), ("refs/heads/-x", "4" * 40), ("HEAD", ""), ("refs/heads/x", "y")],
)
def test_a_ref_that_git_might_refuse_is_left_to_it(repository: Path, ref: str, sha: str) -> None:
    """Nothing but a plain name of a commit that is there."""
    with pytest.raises(UnsureError):
        update_ref(Objects(repository), ref, sha or made(repository, "rev-parse", "main"))


def test_what_is_fetched_is_what_git_fetches() -> None:
    """After the same pushes two clones have the same refs and objects, one by each."""
    refs = [f"+refs/heads/{name}:refs/remotes/origin/{name}" for name in ("main", "ledger")]
    flags = ("--quiet", "--no-tags", "--no-recurse-submodules", "origin")
    with pytest.MonkeyPatch.context() as patch:
        answered_here(patch)
        with open_world() as world:
            clones = [world.acme.clone(name, "alice") for name in ("by-git", "by-quick")]
            world.land("alice", {"requests/x/note.txt": "one\n"}, by=("bob",))
            secret = world.acme.token("alice")
            world.acme.git("alice", "fetch", *flags, *refs, cwd=clones[0])
            fetch(clones[1] / ".git", (*flags, *refs), secret, world.acme.github.url)
            told = [git(each / ".git", "for-each-ref", "refs/remotes/origin/main") for each in clones]
            assert told[0] == told[1]
            assert str(world.github.store.tip("main")).encode() in told[0][1]
            for each in clones:
                assert git(each / ".git", "fsck", "--strict", "--connectivity-only")[0] == 0
            for wrong in ("nobody", ""):
                with pytest.raises(UnsureError):
                    fetch(clones[1] / ".git", (*flags, *refs), wrong, world.acme.github.url)


def test_what_an_auditor_fetches_is_what_git_fetches() -> None:
    """All branches, those that are gone taken away, and the heads of pull requests."""
    asked = (
        "--quiet",
        "--prune",
        "origin",
        "+refs/heads/*:refs/remotes/origin/*",
        "+refs/pull/*:refs/pulls/*",
    )
    with pytest.MonkeyPatch.context() as patch:
        answered_here(patch)
        with open_world() as world:
            clones = [world.acme.clone(name, "alice") for name in ("by-git", "by-quick")]
            secret, url = world.acme.token("alice"), world.acme.github.url
            for gone in ("", "alice-offers-1"):
                if gone:
                    world.github.store.update_ref(f"refs/heads/{gone}", None)
                else:
                    world.land("alice", {"requests/x/note.txt": "one\n"}, by=("bob",))
                with left_to_git():
                    world.acme.git("alice", "fetch", *asked, cwd=clones[0])
                fetch_all(clones[1] / ".git", asked, secret, url)
                told = [git(each / ".git", "for-each-ref")[1] for each in clones]
                assert told[0] == told[1]
                assert (b"alice-offers-1" in told[0]) is not bool(gone)
                assert b"refs/pulls/1/head" in told[0]
                assert git(clones[1] / ".git", "fsck", "--strict", "--connectivity-only")[0] == 0
            world.github.store.update_ref("refs/heads/carol", world.github.store.tip("main"))
            fetch_all(clones[1] / ".git", asked, secret, url)
            git(clones[1] / ".git", "pack-refs", "--all")
            world.github.store.update_ref("refs/heads/carol", None)
            for wrong in (asked, (*asked, "main"), asked[1:]):
                with pytest.raises(UnsureError):
                    fetch_all(clones[1] / ".git", wrong, secret, url)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_any_history_is_gits(repository: Path, tmp_path: Path, seed: int) -> None:
    """Merges of merges, and commits of one second: what is in a range, and in which order."""
    folder = tmp_path / "random.git"
    shutil.copytree(repository, folder)
    chance = random.Random(seed)  # noqa: S311
    tree = made(folder, "rev-parse", "main^{tree}")
    made_here: list[str] = []
    for number in range(25):
        parents = chance.sample(made_here, min(len(made_here), chance.choice((0, 1, 1, 2, 3)) or number % 2))
        when = WHO.when + timedelta(seconds=chance.randrange(3))
        who = Signature(name=WHO.name, email=WHO.email, when=when)
        made_here.append(commit_tree(Objects(folder), tree, parents, f"{number}\n".encode(), who, who))
    answered = 0
    for tip in made_here:
        for base in ("", *(f"{each}.." for each in made_here[::5])):
            asked = ("rev-list", "--reverse", "--timestamp", "--topo-order", f"{base}{tip}")
            found = answer(folder, asked, b"")
            answered += found is not None
            assert found is None or (found.code, found.printed) == git(folder, *asked)
    assert answered > 140
