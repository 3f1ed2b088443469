"""What a run remembers of git's objects: asked once, never stale, never without bound."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from typing import Any

import pytest
from clones import ASK, SINCE, Clone, additions

from jitbot.adapters.git import objects as module
from jitbot.adapters.git.objects import Objects, _portions
from jitbot.adapters.git.process import GitProcess
from jitbot.adapters.git.tree_diff import Pair, Search
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often git was started or asked again, by its command."""
    count: Counter[str] = Counter()
    run, stream, stand = GitProcess.run, GitProcess._started, GitProcess.standing

    def running(git: GitProcess, *arguments: str, **given: Any) -> Any:
        count[arguments[0]] += 1
        return run(git, *arguments, **given)

    def streaming(git: GitProcess, arguments: tuple[str, ...], *given: int, **more: bool) -> Any:
        count[arguments[0]] += arguments[0] not in ("cat-file", "diff-tree")
        return stream(git, arguments, *given, **more)

    def standing(git: GitProcess, *arguments: str, **given: Any) -> Any:
        count[arguments[0]] += 1
        return stand(git, *arguments, **given)

    monkeypatch.setattr(GitProcess, "run", running)
    monkeypatch.setattr(GitProcess, "standing", standing)
    monkeypatch.setattr(GitProcess, "_started", streaming)
    return count


def test_what_was_read_is_not_asked_for_again(clone: Clone, started: Counter[str]) -> None:
    """A second look at main, ledger, trees and files starts no git at all."""
    clone.put(ASK, "duration: 2h\n")
    clone.push()

    def looked() -> object:
        repository = clone.repository
        changes = repository.changes(SINCE)
        main = repository.main()
        entries = repository.entries(main, [ASK])
        return (
            changes,
            additions(repository),
            entries,
            repository.read(each.blob for each in entries),
            repository.touching([main], ASK),
        )

    first = looked()
    started.clear()
    assert looked() == first
    assert set(started) == set()


def test_after_a_fetch_a_branch_is_where_it_is_now(clone: Clone, started: Counter[str]) -> None:
    """A tip is remembered until the next fetch, and no longer; between two fetches nothing moves it."""
    first = clone.put(ASK)
    clone.push()
    assert clone.repository.main() == first
    started.clear()
    assert clone.repository.main() == first
    assert not started
    second = clone.put(ASK, "a: 2\n")
    clone.git("push", "--quiet", "origin", "HEAD:main")
    clone.git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")  # somebody else's
    assert clone.repository.main() == first
    clone.repository.fetch()
    assert clone.repository.main() == second
    assert [change.commit for change in clone.repository.changes(SINCE)] == [first, second]


def test_that_something_is_missing_is_not_remembered(clone: Clone) -> None:
    """An object that was not here is asked for again, and then found."""
    objects = Objects(GitProcess(clone.root, timeout=20))
    name = Sha(clone.git("hash-object", "--stdin", stdin=b"late"))
    with pytest.raises(UnavailableError, match=f"no blob {name[:10]} here"):
        dict(objects.read("blob", [name], 10))
    clone.git("hash-object", "-w", "--stdin", stdin=b"late")
    assert dict(objects.read("blob", [name], 10)) == {name: b"late"}


def test_a_bound_holds_for_what_is_remembered(clone: Clone) -> None:
    """What was read under a large bound is still too large for a small one, and of another kind is still none."""
    objects = Objects(GitProcess(clone.root, timeout=20))
    name = Sha(clone.git("hash-object", "-w", "--stdin", stdin=b"12345"))
    assert dict(objects.read("blob", [name], 5)) == {name: b"12345"}
    assert dict(objects.read("blob", [name], 4)) == {name: None}
    assert dict(objects.read("commit", [name], 5)) == {name: None}


def test_no_more_is_remembered_than_fits(clone: Clone, started: Counter[str]) -> None:
    """Beyond its budget a run reads again, and reads the same."""
    objects = Objects(GitProcess(clone.root, timeout=20), remembered=4)
    names = [Sha(clone.git("hash-object", "-w", "--stdin", stdin=each)) for each in (b"1234", b"5678")]
    for _ in range(2):
        started.clear()
        assert dict(objects.read("blob", names, 9)) == dict(zip(names, (b"1234", b"5678"), strict=True))
    assert started["cat-file"] == 1  # for the second, which did not fit


@pytest.mark.parametrize(("room", "again"), [(3, 0), (2, 1)])
def test_no_more_comparisons_are_remembered_than_fit(
    clone: Clone, started: Counter[str], room: int, again: int
) -> None:
    """Each counts with what it found and one more; beyond that a run compares again, and finds the same."""
    base = Sha(clone.git("rev-parse", "HEAD"))
    clone.write("a")
    clone.write("b")
    made = clone.commit()
    objects = Objects(GitProcess(clone.root, timeout=20))
    objects._entries_left = room
    first = objects.differing([(base, made)], most=9)[base, made]
    assert [each.path for each in first.found] == ["a", "b"]
    started.clear()
    assert objects.differing([(base, made)], most=9)[base, made] == first
    assert started["diff-tree"] == again


def test_comparisons_share_their_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of them took is not there for the next."""
    asked: list[Pair] = []

    def searched(_: object, pairs: list[Pair], *__: object, **___: object) -> dict[Pair, Search]:
        asked.extend(pairs)
        return {pair: Search(most=9, seen=2) for pair in pairs}

    monkeypatch.setattr(module, "search_bringing", searched)
    nothing: Any = None
    objects = Objects(nothing)
    objects._entries_left = 5
    objects._trees |= {each: f"tree {each}" for each in "abc"}
    for base, commit in 2 * (("a", Sha("b")), ("b", Sha("c"))):
        objects.differing([(base, commit)], most=9)
    assert asked == [("tree a", "tree b"), ("tree b", "tree c"), ("tree b", "tree c")]


def test_a_git_that_fails_after_its_last_answer_gave_none() -> None:
    """What it printed may not be what it has."""

    class Failing:
        @contextmanager
        def standing(self, *_: str, **__: object) -> Iterator[BufferedReader]:
            yield BufferedReader(BytesIO(b"x blob 1\nx\n"))
            raise UnavailableError("git cat-file failed")

    git: Any = Failing()
    with pytest.raises(UnavailableError, match="cat-file failed"):
        dict(Objects(git).read("blob", [Sha("x")], 9))


def test_the_tree_of_a_commit_that_was_read_is_known(clone: Clone, started: Counter[str]) -> None:
    """git is not asked for what the commit says itself; what is no commit says nothing."""
    base, made = Sha(clone.git("rev-parse", "HEAD")), clone.put("a")
    blob = Sha(clone.git("rev-parse", "HEAD:a"))
    objects = Objects(GitProcess(clone.root, timeout=20))
    read = objects.commits([base, made, blob])
    assert (read[blob], [found.parents for found in (read[made],) if found]) == (None, [(base,)])
    started.clear()
    objects.differing([(base, made)], most=9)
    assert started == {"diff-tree": 1}


@pytest.mark.parametrize(
    ("lengths", "portions"),
    [
        ([], [0]),
        ([1] * 200, [200]),
        ([1] * 201, [200, 1]),
        ([24_996, 1, 1, 1], [4]),
        ([24_997, 1, 1, 1], [3, 1]),
        ([30_000, 1, 30_000, 30_000], [1, 1, 1, 1]),
    ],
)
def test_paths_in_portions_of_a_command_line(lengths: list[int], portions: list[int]) -> None:
    """At most so many, and so long together; one that is too long stands alone; none is lost, and none is there twice."""
    paths = ["x" * length for length in lengths]
    found = list(_portions(paths))
    assert [len(each) for each in found] == portions
    assert [path for each in found for path in each] == paths


def test_readings_inside_each_other_stay_apart(clone: Clone) -> None:
    """Who reads the same objects while reading them gets each one's own bytes."""
    objects = Objects(GitProcess(clone.root, timeout=20))
    names = [Sha(clone.git("hash-object", "-w", "--stdin", stdin=each)) for each in (b"1", b"2", b"3")]
    found = {}
    for name, content in objects.read("blob", names, 9):
        assert dict(objects.read("blob", names[1:2], 9)) == {names[1]: b"2"}
        found[name] = content
    assert list(found.values()) == [b"1", b"2", b"3"]


def test_the_index_is_not_read(clone: Clone) -> None:
    """Trees are compared without the index, which names every request there ever was: a broken one goes unseen."""
    clone.put(ASK)
    clone.push()
    (clone.root / ".git" / "index").write_bytes(b"no index")
    assert [change.path for change in clone.repository.changes(SINCE)] == [ASK]
    assert clone.repository.touching([clone.repository.main()], ASK)
