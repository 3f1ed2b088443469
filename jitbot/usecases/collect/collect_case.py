"""Collects the facts of a case: rules and bytes from git's commits, the pull request from GitHub."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from jitbot.domain.access.approvals import pushes
from jitbot.domain.access.approvals.reviews import may_count
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model import bounds, codeowners
from jitbot.domain.model.account_groups import ACCOUNT_GROUPS, NO_GROUPS
from jitbot.domain.model.documents import (
    ACCOUNTS,
    PEOPLE,
    PLAIN,
    POLICIES,
    SETTINGS,
    TEAMS,
    Finding,
    GithubId,
    Parsed,
    Request,
    Sha,
    Source,
    policy_path,
)
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import (
    ODD,
    SHARED_RULES,
    Case,
    Change,
    Merge,
    PullCommit,
    PullRequest,
    Push,
    Rules,
    clashes_of,
)
from jitbot.domain.model.parsed_case import fitting, not_plain, requester_of
from jitbot.domain.text import duration
from jitbot.ports.documents import DocumentReader
from jitbot.ports.git import Git
from jitbot.ports.github_read import GitHubRead
from jitbot.usecases.collect.asked import Asked
from jitbot.usecases.collect.meanwhile import meanwhile
from jitbot.usecases.context import Context
from jitbot.usecases.read_back import Patience

_NO_POLICY = "a request's first folder names its policy: correct it, or have an admin add the policy"
_LARGE = "blob-"  # in the place of a mode, before the name of a plain file that is too large to be read
_LARGEST = 1 << 16  # bytes of a request that is read at all; its reader bounds further what may be in it
T = TypeVar("T")


class Tree(Protocol):
    """Files by path: of a commit, or of a folder on disk."""

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files."""
        ...

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The git modes of those paths that are there and are no ordinary files; `large` of one too large to be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitTree:
    """The files of one commit."""

    git: Git
    commit: Sha

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files there, and not too large."""
        return {entry.path: content for entry, content in self._entries(list(paths)) if content is not None}

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The modes of those paths that are executable, or a symlink, a submodule, a folder; or too large."""
        wanted = list(paths)
        return {
            entry.path: large(entry.blob) if entry.mode == PLAIN else entry.mode
            for entry, content in self._entries(wanted)
            if content is None and entry.path in wanted
        }

    def _entries(self, wanted: Sequence[str]) -> Iterator[tuple[AddedEntry, bytes | None]]:
        """What lies there, with the bytes of each plain file that can be read. Raises UnavailableError if one is not here."""
        found = self.git.entries(self.commit, wanted) if wanted else ()
        plain = [entry.blob for entry in found if entry.mode == PLAIN]
        contents = self.git.small(plain, bounds.EVENT_READ)
        return ((entry, contents[entry.blob] if entry.mode == PLAIN else None) for entry in found)


@dataclass(slots=True)
class CaseCollector:
    """The facts of cases, for one run. Keeps what it has read: many cases share rules and pull requests."""

    context: Context
    asks: Callable[[GitHubRead], Asked] = Asked
    _rules: dict[tuple[Sha, str], Rules] = field(default_factory=dict)
    github: Asked = field(init=False)
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget GitHub's answers, so that the next case asks again. What git returned stays."""
        self.github = self.asks(self.context.github)

    def expect(self, commits: Iterable[Sha]) -> None:
        """Say for which commits `case` will be asked next: GitHub is then asked for all of them together."""
        self.github.expect(commits)

    def case(self, change: Change, *, earlier: bool, files: tuple[str, ...] | None = None) -> Case:
        """Everything that `approval.decide` needs. Raises UnavailableError if GitHub or git gives no usable answer.

        `files` are those that an open pull request changes: its merge is no commit that git could compare.
        """
        git = self.context.git
        rules = self.rules(change.base, policy_of(change.path))
        listed, request = self.github.pulls_of(change.commit), self._request(change)
        return Case(
            change=change,
            request=request,
            rules=rules,
            touched=git.touched(change.base, change.commit) if files is None else files,
            earlier=earlier,
            clashes=read_clashes(git, change.commit, change.path),
            listed=listed,
            default_branch=self.github.default_branch(),
            merge=self._merge(change, rules, listed, requester_of(request, rules.people)),
        )

    def rules(self, commit: Sha, policy: str) -> Rules:
        """The code-owned documents at a commit, with this policy's."""
        known = self._rules.get((commit, policy))
        if known is None:
            known = self._rules[commit, policy] = read_rules(
                CommitTree(git=self.context.git, commit=commit), self.context.documents, policy
            )
        return known

    def _request(self, change: Change) -> Parsed[Request] | None:
        if change.blob is None:
            return None
        entry = AddedEntry(path=change.path, mode=change.mode, blob=change.blob)
        return read_request(self.context.git, self.context.documents, entry)

    def _merge(
        self, change: Change, rules: Rules, listed: tuple[PullRequest, ...], requester: GithubId | None
    ) -> Merge | None:
        settings = rules.settings.value
        if settings is None:
            return None
        fits = fitting(
            listed,
            commit=change.commit,
            default_branch=self.github.default_branch(),
            repository_id=settings.repository_id,
            requester=requester,
        )
        return self._read_merge(change, rules, fits[0].number) if len(fits) == 1 else None

    def _read_merge(self, change: Change, rules: Rules, number: int) -> Merge:
        github, git = self.github, self.context.git
        pull = meanwhile(partial(github.pull, number), *self._ahead(number, rules))
        if git.pull_head(number) != pull.head:
            git.fetch([number])
        head = git.pull_head(number) or Sha("")
        commits, history = github.commits(number), github.history(number)
        touching = git.touching([commit.sha for commit in commits], change.path)
        at_head = git.entries(head, [change.path]) if head else ()
        reviews, until, people = github.reviews(number), pull.merged_at, rules.people.value or {}
        approvers = may_count(reviews, people, until, history.dismissals) if until is not None else ()
        many = pull.changed_files is not None and pull.changed_files > bounds.FILES
        branch = read_pushes(github, pull, commits, touching)
        return Merge(
            pull_request=pull,
            files=None if many else github.files(number),
            fetched_head=head,
            head_blob=next((entry.blob for entry in at_head if entry.mode == PLAIN), None),
            head_rules=self.rules(head, policy_of(change.path)) if head else rules,
            reviews=reviews,
            commits=commits,
            touching=touching,
            permissions={login: github.permission(login) for login in approvers},
            retargeted_at=history.retargeted_at,
            merge_seen=history.merged,
            dismissals=history.dismissals,
            reopened_at=history.reopened_at,
            pushes=branch.changing,
            head_pushed_at=branch.head_pushed_at,
            too_many_moves=branch.too_many_moves,
        )

    def _ahead(self, number: int, rules: Rules) -> Iterator[Callable[[], object]]:
        """What will be asked of a merged pull request, as far as the first reading of it shows; the answers are kept."""
        reading = self.github.reading(number)
        if reading is None or (until := reading.pull.merged_at) is None:
            return
        pull, history = reading.pull, reading.history
        if self.context.git.pull_head(number) != pull.head:
            yield partial(self.context.git.fetch, [number])
        if _has_pushes(pull):
            yield partial(self.github.pushes, pull.head_branch, until)
        if reading.reviews is not None and history is not None:
            people = rules.people.value or {}
            for login in may_count(reading.reviews, people, until, history.dismissals):
                yield partial(self.github.permission, login)


def large(blob: Sha) -> str:
    """Stands for the git mode of a plain file that is too large to be read."""
    return f"{_LARGE}{blob}"


def read_clashes(git: Git, commit: Sha, path: str) -> tuple[str, ...]:
    """The names beside a file that differ from its own only by case."""
    siblings = git.entries(commit, [f"{path.rpartition('/')[0]}/"])
    return clashes_of(path, (each.path for each in siblings))


def read_request(git: Git, documents: DocumentReader, entry: AddedEntry) -> Parsed[Request]:
    """What a request file says; nothing where it is no ordinary file, or far larger than any request."""
    path, blob = entry.path, entry.blob
    if entry.mode != PLAIN:
        return Parsed(value=None)
    content = git.small([blob], _LARGEST)[blob]
    if content is None:
        message = f"the file has more than {_LARGEST} bytes"
        finding = Finding(code="too-large", message=message, file=path, hint="a request is a few lines long")
        return Parsed(value=None, findings=(finding,))
    return documents.parse_request(Source(path=path, content=content))


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPushes:
    """Who brought a change of the request, when the head was last pushed, and whether there were too many moves.

    `changing` is None if GitHub names no push of the head.
    """

    changing: tuple[Push, ...] | None = None
    head_pushed_at: datetime | None = None
    too_many_moves: bool = False


def read_pushes(
    github: GitHubRead | Asked, pull: PullRequest, commits: Sequence[PullCommit], touching: frozenset[Sha]
) -> BranchPushes:
    """What GitHub says of a pull request's branch; nothing of a fork's."""
    if not _has_pushes(pull):
        return BranchPushes()
    try:
        moves = github.pushes(pull.head_branch, pull.merged_at)
    except DeniedError:  # a GitHub without this list, or a token that may not read it
        return BranchPushes()
    found = pushes.that_changed(
        moves, commits=commits, touching=touching, head=pull.head, until=pull.merged_at
    )
    return BranchPushes(
        changing=found,
        head_pushed_at=pushes.made_head_at(moves, head=pull.head, until=pull.merged_at),
        too_many_moves=len(moves) > bounds.MOVES,
    )


def _has_pushes(pull: PullRequest) -> bool:
    return bool(pull.head_branch) and pull.head_repository_id == pull.repository_id


def rule_paths(policy: str) -> tuple[str, ...]:
    """Every file that a decision under this policy reads."""
    return (*SHARED_RULES, policy_path(policy), *codeowners.LOCATIONS)


def rules_at_main(context: Context, policy: str) -> Rules:
    """The code-owned documents at main's fetched tip, with the policy of this name."""
    return read_rules(tree_at_main(context.git), context.documents, policy)


def tree_at_main(git: Git) -> CommitTree:
    """The files at main's fetched tip."""
    return CommitTree(git=git, commit=git.main())


def file_of_rules(context: Context, path: str, parse: Callable[[Source], Parsed[T]]) -> Parsed[T]:
    """What a file of the rules says at main's fetched tip; a finding says why there is no ordinary file."""
    main = CommitTree(git=context.git, commit=context.git.main())
    content = main.read([path]).get(path)
    if content is not None:
        return parse(Source(path=path, content=content))
    return Parsed(value=None, findings=(no_file(path, main.others([path]).get(path)),))


def read_rules(tree: Tree, documents: DocumentReader, policy: str) -> Rules:
    """The code-owned documents of a tree, with the policy of this name."""
    access, wanted = policy_path(policy), rule_paths(policy)
    odd = dict(tree.others(wanted))
    contents = {path: content for path, content in tree.read(wanted).items() if path not in odd}

    there = [path for path in codeowners.LOCATIONS if path in odd or path in contents]
    for path in there[1:]:  # GitHub reads none of these
        odd.pop(path, None)

    def parsed(path: str, parse: Callable[[Source], Parsed[T]], *, absent: T | None = None) -> Parsed[T]:
        if path in contents:
            return parse(Source(path=path, content=contents[path]))
        if absent is not None and path not in odd:
            return Parsed(value=absent)
        return Parsed(value=None, findings=(no_file(path, odd.get(path)),))

    return Rules(
        settings=parsed(SETTINGS, documents.parse_settings),
        accounts=parsed(ACCOUNTS, documents.parse_accounts),
        account_groups=parsed(ACCOUNT_GROUPS, documents.parse_account_groups, absent=NO_GROUPS),
        people=parsed(PEOPLE, documents.parse_people),
        teams=parsed(TEAMS, documents.parse_teams),
        policy=parsed(access, documents.parse_policy),
        codeowners=owners_in(contents, odd),
        sources={
            **{path: blob_name(content) for path, content in contents.items()},
            **{path: _name_of(mode) for path, mode in odd.items()},
        },
    )


def owners_in(contents: Mapping[str, bytes], odd: Mapping[str, str]) -> codeowners.CodeOwners | None:
    """GitHub reads CODEOWNERS at the first location that exists. No other location counts, whatever is at the first."""
    for path in codeowners.LOCATIONS:
        if path in odd:
            is_large = odd[path].startswith(_LARGE)
            return codeowners.too_large(path) if is_large else codeowners.not_plain(path, odd[path])
        if path in contents:
            return codeowners.parse(contents[path].decode(errors="replace"), path)
    return None


def latest_end(change: Change, case: Case | None) -> datetime:
    """When what a change asks for would be over at the latest, as far as it can be read."""
    asked = case.request.value if case is not None and case.request is not None else None
    latest = change.committed_at + bounds.START_AHEAD + duration.MAXIMUM
    if asked is None:
        return latest
    return min(latest, (asked.starts_at or change.committed_at) + asked.duration)


def no_file(path: str, mode: str | None, hint: str = "") -> Finding:
    """Why there is no ordinary file to read at a path, where a tree has nothing, or an entry of this mode."""
    if mode is None:
        absent = _NO_POLICY if path.startswith(POLICIES) else "an admin adds it"
        return Finding(code="missing-file", message=f"there is no {path}", file=path, hint=hint or absent)
    if mode.startswith(_LARGE):
        message, hint = f"{path} has more than {bounds.EVENT_READ} bytes", "an admin makes it smaller"
        return Finding(code="rules-too-large", message=message, file=path, hint=hint)
    return not_plain(path, mode, f"an admin makes it an ordinary file, {PLAIN}")


def _name_of(mode: str) -> Sha:
    """The text that the evidence has for an entry that could not be read: its mode, or the blob that is too large."""
    return Sha(mode.removeprefix(_LARGE) if mode.startswith(_LARGE) else f"{ODD}{mode}")
