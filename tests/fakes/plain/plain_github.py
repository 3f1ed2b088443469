"""acme on GitHub in memory, as a person without a clone sees it: files, branches, pull requests, and calls that fail."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from acme_facts import NOW, an_actor
from catalogue_facts import the_catalogue
from plain_pull_requests import REPOSITORY, PlainPullRequests
from plain_trees import FOLDER, MAIN

from jitbot.adapters import documents
from jitbot.adapters.github.answers import branch_rules
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import BranchMovedError, DeniedError
from jitbot.domain.model.github_objects import BranchRules, RepositoryAccess
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.usecases.request.requester_client import RequesterClient

_CHECKS = {
    "required_status_checks": [{"context": "jitbot/approval"}],
    "strict_required_status_checks_policy": False,
}
_ASKED = {"type": "required_status_checks", "parameters": _CHECKS}
RULES = branch_rules(
    ({**_ASKED, "ruleset_source_type": "Repository", "ruleset_source": "acme/access", "ruleset_id": 1},)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a call raises: `after` it took effect, or before."""

    error: BaseException
    after: bool = False


@dataclass(slots=True, kw_only=True)
class PlainGitHub(PlainPullRequests):
    """The repository. `faults` are by the names of the methods that fail, `meanwhile` is what somebody does before one."""

    login: str = "alice"
    unread: frozenset[str] = frozenset()  # paths whose contents come cut short
    may_write: bool = True
    auto_merge: bool = True
    methods: tuple[str, ...] = ("squash", "merge")
    rules: BranchRules = RULES
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
            repository_id=REPOSITORY,
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
        return {
            folder: tuple(
                each
                for high in self.lies_in(commit, folder.rstrip("/"))
                for each in (high, *(self.lies_in(commit, high.path) if deep and high.mode == FOLDER else ()))
            )
            for folder in paths
        }

    def contents(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of these, without those that are no text, or come cut short."""
        known = {
            blob_name(content): content
            for tree in (self.files, *self.trees.values())
            for path, content in tree.items()
            if path not in self.unread and _is_text(content)
        }
        return {each: known[each] for each in blobs if each in known}

    def first_parent(self, commit: Sha) -> Sha | None:
        """None for a commit that has none; refused of one that is not there."""
        if commit != MAIN and commit not in self.parents:
            raise DeniedError(f"no commit {commit}")
        return self.parents.get(commit)

    def branch_rules(self, branch: str) -> BranchRules:
        """Of main; a client asks for its `rules`."""
        assert branch == "main"
        return self.rules

    # What jitbot changes

    def create_branch(self, name: str, commit: Sha) -> None:
        """Refused where one is there, or no such commit."""
        if name in self.branches or commit not in {MAIN, *self.trees}:
            raise DeniedError(f"a branch {name} exists, or no commit {commit}")
        self.branches[name] = commit

    def commit_on_branch(self, branch: str, parent: Sha, _: str, files: Mapping[str, bytes]) -> Sha:
        """Refused where the branch is elsewhere, or not there."""
        if branch not in self.branches:
            raise DeniedError(f"no branch {branch}")
        if self.branches.get(branch) != parent:
            raise BranchMovedError(f"the branch {branch} has moved")
        return self.push(branch, files, parent)

    def delete_branch(self, name: str) -> None:
        """Closes what came from it; refused where there is none."""
        if name not in self.branches:
            raise DeniedError(f"no branch {name}")
        del self.branches[name]
        self.pulls = [
            replace(each, closed_at=NOW, merge_commit=None, auto_merge=False)
            if each.is_open and each.head_branch == name
            else each
            for each in self.pulls
        ]

    def open_pull(self, branch: str, base: str, title: str, _: str) -> PullRequest:
        """From a branch of this repository that holds something new, and has no other."""
        head = self.branches.get(branch, self.main())
        if head == self.main() or self.open_pulls(branch):
            raise DeniedError(f"no pull request can be opened from {branch}")
        made = self.opened(
            len(self.pulls) + 1,
            self.login,
            head,
            base_branch=base,
            head_branch=branch,
            created_at=NOW,
            title=title,
        )
        self.pulls.append(made)
        return made

    def merge_when_ready(self, pull: PullRequest, method: str) -> None:
        """Auto-merge, at this head; refused where the repository does not allow it."""
        now = self.pull(pull.number)
        if not (self.auto_merge and now.is_open and now.head == pull.head):
            raise DeniedError(f"pull request {pull.number} cannot be merged when it is ready")
        self.pulls[self.pulls.index(now)] = replace(now, auto_merge=True)
        self.merging.append((pull.number, method))


def _is_text(content: bytes) -> bool:
    """Whether GitHub shows it as the very text that it is."""
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


class _Calls:
    """The repository behind its two ports: each call is kept, and fails where it is to."""

    def __init__(self, github: PlainGitHub) -> None:
        self._github = github

    def __getattr__(self, name: str) -> Callable[..., Any]:
        github = self._github
        method = getattr(github, {"files": "files_of", "rules": "branch_rules"}.get(name, name))

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
