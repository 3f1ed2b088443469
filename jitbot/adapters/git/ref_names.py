"""What a name means to git, where anybody who may write can push another thing under the same name.

`rev-parse` tries a name as a tag before it tries it as a branch, and takes a branch or tag named like a short
commit for that commit: https://git-scm.com/docs/gitrevisions. So jitbot's own refs are looked up exactly, and a
name that a person gives must mean one thing alone.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jitbot.adapters.git.process import GitProcess, last_line
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError

_REF = re.compile(r"refs/[^~^:@{]+")
_BASE = re.compile(r"[^~^:@{]+")  # the name in a revision, without what follows it: `~2`, `^{commit}`, `@{1}`
_FORMAT = "%(objectname) %(objecttype) %(refname)"
_SHORT = re.compile(r"[0-9a-f]{4,39}")
_PLACES = ("refs/", "refs/tags/", "refs/heads/", "refs/remotes/")


def commit_of(git: GitProcess, revision: str, otherwise: str) -> Sha:
    """The commit that a revision names. Raises InvalidError, `otherwise`, if there is none, or if it names several."""
    if _REF.fullmatch(revision):
        found = _listed(git, revision).get(revision)
        if found is None:
            raise InvalidError(otherwise)
        return found.commit or _commit(git, found.name, otherwise)
    base = _BASE.match(revision)
    if base is not None and _meanings(git, base[0]) > 1:
        raise InvalidError(
            f"{revision!r} names more than one thing in this clone, such as a branch and a tag: "
            "give a commit's whole id, or a ref in full, such as refs/remotes/origin/ledger"
        )
    return _commit(git, revision, otherwise)


def tips(git: GitProcess, refs: Sequence[str]) -> dict[str, Sha]:
    """The commits of those of these refs that are there, and name one."""
    return {ref: each.commit for ref, each in _listed(git, *refs).items() if each.commit and ref in refs}


def is_commit(git: GitProcess, revision: str) -> bool:
    """Whether git knows a commit by this name; by this alone, if it is a ref in full. Outside a clone it knows none.

    Raises UnavailableError if git does not run, or will not open the clone: that it cannot be asked is no answer.
    """
    if "not a git repository" in last_line(git.run("rev-parse", "--git-dir").stderr):
        return False
    try:
        commit_of(git, revision, "")
    except InvalidError:
        return False
    return True


def holds(git: GitProcess, tip: Sha, commit: Sha) -> bool:
    """Whether a history has this commit in it; one that git does not even know is in none."""
    return git.run("merge-base", "--is-ancestor", commit, tip).returncode == 0


def _commit(git: GitProcess, name: str, otherwise: str) -> Sha:
    result = git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if name.startswith("-") or result.returncode != 0:
        raise InvalidError(otherwise)
    return Sha(result.stdout.decode().strip())


def _meanings(git: GitProcess, base: str) -> int:
    """How many refs and commits a short name may mean."""
    if base == "HEAD" or base.startswith("-") or not base.isprintable():
        return 1
    refs = _listed(git, *(f"{place}{base}" for place in _PLACES))
    is_object = _SHORT.fullmatch(base) and git.run("rev-parse", "--disambiguate=" + base).stdout.strip()
    return sum(f"{place}{base}" in refs for place in _PLACES) + bool(is_object)


class _Ref(NamedTuple):
    """An object by its name, and once more if it is a commit: it may be the tag of one."""

    name: str
    commit: Sha | None


def _listed(git: GitProcess, *refs: str) -> dict[str, _Ref]:
    """The objects of exactly these refs, and of those below them."""
    lines = git.ask("for-each-ref", f"--format={_FORMAT}", "--", *refs).decode().splitlines()
    parts = (line.split(" ", 2) for line in lines)
    return {ref: _Ref(name, Sha(name) if kind == "commit" else None) for name, kind, ref in parts}
