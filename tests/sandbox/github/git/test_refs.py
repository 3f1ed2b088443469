"""The refs that a repository of the embedded GitHub remembers are those that git has."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from github_world import git

from jitbot.sandbox.github.git.git_http import create_store
from jitbot.sandbox.github.git.objects import GitError, Signature
from jitbot.sandbox.github.git.store import GitStore

WHO = Signature(name="alice", email="alice@acme.com", when=datetime(2026, 11, 24, 9, tzinfo=UTC))


@pytest.fixture
def store(tmp_path: Path) -> GitStore:
    """A repository with two commits on main, whose refs were read before."""
    store = create_store(tmp_path / "access.git", tmp_path)
    for content in (b"one", b"two"):
        store.commit_files("main", store.tip("main"), {"file": content}, (), "more", WHO, WHO)
    assert list(store.refs("")) == ["refs/heads/main"]
    return store


def by_git(store: GitStore) -> list[tuple[str, str]]:
    """Each ref and its object, in git's order."""
    lines = git(store.path, "for-each-ref", "--format=%(refname) %(objectname)").stdout.splitlines()
    return [(ref, sha) for ref, _, sha in (line.partition(" ") for line in lines)]


def test_whatever_moves_a_ref_is_seen(store: GitStore) -> None:
    """New, moved and removed refs, by name, object or revision: the same as git's, in the same order."""
    main = store.tip("main") or ""
    first = store.between("main~1", "main", "--boundary")[0].removeprefix("-")
    for ref, sha in (
        ("refs/tags/z", main), ("refs/heads/é", main), ("refs/heads/a/b", first), ("refs/heads/a-b", main),
        ("refs/heads/a/b", main), ("refs/heads/main", first), ("refs/pull/1/head", "main~0"), ("refs/tags/z", None),
        ("HEAD", main), ("refs/heads/a/b", None), ("refs/heads/a", first),
    ):  # fmt: skip
        store.update_ref(ref, sha)
        assert list(store.refs("").items()) == by_git(store), ref
    made = store.commit_files("new", main, {"other": b""}, (), "new", WHO, WHO)
    assert store.tip("new") == made
    assert list(store.refs("").items()) == by_git(store)


def test_what_git_refuses_changes_nothing(store: GitStore) -> None:
    """A name that is taken by a folder, and an object that is not there."""
    main = store.tip("main")
    store.update_ref("refs/heads/a/b", main)
    for ref, sha in (("refs/heads/a", main), ("refs/heads/main", "1" * 40), ("refs/heads/..", main)):
        with pytest.raises(GitError):
            store.update_ref(ref, sha)
    assert list(store.refs("").items()) == by_git(store)


def test_what_was_answered_for_other_refs_is_forgotten(store: GitStore) -> None:
    """An answer that was made of the refs as they were is not given once one of them has moved."""
    store.answers["what",] = "they were"
    store.update_ref("refs/heads/other", store.tip("main"))
    assert store.answers == {}
