"""acme on GitHub in memory answers as the adapter does over the embedded GitHub: the same life in both, each question put to both."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from acme_facts import DAY, HOUR, NOW, PATH, sha
from plain_github import PlainGitHub
from plain_pulls import PlainPulls
from plain_reviews import PlainReviews
from plain_trees import MAIN
from same_life import (
    FILES,
    OLD,
    TEXT,
    Life,
    Real,
    acmes_github,
    answered,
    asked,
    of_both,
    the_same_life,
    tried,
)

from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.errors import BranchMovedError, DeniedError
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.ports.github_read import GitHubRead
from jitbot.ports.github_write import GitHubWrite

OPEN, MERGED, CLOSED, OF_NOBODY = 1, 4, 2, 5
NUMBERS = (OPEN, CLOSED, 3, MERGED, OF_NOBODY, 99)
# Each question of a job and of a person without a clone; commits are named as the memory names them.
ASKED_OF_BOTH: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("open_pulls", ()),
    *((name, (number,)) for name in ("pull", "reviews", "history", "files") for number in NUMBERS),
    *(("commits", (number,)) for number in (OPEN, CLOSED, 3)),
    *(("pushes", (f"b{number}", until)) for number in (1, 2, 9) for until in (None, NOW, NOW - 2 * HOUR)),
    *(("permission", (Login(login),)) for login in ("alice", "heidi", "nobody")),
)
ASKED_OF_A_PERSON: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("access", ()),
    *(("open_pulls", (branch,)) for branch in ("b1", "b2", "b9")),
    *(("created_pulls", ends) for ends in ((NOW - DAY, NOW), (NOW - HOUR, NOW - HOUR), (NOW, NOW + DAY))),
    *(("tip", (branch,)) for branch in ("main", "b1", "b9")),
    *(("was_used", ("main", path)) for path in ("policies/people.yaml", OLD, PATH, "policies")),
    ("rules", ("main",)),
)
ON_COMMITS = {"pulls_of", "first_parent", "statuses", "folders", "contents"}
CHANGES = {"create_branch", "commit_on_branch", "open_pull", "merge_when_ready", "delete_branch"}


site = pytest.fixture(acmes_github)
shared = pytest.fixture(acmes_github, scope="module")
life = pytest.fixture(lambda shared: the_same_life(shared), scope="module")


def test_nothing_is_answered_that_is_not_compared() -> None:
    """Whatever else the memory learns to say, or to do, must be put to both here."""
    named = {name for name, _ in (*ASKED_OF_BOTH, *ASKED_OF_A_PERSON)} | ON_COMMITS
    assert answered(PlainReviews().client().github, GitHubRead, GitHubWrite) == named | CHANGES
    assert answered(PlainPulls().context().github, GitHubRead) <= named
    assert not answered(PlainPulls().context().github, GitHubWrite)


@pytest.mark.parametrize(("name", "given"), ASKED_OF_BOTH)
def test_what_a_job_reads(life: Life, name: str, given: tuple[Any, ...]) -> None:
    """Each question of a job to the memory is answered as by the adapter, with the same fields and the same errors."""
    _, own, real = life
    assert asked(own.context().github, name, given, {}) == asked(real.github, name, given, real.names)


@pytest.mark.parametrize(("name", "given"), [*ASKED_OF_BOTH, *ASKED_OF_A_PERSON])
def test_what_a_person_reads(life: Life, name: str, given: tuple[Any, ...]) -> None:
    """The same for a person without a clone."""
    reviews, _, real = life
    assert asked(reviews.client().github, name, given, {}) == asked(real.github, name, given, real.names)


def test_what_hangs_on_a_commit(life: Life) -> None:
    """Its pull requests, its parent, its statuses, its folders with one level below, and the bytes that are text."""
    reviews, own, real = life
    github, there, job = reviews.client().github, real.github, own.context().github
    commits = [MAIN, *(each.head for each in reviews.pulls), reviews.branches["main"], sha("nothing")]
    for mine in commits:
        commit = real.theirs(mine)
        for port, name in ((github, "pulls_of"), (job, "pulls_of"), (github, "first_parent")):
            assert asked(port, name, (mine,), {}) == asked(there, name, (commit,), real.names), (name, mine)
        for deep in (False, True) if mine in commits[:4] else ():
            folders = ["", "policies", "policies/", "a", "requests", "nowhere"]
            assert of_both(github.folders(mine, folders, deep=deep), {}) == of_both(
                there.folders(commit, folders, deep=deep), real.names
            )
    assert github.statuses(reviews.pull(OPEN).head) == there.statuses(real.theirs(reviews.pull(OPEN).head))
    blobs = [*map(blob_name, [*FILES.values(), *reviews.files.values()]), sha("nothing")]
    assert github.contents(blobs) == there.contents(blobs)


@dataclass(kw_only=True)
class Written:
    """The same changes of the memory and of GitHub, one after another."""

    real: Real
    memory: PlainGitHub = field(default_factory=PlainGitHub)

    def do(self, name: str, *given: Any) -> Any:
        """A change: done, or refused, alike. Gives what the memory answered, or the kind of its error."""
        mine = tried(lambda: getattr(self.memory.client().github_write, name)(*given))
        theirs = tried(lambda: getattr(self.real.github, name)(*map(self._theirs, given)))
        if isinstance(mine, str) and isinstance(theirs, str):
            self.real.names[theirs] = Sha(mine)
        if isinstance(mine, PullRequest) and isinstance(theirs, PullRequest):
            self.real.names[str(theirs.merge_commit)] = Sha(str(mine.merge_commit))
        assert of_both(mine, {}) == of_both(theirs, self.real.names), (name, mine, theirs)
        for question, asked_for in (
            ("tip", "x"),
            ("tip", "y"),
            ("tip", "main"),
            ("open_pulls", ""),
            ("pull", 1),
        ):
            assert asked(self.memory.client().github, question, [asked_for], {}) == asked(
                self.real.github, question, [asked_for], self.real.names
            ), (name, question)
        return mine

    def _theirs(self, given: Any) -> Any:
        if isinstance(given, PullRequest):
            return replace(self.real.github.pull(given.number), head=self.real.theirs(given.head))
        return self.real.theirs(Sha(given)) if isinstance(given, str) else given


def test_what_a_person_changes(site: Real) -> None:
    """Branches, commits on exactly their parent, pull requests and auto-merge: done or refused alike, with the same left."""
    site.site.github.clock.set(NOW)
    acme = Written(real=site)
    assert [acme.do("create_branch", "x", MAIN) for _ in range(2)] == [None, DeniedError]
    assert acme.do("create_branch", "y", sha("nothing")) is DeniedError
    assert acme.do("open_pull", "x", "main", "t", "b") is DeniedError  # it holds nothing
    commit = acme.do("commit_on_branch", "x", MAIN, "m", {PATH: TEXT, "a/b": b""})
    assert acme.memory.tree(commit)[PATH] == TEXT
    assert acme.do("commit_on_branch", "x", MAIN, "m", {PATH: b"other"}) is BranchMovedError
    assert acme.do("commit_on_branch", "y", MAIN, "m", {PATH: TEXT}) is DeniedError
    assert acme.do("open_pull", "y", "main", "t", "b") is DeniedError
    pull = acme.do("open_pull", "x", "main", "t", "b")
    assert acme.do("open_pull", "x", "main", "t", "b") is DeniedError
    assert acme.do("merge_when_ready", replace(pull, head=MAIN), "squash") is DeniedError
    acme.memory.auto_merge = site.site.github.allow_auto_merge = False
    assert acme.do("merge_when_ready", pull, "squash") is DeniedError
    acme.memory.auto_merge = site.site.github.allow_auto_merge = True
    assert acme.do("merge_when_ready", pull, "squash") is None
    assert [acme.do("delete_branch", "x") for _ in range(2)] == [None, DeniedError]
