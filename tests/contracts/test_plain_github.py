"""acme on GitHub in memory answers as the adapter does over the embedded GitHub: the same life in both, each question put to both."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest
from acme_facts import DAY, HOUR, MINUTE, NOW, PATH, PEOPLE, an_actor, sha
from answering import answered_here
from github_site import Site
from plain_github import PlainGitHub
from plain_pull_requests import PlainPullRequests
from plain_pulls import PlainPulls
from plain_reviews import PlainReviews
from plain_trees import FOLDER, MAIN

from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.errors import BranchMovedError, DeniedError, JitbotError
from jitbot.domain.model.github_objects import Status, StatusState
from jitbot.domain.model.merge_facts import GONE, PullRequest
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import Ruleset
from jitbot.sandbox.github.rules import pulls
from jitbot.sandbox.organisation import acme_tree

TEXT = b"requester: alice\naccounts: [prod]\nduration: 2h\nreason: INC-1\nparameters:\n  table: orders\n"
SECOND, OLD = PATH.replace("refunds", "second"), PATH.replace("refunds", "old")
FILES = {PATH: TEXT, "a-b": b"x", "a/b/c": b"y", "a.b": b"", "raw": b"\xff", "nul": b"\0"}
FINE = Status(state=StatusState.SUCCESS, description="x")
OPAQUE = {"node_id", "url", "review_id"}  # what GitHub alone chooses; it is there or not
Names = dict[str, Sha]  # the memory's own name of each of GitHub's commits


def of_both(value: Any, names: Mapping[str, Sha]) -> Any:
    """What is said, without what GitHub alone chooses, and with the memory's own names of commits."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {each.name: of_both(getattr(value, each.name), names) for each in fields(value)}
        told |= {name: bool(told[name]) for name in OPAQUE & told.keys()}
        return told | ({"blob": ""} if isinstance(value, AddedEntry) and value.mode == FOLDER else {})
    if isinstance(value, Mapping):
        return {of_both(key, names): of_both(each, names) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [of_both(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def tried(ask: Callable[[], Any]) -> Any:
    """What is answered, or the kind of error that is raised instead."""
    try:
        return ask()
    except JitbotError as error:
        return type(error)


@dataclass(kw_only=True)
class Real:
    """The embedded GitHub with acme's people and files, and what people do there with their own git."""

    site: Site
    names: Names = field(default_factory=dict)

    @property
    def github(self) -> Any:
        """For who reads and writes, as alice."""
        return _Both(self.site.reader("alice"), self.site.writer("alice"))

    def push(self, branch: str, files: Mapping[str, bytes | None], parent: str, login: str, own: Sha) -> Sha:
        """A commit of somebody's own git, which the memory knows by its own name."""
        world, repository = self.site.github._site, self.site.github._site.repository("acme/access")
        who = world.signature(world.user(login))
        there = {path: content for path, content in files.items() if content is not None}
        gone = [path for path in files if path not in there]
        made = Sha(repository.store.commit_files(branch, parent, there, gone, "Ask\n", who, who))
        pulls.moved(world, repository, f"refs/heads/{branch}", made, world.user(login))
        self.names[made] = own
        return made

    def theirs(self, own: Sha) -> Sha:
        """GitHub's name of a commit."""
        return next((Sha(name) for name, each in self.names.items() if each == own), own)


class _Both:
    """Both ports in one, as the memory has them."""

    def __init__(self, *ports: Any) -> None:
        self._ports = ports

    def __getattr__(self, name: str) -> Any:
        return next(getattr(each, name) for each in self._ports if hasattr(each, name))


def acmes_github() -> Iterator[Real]:
    """acme an hour ago, on a GitHub that wants jitbot's check and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        answered_here(patch)
        with GitHubSandbox(Clock(NOW - HOUR)) as github:
            for person in PEOPLE.values():
                github.add_user(person.login, person.github_id)
            github.add_user("heidi", PEOPLE[Login("heidi")].github_id, permission="read")
            github.create_repository("acme/access", acme_tree("https://x.example"), ledger=False)
            github.rules["main"] = Ruleset(
                id=1, required_checks=("jitbot/approval",), block_force_push=False, block_deletion=False
            )
            made = Real(site=Site(github=github))
            made.names[made.site.tip("main")] = MAIN
            yield made


site = pytest.fixture(acmes_github)
shared = pytest.fixture(acmes_github, scope="module")


def offered(
    acme: PlainPullRequests, files: Mapping[str, bytes | None], login: str = "alice", **more: Any
) -> PullRequest:
    """Somebody's pull request in memory."""
    return acme.offer(files, login, title="Ask", **more)


def lived(acme: PlainPullRequests) -> None:
    """What `shared` lives through: one asked and approved, one closed, one on top of the first, one merged, one of nobody."""
    first = offered(acme, FILES, by="bob")
    second = offered(acme, {SECOND: TEXT, "policies/notify.yaml": None}, "bob")
    acme.pulls[1] = replace(second, closed_at=NOW - MINUTE, merge_commit=None)
    offered(acme, {SECOND: TEXT}, parent=first.head)
    merged = offered(acme, {OLD: TEXT})
    commit = acme.push("main", {OLD: TEXT})
    acme.pulls[3] = replace(
        merged, merged_at=NOW, merged_by=an_actor("carol"), merge_commit=commit, closed_at=NOW
    )
    acme.push("main", {OLD: None}, commit)
    acme.used.add(OLD)
    acme.permissions["heidi"] = "read"
    offered(acme, {SECOND: TEXT}, "frank", author=GONE)


@pytest.fixture(scope="module")
def life(shared: Real) -> tuple[PlainReviews, PlainPulls, Real]:
    """The same life, three times."""
    reviews, own, real = PlainReviews(shown={"jitbot/approval": FINE}), PlainPulls(), shared
    for acme in (reviews, own):
        lived(acme)
    heads = [each.head for each in reviews.pulls]
    main, site = real.site.tip("main"), real.site
    writes, clock = site.writer("alice"), site.github.clock

    def offer(number: int, files: Mapping[str, bytes | None], login: str, parent: Sha = main) -> Sha:
        made = real.push(f"b{number}", files, parent, login, heads[number - 1])
        site.writer(login).open_pull(f"b{number}", "main", "Ask", "")
        return made

    first = offer(1, FILES, "alice")
    offer(2, {SECOND: TEXT, "policies/notify.yaml": None}, "bob")
    offer(3, {SECOND: TEXT}, "alice", first)
    fourth = offer(4, {OLD: TEXT}, "alice")
    offer(5, {SECOND: TEXT}, "frank")
    for head in (first, fourth):
        writes.set_status(head, "jitbot/approval", FINE, "")
    clock.set(NOW - 2 * MINUTE)
    site.review("bob", 1)
    clock.set(NOW - MINUTE)
    writes.close_pull(2)
    clock.set(NOW)
    site.call("carol", "PUT", "/pulls/4/merge", merge_method="squash")
    merged = site.tip("main")
    real.names[merged] = reviews.pulls[3].merge_commit or MAIN
    real.push("main", {OLD: None}, merged, "olivia", reviews.branches["main"])
    site.github.remove_user("frank")
    for number in (1, 3, 5):  # the test merge of each that is open
        real.names[str(site.reader().pull(number).merge_commit)] = Sha(str(reviews.pull(number).merge_commit))
    return reviews, own, real


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


def asked(port: Any, name: str, given: Iterable[Any], names: Names) -> Any:
    """The answer to a question."""
    return of_both(tried(lambda: getattr(port, name)(*given)), names)


@pytest.mark.parametrize(("name", "given"), ASKED_OF_BOTH)
def test_what_a_job_reads(
    life: tuple[PlainReviews, PlainPulls, Real], name: str, given: tuple[Any, ...]
) -> None:
    """Each question of a job to the memory is answered as by the adapter, with the same fields and the same errors."""
    _, own, real = life
    assert asked(own.context().github, name, given, {}) == asked(real.github, name, given, real.names)


@pytest.mark.parametrize(("name", "given"), [*ASKED_OF_BOTH, *ASKED_OF_A_PERSON])
def test_what_a_person_reads(
    life: tuple[PlainReviews, PlainPulls, Real], name: str, given: tuple[Any, ...]
) -> None:
    """The same for a person without a clone."""
    reviews, _, real = life
    assert asked(reviews.client().github, name, given, {}) == asked(real.github, name, given, real.names)


def test_what_hangs_on_a_commit(life: tuple[PlainReviews, PlainPulls, Real]) -> None:
    """Its pull requests, its parent, its statuses, its folders with one level below, and the bytes that are text."""
    reviews, own, real = life
    github, there, job = reviews.client().github, real.github, own.context().github
    commits = [MAIN, *(each.head for each in reviews.pulls), reviews.branches["main"], sha("nothing")]
    for mine in commits:
        commit = real.theirs(mine)
        for name in ("pulls_of", "first_parent"):
            answer = asked(there, name, (commit,), real.names)
            if name == "first_parent" or mine != sha("nothing"):
                assert asked(github, name, (mine,), {}) == answer, (name, mine)
        if mine != sha("nothing"):
            assert asked(job, "pulls_of", (mine,), {}) == asked(there, "pulls_of", (commit,), real.names)
            for deep in (False, True):
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
            self.real.names[theirs] = mine
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
        return self.real.theirs(given) if isinstance(given, str) else given


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
