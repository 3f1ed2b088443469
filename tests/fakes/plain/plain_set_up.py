"""How acme is set up on GitHub, in memory: each answer is a value, or the error that is raised instead; and what is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias, TypeVar, cast

from acme_facts import PEOPLE, TEAMS, an_actor, sha
from github_facts import ACTIONS, JOB_TOKENS, LEDGER, LIMITED, MAIN, SUBJECT, hosting

from jitbot.domain.model.documents import Finding, Login, Sha
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.github.github_state import Body, Branch, Environment, Hosting
from jitbot.sandbox.organisation import acme_tree

T = TypeVar("T")
Answer: TypeAlias = T | JitbotError


def given(answer: Answer[T]) -> T:
    """The value; an error is raised."""
    if isinstance(answer, JitbotError):
        raise answer
    return answer


def a_repository(*, trunk: str = "main", **answer: Any) -> Hosting:
    """acme's, with other settings."""
    found = hosting(web_commit_signoff_required=False, **answer)
    return replace(found, repository_id=700001, default_branch=trunk)


@dataclass(slots=True, kw_only=True)
class PlainSetUp:
    """The repository as `init --apply` leaves it. It is both ports: what is sent is in `sent`, and changes no answer."""

    of: Answer[Hosting] = field(default_factory=a_repository)
    branches: Mapping[str, Branch] = field(default_factory=lambda: {"main": MAIN, "ledger": LEDGER})
    tips: Mapping[str, Answer[Sha | None]] = field(default_factory=lambda: {"ledger": sha("ledger")})
    jobs: Answer[Body] = field(default_factory=lambda: JOB_TOKENS)
    actions: Answer[Body] = field(default_factory=lambda: ACTIONS)
    subject: Answer[Body] = field(default_factory=lambda: SUBJECT)
    limited: Answer[Environment | None] = LIMITED
    secrets: Answer[frozenset[str]] = frozenset()
    owners_errors: Answer[Sequence[Finding] | None] = ()
    states: Mapping[str, Answer[str | None]] = field(default_factory=dict)  # of workflows that are not active
    ran_at: Answer[datetime | None] = None  # the schedule's newest run
    accounts: Mapping[str, Answer[Actor | None]] = field(
        default_factory=dict
    )  # that are not those of acme_facts
    permissions: Mapping[str, Answer[str]] = field(default_factory=dict)  # that are not to write
    teams: Mapping[str, Answer[frozenset[str] | None]] = field(
        default_factory=lambda: {team: frozenset(logins) for team, logins in TEAMS.items()}
    )
    on_main: frozenset[str] = frozenset(acme_tree("https://x.example"))  # its files
    refused: JitbotError | None = None  # instead of making a branch
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)  # of workflows, logins and teams

    # What is read

    def hosting(self) -> Hosting:
        """The repository."""
        return given(self.of)

    def protection(self, branch: str) -> Branch:
        """What protects a branch."""
        return self.branches.get(branch) or Branch(name=branch, rules=(), classic=None, bypasses=())

    def tip(self, branch: str) -> Sha | None:
        """Of a branch."""
        return given(self.tips.get(branch))

    def job_tokens(self) -> Body:
        """What a job's token may do."""
        return given(self.jobs)

    def actions_policy(self) -> Body:
        """Whether Actions may run, and which."""
        return given(self.actions)

    def token_subject(self) -> Body:
        """Of a job's token."""
        return given(self.subject)

    def environment(self, name: str) -> Environment | None:
        """That of chat."""
        assert name == "jitbot"
        return given(self.limited)

    def shared_secrets(self) -> frozenset[str]:
        """Those of every branch."""
        return given(self.secrets)

    def codeowners_errors(self) -> Sequence[Finding] | None:
        """What GitHub finds wrong with CODEOWNERS."""
        return given(self.owners_errors)

    def workflow_state(self, file: str) -> str | None:
        """Whether it is on."""
        self.asked.append(file)
        return given(self.states.get(file, "active" if f".github/workflows/{file}" in self.on_main else None))

    def last_scheduled(self, file: str) -> datetime | None:
        """The newest run of the schedule."""
        assert file == "clock.yml"
        return given(self.ran_at)

    def account(self, login: Login) -> Actor | None:
        """Who a login is, in upper or lower case; of those who are not acme's nobody is known."""
        self.asked.append(login)
        known = an_actor(login.lower()) if login.lower() in PEOPLE else None
        return given(self.accounts.get(login, known))

    def permission(self, login: Login) -> str:
        """What somebody may do."""
        return given(self.permissions.get(login, "write" if login in PEOPLE else "none"))

    def members(self, team: str) -> frozenset[str] | None:
        """Of a team."""
        self.asked.append(team)
        return given(self.teams.get(team))

    # What is changed

    def change_setting(self, method: str, path: str, body: Mapping[str, object]) -> None:
        """One call."""
        self.sent.append((method, path, body))

    def limit_environment(self, name: str, branches: frozenset[str]) -> None:
        """To these branches."""
        self.sent.append((name, branches))

    def create_root_commit(self, files: Mapping[str, bytes], message: str) -> Sha:
        """On no branch yet."""
        self.sent.append((*files, message))
        return sha("root")

    def create_branch(self, name: str, commit: Sha) -> None:
        """At a commit."""
        if self.refused is not None:
            raise self.refused
        self.sent.append((name, commit))

    @property
    def port(self) -> Any:
        """For a use case that asks no more than this."""
        return cast("Any", self)
