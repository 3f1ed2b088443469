"""GitHub through the adapter, against the embedded one: what each call gives, costs, and does with trouble."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from jitbot.adapters.github import GitHubForge
from jitbot.domain.errors import BranchMovedError, DeniedError, JitbotError, UnavailableError
from jitbot.domain.model import Login, Sha
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github import GitHubSandbox
from jitbot.sandbox.github.records import Fault, User
from jitbot.sandbox.organisation import acme_tree

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ASK = "requests/orders-db-read/2026-11/24-alice-x.yaml"
PEOPLE = {"alice": 1001, "bob": 1002, "erin": 1005, "olivia": 1009}
NOBODY = Sha("1" * 40)


@dataclass(kw_only=True)
class Site:
    """An embedded GitHub, and the adapter as each person."""

    github: GitHubSandbox

    def forge(self, login: str = "olivia", **options: str) -> GitHubForge:
        """The adapter with this person's token, without pauses between its attempts."""
        given = {"repository": "acme/access", "token": self.github.token_for(login), **options}
        return GitHubForge(given.pop("repository"), api_url=self.github.api_url, backoff=0, **given)

    def tip(self, branch: str = "main") -> Sha:
        """The newest commit of a branch."""
        return Sha(self.store.tip(branch) or "")

    @property
    def store(self):  # type: ignore[no-untyped-def]
        """The git store of the access repository."""
        return self.github._site.repository("acme/access").store


@pytest.fixture
def site() -> Iterator[Site]:
    """A GitHub with acme's repository and some of its people."""
    with GitHubSandbox(Clock(NOW)) as github:
        for login, number in PEOPLE.items():
            github.add_user(login, number, permission="admin" if login == "olivia" else "write")
        github.add_team("acme/payments-leads", ["bob"])
        github.create_repository("acme/access", acme_tree(github.issuer))
        yield Site(github=github)
