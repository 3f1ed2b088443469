"""What is still at the remote, without git: what is asked for, how often, and what a refusal means."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from jitbot.adapters.git.partial_clone import Remainder
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
        self.shallow = folder / "shallow"
        self._partial = partial
        git: Any = self
        self.remainder = Remainder(git, token=NO_TOKEN)

    def run(self, verb: str, *_: str, stdin: str = "", lazily: bool = True) -> Any:
        """Whether it is partial; which blobs are here, of which git names none if one is not."""
        self.said.append(verb)
        if verb == "config":
            return _ran(printed="true\n" if self._partial else "")
        assert not lazily
        wanted = stdin.split()
        missing = not set(wanted) <= self.here
        return _ran(128 if missing else 0, "" if missing else stdin)

    def ask(self, verb: str, *arguments: str) -> bytes:
        """All that is here, or where git keeps the boundary."""
        self.said.append(f"{verb} {arguments[-1]}")
        if verb == "rev-parse":
            return f"{self.shallow}\n".encode()
        return "\n".join(sorted(self.here)).encode()

    def fetch(self, *_: str, stdin: str = "", **__: Any) -> Any:
        """What the remote has of what is asked for; it refuses all of it for the first one that it has not."""
        self.said.append("fetch")
        wanted = stdin.split()
        self.fetched.append(wanted)
        if self.deeper:
            self.shallow.write_text(self.deeper.pop())
        absent = [each for each in wanted if each not in self.there]
        words = self.refusal or (
            f"fatal: remote error: upload-pack: not our ref {absent[0]}" if absent else ""
        )
        self.here |= set() if words else set(wanted)
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
    with pytest.raises(UnavailableError, match="could not fetch 1 blobs"):
        Clone(tmp_path).remainder.bring_blobs([A])


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
