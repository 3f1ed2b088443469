"""Collects the facts of a case: rules and bytes from git's commits, the pull request from the forge."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Protocol, TypeVar

from jitbot.domain import codeowners, duration, eligibility, owners
from jitbot.domain.attestation import blob_name
from jitbot.domain.counting import latest_judgements
from jitbot.domain.evidence import Case, Change, Merge, PullRequest, Rules
from jitbot.domain.ground import fitting, requester_of
from jitbot.domain.model import Finding, GithubId, Parsed, Request, Sha, Source
from jitbot.domain.ports import DocumentReader, Forge, Repository
from jitbot.lifecycle.world import SETTINGS, World

ACCOUNTS, PEOPLE, TEAMS = "policies/accounts.yaml", "policies/people.yaml", "policies/teams.yaml"
T = TypeVar("T")


class Tree(Protocol):
    """Files by path: of a commit, or of a folder on disk."""

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitTree:
    """The files of one commit; a symlink or a submodule is as good as missing."""

    repository: Repository
    commit: Sha

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files there."""
        wanted = list(paths)
        found = self.repository.entries(self.commit, wanted) if wanted else ()
        plain = [entry for entry in found if entry.mode == "100644"]
        contents = self.repository.read(entry.blob for entry in plain)
        return {entry.path: contents[entry.blob] for entry in plain}


class Asked:
    """What the forge answered in this run: each question is asked once, since many requests share a merge."""

    def __init__(self, forge: Forge) -> None:
        self.default_branch = cache(forge.default_branch)
        self.pulls_of = cache(forge.pulls_of)
        self.pull = cache(forge.pull)
        self.files = cache(forge.files)
        self.reviews = cache(forge.reviews)
        self.commits = cache(forge.commits)
        self.retargeted_at = cache(forge.retargeted_at)
        self.permission = cache(forge.permission)


@dataclass(slots=True)
class Gatherer:
    """Facts for one run. Keeps what it has read: many cases share rules and pull requests."""

    world: World
    _rules: dict[tuple[Sha, str], Rules] = field(default_factory=dict)
    forge: Asked = field(init=False)

    def __post_init__(self) -> None:
        self.forge = Asked(self.world.forge)

    def case(self, change: Change, *, earlier: bool) -> Case:
        """Everything `approval.decide` needs. Raises UnavailableError if the forge or git cannot tell."""
        repository = self.world.repository
        rules = self.rules(change.base, _policy_of(change.path))
        listed, request = self.forge.pulls_of(change.commit), self._request(change)
        return Case(
            change=change,
            request=request,
            rules=rules,
            touched=repository.touched(change.base, change.commit),
            earlier=earlier,
            clashes=self._clashes(change),
            listed=listed,
            default_branch=self.forge.default_branch(),
            merge=self._merge(change, rules, listed, requester_of(request, rules.people)),
        )

    def rules(self, commit: Sha, policy: str) -> Rules:
        """The code-owned documents at a commit, with this policy's."""
        known = self._rules.get((commit, policy))
        if known is None:
            known = self._rules[commit, policy] = read_rules(
                CommitTree(repository=self.world.repository, commit=commit), self.world.documents, policy
            )
        return known

    def _request(self, change: Change) -> Parsed[Request] | None:
        if change.blob is None:
            return None
        if change.mode != "100644":
            return Parsed(value=None)
        content = self.world.repository.read([change.blob])[change.blob]
        return self.world.documents.parse_request(Source(path=change.path, content=content))

    def _clashes(self, change: Change) -> tuple[str, ...]:
        folder = change.path.rpartition("/")[0]
        siblings = self.world.repository.entries(change.commit, [f"{folder}/"])
        return tuple(
            each.path
            for each in siblings
            if each.path != change.path and each.path.casefold() == change.path.casefold()
        )

    def _merge(
        self, change: Change, rules: Rules, listed: tuple[PullRequest, ...], requester: GithubId | None
    ) -> Merge | None:
        settings = rules.settings.value
        if settings is None:
            return None
        fits = fitting(
            listed,
            commit=change.commit,
            default_branch=self.forge.default_branch(),
            repository_id=settings.repository_id,
            requester=requester,
        )
        return self._read_merge(change, rules, fits[0].number) if len(fits) == 1 else None

    def _read_merge(self, change: Change, rules: Rules, number: int) -> Merge:
        forge, repository = self.forge, self.world.repository
        pull = forge.pull(number)
        if repository.pull_head(number) != pull.head:
            repository.fetch([number])
        head = repository.pull_head(number) or Sha("")
        commits, reviews = forge.commits(number), forge.reviews(number)
        at_head = repository.entries(head, [change.path]) if head else ()
        judgements = latest_judgements(reviews, pull.merged_at) if pull.merged_at else ()
        people = rules.people.value or {}
        asked_of = [
            review.user.login
            for review in judgements
            if review.state == "APPROVED" and owners.person_behind(review.user, people) is not None
        ]
        return Merge(
            pull_request=pull,
            files=forge.files(number),
            fetched_head=head,
            head_blob=next((entry.blob for entry in at_head if entry.mode == "100644"), None),
            head_rules=self.rules(head, _policy_of(change.path)) if head else rules,
            reviews=reviews,
            commits=commits,
            touching=repository.touching([commit.sha for commit in commits], change.path),
            permissions={login: forge.permission(login) for login in dict.fromkeys(asked_of)},
            retargeted_at=forge.retargeted_at(number),
        )


def read_rules(tree: Tree, documents: DocumentReader, policy: str) -> Rules:
    """The code-owned documents of a tree, with the policy of this name."""
    access = f"policies/access/{policy}.yaml"
    contents = tree.read([SETTINGS, ACCOUNTS, PEOPLE, TEAMS, access, *codeowners.LOCATIONS])
    owners_file = next((path for path in codeowners.LOCATIONS if path in contents), None)
    text = contents[owners_file].decode(errors="replace") if owners_file else ""
    return Rules(
        settings=_parsed(SETTINGS, contents, documents.parse_settings),
        accounts=_parsed(ACCOUNTS, contents, documents.parse_accounts),
        people=_parsed(PEOPLE, contents, documents.parse_people),
        teams=_parsed(TEAMS, contents, documents.parse_teams),
        policy=_parsed(access, contents, documents.parse_policy),
        codeowners=codeowners.parse(text, owners_file) if owners_file else None,
        sources={path: blob_name(content) for path, content in contents.items()},
    )


def latest_end(change: Change, case: Case | None) -> datetime:
    """When what a change asks for would be over at the latest, as far as it can be read."""
    asked = case.request.value if case is not None and case.request is not None else None
    latest = change.committed_at + eligibility.START_AHEAD + duration.MAXIMUM
    if asked is None:
        return latest
    return min(latest, (asked.starts_at or change.committed_at) + asked.duration)


def _parsed(path: str, contents: Mapping[str, bytes], parse: Callable[[Source], Parsed[T]]) -> Parsed[T]:
    if path not in contents:
        finding = Finding(
            code="missing-file", message=f"there is no {path}", file=path, hint="an admin adds it"
        )
        return Parsed(value=None, findings=(finding,))
    return parse(Source(path=path, content=contents[path]))


def _policy_of(path: str) -> str:
    return path.split("/")[1]
