"""What is still at the remote, without git: what is asked for, how often, and what a refusal means."""

import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jitbot.adapters.git.partial_clone import COMMITS, MOST_ASKED, Remainder
from jitbot.adapters.git.process import NO_TOKEN
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError

A, B, C, D = (Sha(each * 40) for each in "abcd")


class Clone:
    """A git that has some blobs and a remote with others; `said` is what was asked of it."""

    def __init__(self, folder: Path, here: str = "", there: str = "", *, partial: bool = True) -> None:
        self.here, self.there = {each * 40 for each in here}, {each * 40 for each in there}
        self.said: list[str] = []
        self.fetched: list[list[str]] = []
        self.refusal = ""  # what the remote says whatever is asked
        self.deeper: list[str] = []  # what a fetch with --deepen makes of the boundary
        self.alone: Sha | None = None  # the ledger's tip, where its commits came alone
        self.below: dict[str, str] = {}  # what comes with a folder that is asked for
        self.shallow = folder / "shallow"
        self._partial = partial
        git: Any = self
        self.remainder = Remainder(git, token=NO_TOKEN)

    def run(self, verb: str, *_: str, stdin: str = "", lazily: bool = True, **_more: Any) -> Any:
        """Whether it is partial; which blobs are here, up to the first that is not; the ledger's commits alone."""
        self.said.append(verb)
        if verb == "config":
            return _ran(printed="true\n" if self._partial else "")
        if verb == "fetch":
            self.alone = self.alone if self.refusal else D
            return _ran(1 if self.refusal else 0)
        assert not lazily
        wanted = stdin.split()
        named = list(itertools.takewhile(self.here.__contains__, wanted))
        return _ran(0 if named == wanted else 128, "\n".join(named))

    def ask(self, verb: str, *arguments: str) -> bytes:
        """All that is here, or where git keeps the boundary."""
        self.said.append(f"{verb} {arguments[-1]}")
        if verb == "rev-parse":
            return f"{self.shallow}\n".encode()
        if verb == "for-each-ref":
            return f"{self.alone} commit {COMMITS}\n".encode() if self.alone else b""
        if verb == "update-ref":
            self.alone = None
            return b""
        return "\n".join(sorted(self.here)).encode()

    def fetch(self, *given: str, stdin: str = "", **_: Any) -> Any:
        """What the remote has of what is asked for; it refuses all of it for the first one that it has not."""
        self.said.append("fetch")
        wanted = stdin.split() or [each for each in given[-1:] if each == self.alone]
        self.fetched.append(wanted)
        if self.deeper:
            self.shallow.write_text(self.deeper.pop())
        absent = [each for each in wanted if each not in self.there]
        words = self.refusal or (
            f"fatal: remote error: upload-pack: not our ref {absent[0]}" if absent else ""
        )
        with_them = {each for name in wanted for each in self.below.get(name, "").split()}
        self.here |= set() if words else {*wanted, *with_them}
        return _ran(128 if words else 0, words=words)


def _ran(code: int = 0, printed: str = "", words: str = "") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.CompletedProcess([], code, printed.encode(), words.encode())


def test_a_whole_clone_asks_nobody(tmp_path: Path) -> None:
    """Whether it is one, git is asked once; for nothing, not even that."""
    clone = Clone(tmp_path, partial=False)
    clone.remainder.bring_blobs([])
    assert clone.said == []
    clone.remainder.bring_blobs([A])
    clone.remainder.bring_blobs([A])
    assert (clone.said, clone.remainder.small_blobs_too()) == (["config"], ())


def test_what_is_here_is_not_fetched(tmp_path: Path) -> None:
    """It is looked at once, by one call, and never again."""
    clone = Clone(tmp_path, "ab")
    clone.remainder.bring_blobs([A, B])
    clone.remainder.bring_blobs([B])
    assert clone.said == ["config", "cat-file"]
    assert clone.remainder.small_blobs_too() == ("--filter=blob:limit=64k",)


def test_what_is_missing_is_fetched_at_once(tmp_path: Path) -> None:
    """What is here is listed once, at the first that is missing; then what is not known to be here is asked for."""
    clone = Clone(tmp_path, "a", "bcd")
    clone.remainder.bring_blobs([A, B, C])
    assert clone.fetched == [[B, C]]
    clone.remainder.bring_blobs([A, B, D])
    assert clone.fetched[1:] == [[D]]
    assert clone.said == ["config", "cat-file", "cat-file --unordered", "fetch", "fetch"]


def test_what_git_does_not_name_is_missing(tmp_path: Path) -> None:
    """A git that ends well and names less than it was asked for."""
    clone = Clone(tmp_path, "ab", "b")
    run = clone.run

    def silent(verb: str, *arguments: str, **more: Any) -> Any:
        found = run(verb, *arguments, **more)
        return found if verb == "config" else _ran(printed=f"{A}\n")

    clone.run = silent  # type: ignore[method-assign]
    clone.remainder.bring_blobs([A, B])
    assert clone.fetched == [[B]]


def test_what_the_remote_has_not_is_told(tmp_path: Path) -> None:
    """Whatever else is asked for with it is brought; what is no name of an object is not even asked for."""
    clone = Clone(tmp_path, "", "ab")
    odd = Sha("mode-120000")
    assert clone.remainder.bring_those_there([A, C, odd, B, D]) == {C, D, odd}
    assert clone.here == {A, B}
    assert (len(clone.fetched), set(clone.fetched[-1])) == (3, {A, B})


@pytest.mark.parametrize(
    "words",
    ["fatal: unable to access: no route", f"fatal: remote error: upload-pack: not our ref {D}", f"note {A}"],
)
def test_another_failure_is_no_absence(tmp_path: Path, words: str) -> None:
    """Nor is the absence of what was not asked for: nothing is concluded from it."""
    clone = Clone(tmp_path, "", "a")
    clone.refusal = words
    for bring in (clone.remainder.bring_blobs, clone.remainder.bring_those_there):
        with pytest.raises(UnavailableError, match="could not fetch 1 blobs from origin"):
            bring([A])
    assert len(clone.fetched) == 2


def test_an_absence_is_trouble_for_who_needs_it(tmp_path: Path) -> None:
    """What is read must be there."""
    with pytest.raises(UnavailableError) as raised:
        Clone(tmp_path).remainder.bring_blobs([A])
    why = f"fatal: remote error: upload-pack: not our ref {A}"
    assert str(raised.value) == f"git could not fetch 1 blobs from origin: {why}"


def test_where_history_ends(tmp_path: Path) -> None:
    """At commits that git notes in a file; without the file it goes on to its beginning."""
    clone = Clone(tmp_path)
    assert (clone.remainder.is_shallow(), clone.remainder.cuts({A})) == (False, False)
    clone.shallow.write_text(f"{A}\n{B}\n")
    assert clone.remainder.is_shallow()
    assert [clone.remainder.cuts({each}) for each in (A, B, C)] == [True, True, False]
    assert clone.said == ["rev-parse shallow"]


@pytest.mark.parametrize(
    ("after", "refusal"), [(f"{A}\n", ""), (f"{B}\n", "fatal: no route"), (f"{A}\n", "fatal: no route")]
)
def test_a_history_that_does_not_grow_is_cut_off(tmp_path: Path, after: str, refusal: str) -> None:
    """A remote that has no more, or gives none, is not asked again and again."""
    clone = Clone(tmp_path)
    clone.shallow.write_text(f"{A}\n")
    clone.deeper, clone.refusal = [after], refusal
    with pytest.raises(UnavailableError, match="fetch-depth: 0"):
        clone.remainder.deepen("x")


def test_a_history_that_grows_is_deeper(tmp_path: Path) -> None:
    """It may go on to its beginning, too."""
    clone = Clone(tmp_path)
    clone.shallow.write_text(f"{A}\n")
    for after in (f"{B}\n", "\n"):
        clone.deeper = [after]
        clone.remainder.deepen("x")
    assert not clone.remainder.is_shallow()


def test_a_folder_is_fetched_with_every_tree_below(tmp_path: Path) -> None:
    """In a partial clone; a whole one has it."""
    for partial in (True, False):
        clone = Clone(tmp_path, "", "a", partial=partial)
        clone.remainder.bring_folder(A)
        assert clone.fetched == ([[A]] if partial else [])


def test_small_files_come_with_the_folders_they_lie_in(tmp_path: Path) -> None:
    """One call for all; what is large comes when it is read, and what came is not asked for again."""
    clone = Clone(tmp_path, "b", "abcd")
    clone.below = {B: f"{C} {D}"}
    clone.remainder.bring_files([A], [B], [C, D])
    assert clone.fetched == [[A, B]]
    clone.said.clear()
    clone.remainder.bring_blobs([A, C, D])
    assert clone.said == []


def test_a_file_that_did_not_come_is_not_taken_for_here(tmp_path: Path) -> None:
    """A large one was left out: it is asked for when it is read."""
    clone = Clone(tmp_path, "b", "abcd")
    clone.below = {B: C}
    clone.remainder.bring_files([A], [B], [C, D])
    clone.remainder.bring_blobs([C, D])
    assert clone.fetched == [[A, B], [D]]


def test_folders_bring_nothing_where_what_is_wanted_is_here(tmp_path: Path) -> None:
    """Nor in a whole clone, nor where nothing is wanted."""
    clone = Clone(tmp_path, "ab", "abc")
    clone.remainder.bring_files([A], [B], [C])
    clone.remainder.bring_files([A], [B], [C])
    assert clone.said == ["config", "cat-file"]
    clone.remainder.bring_files([], [B], [C])
    whole = Clone(tmp_path, "", "abc", partial=False)
    whole.remainder.bring_files([A], [B], [C])
    nothing = Clone(tmp_path, "", "abc")
    nothing.remainder.bring_files([], [B], [C])
    assert (len(clone.said), whole.said, nothing.said) == (2, ["config"], [])


def test_commits_come_alone_where_the_remote_sends_them(tmp_path: Path) -> None:
    """Their tip is named; where it does not, nothing is, though a former fetch left one."""
    clone = Clone(tmp_path)
    assert clone.remainder.bring_commits("refs/heads/ledger") == D
    clone.refusal = "fatal: filter not supported"
    clone.alone = A
    assert clone.remainder.bring_commits("refs/heads/ledger") is None


def test_all_trees_come_in_one_call_and_once(tmp_path: Path) -> None:
    """Where commits came alone, in a partial clone; what is here is looked at anew then."""
    clone = Clone(tmp_path, "a", "bd")
    clone.remainder.bring_blobs([A, B])
    clone.remainder.bring_all_trees()
    assert clone.fetched == [[B]]
    clone.alone, clone.below = D, {D: C}
    clone.remainder.bring_all_trees()
    assert [clone.fetched, clone.alone] == [[[B], [D]], None]
    clone.remainder.bring_blobs([C])
    clone.remainder.bring_all_trees()
    assert clone.fetched == [[B], [D]]
    whole = Clone(tmp_path, "", "d", partial=False)
    whole.alone = D
    whole.remainder.bring_all_trees()
    assert (whole.fetched, whole.said) == ([], ["config"])


def test_trees_that_cannot_be_fetched_are_trouble(tmp_path: Path) -> None:
    """The commits are still called alone: the next reader asks again."""
    clone = Clone(tmp_path)
    clone.alone, clone.refusal = D, "fatal: no route"
    with pytest.raises(UnavailableError, match="could not fetch the ledger's trees from origin"):
        clone.remainder.bring_all_trees()
    assert clone.alone == D


def test_after_some_calls_for_trees_all_of_them_come(tmp_path: Path) -> None:
    """Whatever is here costs none; then one call more, and no second one."""
    trees = [Sha(f"{number:040}") for number in range(MOST_ASKED + 1)]
    clone = Clone(tmp_path, "", "d")
    clone.there |= set(trees)
    clone.alone = D
    for each in trees[: MOST_ASKED - 1]:
        clone.remainder.bring_trees([each])
        clone.remainder.bring_trees([each])
    assert clone.fetched == [[each] for each in trees[: MOST_ASKED - 1]]
    clone.remainder.bring_trees([trees[MOST_ASKED - 1]])
    assert clone.fetched[MOST_ASKED - 1 :] == [[trees[MOST_ASKED - 1]], [D]]
    clone.alone = D  # as a first fetch of another clone would leave it
    clone.remainder.bring_trees([trees[0]])
    clone.remainder.bring_trees([trees[MOST_ASKED]])
    assert clone.fetched[MOST_ASKED + 1 :] == [[trees[MOST_ASKED]]]
