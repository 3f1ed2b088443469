"""One life of acme, lived by the repository in memory and on the embedded GitHub, and how what both say is compared."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest
from acme_facts import HOUR, MINUTE, NOW, PATH, PEOPLE, an_actor
from answering import answered_here
from github_site import Site
from plain_pull_requests import PlainPullRequests
from plain_pulls import PlainPulls
from plain_reviews import PlainReviews
from plain_trees import FOLDER, MAIN

from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.github_objects import Status, StatusState
from jitbot.domain.model.merge_facts import GONE
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
            github.create_repository("acme/access", acme_tree("https://x.example"), ledger=True)
            github.rules["main"] = Ruleset(
                id=1, required_checks=("jitbot/approval",), block_force_push=False, block_deletion=False
            )
            made = Real(site=Site(github=github))
            made.names[made.site.tip("main")] = MAIN
            yield made


def lived(acme: PlainPullRequests) -> None:
    """What acme lives through: one asked and approved, one closed, one on top of the first, one merged, one of nobody."""
    first = acme.offer(FILES, by="bob", title="Ask")
    second = acme.offer({SECOND: TEXT, "policies/notify.yaml": None}, "bob", title="Ask")
    acme.pulls[1] = replace(second, closed_at=NOW - MINUTE, merge_commit=None)
    acme.offer({SECOND: TEXT}, parent=first.head, title="Ask")
    merged = acme.offer({OLD: TEXT}, title="Ask")
    commit = acme.push("main", {OLD: TEXT})
    acme.pulls[3] = replace(
        merged, merged_at=NOW, merged_by=an_actor("carol"), merge_commit=commit, closed_at=NOW
    )
    acme.push("main", {OLD: None}, commit)
    acme.used.add(OLD)
    acme.permissions["heidi"] = "read"
    acme.offer({SECOND: TEXT}, "frank", author=GONE, title="Ask")


Life = tuple[PlainReviews, PlainPulls, Real]


def the_same_life(real: Real) -> Life:
    """As a person without a clone sees it, as a job sees it, and on GitHub itself."""
    reviews, own = PlainReviews(shown={"jitbot/approval": FINE}), PlainPulls()
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


def answered(memory: object, *ports: type) -> set[str]:
    """The questions and changes of these ports that a memory answers."""
    names = {name for port in ports for name in vars(port) if not name.startswith("_")}
    return {name for name in names if hasattr(memory, name)}


def asked(port: Any, name: str, given: Iterable[Any], names: Names) -> Any:
    """The answer to a question."""
    return of_both(tried(lambda: getattr(port, name)(*given)), names)
