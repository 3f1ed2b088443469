"""acme on GitHub in memory, as a person without a clone sees it: files, branches, pull requests, and calls that fail."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from acme_facts import NOW, an_actor
from builders import a_pull
from catalogue_facts import the_catalogue
from plain_trees import FOLDER, MAIN, PlainTrees

from jitbot.adapters import documents
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.model.github_objects import BranchRules, RepositoryAccess
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.usecases.request.requester_client import RequesterClient

RULES = BranchRules(
    answer=(), types=frozenset(), approvals=0, code_owners=False, checks=frozenset({"jitbot/approval"})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a call raises: `after` it took effect, or before."""

    error: BaseException
    after: bool = False


@dataclass(slots=True, kw_only=True)
class PlainGitHub(PlainTrees):
    """The repository. `faults` are by the names of the methods that fail, `meanwhile` is what somebody does before one."""

    login: str = "alice"
    unread: frozenset[str] = frozenset()  # paths whose contents come cut short
    may_write: bool = True
    auto_merge: bool = True
    methods: tuple[str, ...] = ("squash", "merge")
    rules: BranchRules = RULES
    pulls: list[PullRequest] = field(default_factory=list)
    paths_of: dict[int, tuple[str, ...]] = field(default_factory=dict)  # by these pull requests
    used: set[str] = field(default_factory=set)  # paths that main had
    faults: dict[str, Fault] = field(default_factory=dict)
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    merging: list[tuple[int, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def client(self) -> RequesterClient:
        """The client of the person whose token this is."""
        calls = cast("Any", _Calls(self))
        return RequesterClient(
            github=calls,
            github_write=calls,
            documents=documents,
            catalogue=the_catalogue(),
            sleep=self.slept.append,
            at=NOW,
        )

    # What jitbot reads

    def access(self) -> RepositoryAccess:
        """Whose token it is."""
        return RepositoryAccess(
            actor=an_actor(self.login),
            repository="acme/access",
            url="https://github.com/acme/access",
            repository_id=700001,
            branch="main",
            tip=self.branches["main"],
            may_write=self.may_write,
            auto_merge=self.auto_merge,
            methods=self.methods,
        )

    def tip(self, branch: str) -> Sha | None:
        """Of a branch."""
        return self.branches.get(branch)

    def folders(
        self, commit: Sha, paths: Iterable[str], *, deep: bool = False
    ) -> Mapping[str, tuple[AddedEntry, ...]]:
        """What lies directly in each, and one level below."""
        found = {folder: tuple(self.lies_in(commit, folder)) for folder in paths}
        if not deep:
            return found
        return {
            folder: (
                *there,
                *(low for each in there if each.mode == FOLDER for low in self.lies_in(commit, each.path)),
            )
            for folder, there in found.items()
        }

    def contents(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of these, without those that come cut short."""
        known = {
            blob_name(content): content
            for tree in (self.files, *self.trees.values())
            for path, content in tree.items()
            if path not in self.unread
        }
        return {each: known[each] for each in blobs if each in known}

    def first_parent(self, commit: Sha) -> Sha | None:
        """None for a commit that has none; refused of one that is not there."""
        if commit != MAIN and commit not in self.parents:
            raise DeniedError(f"no commit {commit}")
        return self.parents.get(commit)

    def was_used(self, branch: str, path: str) -> bool:
        """Whether main ever had a file of this path."""
        assert branch == "main"
        return path in self.used

    def open_pulls(self, branch: str = "") -> tuple[PullRequest, ...]:
        """Those that are open, of this branch or of all."""
        return tuple(each for each in self.pulls if each.is_open and branch in ("", each.head_branch))

    def created_pulls(self, start: datetime, end: datetime) -> tuple[PullRequest, ...]:
        """Those that were opened in that time."""
        return tuple(each for each in self.pulls if start <= each.created_at < end)

    def pull(self, number: int) -> PullRequest:
        """As it is now."""
        return next(each for each in self.pulls if each.number == number)

    def changed(self, number: int) -> tuple[str, ...]:
        """The paths that a pull request touches; a client asks for its `files`."""
        return self.paths_of[number]

    def branch_rules(self, branch: str) -> BranchRules:
        """Of main; a client asks for its `rules`."""
        assert branch == "main"
        return self.rules

    # What jitbot changes

    def create_branch(self, name: str, commit: Sha) -> None:
        """Refused where one is there."""
        if name in self.branches:
            raise DeniedError(f"a branch {name} exists")
        self.branches[name] = commit

    def commit_on_branch(self, branch: str, parent: Sha, _: str, files: Mapping[str, bytes]) -> Sha:
        """Refused where the branch is elsewhere."""
        if self.branches.get(branch) != parent:
            raise DeniedError(f"the branch {branch} moved")
        return self.push(branch, files, parent)

    def delete_branch(self, name: str) -> None:
        """Closes what came from it."""
        del self.branches[name]
        self.pulls = [
            replace(each, closed_at=NOW) if each.head_branch == name else each for each in self.pulls
        ]

    def open_pull(self, branch: str, base: str, title: str, _: str) -> PullRequest:
        """From a branch of this repository."""
        made = a_pull(
            number=len(self.pulls) + 1,
            author=an_actor(self.login),
            base_branch=base,
            head=self.branches[branch],
            head_branch=branch,
            head_repository_id=700001,
            created_at=NOW,
            merged_at=None,
            merged_by=None,
            merge_commit=None,
            title=title,
        )
        self.pulls.append(made)
        return made

    def merge_when_ready(self, pull: PullRequest, method: str) -> None:
        """Auto-merge."""
        self.merging.append((pull.number, method))


class _Calls:
    """The repository behind its two ports: each call is kept, and fails where it is to."""

    def __init__(self, github: PlainGitHub) -> None:
        self._github = github

    def __getattr__(self, name: str) -> Callable[..., Any]:
        github = self._github
        method = getattr(github, {"files": "changed", "rules": "branch_rules"}.get(name, name))

        def call(*given: Any, **named: Any) -> Any:
            github.calls.append(name)
            github.meanwhile.pop(name, lambda: None)()
            fault = github.faults.get(name)
            if fault is None:
                return method(*given, **named)
            if fault.after:
                method(*given, **named)
            raise fault.error

        return call
