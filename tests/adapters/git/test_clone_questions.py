"""What a clone asks of git, and what it makes of each answer, without git. The real one is in test_clone.py."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jitbot.adapters.git import GitRepository, filed_batches, kept
from jitbot.adapters.git import clone as module
from jitbot.adapters.git.partial_clone import COMMITS
from jitbot.adapters.git.plumbing import CommitHeader, Difference
from jitbot.adapters.git.process import Token
from jitbot.adapters.git.tree_diff import EMPTY_TREE, Search
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.bounds import BATCH_READ
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.merge_facts import ChangeKind

SINCE = datetime(2026, 11, 24, 9, tzinfo=UTC)
AT = int(SINCE.timestamp())
A, B, C, D = (Sha(each * 40) for each in "abcd")
MAIN, LEDGER = "+refs/heads/main:refs/remotes/origin/main", "+refs/heads/ledger:refs/remotes/origin/ledger"
LITTLE = "--filter=blob:limit=64k"


class Git:
    """git, what is left at its remote, and its objects, all as they are given; `said` is what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[tuple[str, ...]] = []
        self.refusal = ""
        self.partial, self.commits = (
            False,
            {"refs/remotes/origin/main": A, "refs/remotes/origin/ledger": B, "HEAD": C},
        )
        self.printed: dict[str, list[str]] = {}
        self.codes: list[int] = []
        self.boundary: list[set[str]] = []
        self.headers: dict[Sha, CommitHeader | None] = {}
        self.searches: dict[tuple[str, Sha], Search] = {}
        self.trees: dict[Sha, tuple[str, ...]] = {}
        self.blobs: dict[Sha, bytes | None] = {}
        self.deepened: list[str] = []
        self.alone: Sha | None = None  # the ledger's tip, where the remote sends commits alone
        self.brought: list[str] = []
        self.repository = GitRepository(Path("/"), environ={})
        for name in ("_git", "_objects", "_remainder"):
            monkeypatch.setattr(self.repository, name, self)
        monkeypatch.setattr(module, "is_commit", lambda _, revision: revision in self.commits)
        monkeypatch.setattr(module, "tips", self._tips)
        monkeypatch.setattr(module, "commit_of", self._commit_of)

    def _tips(self, _: Any, refs: tuple[str, ...]) -> dict[str, Sha]:
        self.said.append(("tips", *refs))
        return {ref: self.commits[ref] for ref in refs if ref in self.commits}

    def _commit_of(self, _: Any, revision: str, otherwise: str) -> Sha:
        self.said.append(("commit", revision))
        if revision not in self.commits:
            raise InvalidError(otherwise)
        return self.commits[revision]

    def fetch(self, *arguments: str, **_: Any) -> "subprocess.CompletedProcess[bytes]":
        """What the remote says."""
        self.said.append(arguments[3:])
        return subprocess.CompletedProcess([], 128 if self.refusal else 0, b"", self.refusal.encode())

    def ask(self, *arguments: str) -> bytes:
        """What git prints for a verb, in turns."""
        self.said.append(arguments)
        return self.printed[arguments[0]].pop(0).encode()

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """A verb that may fail."""
        self.said.append(arguments)
        return subprocess.CompletedProcess([], self.codes.pop(0), f"{D}\n".encode(), b"")

    def small_blobs_too(self) -> tuple[str, ...]:
        """Whether little is fetched."""
        return (LITTLE,) if self.partial else ()

    def cuts(self, commits: Any) -> bool:
        """Whether history ends among these."""
        return bool(self.boundary and self.boundary[0] & set(commits))

    def is_shallow(self) -> bool:
        """Whether it ends at all."""
        return bool(self.boundary)

    def deepen(self, refspec: str) -> None:
        """Bring more."""
        self.deepened.append(refspec)
        self.boundary.pop(0)

    def bring_blobs(self, blobs: Any) -> None:
        """Those that are not here."""
        self.brought += blobs

    def bring_commits(self, source: str) -> Sha | None:
        """The tip of the commits that came alone."""
        self.brought.append(source)
        return self.alone

    def bring_folder(self, tree: Sha) -> None:
        """The trees of a tip."""
        self.brought.append(tree)
        if self.refusal:
            raise UnavailableError(self.refusal)

    def read(self, _: str, names: list[Sha], __: int) -> list[tuple[Sha, bytes | None]]:
        """The bytes of blobs."""
        return [(name, self.blobs[name]) for name in names]

    # What `Objects` says of commits and trees.

    def differing(self, pairs: Any, **_: Any) -> dict[Any, Search]:
        """What differs between two commits."""
        return {pair: self.searches[pair] for pair in pairs}

    def entries(self, commit: Sha, paths: Any) -> tuple[AddedEntry, ...]:
        """The files of a commit."""
        there = self.trees.get(commit, ())
        return tuple(AddedEntry(path=each, mode="100644", blob=D) for each in paths if each in there)


class Objects:
    """The objects of that git, where their names are those of other things."""

    def __init__(self, git: Git) -> None:
        self.differing, self.entries, self.read, self._git = git.differing, git.entries, git.read, git

    def tree(self, commit: Sha) -> Sha:
        """The tree of a commit."""
        return Sha(f"tree of {commit}")

    def commits(self, names: Any) -> dict[Sha, CommitHeader | None]:
        """What commits say of themselves."""
        return {name: self._git.headers[name] for name in names}


@pytest.fixture
def git(monkeypatch: pytest.MonkeyPatch) -> Git:
    """Such a git."""
    found = Git(monkeypatch)
    monkeypatch.setattr(found.repository, "_objects", Objects(found))
    return found


def header(*parents: Sha, whole: bool = True) -> CommitHeader:
    """A commit with these parents."""
    return CommitHeader(parents=parents, message="m", whole=whole)


def found(*paths: str, whole: bool = True) -> Search:
    """What differs: these paths, plain files that are new; or more than is read."""
    files = [Difference(path=each, mode="100644", blob=D, kind=ChangeKind.ADDED) for each in paths]
    return Search(most=9, seen=len(files), found=files, cut=not whole)


@pytest.mark.parametrize(
    ("partial", "ledger", "heads", "asked"),
    [
        (False, True, (), ("origin", MAIN, LEDGER)),
        (True, True, (), (LITTLE, "origin", MAIN, LEDGER)),
        (True, False, (), ("origin", MAIN, LEDGER)),
        (True, False, (7,), (LITTLE, "origin", "+refs/pull/7/head:refs/jitbot/pull/7")),
        (False, True, (7,), ("origin", "+refs/pull/7/head:refs/jitbot/pull/7")),
    ],
)
def test_what_is_fetched(
    git: Git, heads: tuple[int, ...], asked: tuple[str, ...], *, partial: bool, ledger: bool
) -> None:
    """Main and ledger, or heads; with small blobs where little is new, which a first ledger is not."""
    git.partial = partial
    if not ledger:
        del git.commits["refs/remotes/origin/ledger"]
    git.repository.fetch(heads)
    assert git.said == [asked]


def test_a_partial_clone_fetches_the_ledgers_commits_alone_and_then_the_trees_of_its_tip(git: Git) -> None:
    """The ordinary fetch has little to bring then. Whoever reads the trees asks again for what could not be had."""
    git.partial, git.alone = True, D
    del git.commits["refs/remotes/origin/ledger"]
    git.repository.fetch()
    assert git.brought == ["refs/heads/ledger", f"tree of {D}"]
    assert git.said == [(LITTLE, "origin", MAIN, LEDGER)]
    git.refusal = "fatal: not our ref"
    with pytest.raises(UnavailableError, match="could not fetch from origin: fatal: not our ref"):
        git.repository.fetch()


def test_beside_a_fetch_no_failure_of_ours_goes_unseen(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who reads the trees asks again for those alone that could not be had."""

    def broken(_: Sha) -> None:
        raise KeyError("of ours")

    git.partial, git.alone = True, D
    del git.commits["refs/remotes/origin/ledger"]
    monkeypatch.setattr(git.repository._remainder, "bring_folder", broken)
    with pytest.raises(KeyError, match="of ours"):
        git.repository.fetch()


@pytest.mark.parametrize("alone", [True, False])
def test_batches_are_found_in_the_tree_of_the_tip_whose_commits_came_alone(
    git: Git, monkeypatch: pytest.MonkeyPatch, *, alone: bool
) -> None:
    """Whatever was asked before; elsewhere each commit has its own tree, and nothing is found so."""
    monkeypatch.setattr(filed_batches, "filed", lambda tip, commits, *_: (tip, *commits))
    git.commits |= {COMMITS: D} if alone else {}
    assert git.repository.filed([A]) == ((D, A) if alone else ())


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        ("fatal: couldn't find remote ref refs/heads/ledger", InvalidError, "origin has no branch ledger"),
        (
            "fatal: couldn't find remote ref refs/heads/main",
            UnavailableError,
            "could not fetch from origin: fatal",
        ),
    ],
)
def test_a_fetch_that_fails(git: Git, words: str, kind: type[Exception], said: str) -> None:
    """A ledger that was never made is for the person to make; all else is trouble."""
    git.refusal = words
    with pytest.raises(kind, match=said):
        git.repository.fetch()
    with pytest.raises(UnavailableError, match="could not fetch from origin"):
        git.repository.fetch_main()
    git.refusal = ""
    git.repository.fetch_main()
    assert git.said[-1] == ("origin", MAIN)


def test_a_tip_is_asked_for_once_between_two_fetches(git: Git) -> None:
    """Main and ledger together; after a fetch each may be another commit."""
    repository = git.repository
    assert (
        repository.main(),
        repository.ledger(),
        repository.main(),
        repository.head(),
        repository.head(),
    ) == (A, B, A, C, C)
    assert [each[0] for each in git.said] == ["tips", "commit"]
    git.commits["refs/remotes/origin/main"] = D
    repository.fetch()
    assert repository.main() == D


def test_what_is_not_there_is_said(git: Git) -> None:
    """With what brings it."""
    git.commits.clear()
    for ask, why in (
        (git.repository.main, "no branch main of origin"),
        (git.repository.ledger, "no branch ledger of origin"),
        (git.repository.head, "nothing is checked out"),
    ):
        with pytest.raises(InvalidError, match=why):
            ask()


def test_a_head_that_was_not_fetched_is_none(git: Git) -> None:
    """No answer is no commit."""
    git.printed = {"for-each-ref": ["\n", f"{A}\n"]}
    assert (git.repository.pull_head(7), git.repository.pull_head(7)) == (None, A)


@pytest.mark.parametrize(("codes", "cuts", "deepened"), [([0], 1, 0), ([1, 0], 2, 1), ([1, 1, 0], 2, 2)])
def test_a_common_ancestor_is_looked_for_deeper(git: Git, codes: list[int], cuts: int, deepened: int) -> None:
    """As long as there is more to bring."""
    git.codes, git.boundary = [*codes], [{A}] * cuts
    assert git.repository.merge_base(A, B) == D
    assert git.deepened == [MAIN] * deepened


def test_without_a_common_ancestor_nothing_is_concluded(git: Git) -> None:
    """All of the history is here, and has none."""
    git.codes, git.boundary = [1, 1], [{A}]
    with pytest.raises(UnavailableError, match="no common ancestor of aaaaaaaaaa and bbbbbbbbbb"):
        git.repository.merge_base(A, B)


def test_blobs_are_read_within_their_bound(git: Git) -> None:
    """What is none, or too large, is no empty file."""
    git.blobs = {A: b"", B: b"x", C: None}
    assert git.repository.read([A, B]) == {A: b"", B: b"x"}
    assert git.brought == [A, B]
    assert git.repository.small([C, A, C], 9) == {C: None, A: b""}
    with pytest.raises(UnavailableError, match="cccccccccc is no file of at most"):
        git.repository.read([A, C])


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({}, ()),
        ({"saying": "a.b"}, ("--regexp-ignore-case", r"--grep=^a\.b$")),
        ({"beginning": ["x*", "y"]}, ("--regexp-ignore-case", r"--grep=^x\*", "--grep=^y")),
        ({"beginning": ["x"], "saying": "y"}, ("--regexp-ignore-case", "--grep=^x", "--grep=^y$")),
        ({"after": D}, (f"^{D}",)),
    ],
)
def test_which_batches_are_listed(git: Git, asked: dict[str, Any], options: tuple[str, ...]) -> None:
    """Those of the window, each by its own date; lines that are searched for are text."""
    git.printed = {"rev-list": [f"{AT - 1} {A}\n{AT} {C}\n{AT - 9} {D}\n"]}
    for _ in range(2):
        assert git.repository.batches(SINCE, **asked) == (C,)
    said = [each for each in git.said if each[0] == "rev-list"]
    assert said == [("rev-list", "--reverse", "--timestamp", "--topo-order", *options, B)]


def test_a_history_that_is_cut_in_the_window_is_deepened(git: Git) -> None:
    """A cut behind it is left."""
    lines = f"{AT - 1} {A}\n{AT} {C}\n"
    git.printed, git.boundary = {"rev-list": [lines, lines]}, [{C}, {A}]
    assert git.repository.batches(SINCE) == (C,)
    assert git.deepened == [LEDGER]


def test_main_is_told_commit_by_commit(git: Git) -> None:
    """Against its first parent; one without a parent made all, and one that is too large is only named."""
    git.printed = {"rev-list": [f"{AT} {A}\n{AT} {B}\n{AT} {C}\n"]}
    git.headers = {A: header(), B: header(A, D), C: header(B)}
    git.searches = {(A, B): found("requests/x"), (B, C): found("requests/y", whole=False)}
    changes = git.repository.changes(SINCE)
    assert [(each.base, each.commit, each.path) for each in changes] == [(A, B, "requests/x")]
    assert [(each.base, each.commit) for each in git.repository.too_large(SINCE)] == [(B, C)]
    assert git.said[-1] == ("rev-list", "--reverse", "--timestamp", "--first-parent", A)


@pytest.mark.parametrize(
    ("first", "known", "told"),
    [(header(), (), {B}), (header(D), (f"^{D}",), {A, B}), (header(D, C), (f"^{D}", f"^{C}"), {A, B})],
)
def test_which_commits_touch_the_rules(
    git: Git, first: CommitHeader, known: tuple[str, ...], told: set[Sha]
) -> None:
    """Since the first of the window; the first of all made them, and changed none."""
    git.printed = {"rev-list": [f"{AT} {A}\n{AT} {B}\n", f"{AT} {A}\n{AT + 1} {B}\n"]}
    git.headers = {A: first}
    assert set(git.repository.touching_rules(SINCE, ["policies"])) == told
    assert git.said[-1] == (
        "rev-list",
        "--reverse",
        "--timestamp",
        "--first-parent",
        A,
        *known,
        "--",
        "policies",
    )


def test_where_nothing_happened_no_rule_was_touched(git: Git) -> None:
    """git is not asked further."""
    git.printed = {"rev-list": [f"{AT - 1} {A}\n"]}
    assert git.repository.touching_rules(SINCE, ["policies"]) == {}


def test_what_a_commit_deletes(git: Git) -> None:
    """Of the paths that are asked for; a commit without a parent deletes nothing."""
    git.headers = {B: header(A), C: header()}
    git.trees = {A: ("x", "y"), B: ("y",), C: ()}
    assert git.repository.deleting(B, ["x", "y", "z"]) == {"x"}
    assert git.repository.deleting(C, ["x"]) == frozenset()
    git.headers = {D: None}
    with pytest.raises(UnavailableError, match="dddddddddd is no commit"):
        git.repository.deleting(D, ["x"])


def test_what_a_merge_touches_is_told_whole_or_not_at_all(git: Git) -> None:
    """A part of it would pass for all."""
    git.searches = {(A, B): found("y", "x"), (A, C): found("x", whole=False)}
    assert git.repository.touched(A, B) == ("x", "y")
    assert git.repository.touched(A, C) is None


def test_who_touches_a_path(git: Git) -> None:
    """Who is too large to look at may; a commit without a parent is compared with nothing."""
    git.headers = {A: header(), B: header(A), C: header(B), D: header(C)}
    git.searches = {
        (EMPTY_TREE, A): found("x"),
        (A, B): found(),
        (B, C): found(whole=False),
        (C, D): found("x"),
    }
    assert git.repository.touching([A, B, C, D], "x") == {A, C, D}


def test_what_batches_add(git: Git) -> None:
    """What is no commit adds nothing, and is none; nor is a root, or one that is too large."""
    git.headers = {A: header(), B: header(A), C: None, D: header(B)}
    git.searches = {(EMPTY_TREE, A): found("e"), (A, B): found("e"), (B, D): found("e", whole=False)}
    added = git.repository.added([A, B, C, D])
    assert [(each.commit, each.well_formed, len(each.entries)) for each in added] == [
        (A, False, 1), (B, True, 1), (C, False, 0), (D, False, 1),
    ]  # fmt: skip
    assert BATCH_READ < 10_000


@pytest.mark.parametrize("refused", [False, True])
def test_a_clone_that_jitbot_keeps_has_mains_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, refused: bool
) -> None:
    """As they are now; what cannot be fetched is not checked out, and its reason is said."""
    said: list[str] = []

    class Kept:
        def __init__(self, folder: Path, **_: Any) -> None:
            assert folder.is_dir()

        def ask(self, *arguments: str) -> None:
            said.append(arguments[0])

        def fetch(self, *_: str, token: Token) -> "subprocess.CompletedProcess[bytes]":
            said.append(f"fetch as {token.server}")
            return subprocess.CompletedProcess([], int(refused), b"", b"fatal: no route")

    monkeypatch.setattr(kept, "GitProcess", Kept)
    given: dict[str, Any] = {"token": "t", "environ": {}}
    address = "https://github.com/acme/access.git"
    if refused:
        with pytest.raises(UnavailableError, match=f"could not fetch {address}: fatal: no route"):
            kept.bring(tmp_path / "a/b", address, **given)
    else:
        kept.bring(tmp_path / "a/b", address, **given)
    assert said == ["init", "config", "fetch as https://github.com", *([] if refused else ["checkout"])]
    (tmp_path / "file").touch()
    with pytest.raises(UnavailableError, match="file cannot be made: File exists"):
        kept.bring(tmp_path / "file", address, **given)
