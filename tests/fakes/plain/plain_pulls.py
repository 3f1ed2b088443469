"""acme with open pull requests in memory, as a job in a clone sees it: trees, heads that are fetched, GitHub's answers, the ledger."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

from acme_facts import NOW, the_settings
from catalogue_facts import the_catalogue
from plain_ledger import PlainLedger
from plain_pull_requests import PlainPullRequests

from jitbot.adapters import documents
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.model.documents import PLAIN, Sha
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.merge_facts import Change, ChangeKind, PullRequest
from jitbot.usecases.context import Context


@dataclass(slots=True, kw_only=True)
class PlainPulls(PlainPullRequests):
    """The repository. `faults` are by the names of GitHub's methods that fail; `asked` are those that were asked."""

    pushed: dict[int, Sha] = field(default_factory=dict)  # heads of pull requests that are not fetched yet
    record: PlainLedger = field(default_factory=PlainLedger)
    faults: dict[str, JitbotError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    settings: Any = field(default_factory=the_settings)

    def offer(self, *given: Any, fetched: bool = True, **named: Any) -> PullRequest:
        """Somebody's open pull request, whose head is `fetched` or not."""
        pull = PlainPullRequests.offer(self, *given, **named)
        (self.heads if fetched else self.pushed)[pull.number] = pull.head
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
        own = (
            "main",
            "small",
            "read",
            "entries",
            "touched",
            "merge_base",
            "pull_head",
            "fetch",
            "changes",
            "touching",
        )
        ledgers = ("ledger", "holds", "batches", "misdated", "added", "filed")
        return SimpleNamespace(
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
        """What main's commits did to request files, oldest first; all of it now."""
        assert since < NOW
        line = [self.main()]
        while line[-1] in self.parents:
            line.append(self.parents[line[-1]])
        return tuple(
            self._change(path, base, commit)
            for commit, base in reversed([*pairwise(line)])
            for path in self._differing(base, commit)
            if path.startswith("requests/")
        )

    def _change(self, path: str, base: Sha, commit: Sha) -> Change:
        content = self.tree(commit).get(path)
        there = path in self.tree(base)
        return Change(
            path=path,
            commit=commit,
            base=base,
            committed_at=NOW,
            kind=ChangeKind.DELETED
            if content is None
            else ChangeKind.MODIFIED
            if there
            else ChangeKind.ADDED,
            mode="000000" if content is None else self.modes.get(path, PLAIN),
            blob=None if content is None else blob_name(content),
        )

    def touching(self, commits: Iterable[Sha], path: str) -> frozenset[Sha]:
        """Those that change the path against their parent, where they have one."""
        before = {each: self.parents.get(each) for each in commits}
        return frozenset(
            each
            for each, parent in before.items()
            if self.tree(each).get(path) != (None if parent is None else self.tree(parent).get(path))
        )

    def known(self) -> Mapping[Sha, bytes]:
        """With what the ledger holds."""
        return {**self.record.blobs, **PlainPullRequests.known(self)}


class _Answers:
    """GitHub behind its port: each call is kept, and fails where it is to."""

    def __init__(self, acme: PlainPulls) -> None:
        self._acme = acme

    def __getattr__(self, name: str) -> Callable[..., Any]:
        acme = self._acme
        method = getattr(acme, {"files": "files_of"}.get(name, name))

        def call(*given: Any) -> Any:
            acme.asked.append(name)
            if name in acme.faults:
                raise acme.faults[name]
            return method(*given)

        return call
