"""How the host of the repository is set up, as `doctor` asks for it and `init` sets it."""

from collections.abc import Sequence
from typing import Protocol

from jitbot.domain.model.documents import Finding, Login
from jitbot.domain.model.merge_facts import Actor
from jitbot.domain.setup.doctor.branches import Branch
from jitbot.domain.setup.doctor.repository import Hosting, JobTokens


class Setup(Protocol):
    """What can be read. Each raises UnavailableError or DeniedError where this token is not told."""

    def hosting(self) -> Hosting:
        """The repository and its settings."""
        ...

    def branch(self, name: str) -> Branch:
        """What protects a branch; what the token may not see is Unknown in it."""
        ...

    def has_branch(self, name: str) -> bool:
        """Whether there is such a branch."""
        ...

    def job_tokens(self) -> JobTokens:
        """What a job's token may do by default."""
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


class RepositorySettings(Protocol):
    """What can be set; each is safe to repeat, and says whether anything had to be changed."""

    def begin(self, branch: str, message: str, readme: bytes) -> bool:
        """Make a branch without a past, with one commit of one README.md."""
        ...

    def choose_merging(self) -> bool:
        """Merge and squash alone, auto-merge, merged branches deleted."""
        ...

    def restrict_jobs(self) -> bool:
        """A job's token may only read by default, and approve nothing."""
        ...

    def protect_main(self) -> bool:
        """The ruleset of main."""
        ...

    def protect_ledger(self) -> bool:
        """The ruleset of the ledger."""
        ...
