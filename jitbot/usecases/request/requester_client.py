"""The client of a requester: who they are, the rules at main's tip, and what they may ask for. Reads only the API."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from jitbot.domain.access import eligibility
from jitbot.domain.aws.action_catalog import ActionCatalog
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model import codeowners, owners
from jitbot.domain.model.documents import (
    PEOPLE,
    PLAIN,
    POLICIES,
    SETTINGS,
    Parsed,
    People,
    Person,
    Policy,
    Request,
    Sha,
    Source,
    Teams,
    policy_path,
)
from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.model.github_objects import RepositoryAccess
from jitbot.domain.model.grammar import is_request
from jitbot.domain.model.merge_facts import SHARED_RULES, Rules
from jitbot.domain.request import new_request
from jitbot.domain.text.amount import many
from jitbot.domain.views.preview import Former, Preview
from jitbot.ports.documents import DocumentReader
from jitbot.ports.github_read import GitHubRead
from jitbot.ports.github_write import GitHubWrite
from jitbot.usecases.collect.collect_case import read_rules
from jitbot.usecases.pull_request.checking import Checker

T = TypeVar("T")

_RULES = (*SHARED_RULES, *codeowners.LOCATIONS)


@dataclass(slots=True)
class RemoteTree:
    """The files of one commit, read through GitHub's API and kept."""

    github: GitHubRead
    commit: Sha
    _folders: dict[str, tuple[AddedEntry, ...]] = field(default_factory=dict)
    _contents: dict[Sha, bytes] = field(default_factory=dict)

    def read(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The contents of those paths that are ordinary files there."""
        wanted = list(paths)
        self.list(_folder(path) for path in wanted)
        plain = {
            entry.path: entry.blob
            for folder in dict.fromkeys(map(_folder, wanted))
            for entry in self._folders[folder]
            if entry.mode == PLAIN
        }
        blobs = [plain[path] for path in wanted if path in plain]
        if missing := [blob for blob in blobs if blob not in self._contents]:
            self._contents.update(self.github.contents(missing))
        if odd := next(
            (path for path in wanted if path in plain and plain[path] not in self._contents), None
        ):
            raise UnavailableError(f"{odd} is no plain text, or came cut short")
        return {path: self._contents[plain[path]] for path in wanted if path in plain}

    def others(self, paths: Iterable[str]) -> Mapping[str, str]:
        """The modes of those paths that are there and are no ordinary files."""
        wanted = list(paths)
        self.list(_folder(path) for path in wanted)
        return {
            entry.path: entry.mode
            for folder in dict.fromkeys(map(_folder, wanted))
            for entry in self._folders[folder]
            if entry.path in wanted and entry.mode != PLAIN
        }

    def entry(self, path: str) -> AddedEntry | None:
        """What lies at a path, whatever it is; None if nothing does."""
        folder = _folder(path)
        self.list([folder])
        return next((entry for entry in self._folders[folder] if entry.path == path), None)

    def at(self, commit: Sha) -> "RemoteTree":
        """The files of another commit. Contents that either has read are shared."""
        return self if commit == self.commit else RemoteTree(self.github, commit, _contents=self._contents)

    def list(self, folders: Iterable[str]) -> tuple[str, ...]:
        """The paths of what lies directly in these folders."""
        wanted = list(dict.fromkeys(folders))
        if missing := [folder for folder in wanted if folder not in self._folders]:
            self._folders.update(self.github.folders(self.commit, missing))
        return tuple(entry.path for folder in wanted for entry in self._folders[folder])


@dataclass(frozen=True, kw_only=True)
class RequesterClient:
    """One person's client. Not slotted: the repository, the people and the policies are read once, when needed."""

    github: GitHubRead
    github_write: GitHubWrite
    documents: DocumentReader
    catalogue: ActionCatalog
    sleep: Callable[[float], None]
    at: datetime  # when the command was given

    @cached_property
    def place(self) -> RepositoryAccess:
        """Whose token this is, and the tip of main."""
        return self.github.access()

    @cached_property
    def tree(self) -> RemoteTree:
        """main's tip."""
        return RemoteTree(self.github, self.place.tip)

    @cached_property
    def rules_tree(self) -> RemoteTree:
        """main's tip, with every rule of it read in two calls. Raises InvalidError if it has no settings."""
        self.tree.list(folders_with_rules())
        if SETTINGS not in self.tree.read([*_RULES, *self.policy_paths()]):
            raise InvalidError(
                f"{self.place.repository} is no access repository: {self.place.branch} has no {SETTINGS}. "
                "Name the right one with --repo OWNER/NAME, or set JITBOT_REPOSITORY"
            )
        return self.tree

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """The policies at main's tip that read without a finding: under another one nothing is granted."""
        found = self.rules_tree.read(self.policy_paths())
        parsed = (
            self.documents.parse_policy(Source(path=path, content=content)) for path, content in found.items()
        )
        return tuple(each.value for each in parsed if each.value is not None)

    def policy_paths(self) -> list[str]:
        """The paths of all policies at main's tip."""
        return [path for path in self.tree.list([POLICIES.rstrip("/")]) if path.endswith(".yaml")]

    @cached_property
    def person(self) -> Person:
        """Who people.yaml says this is. Raises InvalidError with whom to ask if it says nothing."""
        actor = self.place.actor
        found = owners.person_behind(actor, self.people)
        if found is None:
            raise InvalidError(
                f"{actor.login} (GitHub id {actor.github_id}) is not in {PEOPLE}, so jitbot knows nobody behind "
                f"this token; ask {self.owners_of(PEOPLE)} to add you"
            )
        return found

    @property
    def people(self) -> People:
        """The people at main's tip."""
        return _value(self.rules("").people)

    @property
    def teams(self) -> Teams:
        """The teams at main's tip, with those who are members now."""
        return _value(self.rules("").teams).at(self.at)

    def accounts_of(self, policy: Policy) -> tuple[str, ...]:
        """The accounts that a policy gives access to, by main's tip: its groups are expanded."""
        rules = self.rules("")
        groups, accounts = _value(rules.account_groups), _value(rules.accounts)
        return eligibility.allowed_accounts(policy, groups, accounts)

    def rules(self, policy: str) -> Rules:
        """The rules at main's tip, with this policy's."""
        return read_rules(self.rules_tree, self.documents, policy)

    def usable(self) -> tuple[Policy, ...]:
        """The policies that this person may ask under. Raises InvalidError with whom to ask if there is none."""
        person = self.person
        found = new_request.usable(self.policies, person, self.teams)
        if person.principal is None:
            raise InvalidError(
                f"{person.login} has no AWS principal in {PEOPLE}, so can approve but not ask; "
                f"ask {self.owners_of(PEOPLE)} to add one"
            )
        if not found:
            raise InvalidError(
                f"no policy names {person.login}, or a team of theirs, as eligible; "
                f"ask {self.owners_of(policy_path('x'))}, who own {POLICIES}"
            )
        return found

    def owners_of(self, path: str) -> str:
        """The owners of a path in words, as CODEOWNERS names them."""
        rules = self.rules("")
        found = owners.of(path, codeowners=rules.codeowners, people=self.people, teams=self.teams)
        return " or ".join(found.names) or "an admin of the repository"

    def read_request(self, path: str) -> tuple[bytes, Request]:
        """A request as main has it. Raises InvalidError if main has none there, or one that does not read."""
        content = self.tree.read([path]).get(path)
        if content is None:
            raise InvalidError(f"{self.place.branch} has no {path}")
        return content, self.parse(Source(path=path, content=content))

    def parse(self, source: Source) -> Request:
        """A request, read. Raises InvalidError with the first finding."""
        return _value(self.documents.parse_request(source))

    def verdict(self, source: Source, now: datetime, *, former: Former | None = None) -> Preview:
        """What merging a file now would give, and what would keep it from being granted: as `check` says it."""
        checker = Checker(documents=self.documents, catalogue=self.catalogue, when=now)
        return checker.request(self.rules_tree, source, former=former)

    def request_of(self, number: int) -> str:
        """The one request that a pull request touches. Raises InvalidError if it is not exactly one."""
        found = [path for path in self.github.files(number) if is_request(path)]
        if len(found) != 1:
            raise InvalidError(f"pull request {number} touches {many(len(found), 'request')}, not one")
        return found[0]

    def requests(self, months: Sequence[str]) -> tuple[str, ...]:
        """The requests that main holds of these months, as in 2026-11."""
        kinds = self.tree.list(["requests"])
        found = self.tree.list(f"{kind}/{month}" for kind in kinds for month in months)
        return tuple(path for path in found if path.endswith(".yaml"))


def ensure_may_push(client: RequesterClient) -> None:
    """Raise InvalidError if this person cannot propose anything here."""
    if not client.place.may_write:
        raise InvalidError(f"{client.place.actor.login} may not push to {client.place.repository}")


def folders_with_rules(*paths: str) -> tuple[str, ...]:
    """The folders of all rules, and of these paths: listed together they are one question."""
    return tuple(dict.fromkeys(_folder(path) for path in (*_RULES, policy_path("any"), *paths)))


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _value(parsed: Parsed[T]) -> T:
    if parsed.value is None:
        raise InvalidError(parsed.findings[0].in_words)
    return parsed.value
