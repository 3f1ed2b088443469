"""acme with open pull requests in memory, as a job in a clone sees it: trees, heads that are fetched, GitHub's answers, the ledger."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from acme_facts import HOUR, NOW, an_actor, the_settings
from builders import a_change, a_commit, a_pull
from catalogue_facts import the_catalogue
from plain_ledger import PlainLedger
from plain_trees import MAIN, PlainTrees

from jitbot.adapters import documents
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Login, Sha
from jitbot.domain.model.errors import JitbotError, UnavailableError
from jitbot.domain.model.merge_facts import (
    Change,
    PullCommit,
    PullRequest,
    PullRequestHistory,
    Push,
    Review,
)
from jitbot.usecases.context import Context

HISTORY = PullRequestHistory(merged=False, retargeted_at=None, dismissals=())


@dataclass(slots=True, kw_only=True)
class PlainPulls(PlainTrees):
    """The repository. `faults` are by the names of GitHub's methods that fail; `asked` are those that were asked."""

    pulls: list[PullRequest] = field(default_factory=list)
    reviews_of: dict[int, tuple[Review, ...]] = field(default_factory=dict)
    pushed: dict[int, Sha] = field(default_factory=dict)  # heads of pull requests that are not fetched yet
    gone: set[str] = field(default_factory=set)  # paths that main had within its memory
    record: PlainLedger = field(default_factory=PlainLedger)
    faults: dict[str, JitbotError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    settings: Any = field(default_factory=the_settings)

    def offer(
        self,
        files: Mapping[str, bytes | None],
        login: str = "alice",
        *,
        parent: Sha = MAIN,
        fetched: bool = True,
        **changes: Any,
    ) -> PullRequest:
        """Somebody's open pull request with these files."""
        number = changes.pop("number", len(self.pulls) + 1)
        head = self.push(f"b{number}", files, parent)
        pull = a_pull(
            number=number,
            author=an_actor(login),
            head=head,
            created_at=NOW - HOUR,
            merged_at=None,
            merged_by=None,
            merge_commit=None,
            **changes,
        )
        self.pulls.append(pull)
        (self.heads if fetched else self.pushed)[number] = head
        return pull

    def context(self) -> Context:
        """What a run sees of it, with all that the ledger has fetched."""
        ledger = self.record.context()
        ledger.git.fetch()
        return cast(
            "Context",
            SimpleNamespace(
                git=self.git(),
                github=cast("Any", _Answers(self)),
                documents=documents,
                catalogue=the_catalogue(),
                issuer=ledger.issuer,
                settings=self.settings,
            ),
        )

    def git(self) -> Any:
        """The clone: this repository, and the ledger's branch as it is fetched."""
        branch: Any = self.record.context().git
        own = ("main", "entries", "touched", "merge_base", "pull_head", "fetch", "changes", "touching")
        ledgers = ("ledger", "holds", "batches", "misdated", "added", "filed")
        return SimpleNamespace(
            small=self._small,
            read=lambda blobs: self._small(blobs, bounds.EVENT_READ),
            **{name: getattr(self, name) for name in own},
            **{name: getattr(branch, name) for name in ledgers},
        )

    # What a use case asks of git

    def fetch(self, heads: Iterable[int] = ()) -> None:
        """Bring the heads of these pull requests."""
        wanted = tuple(heads)
        self.fetched.append(wanted)
        self.heads |= {number: self.pushed[number] for number in wanted if number in self.pushed}

    def changes(self, since: datetime) -> tuple[Change, ...]:
        """What main did to the paths that it had."""
        assert since < NOW
        return tuple(a_change(path=path) for path in sorted(self.gone))

    def touching(self, commits: Iterable[Sha], path: str) -> frozenset[Sha]:
        """Those that change the path against their parent."""
        return frozenset(
            each for each in commits if self.tree(each).get(path) != self.tree(self.parents[each]).get(path)
        )

    def _small(self, blobs: Iterable[Sha], most: int) -> Mapping[Sha, bytes | None]:
        known = {**self.record.blobs, **self.known()}
        found: dict[Sha, bytes | None] = {}
        for each in blobs:
            if each not in known:  # as a commit of another repository, which no clone of this one has
                raise UnavailableError(f"{each} is not here")
            found[each] = known[each] if len(known[each]) <= most else None
        return found

    # What GitHub answers

    def open_pulls(self) -> tuple[PullRequest, ...]:
        """The newest first."""
        return tuple(sorted((each for each in self.pulls if each.is_open), key=lambda each: -each.number))

    def pull(self, number: int) -> PullRequest:
        """As it is now."""
        return next(each for each in self.pulls if each.number == number)

    def pulls_by(self, commit: Sha) -> tuple[PullRequest, ...]:
        """Those that were merged as this commit; a use case asks for `pulls_of`."""
        return tuple(each for each in self.pulls if each.merge_commit == commit)

    def reviews(self, number: int) -> tuple[Review, ...]:
        """All of them."""
        return self.reviews_of.get(number, ())

    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """One, by its author."""
        pull = self.pull(number)
        return (a_commit(pull.author.login, name=pull.head),)

    def history(self, number: int) -> PullRequestHistory:
        """Nothing happened to it."""
        assert self.pull(number)
        return HISTORY

    def pushes(self, _: str, __: datetime | None) -> tuple[Push, ...]:
        """GitHub names none."""
        return ()

    def files_of(self, number: int) -> tuple[str, ...]:
        """What its head changes; a use case asks for `files`."""
        pull = self.pull(number)
        return self.touched(self.merge_base(self.main(), pull.head), pull.head) or ()

    def permission(self, _: Login) -> str:
        """Everybody may write."""
        return "write"


class _Answers:
    """GitHub behind its port: each call is kept, and fails where it is to."""

    def __init__(self, acme: PlainPulls) -> None:
        self._acme = acme

    def __getattr__(self, name: str) -> Callable[..., Any]:
        acme = self._acme
        method = getattr(acme, {"files": "files_of", "pulls_of": "pulls_by"}.get(name, name))

        def call(*given: Any) -> Any:
            acme.asked.append(name)
            if name in acme.faults:
                raise acme.faults[name]
            return method(*given)

        return call
