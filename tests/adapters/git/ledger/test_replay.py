"""What is proven of the ledger's commits is what git finds when it compares their trees, whatever was pushed between them."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hand_made_repo import Repo
from hypothesis import given
from hypothesis import strategies as st

from jitbot.adapters.git import GitRepository, full_history, replay
from jitbot.adapters.git.replay import Changes, Replay
from jitbot.adapters.git.tree_diff import EMPTY_TREE, Pair
from jitbot.domain.ledger.git_history import HistoryStep, Touched
from jitbot.domain.model.bounds import DEEPEST
from jitbot.domain.model.documents import Sha

Files = Mapping[str, str]  # the files of a commit: path and blob


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A clone with nothing in it."""
    return Repo(tmp_path)


def sha(text: str) -> Sha:
    """A name of an object, made of this text."""
    return Sha(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def tree(files: Files) -> str:
    """The name of the tree of these files."""
    entries: list[tuple[str, bytes]] = []
    below: dict[str, dict[str, str]] = {}
    for path, blob in files.items():
        name, _, rest = path.partition("/")
        if rest:
            below.setdefault(name, {})[rest] = blob
        else:
            entries.append((name, b"100644 %s\0%s" % (name.encode(), bytes.fromhex(blob))))
    for name, inside in below.items():
        entries.append((f"{name}/", b"40000 %s\0%s" % (name.encode(), bytes.fromhex(tree(inside)))))
    content = b"".join(entry for _, entry in sorted(entries))
    return hashlib.sha1(b"tree %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


@dataclass
class Line:
    """A ledger's commits, with the files of each, and which of them git was asked to compare."""

    commits: list[tuple[Sha, Sha, Files, Files]] = field(default_factory=list)  # name, parent, before, after
    compared: list[Sha] = field(default_factory=list)
    asked: list[list[Sha]] = field(default_factory=list)  # the same, by how git was asked
    too_large: set[Sha] = field(default_factory=set)

    @property
    def head(self) -> tuple[Sha, Files]:
        """The last commit, and its files."""
        return (self.commits[-1][0], self.commits[-1][3]) if self.commits else (Sha(""), {})

    def add(self, after: Files) -> Sha:
        """A commit with these files on the last one."""
        parent, before = self.head
        name = sha(f"{len(self.commits)} {parent}")
        self.commits.append((name, parent, before, after))
        return name

    def batch(self, *, events: int = 1) -> Sha:
        """A batch as jitbot writes one, after its own repair of what lies in its way."""
        parent, before = self.head
        day, mark = f"2026/11/{len(self.commits) % 28 + 1:02}", parent[:20]
        new = {f"events/{day}/{mark}/{n}-granted-{n}.json": sha(f"{parent}{n}") for n in range(events)}
        new |= {f"keys/{day}/{mark}/k.json": sha("key"), f"attestations/{day}/{mark}.jwt": sha(f"t{parent}")}
        above = {path[:end] for path in new for end, each in enumerate(path) if each == "/"}
        return self.add({**{path: blob for path, blob in before.items() if path not in above}, **new})

    def compare(self, pairs: Mapping[Sha, Pair]) -> Changes:
        """What git would say."""
        self.compared += pairs
        self.asked += [list(pairs)] if pairs else []
        return {name: None if name in self.too_large else self.truth()[name] for name in pairs}

    def truth(self) -> dict[Sha, tuple[Touched, ...]]:
        """What each commit changed."""
        return {name: self.touched(before, after) for name, _, before, after in self.commits}

    def touched(self, before: Files, after: Files) -> tuple[Touched, ...]:
        """The difference between two sets of files."""
        paths = sorted({*before, *after}, key=str.encode)
        put = [
            Touched(path=path, mode="100644", blob=Sha(after[path]), status="M" if path in before else "A")
            for path in paths
            if path in after and before.get(path) != after[path]
        ]
        gone = [
            Touched(path=path, mode="000000", blob=Sha("0" * 40), status="D")
            for path in paths
            if path not in after
        ]
        return (*put, *gone)

    def pairs(self) -> Mapping[Sha, Pair]:
        """The trees of each commit, before and after."""
        return {
            name: (tree(before) if before or parent else EMPTY_TREE, tree(after))
            for name, parent, before, after in self.commits
        }

    def replayed(
        self, *, part: int = 1000, line: frozenset[Sha] | None = None, pairs: Mapping[Sha, Pair] | None = None
    ) -> dict[Sha, object]:
        """What the replay says of each, so many at a time."""
        _, tip = self.head
        files = [f"100644 blob {blob}\t{path}".encode() for path, blob in sorted(tip.items())]
        names = frozenset(name for name, *_ in self.commits)
        found = Replay(self.compare, names if line is None else line, files)
        said: dict[Sha, object] = {}
        known = self.pairs() if pairs is None else pairs
        for start in range(0, len(self.commits), part):
            some = self.commits[start : start + part]
            parents = {name: parent for name, parent, *_ in some}
            said |= found.changes(parents, {name: known[name] for name in parents})
        return said


def begun() -> Line:
    """A ledger with its first commit."""
    line = Line()
    line.add({"README.md": sha("readme")})
    return line


def test_batches_are_proven_without_a_comparison() -> None:
    """git is asked about the first commit alone, which is no batch; what is said of the others is the truth."""
    line = begun()
    for events in (1, 3, 1, 2):
        line.batch(events=events)
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0]]


MOVES = ("batch", "batch", "batch", "empty", "edit", "delete", "restore", "beside", "obstruct", "foreign")


def pushed(line: Line, move: str, number: int) -> None:
    """One commit of somebody who may push."""
    _, files = line.head
    paths = sorted(files)
    chosen = paths[number % len(paths)] if paths else "x"
    others = {path: blob for path, blob in files.items() if path != chosen}
    match move:
        case "batch":
            line.batch(events=number % 3 + 1)
        case "empty":
            line.add(files)
        case "edit":
            line.add({**files, chosen: sha(f"edit {number}")})
        case "delete":
            line.add(others)
        case "restore":  # deleted, and then put back: the tip has it as if nothing had been
            line.add(others)
            line.add(files)
        case "beside":  # one more file in the folder of the batch that comes next, or of the last one
            mark = (line.head[0] if number % 2 else line.commits[-1][1])[:20] or "0" * 20
            line.add({**files, f"events/2026/11/01/{mark}/x.json": sha(f"beside {number}")})
        case "obstruct":  # a file where the next batch needs a folder
            day = f"2026/11/{(len(line.commits) + 1) % 28 + 1:02}"
            if not any(path.startswith(f"events/{day}/") for path in files):
                line.add({**files, f"events/{day}": sha("obstacle")})
        case _:
            line.add({**files, f"f{number}": sha(f"foreign {number}")})


@given(
    moves=st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 50)), max_size=14),
    part=st.sampled_from([1, 2, 5, 1000]),
    alone=st.sampled_from([0, 1, 20]),
    large=st.lists(st.integers(0, 20), max_size=1),
)
def test_what_is_said_is_what_git_says(
    moves: list[tuple[str, int]], part: int, alone: int, large: list[int]
) -> None:
    """Whatever was pushed, edited, deleted, put back or is too large to compare, and however few are compared alone."""
    line = begun()
    for move, number in moves:
        pushed(line, move, number)
    names = [name for name, *_ in line.commits]
    truth: dict[Sha, object] = dict(line.truth())
    line.too_large = {names[each] for each in large if each < len(names)}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(replay, "_ALONE", alone)
        said = line.replayed(part=part)
    assert set(said) == set(names)
    wrong = {name for name in names if said[name] != truth[name]}
    assert wrong <= line.too_large
    assert {said[name] for name in wrong} <= {None}


def test_a_strange_commit_costs_the_others_nothing() -> None:
    """git compares that commit, and proofs go on behind it; beyond a few such commits it compares the rest of their part."""
    line = begun()
    strange = list[Sha]()
    for _ in range(3):
        line.batch()
        strange.append(line.add({**line.head[1], "foreign": sha(str(len(strange)))}))
    line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], *strange]


def test_a_file_beside_a_batch_costs_two_comparisons() -> None:
    """What the tip has in the batch's folder is not what the batch added: it is taken back, and git asked about both."""
    line = begun()
    before = line.head[0]
    batch = line.batch()
    beside = line.add({**line.head[1], f"events/2026/11/01/{before[:20]}/x.json": sha("x")})
    line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], batch, beside]


def test_beyond_a_few_strange_commits_a_part_is_compared_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So nobody can have git started for each of many commits; in the next part proofs go on."""
    monkeypatch.setattr(replay, "_ALONE", 1)
    line = begun()
    line.batch()
    strange = line.add({**line.head[1], "foreign": sha("foreign")})
    behind = line.batch()
    line.batch()
    assert line.replayed(part=4) == line.truth()
    assert line.compared == [line.commits[0][0], strange, behind]


def test_a_batch_with_more_than_is_read_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may push chooses how much lies in a folder: git compares that within its own budget."""
    monkeypatch.setattr(replay, "BATCH_READ", 20)
    line = begun()
    line.batch()
    large = line.batch(events=2)
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], large]


@pytest.mark.parametrize(("deep", "proven"), [(DEEPEST - 6, True), (DEEPEST - 5, False)])
def test_a_batch_that_is_too_deep_for_git_is_compared(deep: int, proven: bool) -> None:
    """So that it is too large here where it is too large for a comparison, and for a run."""
    line = begun()
    parent, files = line.head
    path = f"events/2026/11/01/{parent[:20]}/{'d/' * deep}x.json"
    assert (path.count("/") < DEEPEST) is proven
    added = line.add({**files, path: sha("x")})
    assert line.replayed() == line.truth()
    assert (added not in line.compared) is proven


def test_folders_in_the_folder_of_a_batch() -> None:
    """No batch has one, but what lies there may be edited later; what follows is proven again."""
    line = begun()
    parent, files = line.head
    deep = f"events/2026/11/01/{parent[:20]}/sub/x.json"
    line.add({**files, deep: sha("x"), f"events/2026/11/01/{parent[:20]}/y.json": sha("y")})
    gone = {path: blob for path, blob in line.head[1].items() if not path.endswith("y.json")}
    edited = line.add({**gone, "foreign": sha("foreign")})
    line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], line.commits[1][0], edited]


def test_what_is_not_on_the_line_is_compared() -> None:
    """A commit that the tip's line of first parents lacks has other files than the tip."""
    line = begun()
    kept = line.batch()
    aside = line.batch()
    line.replayed(line=frozenset({line.commits[0][0], kept}))
    assert line.compared == [line.commits[0][0], aside]


def test_a_folder_of_many_files_is_named_once_for_each_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its name is made of all names in it, so naming it for each of its files would take their square."""
    line = begun()
    crowd = {f"events/2026/11/02/{number:03}": sha(str(number)) for number in range(300)}
    line.add({**line.head[1], **crowd})
    line.batch(events=30)
    hashed = list[int]()
    sha1 = hashlib.sha1

    def noting(content: bytes, *, usedforsecurity: bool) -> Any:
        hashed.append(len(content))
        return sha1(content, usedforsecurity=usedforsecurity)

    truth, pairs = line.truth(), line.pairs()
    monkeypatch.setattr(replay, "hashlib", SimpleNamespace(sha1=noting))
    assert line.replayed(pairs=pairs) == truth
    assert len(line.compared) == 2
    assert sum(hashed) < 3 * 300 * 40


def test_after_a_change_that_is_too_large_nothing_is_proven() -> None:
    """The files behind it are unknown, so git compares all that follows."""
    line = begun()
    line.batch()
    large = line.add({**line.head[1], "f": sha("f")})
    after = [line.batch(), line.batch()]
    line.too_large = {large}
    assert line.replayed() == {**line.truth(), large: None}
    assert line.compared[1:] == [large, *after]


@pytest.mark.parametrize(("room", "proven"), [(4, True), (3, False)])
def test_only_so_much_is_kept_of_what_others_pushed(
    monkeypatch: pytest.MonkeyPatch, room: int, proven: bool
) -> None:
    """Also of what was deleted again before the tip, which no list of the tip has: beyond that git compares all."""
    monkeypatch.setattr(replay, "_FOLLOWED", room)
    line = begun()
    for number in range(3):
        line.add({**line.head[1], f"f{number}": sha("f")})
    batch = line.batch()
    assert line.replayed() == line.truth()
    assert (batch not in line.compared) is proven


def test_a_file_that_lay_there_before_was_not_added() -> None:
    """Nobody can name a commit before it is made; if anybody did, its batch would still be only what it added."""
    line = begun()
    parent, files = line.head
    named = sha(f"{len(line.commits)} {parent}")
    assert line.add({**files, f"events/2026/11/01/{named[:20]}/x.json": sha("x")}) == named
    batch = line.batch()
    line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], named, batch]


@pytest.mark.parametrize("edited", [True, False])
@pytest.mark.parametrize("file", ["0-granted-0.json", "k.json", ".jwt"])
def test_an_edit_of_a_batch_costs_two_comparisons(file: str, *, edited: bool) -> None:
    """That of the batch, of which the tip has something else, and its own; what follows is proven."""
    line = begun()
    batch = line.batch(events=2)
    _, files = line.head
    (path,) = (each for each in files if each.endswith(file))
    others = {each: blob for each, blob in files.items() if each != path}
    edit = line.add({**others, path: sha("edited")} if edited else others)
    line.batch()
    line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], batch, edit]


@pytest.mark.parametrize(("most", "proven"), [(17, True), (16, False)])
def test_so_much_of_a_batch_is_put_together(
    monkeypatch: pytest.MonkeyPatch, most: int, *, proven: bool
) -> None:
    """Each file with the folders above it; git looks at no more either."""
    monkeypatch.setattr(replay, "BATCH_READ", most)
    line = begun()
    batch = line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], *([] if proven else [batch])]


def test_beyond_a_few_strange_commits_the_rest_is_compared_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who may push can have git started for each commit."""
    monkeypatch.setattr(replay, "_ALONE", 2)
    line = begun()
    for number in range(3):
        line.batch()
        line.add({**line.head[1], "foreign": sha(str(number))})
    line.batch()
    line.replayed()
    first, _, strange, *rest = (name for name, *_ in line.commits)
    assert line.asked == [[first], [strange], rest[1:]]


def test_what_follows_a_change_that_is_too_large_is_compared_together() -> None:
    """No attempt is made to prove it."""
    line = begun()
    large = line.add({**line.head[1], "f": sha("f")})
    after = [line.batch(), line.batch()]
    line.too_large = {large}
    line.replayed()
    assert line.asked == [[line.commits[0][0]], [large], after]


@pytest.mark.parametrize("part", [1000, 3])
def test_a_commit_beside_the_line_costs_the_line_nothing(part: int) -> None:
    """It begins with the same files as the next commit of the line, and is compared alone."""
    line = begun()
    kept = line.batch()
    line.add({**line.head[1], "f": sha("f")})
    aside = (sha("aside"), *line.commits.pop()[1:])
    after = [line.batch(), line.batch()]
    line.commits.insert(2, aside)
    assert line.replayed(part=part, line=frozenset({line.commits[0][0], kept, *after})) == line.truth()
    assert line.compared == [line.commits[0][0], aside[0]]


def test_what_was_compared_together_is_followed_into_the_next_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """There proofs go on."""
    monkeypatch.setattr(replay, "_ALONE", 0)
    line = begun()
    batches = [line.batch() for _ in range(3)]
    assert line.replayed(part=2) == line.truth()
    assert line.compared == [line.commits[0][0], batches[0]]


@pytest.mark.parametrize(("room", "files"), [(0, 2), (-1, 0)])
def test_the_list_of_a_tip_may_have_so_many_bytes(
    monkeypatch: pytest.MonkeyPatch, room: int, files: int
) -> None:
    """All of it, or nothing."""
    blob = "1" * 40
    printed = b"".join(
        f"{mode} {kind} {blob}\t{path}\0".encode()
        for mode, kind, path in (("100644", "blob", "a"), ("040000", "tree", "d"), ("100644", "blob", "d/b"))
    )

    class Git:
        @contextmanager
        def streamed(self, *_: str, stdin: str) -> Iterator[BufferedReader]:
            assert not stdin
            yield BufferedReader(BytesIO(printed))

    git: Any = Git()
    monkeypatch.setattr(replay, "_MORE_BYTES", len(printed) - 3 * replay._BYTES + room)
    assert len(list(replay.listed(git, Sha(blob), 3))) == files


def test_what_was_pushed_into_the_folder_of_a_batch_and_deleted_again_costs_its_own_comparisons() -> None:
    """The batch itself is proven by what the tip has, and so is what follows."""
    line = begun()
    before = line.head[0]
    line.batch()
    _, files = line.head
    (day,) = {path.rpartition("/")[0] for path in files if path.startswith("events/")}
    assert before[:20] in day
    pushed = [line.add({**files, f"{day}/x.json": sha("x")}), line.add(files)]
    line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], *pushed]


def test_an_edit_in_a_folder_below_that_of_a_batch_is_followed() -> None:
    """Though it is undone before the tip, so that the tip shows nothing of it."""
    line = begun()
    parent, files = line.head
    folder = f"events/2026/11/01/{parent[:20]}"
    line.add({**files, f"{folder}/sub/x.json": sha("x"), f"{folder}/y.json": sha("y")})
    _, files = line.head
    edits = [line.add({**files, f"{folder}/sub/x.json": sha("edited")}), line.add(files)]
    line.batch()
    assert line.replayed() == line.truth()
    assert line.compared == [line.commits[0][0], *edits]


def test_folders_of_batches_are_kept_closed() -> None:
    """A ledger has many, and nobody comes back to most: an open one takes several times as much memory."""
    line = begun()
    line.batch()
    line.batch()
    _, tip = line.head
    files = [f"100644 blob {blob}\t{path}".encode() for path, blob in sorted(tip.items())]
    found = Replay(line.compare, frozenset(name for name, *_ in line.commits), files)
    found.changes({name: parent for name, parent, *_ in line.commits}, line.pairs())

    def lowest(folder: replay._Folder) -> Iterator[object]:
        for below in folder.folders.values():
            yield from [below] if isinstance(below, bytes) or not below.folders else lowest(below)

    assert [type(each) for each in lowest(found._root)] == [bytes] * 6


def test_a_file_that_is_not_there_cannot_be_removed() -> None:
    """Nor can one of a folder that is not there."""
    folder = replay._Folder()
    folder.add([b"a", b"x"], b"100644 " + b"1" * 20)
    for path in ([b"x"], [b"a", b"y"], [b"b", b"x"], [b"a", b"x", b"y"]):
        with pytest.raises(KeyError):
            folder.remove(path)


def compared_by_git(repo: Repo) -> list[HistoryStep]:
    """The ledger's steps, each by the comparison of its trees."""
    clone = GitRepository(repo.root)
    names = repo.git("rev-list", "--reverse", "--topo-order", "refs/remotes/origin/ledger").split()
    return list(clone.ledger_again([Sha(name) for name in names]))


def as_git(repo: Repo, files: Files) -> str:
    """A tree of these files, written."""
    lines, below = [], dict[str, dict[str, str]]()
    for path, blob in files.items():
        name, _, rest = path.partition("/")
        if rest:
            below.setdefault(name, {})[rest] = blob
        else:
            lines.append(f"100644 blob {blob}\t{name}")
    folders = [f"040000 tree {as_git(repo, inside)}\t{name}" for name, inside in below.items()]
    return repo.tree(*lines, *folders)


def test_real_git_says_the_same(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of batches, a merge, an edit and a file that lies beside; the batches' trees are compared by nobody."""
    line = Line()
    blob = repo.blob()
    monkeypatch.setattr(f"{__name__}.sha", lambda _: Sha(blob))
    names = [repo.commit(as_git(repo, {"a": blob}))]
    line.commits.append((Sha(names[0]), Sha(""), {}, {"a": blob}))

    def push(*others: str) -> None:
        *_, after = line.commits.pop()
        made = repo.commit(as_git(repo, after), names[-1], *others, message=str(len(names)))
        line.commits.append((Sha(made), Sha(names[-1]), {}, after))
        names.append(made)

    for events in (1, 2, 1):
        line.batch(events=events)
        push()
    side = repo.commit(as_git(repo, {"a": blob, "b": blob}), names[-2], message="side")
    line.add({**line.head[1], "b": blob})
    push(side)
    line.batch()
    push()
    line.add({path: each for path, each in line.head[1].items() if path != "a"})
    push()
    line.batch()
    push()
    asked = list[Sha]()
    compare = full_history.FullHistory._changes

    def noting(clone: full_history.FullHistory, pairs: Mapping[Sha, Pair]) -> Changes:
        asked.extend(pairs)
        return compare(clone, pairs)

    monkeypatch.setattr(full_history.FullHistory, "_changes", noting)
    found = repo.steps()
    assert len(asked) == 4  # the first commit, the one aside, the merge, and the deletion
    again = compared_by_git(repo)
    assert [step.commit for step in found] == [step.commit for step in again]
    assert [set(step.touched) for step in found] == [set(step.touched) for step in again]


def test_a_tip_that_git_cannot_list_stops_no_audit(repo: Repo) -> None:
    """Of folders far below each other a comparison opens the first ones, and git's list all, or it ends before them."""
    blob = repo.blob()
    lowest = folder = repo.tree(f"100644 blob {blob}\tlowest")
    for _ in range(DEEPEST + 2):
        folder = repo.tree(f"040000 tree {folder}\td")
    root = repo.commit(repo.tree(f"100644 blob {blob}\tx"))
    deep = repo.commit(repo.tree(f"100644 blob {blob}\tx", f"040000 tree {folder}\tdeep"), root)
    mark = repo.tree(f"100644 blob {blob}\ta.json")
    for name in (deep[:20], "01", "11", "2026", "events"):
        mark = repo.tree(f"040000 tree {mark}\t{name}")
    repo.commit(
        repo.tree(*(repo.git("ls-tree", deep)).splitlines(), *(repo.git("ls-tree", mark)).splitlines()), deep
    )
    (repo.root / f".git/objects/{lowest[:2]}/{lowest[2:]}").unlink()
    assert [step.whole for step in repo.steps()] == [True, False, True]


def test_a_tip_with_too_many_files_is_not_listed(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders are counted, too: a few trees can name each other millions of times. Then git compares every commit."""
    monkeypatch.setattr(replay, "_MORE_BYTES", 4_000)
    inner = repo.tree(f"100644 blob {repo.blob()}\ta")
    for _ in range(12):
        inner = repo.tree(f"040000 tree {inner}\ta", f"040000 tree {inner}\tb")
    repo.commit(inner)
    clone = GitRepository(repo.root)
    assert list(replay.listed(clone._git, clone.ledger(), 1)) == []
    assert [step.whole for step in clone.ledger_steps(clone.ledger())] == [True]
