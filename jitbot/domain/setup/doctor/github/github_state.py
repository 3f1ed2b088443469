"""How a repository is set up on GitHub: what GitHub answered, as values. Nothing here says how it should be."""

from collections.abc import Mapping
from dataclasses import dataclass

from jitbot.domain.setup.doctor.report import Unknown

Body = Mapping[str, object]  # a JSON object of GitHub's

ENVIRONMENT = "jitbot"  # the environment that holds the addresses of the chat channels
# How GitHub has it that named branches alone may use an environment.
NAMED_BRANCHES: Body = {
    "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}
}
ADMIN_ROLE = 5  # GitHub's number of the repository role admin, as rulesets name it
ACTIONS_APP = 15368  # https://api.github.com/apps/github-actions
_ADMINS = ("RepositoryRole", ADMIN_ROLE)
_OWNERS = {"OrganizationAdmin": "the organisation's admins", "EnterpriseOwner": "the enterprise's owners"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypass:
    """Somebody who need not obey: GitHub's kind of actor, its number, when, and in which ruleset."""

    kind: str  # RepositoryRole, OrganizationAdmin, EnterpriseOwner, Team, Integration, DeployKey, User
    number: int | None
    mode: str  # always, pull_request, exempt
    ruleset: str

    @property
    def is_admin(self) -> bool:
        """Whether it is those alone who could change the rules anyway."""
        return self.kind in _OWNERS or (self.kind, self.number) == _ADMINS

    def shown(self) -> str:
        """In words."""
        who = {**_OWNERS, "DeployKey": "every deploy key"}.get(self.kind)
        if (self.kind, self.number) == _ADMINS:
            who = "the repository's admins"
        return f"{who or f'{self.kind} {self.number}'} ({self.mode}, in ruleset {self.ruleset})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """What protects a branch: the active rules of all rulesets, and classic protection (None: there is none).

    `strict` are the numbers of the rulesets that nobody may pass by.
    """

    name: str
    rules: tuple[Body, ...] | Unknown
    classic: Body | Unknown | None
    bypasses: tuple[Bypass, ...] | Unknown
    strict: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """The repository. `answer` is all that GitHub says of it; a token with read access gets less."""

    full_name: str
    repository_id: int
    default_branch: str
    answer: Body

    @property
    def actions_app(self) -> int | None:
        """The number of the App GitHub Actions; None on another server than github.com, where it is another one."""
        return ACTIONS_APP if str(self.answer.get("html_url")).startswith("https://github.com/") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """An environment of Actions: what may deploy to it, and so is given its secrets, and the names of these.

    `allows` has branches by name or pattern; all else has words, as in `the tag main` or `every protected branch`.
    """

    allows: frozenset[str]
    secrets: frozenset[str] | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubState:
    """All that the table of desired settings is compared with. `job_tokens`: what a job may do that asks for nothing.

    `environment` is jitbot's own, None where there is none. `secrets` are the names of those that any branch's
    workflow may use: the repository's, and its organisation's.
    """

    hosting: Hosting
    main: Branch
    ledger: Branch
    has_ledger: bool | Unknown
    job_tokens: Body | Unknown
    environment: Environment | Unknown | None
    secrets: frozenset[str] | Unknown
