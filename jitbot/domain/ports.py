"""What the use cases ask of the outside. Adapters satisfy these; tests may too.

Every method may raise `UnavailableError` (no usable answer: conclude nothing) or `DeniedError` (a no).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jitbot.domain.evidence import Change, PullCommit, PullRequest, Review
from jitbot.domain.iam import Documents
from jitbot.domain.model import (
    AccountId,
    Accounts,
    Login,
    Parsed,
    People,
    Policy,
    Request,
    Settings,
    Sha,
    Source,
    Teams,
)
from jitbot.domain.roles import Actual, Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a git tree."""

    path: str
    mode: str
    blob: Sha


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """One commit of the ledger, by what it puts there. `tidy`: one parent, and plain files alone."""

    commit: Sha
    parent: Sha
    message: str
    entries: tuple[Entry, ...]
    tidy: bool


class Repository(Protocol):
    """git: commits and blobs at fetched tips, never the working tree."""

    def fetch(self, heads: Iterable[int] = ()) -> None:
        """Bring the tips of main and ledger, and the heads of these pull requests, up to date."""
        ...

    def main(self) -> Sha:
        """The fetched tip of the default branch."""
        ...

    def ledger(self) -> Sha:
        """The fetched tip of the ledger. Raises InvalidError if there is no such branch."""
        ...

    def pull_head(self, number: int) -> Sha | None:
        """The fetched head of a pull request; None if git has none."""
        ...

    def changes(self, since: datetime) -> tuple[Change, ...]:
        """What main's first-parent line did to request files since then, oldest first."""
        ...

    def touched(self, base: Sha, commit: Sha) -> tuple[str, ...]:
        """Every path that differs between two commits; a rename counts as two."""
        ...

    def touching(self, commits: Iterable[Sha], path: str) -> frozenset[Sha]:
        """Of these commits, the ones that change the path against their first parent."""
        ...

    def entries(self, commit: Sha, paths: Sequence[str]) -> tuple[Entry, ...]:
        """The tree's entries at these paths; a path that ends in / gives what lies directly in the folder."""
        ...

    def read(self, blobs: Iterable[Sha]) -> Mapping[Sha, bytes]:
        """The bytes of blobs. Raises UnavailableError if one is missing."""
        ...

    def additions(self, since: datetime) -> tuple[Added, ...]:
        """The ledger's commits since then, through every parent, oldest first."""
        ...

    def resolve(self, revision: str) -> Sha:
        """The commit that a revision names. Raises InvalidError if there is none."""
        ...

    def merge_base(self, one: Sha, other: Sha) -> Sha:
        """The best common ancestor of two commits."""
        ...


class Forge(Protocol):
    """The host of the repository: pull requests, reviews, permissions, branch rules, signed commits."""

    def default_branch(self) -> str:
        """The branch that requests are merged into."""
        ...

    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        """The pull requests that the forge connects with a commit."""
        ...

    def pull(self, number: int) -> PullRequest:
        """One pull request, whole."""
        ...

    def files(self, number: int) -> tuple[str, ...]:
        """Every path a pull request changes, previous names included."""
        ...

    def reviews(self, number: int) -> tuple[Review, ...]:
        """Every submitted review."""
        ...

    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """The commits that the forge lists; at most 250."""
        ...

    def permission(self, login: Login) -> str:
        """admin, write, read or none."""
        ...

    def rules(self, branch: str) -> frozenset[str]:
        """The kinds of rules that protect a branch, such as non_fast_forward."""
        ...

    def commit(self, branch: str, parent: Sha, message: str, additions: Mapping[str, bytes]) -> Sha:
        """Add files on exactly this parent. Raises BranchMovedError if the branch is elsewhere."""
        ...


class Issuer(Protocol):
    """The OIDC issuer of the job."""

    def token(self, audience: str) -> str:
        """A token of this run for this audience."""
        ...

    def keys(self) -> Mapping[str, str]:
        """The public keys the issuer publishes now: key id to the key as JSON."""
        ...

    def verified(self, token: str, keys: Mapping[str, str]) -> Mapping[str, object] | None:
        """The claims of a token whose signature one of these keys proves; None if none does."""
        ...

    def key_id(self, token: str) -> str:
        """The key a token says it was signed with; empty if it says none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The provider's own word on a call: when it answered, and its request ids."""

    at: datetime
    request_ids: tuple[str, ...]


class Account(Protocol):
    """One cloud account, entered: the account that answered is the account that was meant."""

    def roles(self, *, whole: bool = False) -> tuple[Listed, ...]:
        """Every role under our path; `whole` reads all that is in them too, which costs more calls."""
        ...

    def room(self) -> int:
        """How many more roles the account's quota lets be made."""
        ...

    def read(self, role_name: str) -> tuple[Actual | None, Receipt]:
        """A role, whole; None if the provider says that it does not exist."""
        ...

    def create(self, documents: Documents) -> bool:
        """Make the role without permissions; False if one of that name exists already."""
        ...

    def write_permissions(self, documents: Documents) -> None:
        """Write the inline policy, guards included."""
        ...

    def write_trust(self, documents: Documents) -> None:
        """Rewrite the trust policy."""
        ...

    def attach(self, documents: Documents) -> None:
        """Attach the managed policies, if any; safe to repeat."""
        ...

    def deny(self, role_name: str) -> Receipt | None:
        """Attach the policy that denies everything; None if the role does not exist."""
        ...

    def remove(self, actual: Actual) -> None:
        """Delete the role and all that is in it, tolerating what is gone already."""
        ...


class Cloud(Protocol):
    """The accounts. Entering never falls back to other credentials."""

    def enter(self, account_id: AccountId) -> Account:
        """Enter an account with this run's own identity. Raises DeniedError if another one answers."""
        ...


class DocumentReader(Protocol):
    """From the bytes of a file to its value, or findings."""

    def parse_settings(self, source: Source) -> Parsed[Settings]: ...
    def parse_accounts(self, source: Source) -> Parsed[Accounts]: ...
    def parse_people(self, source: Source) -> Parsed[People]: ...
    def parse_teams(self, source: Source) -> Parsed[Teams]: ...
    def parse_policy(self, source: Source) -> Parsed[Policy]: ...
    def parse_request(self, source: Source) -> Parsed[Request]: ...
