"""git's long answers, without git: each name has its own answer, in the order in which it was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from typing import Any

import pytest

from jitbot.adapters.git import stream
from jitbot.adapters.git.plumbing import Difference
from jitbot.adapters.git.process import TURN
from jitbot.adapters.git.tree_diff import Search
from jitbot.domain.ledger.git_history import Touched
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.merge_facts import ChangeKind

BLOB, LARGE, TREE, GONE, COMMIT = (Sha(each * 40) for each in "abcde")
OBJECTS = {
    BLOB: ("blob", b"1\n3"),
    LARGE: ("blob", b"12345"),
    TREE: ("tree", b"123"),
    COMMIT: ("commit", f"tree {TREE}\nparent {GONE}\n\nm".encode()),
}


class Git:
    """A git with these objects."""

    ends_early = False

    @contextmanager
    def streamed(self, *arguments: str, stdin: str, lazily: bool = True) -> Iterator[BufferedReader]:
        """`cat-file`, in the forms that are asked for."""
        assert lazily
        printed = b"".join(self._told(name, arguments[1]) for name in stdin.splitlines())
        yield BufferedReader(BytesIO(printed[:-1] if self.ends_early else printed))

    standing = streamed

    def _told(self, name: str, form: str) -> bytes:
        kind, content = OBJECTS.get(Sha(name), ("missing", b""))
        if kind == "missing":
            return f"{name} missing\n".encode()
        if form == "--batch":
            return f"{name} {kind} {len(content)}\n".encode() + content + b"\n"
        kinds = {"--batch-check=%(objecttype) %(objectsize)": f"{kind} {len(content)}\n"}
        return kinds.get(form, f"{name} {kind}\n").encode()


GIT: Any = Git()


def test_contents_within_their_bound() -> None:
    """None for what is larger, no blob, or not here; what comes after it is its own."""
    wanted = [LARGE, BLOB, TREE, GONE, BLOB]
    found = list(stream.contents(GIT, wanted, 3))
    assert found == [(LARGE, None), (BLOB, b"1\n3"), (TREE, None), (GONE, None), (BLOB, b"1\n3")]
    assert list(stream.contents(GIT, [LARGE], 5)) == [(LARGE, b"12345")]


def test_as_many_are_asked_for_together_as_a_pipe_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """git may wait to be read while it is still asked, if a question does not fit into its pipe: nobody would go on."""
    asked = list[str]()

    def standing(self: Git, *form: str, stdin: str) -> Any:
        asked.append(stdin)
        return self.streamed(*form, stdin=stdin)

    monkeypatch.setattr(Git, "standing", standing)
    found = list(stream.contents(GIT, [BLOB, TREE] * 100, 3))
    assert found == [(BLOB, b"1\n3"), (TREE, None)] * 100
    assert len(asked) > 2
    assert all(len(each) <= TURN for each in asked)


def test_sizes_that_end_too_early_are_no_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs git says why."""
    monkeypatch.setattr(Git, "ends_early", True)
    with pytest.raises(EOFError):
        list(stream.contents(GIT, [TREE], 3))


def test_what_cannot_be_looked_at_whole_is_not_told_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pairs beside it are told as ever, each as often as it is asked for."""
    one, other = (BLOB, TREE), (BLOB, GONE)
    file = Difference(path="x", mode="100644", blob=BLOB, kind=ChangeKind.ADDED)
    searched = {one: Search(most=1, seen=1, found=[file]), other: Search(most=1, seen=2, found=[file])}
    monkeypatch.setattr(stream, "search", lambda *_, **__: searched)
    touched = Touched(path="x", mode="100644", blob=BLOB, status="A")
    assert stream.changes(GIT, [one, other, one], most=1) == [(touched,), None, (touched,)]


def test_kinds_of_objects() -> None:
    """Nothing for what is not here, nor for a part of a name that several have."""
    assert list(stream.objects(GIT, [BLOB, GONE, TREE])) == [(BLOB, "blob"), ("", ""), (TREE, "tree")]


def test_commits_say_who_their_parents_are() -> None:
    """One that is not here is trouble."""
    assert stream.commits(GIT, [COMMIT])[COMMIT].parents == (GONE,)
    with pytest.raises(UnavailableError, match="git has no commit"):
        stream.commits(GIT, [COMMIT, GONE])
