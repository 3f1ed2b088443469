"""How the host of the repository is set up, as `doctor` asks for it and `init` sets it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from jitbot.domain.model.documents import Finding, Login
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.github_state import Body, Branch, Hosting


class Setup(Protocol):
    """What can be read. Each raises UnavailableError or DeniedError where this token may not read it."""

    def hosting(self) -> Hosting:
        """The repository and its settings."""
        ...

    def branch(self, name: str) -> Branch:
        """What protects a branch; what the token may not see is Unknown in it."""
        ...

    def has_branch(self, name: str) -> bool:
        """Whether there is such a branch."""
        ...

    def job_tokens(self) -> Body:
        """What a job's token may do by default."""
        ...

    def tags(self) -> Mapping[str, str]:
        """The commit that each tag names."""
        ...

    def codeowners_errors(self) -> Sequence[Finding] | None:
        """What the host finds wrong with CODEOWNERS on main; None if it finds no such file."""
        ...

    def account(self, login: Login) -> Actor | None:
        """Who a login is; None if it is nobody's."""
        ...

    def permission(self, login: Login) -> str:
        """admin, write, read or none."""
        ...

    def members(self, team: str) -> frozenset[str] | None:
        """The logins of a team, by `organisation/team`; None if the host shows no such team."""
        ...

    def workflow_state(self, file: str) -> str | None:
        """active, or how the workflow of this file name is off; None if the host knows no such workflow."""
        ...

    def last_scheduled(self, file: str) -> datetime | None:
        """When the newest run began that the schedule of this workflow started; None if there is none."""
        ...


class RepositorySettings(Protocol):
    """What can be set. Each method is safe to repeat."""

    def begin(self, branch: str, message: str, readme: bytes) -> None:
        """Make a branch without a past, with one commit of one README.md."""
        ...

    def make(self, method: str, path: str, body: Body) -> None:
        """One call below the repository; what a POST would make is changed where there is one of its name."""
        ...
