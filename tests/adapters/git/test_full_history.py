"""A clone read from its first commit to its last: what git has is what is told, and nothing hostile costs more."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hand_made_repo import Repo

from jitbot.adapters.git import GitRepository, full_history, stream, tree_diff
from jitbot.adapters.git.partial_clone import Remainder
from jitbot.adapters.git.plumbing import CommitHeader
from jitbot.adapters.git.process import GitProcess
from jitbot.adapters.git.ref_names import is_commit
from jitbot.adapters.git.tree_diff import Pair
from jitbot.domain.ledger.git_history import HistoryStep
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Such a clone, with nothing in it."""
    return Repo(tmp_path)


def told(step: HistoryStep) -> list[tuple[str, str]]:
    """Status and path of what a commit did."""
    return sorted((each.status, each.path) for each in step.touched)


def test_what_each_commit_did(repo: Repo) -> None:
    """Added, changed and deleted, in folders and without, against the first parent."""
    one, two = repo.blob(b"1"), repo.blob(b"2")
    first = repo.commit(
        repo.tree(f"040000 tree {repo.tree(f'100644 blob {one}	a')}\td", f"100644 blob {one}\te")
    )
    second = repo.commit(
        repo.tree(f"040000 tree {repo.tree(f'100644 blob {two}	a')}\td"), first, message="two\n\nbody\n"
    )
    steps = repo.steps()
    assert [step.commit for step in steps] == [first, second]
    assert told(steps[0]) == [("A", "d/a"), ("A", "e")]
    assert told(steps[1]) == [("D", "e"), ("M", "d/a")]
    assert (steps[1].parents, steps[1].message, steps[1].at.isoformat()) == (
        (first,),
        "two\n\nbody\n",
        "2027-01-15T08:00:00+00:00",
    )


def test_a_file_in_the_place_of_a_folder(repo: Repo) -> None:
    """And a folder in the place of a file: each file that came or went is told."""
    one = repo.blob()
    folder = repo.tree(f"040000 tree {repo.tree(f'100644 blob {one}	a', f'100755 blob {one}	b')}\td")
    first = repo.commit(folder)
    second = repo.commit(repo.tree(f"100644 blob {one}\td"), first)
    repo.commit(folder, second)
    assert [told(step) for step in repo.steps()] == [
        [("A", "d/a"), ("A", "d/b")],
        [("A", "d"), ("D", "d/a"), ("D", "d/b")],
        [("A", "d/a"), ("A", "d/b"), ("D", "d")],
    ]


def test_merges_through_every_parent(repo: Repo) -> None:
    """The ledger is read through all parents, each commit after those below it; main by its first parents alone."""
    tree = repo.tree(f"100644 blob {repo.blob()}\ta")
    root = repo.commit(tree)
    left, right = repo.commit(tree, root, message="left"), repo.commit(tree, root, message="right")
    top = repo.commit(tree, left, right)
    clone = GitRepository(repo.root)
    names = [step.commit for step in repo.steps()]
    assert (names[0], names[-1], set(names[1:3])) == (root, top, {left, right})
    assert [step.commit for step in clone.main_steps(Sha(top))] == [root, left, top]


@pytest.mark.parametrize("missing", ["whole", "folder", "before"])
def test_a_tree_that_is_missing_is_not_taken_for_no_change(repo: Repo, missing: str) -> None:
    """Of two trees git compares nothing if it lacks one of them, and ends as if all were well."""
    one = repo.blob()
    folder = repo.tree(f"100644 blob {one}\tx")
    trees = {"folder": folder, "before": repo.tree(f"100644 blob {one}\ta")}
    trees["whole"] = repo.tree(f"100644 blob {one}\ta", f"040000 tree {folder}\trequests")
    tip = repo.commit(trees["whole"], repo.commit(trees["before"]))
    lost = trees[missing]

    def on_main() -> list[HistoryStep]:
        return list(GitRepository(repo.root).main_steps(Sha(tip)))

    assert len(on_main()) == len(repo.steps()) == 2
    (repo.root / f".git/objects/{lost[:2]}/{lost[2:]}").unlink()
    for read in (repo.steps, on_main):
        with pytest.raises(UnavailableError, match="--refetch"):
            read()


def test_a_commit_with_too_many_paths_is_not_whole(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in one folder nor in many; what comes after it is read as ever."""
    monkeypatch.setattr(full_history, "MOST_PATHS", 20)
    one = repo.blob()
    wide = repo.tree(*(f"100644 blob {one}\tf{number:02}" for number in range(21)))
    requests = repo.tree(f"100644 blob {one}\tx.yaml")
    wide = repo.tree(*(f"100644 blob {one}\tf{n:02}" for n in range(21)), f"040000 tree {requests}\trequests")
    deep = repo.tree(
        *(
            f"040000 tree {repo.tree(f'100644 blob {one}	a', f'100644 blob {one}	b')}\td{n:02}"
            for n in range(11)
        )
    )
    small = repo.tree(f"100644 blob {one}\ta")
    names = [repo.commit(small)]
    for tree in (wide, small, deep, small):
        names.append(repo.commit(tree, names[-1]))
    assert [step.whole for step in repo.steps()] == [True, False, False, False, False]
    assert {step.touched for step in repo.steps()[1:]} == {()}
    names.append(repo.commit(repo.tree(f"100644 blob {one}\ta", f"100644 blob {one}\tb"), names[-1]))
    assert told(repo.steps()[-1]) == [("A", "b")]


@pytest.mark.parametrize(
    ("together", "parts"),
    [(99, [8, 1]), (14, [8, 4, 4, 2, 2, 1]), (8, [8, 4, 2, 2, 2, 2, 1]), (0, [8, 4, 2, 1, 1, 1])],
)
def test_commits_that_change_much_are_compared_few_at_a_time(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, together: int, parts: list[int]
) -> None:
    """As many as their changes fit into memory together, and at least one; each is told as ever."""
    one = repo.blob()
    names: list[str] = []
    for number in range(9):
        files = [f"100644 blob {one}\t{number}-{each}" for each in range(2)]
        names.append(repo.commit(repo.tree(*files), *names[-1:]))
    plain, asked = repo.steps(), list[int]()
    compared = stream.changes

    def comparing(git: GitProcess, pairs: Sequence[Pair], **more: Any) -> Any:
        asked.append(len(pairs))
        return compared(git, pairs, **more)

    monkeypatch.setattr(full_history, "_STEPS", 8)
    for module in (tree_diff, full_history):
        monkeypatch.setattr(module, "PATHS_TOGETHER", together)
    assert repo.steps() == plain
    monkeypatch.setattr(stream, "changes", comparing)
    clone = GitRepository(repo.root)
    assert [step.commit for step in clone.main_steps(Sha(names[-1]))] == names
    assert [each for each in asked if each][: len(parts)] == parts


@pytest.mark.parametrize(("most", "asks", "rules"), [(5, True, True), (3, True, False), (2, False, False)])
def test_of_a_large_commit_of_main_what_matters_is_told(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, most: int, asks: bool, rules: bool
) -> None:
    """Requests and rules are told of it alone, each as far as it can be read; the commit is not whole."""
    monkeypatch.setattr(full_history, "MOST_PATHS", 5)
    monkeypatch.setattr(full_history, "MOST_OF_REQUESTS", most)
    one = repo.blob()

    def folder(*names: str) -> str:
        return repo.tree(*(f"100644 blob {one}\t{name}" for name in names))

    root = repo.commit(repo.tree(f"100644 blob {one}\ta"))
    parts = {"requests": folder("x", "y"), "policies": folder("1", "2", "3"), "docs": folder("z")}
    entries = (f"040000 tree {tree}\t{name}" for name, tree in sorted(parts.items()))
    tip = repo.commit(repo.tree(*entries, f"100644 blob {one}\tCODEOWNERS"), root)
    step = list(GitRepository(repo.root).main_steps(Sha(tip)))[-1]
    assert (step.whole, step.asks_whole, step.rules_whole) == (False, asks, rules)
    paths = {each.path for each in step.touched}
    assert ("requests/x" in paths, "policies/1" in paths, "CODEOWNERS" in paths) == (asks, rules, True)
    assert "docs/z" not in paths


def test_an_ordinary_commit_of_main_is_told_whole(repo: Repo) -> None:
    """What it changed beside requests and rules, too."""
    one = repo.blob()
    tip = repo.commit(repo.tree(f"100644 blob {one}\tREADME", f"100644 blob {one}\tx"))
    (step,) = GitRepository(repo.root).main_steps(Sha(tip))
    assert (told(step), step.whole) == ([("A", "README"), ("A", "x")], True)


def test_a_history_that_is_cut_off_is_no_history(repo: Repo) -> None:
    """What came before it is unknown: neither the ledger nor main is read as if that were all."""
    tree = repo.tree(f"100644 blob {repo.blob()}\ta")
    tip = Sha(repo.commit(tree, repo.commit(tree)))
    (repo.root / ".git/shallow").write_text(f"{tip}\n")
    clone = GitRepository(repo.root)
    for ask in (clone.ledger_steps, clone.main_steps, lambda tip: clone.rule_changes(tip, ["a"])):
        with pytest.raises(UnavailableError, match="history is cut off: `git fetch --unshallow`"):
            list(ask(tip))


def test_a_huge_message_is_not_held(repo: Repo) -> None:
    """Of its commit all else is told; as a batch of the ledger it is none."""
    tree = repo.tree(f"100644 blob {repo.blob()}\ta")
    root = repo.commit(tree)
    repo.commit(tree, root, message="x" * (1 << 20))
    step = repo.steps()[-1]
    assert (step.whole, step.message_read, step.message, step.parents) == (True, False, "", (root,))
    assert not step.added.well_formed


@pytest.mark.parametrize("date", ["@99999999999 +0000", "@0 +0000"])
def test_odd_dates_stop_nothing(repo: Repo, date: str) -> None:
    """The person who pushes chooses the date."""
    repo.commit(repo.tree(f"100644 blob {repo.blob()}\ta"), date=date)
    assert len(repo.steps()) == 1


def test_contents_in_their_order(repo: Repo) -> None:
    """Each blob once, in the order asked for; None for what is larger, no blob, or not here."""
    one, large = repo.blob(b"one\0\n"), repo.blob(b"x" * 11)
    tree = repo.tree(f"100644 blob {one}\ta")
    names = [Sha(each) for each in (large, one, "f" * 40, tree, one)]
    found = list(GitRepository(repo.root).contents(names, 10))
    assert found == [(large, None), (one, b"one\0\n"), ("f" * 40, None), (tree, None)]


def test_a_git_that_fails_after_its_last_answer_gave_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it printed may not be what it has."""

    def contents(*_: object) -> Iterator[tuple[Sha, bytes]]:
        yield Sha("1" * 40), b"x"
        raise UnavailableError("git cat-file failed")

    monkeypatch.setattr(stream, "contents", contents)
    monkeypatch.setattr(Remainder, "bring_those_there", lambda *_: frozenset())
    with pytest.raises(UnavailableError, match="cat-file failed"):
        list(GitRepository(tmp_path).contents([Sha("1" * 40)]))


def test_the_trees_of_a_ledger_are_brought_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All in one call, where its commits came alone: git would bring them one by one."""

    def brought(_: Remainder) -> None:
        raise UnavailableError("asked for all")

    monkeypatch.setattr(Remainder, "bring_all_trees", brought)
    with pytest.raises(UnavailableError, match="asked for all"):
        GitRepository(tmp_path).ledger_steps(Sha("1" * 40))


@pytest.mark.parametrize("here", [True, False])
def test_a_commit_is_compared_with_a_parent_that_is_read_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, here: bool
) -> None:
    """As the first of each part is; a parent whose tree is not here is not taken for none."""
    one, other, tree, last = (Sha(each * 40) for each in "1234")

    def objects(_: GitProcess, names: list[str]) -> Iterator[tuple[str, str]]:
        assert names == [f"{one}^{{tree}}"]
        yield (tree, "tree") if here else ("", "")

    monkeypatch.setattr(stream, "objects", objects)
    commits = {other: CommitHeader(parents=(one,), message="", tree=last)}
    clone = GitRepository(tmp_path)
    if here:
        assert clone._pairs(commits) == {other: (tree, last)}
    else:
        with pytest.raises(UnavailableError, match="lacks a commit's tree here"):
            clone._pairs(commits)


def test_which_blobs_are_here(repo: Repo) -> None:
    """A blob, whatever its size; not a tree, nor what is nowhere."""
    large, tree = repo.blob(b"x" * 11), repo.tree(f"100644 blob {repo.blob()}\ta")
    assert GitRepository(repo.root).here([Sha(large), Sha(tree), Sha("f" * 40)]) == {large}


@pytest.fixture
def partial(repo: Repo) -> GitRepository:
    """A clone without blobs of a repository with one file, and a submodule beside it."""
    tree = repo.tree(f"100644 blob {repo.blob()}\ta", f"160000 commit {'1' * 40}\tmodule")
    repo.git("branch", "--force", "main", repo.commit(tree))
    for option in ("allowFilter", "allowAnySHA1InWant"):
        repo.git("config", f"uploadpack.{option}", "true")
    url = f"file://{repo.root}"
    repo.git("clone", "--quiet", "--bare", "--branch=main", "--filter=blob:none", url, "partial")
    return GitRepository(repo.root / "partial")


def test_what_the_remote_does_not_have_is_none(repo: Repo, partial: GitRepository) -> None:
    """Nor is it a reason to stop: whatever else is asked for with it is brought."""
    one = Sha(repo.blob())
    names = [Sha(each) for each in ("1" * 40, one, "mode-120000", "2" * 40)]
    assert list(partial.contents(names)) == [(name, b"x" if name == one else None) for name in names]


def test_places_whose_blobs_are_not_here(repo: Repo, partial: GitRepository) -> None:
    """Names are told from the trees alone, and a submodule's is no blob."""
    made = Sha(repo.git("rev-parse", "main"))
    places = [(made, "a"), (made, "module"), (made, "no")]
    assert partial.blobs_at(places) == dict(zip(places, (repo.blob(), None, None), strict=True))
    assert {each.path: each.mode for each in partial.entries(made, ["a", "module", "no"])} == {
        "a": "100644", "module": "160000",
    }  # fmt: skip
    assert partial.entries(made, []) == ()


def test_blobs_at_places(repo: Repo) -> None:
    """The blob at a path, None where there is none; a commit that is not here is left out, and no path is a revision."""
    one = repo.blob()
    made = Sha(
        repo.commit(
            repo.tree(f"100644 blob {one}\ta b", f"040000 tree {repo.tree(f'100644 blob {one}	x')}\td")
        )
    )
    gone = Sha("f" * 40)
    places = [(made, "a b"), (made, "d"), (made, "d/x"), (made, "no"), (made, "a\nb"), (gone, "a b")]
    assert GitRepository(repo.root).blobs_at(places) == {
        (made, "a b"): one, (made, "d"): None, (made, "d/x"): one, (made, "no"): None,
    }  # fmt: skip


def test_the_head_that_was_found_good(repo: Repo) -> None:
    """It is kept as a ref of the clone, and what it holds is kept with it."""
    tree = repo.tree(f"100644 blob {repo.blob()}\ta")
    first = Sha(repo.commit(tree))
    second = Sha(repo.commit(tree, first))
    clone = GitRepository(repo.root)
    assert clone.verified() is None
    clone.remember(second)
    assert (clone.verified(), clone.holds(second, first), clone.holds(first, second)) == (second, True, False)
    assert not clone.holds(first, Sha("f" * 40))
    assert clone.commits_of(second) == {first, second}


def test_what_is_not_there_is_said(repo: Repo) -> None:
    """No such branch, no such commit, an option in the place of a revision."""
    clone = GitRepository(repo.root)
    with pytest.raises(InvalidError, match="has no branch ledger"):
        clone.ledger()
    for revision in ("nobody", "--all"):
        with pytest.raises(InvalidError, match="git knows no commit"):
            clone.resolve(revision)


def test_a_tree_that_is_gone_is_trouble(repo: Repo) -> None:
    """A clone that lacks objects is not read as if it were whole."""
    tree = repo.tree(f"100644 blob {repo.blob()}\ta")
    repo.commit(tree)
    (repo.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(UnavailableError):
        repo.steps()


@pytest.mark.parametrize("name", ["refs/heads/ledger", "origin/ledger", "main"])
def test_outside_a_clone_no_name_is_a_commit(name: str, tmp_path: Path) -> None:
    """A folder that git does not know holds no commit: that is an answer, not a failure."""
    assert not is_commit(GitProcess(tmp_path, timeout=20), name)


def test_without_git_nobody_can_say_what_a_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That git cannot be asked is no answer: it is not taken for a folder that holds no commit."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="not installed"):
        is_commit(GitProcess(tmp_path, timeout=20), "refs/heads/ledger")


def test_a_clone_that_git_will_not_open_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git refuses a clone that belongs to somebody else; a container often shows one so."""
    Repo(tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(UnavailableError, match=r"safe\.directory"):
        is_commit(GitProcess(tmp_path, timeout=20), "refs/heads/ledger")
