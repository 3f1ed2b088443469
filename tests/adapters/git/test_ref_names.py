"""What a revision names, without git: one commit, or an error that says why not."""

import subprocess
from typing import Any

import pytest

from jitbot.adapters.git.ref_names import commit_of, holds, is_commit, tips
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError

ONE, TWO, TAG = (Sha(each * 40) for each in "12a")


class Refs:
    """A git with these refs: each names a commit, or an annotated tag of the first commit."""

    def __init__(self, refs: dict[str, str], *, stderr: bytes = b"") -> None:
        self.refs, self.objects, self.stderr = refs, {ONE, TWO}, stderr

    def ask(self, verb: str, form: str, _: str, *asked: str) -> bytes:
        """`for-each-ref`: these refs, and those below them."""
        assert (verb, form) == ("for-each-ref", "--format=%(objectname) %(objecttype) %(refname)")
        found = [
            each for each in self.refs if any(each == ref or each.startswith(f"{ref}/") for ref in asked)
        ]
        kinds = {name: "tag" if name == TAG else "commit" for name in self.refs.values()}
        return "".join(f"{self.refs[ref]} {kinds[self.refs[ref]]} {ref}\n" for ref in found).encode()

    def run(self, verb: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
        """What else is asked: which commit a name means, what a part of a name may be, and whether this is a clone."""
        code, printed = 0, ""
        if arguments[0].startswith("--disambiguate="):
            printed = "\n".join(
                each for each in self.objects if each.startswith(arguments[0].partition("=")[2])
            )
        elif arguments[:2] == ("--verify", "--quiet"):
            name = arguments[2].removesuffix("^{commit}")
            places = (name, f"refs/{name}", f"refs/tags/{name}", f"refs/heads/{name}", f"refs/remotes/{name}")
            found = next((self.refs[each] for each in places if each in self.refs), name)
            printed = ONE if found == TAG else found
            code = 0 if printed in self.objects or name.startswith("-") else 1
        elif verb == "merge-base":
            code = int(arguments[1:] != (ONE, TWO))
        return subprocess.CompletedProcess([], code, printed.encode() + b"\n", self.stderr)


def named(revision: str, refs: dict[str, str]) -> Sha:
    """The commit that a revision names in a clone with these refs."""
    git: Any = Refs(refs)
    return commit_of(git, revision, "git knows no such commit")


@pytest.mark.parametrize(
    ("revision", "refs", "commit"),
    [
        (ONE, {}, ONE),
        ("main", {"refs/heads/main": TWO}, TWO),
        ("main~2", {"refs/heads/main": TWO, "refs/heads/main~2": ONE}, ONE),
        ("origin/main", {"refs/remotes/origin/main": TWO}, TWO),
        ("refs/heads/main", {"refs/heads/main": ONE, "refs/tags/refs/heads/main": TWO, "refs/heads/main/x": TWO}, ONE),
        ("refs/tags/v1", {"refs/tags/v1": TAG}, ONE),
        ("v1", {"refs/tags/v1": TAG}, ONE),
        ("HEAD", {"HEAD": ONE, "refs/heads/HEAD": TWO, "refs/tags/HEAD": TWO}, ONE),
        ("beef", {"refs/heads/beef": TWO}, TWO),
    ],
)  # fmt: skip
def test_a_revision_names_one_commit(revision: str, refs: dict[str, str], commit: Sha) -> None:
    """A ref in full names itself alone; a tag names its commit."""
    assert named(revision, refs) == commit


@pytest.mark.parametrize(
    ("revision", "refs"),
    [
        ("main", {"refs/heads/main": ONE, "refs/tags/main": ONE}),
        ("main~2", {"refs/heads/main": ONE, "refs/tags/main": ONE}),
        ("main", {"refs/main": ONE, "refs/remotes/main": ONE}),
        ("1111", {"refs/heads/1111": TWO}),
    ],
)
def test_a_name_of_several_things_is_refused(revision: str, refs: dict[str, str]) -> None:
    """Whoever may push a tag could else choose what a name means; a part of a commit's name is a name, too."""
    with pytest.raises(InvalidError, match="names more than one thing in this clone"):
        named(revision, refs)


@pytest.mark.parametrize(
    ("revision", "refs"),
    [
        ("nothing", {}),
        ("refs/heads/gone", {"refs/tags/refs/heads/gone": ONE, "refs/heads/gone/x": ONE}),
        ("--all", {}),
        ("-x", {"refs/heads/-x": ONE}),
        ("@{1}", {}),
        ("", {}),
    ],
)
def test_what_names_no_commit_is_the_users_to_fix(revision: str, refs: dict[str, str]) -> None:
    """A ref that is named in full is not looked for elsewhere; an option is no revision, whatever git makes of it."""
    with pytest.raises(InvalidError, match="git knows no such commit"):
        named(revision, refs)


def test_the_tips_of_branches() -> None:
    """Those that are there and name a commit; nothing that only lies below one."""
    git: Any = Refs({"refs/a": ONE, "refs/b/x": TWO, "refs/c": TAG})
    assert tips(git, ["refs/a", "refs/b", "refs/c", "refs/d"]) == {"refs/a": ONE}


def test_whether_something_is_a_commit() -> None:
    """Outside a clone nothing is."""
    git: Any = Refs({"refs/heads/main": ONE})
    assert (is_commit(git, "main"), is_commit(git, "other")) == (True, False)
    outside: Any = Refs({"refs/heads/main": ONE}, stderr=b"fatal: not a git repository (or any parent)\n")
    assert not is_commit(outside, "main")


def test_whether_a_history_holds_a_commit() -> None:
    """git says so by its exit code."""
    git: Any = Refs({})
    assert (holds(git, TWO, ONE), holds(git, ONE, TWO)) == (True, False)
