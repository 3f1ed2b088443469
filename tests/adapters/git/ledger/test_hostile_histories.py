"""Histories of objects that no git command writes: what is said of each commit is what a comparison of its trees says."""

import hashlib
import random
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hand_made_repo import Repo
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jitbot.adapters.git import GitRepository, full_history, replay, tree_diff
from jitbot.adapters.git.tree_diff import EMPTY_TREE
from jitbot.domain.ledger.git_history import HistoryStep
from jitbot.domain.model.bounds import DEEPEST
from jitbot.domain.model.errors import UnavailableError

SOAK = "soak"

Entry = tuple[bytes, bytes, str]  # a mode, a name, and an object
Folder = dict[bytes, Any]  # by name: another such folder, or a file by its mode and its blob
Bend = Callable[[list[Entry]], list[Entry]]  # what becomes of a folder's entries

MODES = (b"100644", b"100755", b"120000", b"160000")
NAMES = ("x", "x.json", "X.json", "\u00e9", "e\u0301", ".git", "..", ".", "a\nb", "a\tb", "\udcff", "x tree ")
STAMP = b"a <a@acme.com> 1800000000 +0000"
HEADERS = (b"", b"", b"", b"encoding latin-1\n", b"gpgsig x\n parent %s\n" % (b"0" * 40), b"parent-x\n")
MESSAGES = (b"m", b"a\0b", b"\xff\n\nparent x", b"")


class Objects:
    """A clone's objects, written as they are given."""

    def __init__(self, root: Path) -> None:
        self.root, self.here = root, set[str]()
        Repo(root)
        self.put(b"tree", b"")
        self.blobs = [self.put(b"blob", b"%d" % number) for number in range(3)]

    def put(self, kind: bytes, content: bytes) -> str:
        """An object of any content."""
        raw = b"%s %d\0%s" % (kind, len(content), content)
        name = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        file = self.root / ".git/objects" / name[:2] / name[2:]
        if name not in self.here:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(raw, 1))
            self.here.add(name)
        return name

    def tree(self, folder: Folder, bend: Bend) -> str:
        """A folder, with those below it, each as `bend` makes it."""
        entries: list[Entry] = []
        for name, what in folder.items():
            mode, blob = (b"40000", self.tree(what, bend)) if isinstance(what, dict) else what
            entries.append((mode, name, blob))
        entries.sort(key=lambda each: each[1] + (b"/" if each[0] == b"40000" else b""))
        content = (b"%s %s\0%s" % (mode, name, bytes.fromhex(blob)) for mode, name, blob in bend(entries))
        return self.put(b"tree", b"".join(content))

    def commit(self, tree: str, parents: Sequence[str], header: bytes, message: bytes) -> str:
        """A commit, which becomes the ledger's tip."""
        lines = [b"tree " + tree.encode(), *(b"parent " + each.encode() for each in parents)]
        lines += [b"author " + STAMP, b"committer " + STAMP]
        made = self.put(b"commit", b"\n".join(lines) + b"\n" + header + b"\n" + message)
        for branch in ("main", "ledger"):
            ref = self.root / ".git/refs/remotes/origin" / branch
            ref.parent.mkdir(parents=True, exist_ok=True)
            ref.write_text(f"{made}\n")
        return made


def copied(folder: Folder) -> Folder:
    """The folder, and those below it, to be changed."""
    return {name: copied(what) if isinstance(what, dict) else what for name, what in folder.items()}


def paths(folder: Folder) -> Iterator[tuple[bytes, ...]]:
    """Every file."""
    for name, what in folder.items():
        yield from ((name, *rest) for rest in paths(what)) if isinstance(what, dict) else [(name,)]


def put(folder: Folder, path: Sequence[bytes], mode: bytes, blob: str) -> None:
    """Set a file, in whatever place."""
    for name in path[:-1]:
        if not isinstance(folder.get(name), dict):
            folder[name] = {}
        folder = folder[name]
    folder[path[-1]] = (mode, blob)


def remove(folder: Folder, path: Sequence[bytes], *, keeps: bool) -> None:
    """Remove a file, and the folders that are empty then, unless they are kept."""
    if len(path) > 1:
        remove(folder[path[0]], path[1:], keeps=keeps)
    if len(path) == 1 or not (folder[path[0]] or keeps):
        del folder[path[0]]


def bent(how: str, drawn: random.Random, blob: str) -> Bend:
    """One folder of a commit as git would not write it."""
    left = [drawn.randrange(5)]

    def bend(entries: list[Entry]) -> list[Entry]:
        left[0] -= 1
        if left[0] >= 0 or not entries:
            return entries
        left[0], at = 1 << 30, drawn.randrange(len(entries))
        mode, name, what = entries[at]
        before, after = entries[:at], entries[at + 1 :]
        match how:
            case "twice":
                return [*before, entries[at], entries[at], *after]
            case "two":
                return [*before, entries[at], (b"100644", name, blob), *after]
            case "order":
                return [*after, entries[at], *before]
            case "zero":
                return [*before, (b"0" + mode, name, what), *after]
            case "mode":
                return [*before, (b"100664" if mode == b"100644" else mode, name, what), *after]
            case "slash":
                return [*before, (mode, name + b"/x", what), *after]
            case "unnamed":
                return [*before, (mode, b"", what), *after]
            case "kind":
                return [*before, (b"100644" if mode == b"40000" else b"40000", name, what), *after]
            case _:
                return [*entries, (b"40000", b"zz", EMPTY_TREE)]

    return bend


STRANGE = ("hollow", "root")  # behind which nothing is proven
BENDS = ("twice", "two", "order", "zero", "mode", "slash", "unnamed", "kind", "empty")
MOVES = (
    *("batch",) * 14,
    *(
        "deletes",
        "edits",
        "beside",
        "mode",
        "name",
        "deep",
        "deep",
        "elsewhere",
        "below",
        "obstructs",
        "merge",
    ),
    *("nothing", "delete", "restore", "bomb"),
)


class History:
    """A line of commits, each made by a random move of somebody who may push."""

    def __init__(self, objects: Objects, seed: int) -> None:
        self.objects, self.drawn = objects, random.Random(seed)  # noqa: S311 - a made history, not a secret
        self.line: list[tuple[str, Folder]] = []
        self.moved: list[str] = []

    def push(self, move: str, bend: Bend = list) -> None:
        """One commit more."""
        parent, before = self.line[-1] if self.line else ("", {})
        folder, parents = copied(before), [parent] if parent else []
        self.moved.append(move)
        if move not in ("nothing", "delete", "hollow", "restore", "root", "bomb"):
            self._batch(folder, parent[:20].encode() or b"0" * 20)
        self._other(folder, parent[:20].encode(), move)
        if move == "merge" and parent:
            side, older = self.drawn.choice(self.line)
            aside = self.objects.commit(self.objects.tree(older, list), [side], b"", b"aside")
            parents = self.drawn.choice([[parent, aside], [aside, parent], [parent, aside, side]])
        tree = self.objects.tree(folder, bend)
        header, message = self.drawn.choice(HEADERS), self.drawn.choice(MESSAGES)
        made = self.objects.commit(tree, [] if move == "root" else parents, header, message)
        self.line.append((made, folder))

    def _batch(self, folder: Folder, mark: bytes) -> None:
        day = (b"2026", b"11", b"%02d" % self.drawn.randrange(1, 4))
        for number in range(self.drawn.randrange(1, 4)):
            put(folder, (b"events", *day, mark, b"%d-granted-x.json" % number), MODES[0], self._blob())
        put(folder, (b"attestations", *day, mark + b".jwt"), MODES[0], self._blob())

    def _blob(self) -> str:
        return self.drawn.choice(self.objects.blobs)

    def _file(self, folder: Folder) -> tuple[bytes, ...]:
        return self.drawn.choice(list(paths(folder)) or [(b"nothing",)])

    def _other(self, folder: Folder, mark: bytes, move: str) -> None:
        """What the commit does besides."""
        own, blob, drawn = (b"events", b"2026", b"11", b"02", mark), self._blob(), self.drawn
        name = drawn.choice(NAMES).encode(errors="surrogateescape")
        match move:
            case "deletes" | "delete" | "hollow":
                if chosen := list(paths(folder)):
                    remove(folder, drawn.choice(chosen), keeps=move == "hollow")
            case "edits":
                put(folder, self._file(folder), drawn.choice(MODES[:3]), blob)
            case "mode":
                put(folder, (*own, b"m.json"), drawn.choice(MODES), blob)
            case "name":
                put(folder, (*own, name) if drawn.random() < 0.7 else (name,), MODES[0], blob)
            case "deep":
                deep = drawn.choice([1, DEEPEST - 7, DEEPEST - 6, DEEPEST - 5, DEEPEST])
                put(folder, (*own, *[b"d"] * deep, b"x"), MODES[0], blob)
            case "elsewhere":
                put(folder, (b"events", b"1999", b"..", b"x", mark, b"a.json"), MODES[0], blob)
                put(folder, (b"a", b"b", b"c", b"d", mark + b"zz"), MODES[0], blob)
            case "below":  # one folder in two places
                for day in (b"01", b"02"):
                    put(folder, (*own[:3], day, mark, b"q", b"s.json"), MODES[0], self.objects.blobs[0])
            case "obstructs":
                put(folder, own[:4], MODES[0], blob)
            case "restore" if self.line:
                folder.clear()
                folder.update(copied(drawn.choice(self.line)[1]))
            case "bomb":
                inner: Folder = {b"a": (MODES[0], blob)}
                for _ in range(6):
                    inner = {b"a": inner, b"b": inner}
                folder[b"bomb"] = inner
            case "beside":  # one file more for the batch that came before
                if len(self.line) > 1:
                    put(folder, (*own[:4], self.line[-2][0][:20].encode(), b"x.json"), MODES[0], blob)
            case _:
                pass


def said(read: Callable[[], Iterator[HistoryStep]]) -> object:
    """What is told of each commit; of what git cannot read, that it cannot."""
    try:
        return [
            (step.commit, step.parents, step.message, step.whole, sorted(step.touched, key=repr))
            for step in read()
        ]
    except UnavailableError:
        return "unavailable"


def both(objects: Objects) -> tuple[object, object]:
    """What is told with proofs, and by comparisons alone."""
    clone = GitRepository(objects.root)
    tip = clone.ledger()
    names = [name for name, _ in clone._walk_whole(tip, "--topo-order")]
    return said(lambda: clone.ledger_steps(tip)), said(lambda: clone.ledger_again(names))


@(
    settings.get_profile(SOAK)
    if settings.get_current_profile_name() == SOAK
    else settings(max_examples=6, phases=[Phase.reuse, Phase.generate])  # no seed is smaller than another
)
@given(
    seed=st.integers(0, 10**6),
    part=st.sampled_from([1, 3, 1000]),
    alone=st.sampled_from([0, 2, 20]),
    together=st.sampled_from([0, 9, 10**5]),
    bend=st.sampled_from([*(None,) * 6, *BENDS]),
)
def test_what_is_proven_is_what_a_comparison_finds(
    seed: int, part: int, alone: int, together: int, bend: str | None
) -> None:
    """Whatever was pushed between batches, and of whatever form the objects are."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(full_history, "_STEPS", part)
        patched.setattr(replay, "_ALONE", alone)
        for module in (tree_diff, full_history):
            patched.setattr(module, "PATHS_TOGETHER", together)
        objects = Objects(Path(folder))
        history = History(objects, seed)
        late = [*history.drawn.sample(STRANGE, history.drawn.choice([0, 0, 1])), "batch"]
        for move in ("batch", *history.drawn.choices(MOVES, k=16), *late):
            history.push(move)
        if bend is not None:
            history.push("batch", bent(bend, history.drawn, objects.blobs[2]))
            history.push("batch")
        proven, compared = both(objects)
        assert proven == compared, history.moved
