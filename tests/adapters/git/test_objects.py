"""What a run remembers of git's objects: asked once, never stale, never without bound."""

from collections import Counter
from typing import Any

import pytest
from clones import ASK, SINCE, Clone, additions

from jitbot.adapters.git.objects import Objects
from jitbot.adapters.git.process import GitProcess
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import UnavailableError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often git was started, by its command."""
    count: Counter[str] = Counter()
    run, stream = GitProcess.run, GitProcess._started

    def running(git: GitProcess, *arguments: str, **given: Any) -> Any:
        count[arguments[0]] += 1
        return run(git, *arguments, **given)

    def streaming(git: GitProcess, arguments: tuple[str, ...], *given: int, **more: bool) -> Any:
        count[arguments[0]] += 1
        return stream(git, arguments, *given, **more)

    monkeypatch.setattr(GitProcess, "run", running)
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
    objects = Objects(GitProcess(clone.root, timeout=20), remembered=5)
    names = [Sha(clone.git("hash-object", "-w", "--stdin", stdin=each)) for each in (b"1234", b"5678")]
    for _ in range(2):
        started.clear()
        assert dict(objects.read("blob", names, 9)) == dict(zip(names, (b"1234", b"5678"), strict=True))
    assert started["cat-file"] == 1  # for the second, which did not fit


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
