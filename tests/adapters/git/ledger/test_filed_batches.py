"""Batches found by their paths in the tip's tree, without git: which folders are opened, what is found, and what is brought."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

import pytest

from jitbot.adapters.git import filed_batches as module
from jitbot.adapters.git.plumbing import CommitHeader
from jitbot.domain.ledger.batches import AddedCommit, AddedEntry
from jitbot.domain.model.documents import FOLDER, PLAIN, Sha
from jitbot.domain.model.errors import UnavailableError

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
NOON, MIDNIGHT = AT + timedelta(hours=3), AT + timedelta(hours=15)
TIP, MADE, OTHER, HEAD, NEXT = (Sha(each * 40) for each in "abcde")
BATCH, TOKEN = HEAD[:20], f"{HEAD[:20]}.jwt"

# A folder by its names: a file's bytes, a folder, or the mode and the name of anything else.
Lies = Mapping[str, "bytes | Lies | tuple[str, str]"]


@dataclass(slots=True, kw_only=True)
class Clone:
    """The tip's tree, the commits of the ledger, and what is asked: which trees are opened, and what is brought."""

    lies: Lies
    commits_: dict[Sha, CommitHeader | None]
    absent: bool = False  # trees, until they are brought
    opened: list[Sha] = field(default_factory=list)
    brought: list[Any] = field(default_factory=list)
    trees: dict[Sha, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._put(self.lies)

    def _put(self, lies: Lies) -> Sha:
        content = b""
        for name, each in sorted(lies.items()):
            mode, blob = self._entry(each)
            content += f"{mode.lstrip('0')} {name}\0".encode() + bytes.fromhex(blob)
        made = Sha(sha1(content, usedforsecurity=False).hexdigest())
        self.trees[made] = content
        return made

    def _entry(self, each: Any) -> tuple[str, str]:
        if isinstance(each, bytes):
            return PLAIN, blob(each)
        return each if isinstance(each, tuple) else (FOLDER, self._put(each))

    # Its objects

    def commits(self, names: Iterable[Sha]) -> dict[Sha, CommitHeader | None]:
        """What each says of itself."""
        return {name: self.commits_.get(name) for name in names}

    def tree(self, commit: Sha) -> Sha:
        """Of the tip alone."""
        assert commit == TIP
        return Sha("root")

    def entries(self, commit: Sha, paths: Sequence[str], *, lazily: bool) -> tuple[AddedEntry, ...]:
        """What lies at these paths."""
        assert (commit, lazily) == (TIP, False)
        if self.absent:
            raise UnavailableError("a tree is not here")
        found: list[AddedEntry] = []
        for path in paths:
            lies: Any = self.lies
            for part in path.split("/"):
                lies = lies.get(part) if isinstance(lies, dict) else None
            if lies is not None:
                mode, name = self._entry(lies)
                found.append(AddedEntry(path=path, mode=mode, blob=Sha(name)))
        return tuple(found)

    def read(self, kind: str, names: Iterable[Sha], most: int) -> Iterator[tuple[Sha, bytes | None]]:
        """The trees, those that are not too large."""
        assert kind == "tree"
        for name in dict.fromkeys(names):
            self.opened.append(name)
            content = self.trees[name]
            yield name, content if len(content) <= most else None

    # What is at its remote

    def bring_folder(self, tree: Sha) -> None:
        """All trees come."""
        self.brought.append(tree)
        self.absent = False

    def bring_files(self, blobs: Iterable[Sha], folders: Iterable[Sha], inside: Iterable[Sha]) -> None:
        """Note it."""
        self.brought.append(tuple(sorted(each) for each in (blobs, folders, inside)))

    def filed(self, *commits: Sha) -> tuple[AddedCommit, ...]:
        """What the tip's tree has of these."""
        me: Any = self
        return module.filed(TIP, commits or (MADE,), me, me)

    def named(self, lies: Lies) -> Sha:
        """The name of a folder."""
        return self._put(lies)


def blob(content: bytes) -> Sha:
    """A file's name."""
    return Sha(sha1(content, usedforsecurity=False).hexdigest())


def header(at: datetime = AT, *parents: Sha, whole: bool = True) -> CommitHeader:
    """A commit of that time, on HEAD unless on others."""
    return CommitHeader(parents=parents or (HEAD,), message="m", claimed=int(at.timestamp()), whole=whole)


EVENTS: Lies = {"one.json": b"1", "two.json": b"2"}
KEYS: Lies = {"k0.json": b"k"}


def day(top: str, lies: Lies, on: str = "24") -> Lies:
    """A folder of the branch, with this in the folder of a day."""
    return {top: {"2026": {"11": {on: lies}}}}


def a_branch(**changes: Any) -> dict[str, Any]:
    """The tip's tree with one batch."""
    tops = {"events": {BATCH: EVENTS}, "attestations": {TOKEN: b"t"}, "keys": {BATCH: KEYS}, **changes}
    return {name: each for top, lies in tops.items() for name, each in day(top, lies).items()}


def a_clone(lies: Lies | None = None, made: CommitHeader | None = None, **changes: Any) -> Clone:
    """One with one commit."""
    commits = changes.pop("commits", {TIP: header(), MADE: made or header()})
    return Clone(lies=lies if lies is not None else a_branch(), commits_=commits, **changes)


WHOLE = {
    f"attestations/2026/11/24/{TOKEN}": b"t",
    f"events/2026/11/24/{BATCH}/one.json": b"1",
    f"events/2026/11/24/{BATCH}/two.json": b"2",
    f"keys/2026/11/24/{BATCH}/k0.json": b"k",
}


def test_a_batch_is_found_by_its_day_and_head() -> None:
    """As if its commit had added just that; its small files are brought in one call, with the folders they lie in."""
    clone = a_clone()
    (found,) = clone.filed()
    assert (found.commit, found.parent, found.message, found.well_formed) == (MADE, HEAD, "m", True)
    assert {each.path: each.blob for each in found.entries} == {
        path: blob(each) for path, each in WHOLE.items()
    }
    assert [each.path for each in found.entries] == sorted(WHOLE)
    folders = sorted([clone.named(EVENTS), clone.named(KEYS)])
    assert clone.brought == [([blob(b"t")], folders, sorted(blob(each) for each in WHOLE.values()))]


def test_trees_that_are_not_here_are_brought_once() -> None:
    """All of the tip's, in one call."""
    clone = a_clone(absent=True)
    assert len(clone.filed()) == 1
    assert clone.brought[0] == "root"


@pytest.mark.parametrize(
    "made",
    [
        None,
        header(AT, HEAD, NEXT),
        CommitHeader(parents=(), message="m", claimed=int(AT.timestamp())),
        header(whole=False),
    ],
    ids=["no commit", "two parents", "no parent", "too large"],
)
def test_what_no_batch_can_be_is_left_out(made: CommitHeader | None) -> None:
    """It is judged by what it adds; another beside it is found."""
    other = header(AT, NEXT)
    lies = a_branch(
        events={BATCH: EVENTS, NEXT[:20]: KEYS}, attestations={f"{NEXT[:20]}.jwt": b"u", TOKEN: b"t"}
    )
    clone = a_clone(lies, commits={TIP: header(), MADE: made, OTHER: other})
    assert [each.commit for each in clone.filed(MADE, OTHER)] == [OTHER]


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({}, "nothing there"),
        (a_branch(attestations={}), "no token"),
        (a_branch(attestations={TOKEN: ("160000", NEXT)}), "a submodule for the token"),
        (a_branch(events={BATCH: {**EVENTS, "link": ("120000", NEXT)}}), "a link among its files"),
        (a_branch(events={BATCH: {**EVENTS, "more": {"x": b"x"}}}), "a folder among its files"),
        (a_branch(events={BATCH: b"file"}, keys={}), "a file in the folder's place, and a token"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_lies_there_otherwise_is_no_tidy_batch(lies: Lies, why: str) -> None:
    """Neither found nor well-formed, but for a file whose bytes the token must name, too."""
    found = a_clone(lies).filed()
    if why == "a file in the folder's place, and a token":
        assert [each.path for each in found[0].entries] == [
            f"attestations/2026/11/24/{TOKEN}",
            f"events/2026/11/24/{BATCH}",
        ]
    else:
        assert found == ()


@pytest.mark.parametrize("mode", ["100644", "120000", "160000"])
def test_what_lies_in_the_place_of_a_days_folder_is_not_opened(mode: str) -> None:
    """Its object may not even be here."""
    lies: Lies = {**a_branch(), "keys": {"2026": {"11": {"24": (mode, NEXT)}}}}
    (found,) = a_clone(lies).filed()
    assert [each.path for each in found.entries] == [each for each in sorted(WHOLE) if "keys" not in each]


def test_what_lies_in_the_place_of_a_batchs_folder_is_not_opened() -> None:
    """It makes the batch untidy, and so no batch at all."""
    clone = a_clone(a_branch(keys={BATCH: ("160000", NEXT)}))
    assert clone.filed() == ()
    assert NEXT not in clone.opened


@pytest.mark.parametrize(
    ("at", "on", "found"),
    [
        (AT, "24", True),
        (AT, "25", False),
        (MIDNIGHT - timedelta(minutes=20), "25", True),
        (MIDNIGHT - timedelta(minutes=20, seconds=1), "25", False),
        (MIDNIGHT + timedelta(minutes=20), "24", False),
        (MIDNIGHT + timedelta(minutes=20, seconds=-1), "24", True),
    ],
)
def test_the_day_is_that_of_the_commit_or_twenty_minutes_off(at: datetime, on: str, found: bool) -> None:
    """The clocks of a run and of GitHub need not agree about midnight."""
    lies = {**day("events", {BATCH: EVENTS}, on), **day("attestations", {TOKEN: b"t"}, on)}
    assert bool(a_clone(lies, header(at)).filed()) is found


def test_only_folders_of_these_batches_are_opened() -> None:
    """However many lie beside them in the folder of a day."""
    beside = {f"{number:020}": {"x": b"x"} for number in range(50)}
    clone = a_clone(a_branch(events={BATCH: EVENTS, **beside}))
    assert len(clone.filed()) == 1
    assert len(clone.opened) == 3 + 2  # the folders of the day, and those of the batch
    assert clone.named({"x": b"x"}) not in clone.opened


def test_what_lies_beyond_the_budget_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody makes the walk long: a folder that is too large ends it, and so do many together, to the byte."""
    folders: dict[str, Any] = {"events": {BATCH: EVENTS}, "attestations": {TOKEN: b"t"}}
    lies = {name: each for top, below in folders.items() for name, each in day(top, below).items()}
    clone = a_clone(lies)
    sizes = [len(clone.trees[clone.named(each)]) for each in folders.values()]
    monkeypatch.setattr(module, "_READ", sum(sizes))
    assert len(clone.filed()) == 1
    monkeypatch.setattr(module, "_READ", sum(sizes) - 1)
    assert a_clone(lies).filed() == ()
    monkeypatch.setattr(module, "_READ", 10 * sum(sizes))
    monkeypatch.setattr(module, "_DAY_READ", max(sizes))
    assert len(a_clone(lies).filed()) == 1
    monkeypatch.setattr(module, "_DAY_READ", min(sizes) - 1)
    assert a_clone(lies).filed() == ()
