"""Everything the embedded GitHub knows: accounts, tokens, teams, rules, repositories."""

import itertools
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.git.objects import Signature
from jitbot.sandbox.github.git.store import GitStore
from jitbot.sandbox.github.records import (
    Activity,
    Comment,
    Dispatch,
    GitHubFault,
    HostedEnvironment,
    Issue,
    Pull,
    PullRequestRule,
    RefusalError,
    Review,
    Ruleset,
    StartedRun,
    Status,
    User,
)

ACTIONS_BOT = "github-actions[bot]"
WEB_FLOW = User(login="web-flow", id=19864447, permission="none")

_NOREPLY = re.compile(r"(?:(\d+)\+)?([^@+]+)@users\.noreply\.github\.com")

OnDispatch = Callable[[str, str, Mapping[str, str], str], None]
OnPush = Callable[[str, str], None]
OnPull = Callable[[int, str], None]


class HostedRepository:
    """One repository: its git store, and what GitHub keeps beside git."""

    def __init__(
        self,
        *,
        full_name: str,
        id: int,  # noqa: A002 - GitHub's word
        owner_id: int,
        created_at: datetime,
        store: GitStore,
    ) -> None:
        self.full_name = full_name
        self.owner, _, self.name = full_name.partition("/")
        self.id = id
        self.owner_id = owner_id
        self.created_at = created_at
        self.default_branch = "main"
        self.store = store
        self.pulls: dict[int, Pull] = {}
        self.reviews: dict[int, Review] = {}
        self.comments: dict[int, Comment] = {}
        self.issues: dict[int, Issue] = {}
        self.statuses: list[Status] = []
        self.activities: list[Activity] = []
        self.tips: dict[str, str] = {}  # where each branch was when it last moved
        self.signed: set[str] = set()
        self.merging = {
            "allow_merge_commit": True,
            "allow_squash_merge": True,
            "allow_rebase_merge": True,
            "allow_auto_merge": True,
            "delete_branch_on_merge": False,
            "has_issues": True,
        }
        self.actions: dict[str, object] = {
            "enabled": True,
            "allowed_actions": "all",
            "sha_pinning_required": False,
        }
        self.selected_actions: dict[str, object] = {}
        self.token_subject: dict[str, object] = {"use_default": True}
        self.job_permissions: dict[str, object] = {
            "default_workflow_permissions": "read",
            "can_approve_pull_request_reviews": False,
        }
        self.environments: dict[str, HostedEnvironment] = {}
        self.secrets: set[str] = set()  # names: the sandbox keeps no value
        self.organisation_secrets: set[str] = set()
        self.workflow_states: dict[str, str] = {}  # file name -> how it is off
        # File name -> how long ago its schedule last started it; None: never.
        self.schedules: dict[str, timedelta | None] = {}
        self.runs: list[StartedRun] = []
        self.test_merges: dict[tuple[str, str], str | None] = {}

    def next_number(self) -> int:
        """The next number: pull requests and issues share one row of them."""
        return max((*self.pulls, *self.issues), default=0) + 1

    def pull(self, number: int) -> Pull:
        """The pull request of that number; 404 if there is none."""
        if number not in self.pulls:
            raise RefusalError(404, "Not Found")
        return self.pulls[number]

    def change(self, pull: Pull, **fields: object) -> Pull:
        """Replace fields of a pull request and keep the result."""
        changed = replace(self.pulls[pull.number], **fields)  # type: ignore[arg-type]  # names are ours
        self.pulls[pull.number] = changed
        return changed

    def reviews_of(self, pull: Pull) -> list[Review]:
        """Its reviews, oldest first."""
        return [review for review in self.reviews.values() if review.pull == pull.number]

    def tip(self, branch: str) -> str:
        """The newest commit of a branch; 404 if there is no such branch."""
        sha = self.store.tip(branch)
        if sha is None:
            raise RefusalError(404, "Branch not found")
        return sha

    def changed_paths(self, pull: Pull) -> list[str]:
        """The paths a pull request touches, names before a rename included."""
        paths: list[str] = []
        for change in self.store.changes(self.fork_point(pull), pull.head_sha):
            paths += [change.path, *([change.previous_path] if change.previous_path else [])]
        return paths

    def fork_point(self, pull: Pull) -> str:
        """Where the commits of a pull request start."""
        if pull.fork_point:
            return pull.fork_point
        base = self.store.tip(pull.base_ref) or pull.base_sha
        return self.store.merge_base(base, pull.head_sha) or base


class Site:
    """The whole sandbox behind one lock: a call reads and writes it alone."""

    def __init__(self, *, clock: Clock, folder: Path, on_dispatch: OnDispatch | None) -> None:
        self.clock = clock
        self.folder = folder
        self.on_dispatch = on_dispatch
        self.on_push: OnPush | None = None  # called with the lock held: it may only take note
        # Of a pull request that somebody opened, moved or reviewed; as `on_push`.
        self.on_pull: OnPull | None = None
        self.allow_auto_merge = True
        # Whether its GraphQL has all that is asked of pull requests, as an old one has not.
        self.reads_together = True
        self.url = ""
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.gone: set[int] = set()  # accounts that were deleted: GitHub names nobody in their place
        self.tokens: dict[str, str] = {}
        self.teams: dict[str, tuple[str, ...]] = {}
        self.rules: dict[str, Ruleset] = {
            "main": Ruleset(id=1, name="jitbot: main", pull_request=PullRequestRule()),
            "ledger": Ruleset(id=2, name="jitbot: ledger", admins_bypass=False),
        }
        self.repositories: dict[str, HostedRepository] = {}
        self.dispatches: list[Dispatch] = []
        self.calls: list[tuple[str, str]] = []
        self.faults: Callable[[str, str], GitHubFault | None] | None = None
        self.calls_left: int | None = None
        self._ids = itertools.count(5000001)
        self.add_user(User(login=ACTIONS_BOT, id=41898282, type="Bot"))

    def next_id(self) -> int:
        """A number that nothing else has."""
        return next(self._ids)

    def add_user(self, user: User) -> None:
        """Add an account, or change the one of that login."""
        self.users[user.login.casefold()] = user

    def user(self, login: str) -> User:
        """The account of that login, upper or lower case; 404 if there is none."""
        if login.casefold() not in self.users:
            raise RefusalError(404, "Not Found")
        return self.users[login.casefold()]

    def token_for(self, login: str) -> str:
        """A new token of that account."""
        user = self.user(login)
        token = f"{'ghs' if user.type == 'Bot' else 'ghp'}_sandbox{secrets.token_hex(14)}"
        self.tokens[token] = user.login
        return token

    def repository(self, full_name: str) -> HostedRepository:
        """The repository of that name; 404 if there is none."""
        name = full_name.casefold().removesuffix(".git")
        if name not in self.repositories:
            raise RefusalError(404, "Not Found")
        return self.repositories[name]

    def by_email(self, email: str) -> User | None:
        """Whose commits carry that address: GitHub links by address alone, so anyone may claim one."""
        if email == "noreply@github.com":
            return WEB_FLOW
        match = _NOREPLY.fullmatch(email)
        if match and match[1]:
            return next((user for user in self.users.values() if user.id == int(match[1])), None)
        login, _, domain = email.partition("@")
        if match or domain == "acme.com":
            return self.users.get((match[2] if match else login).casefold())
        return None

    def signature(self, user: User) -> Signature:
        """How a commit that this account makes now is signed."""
        return Signature(name=user.login, email=user.email, when=self.clock.now())

    def web_flow(self) -> Signature:
        """How GitHub signs, as committer, what it commits itself."""
        return Signature(name="GitHub", email="noreply@github.com", when=self.clock.now())
