"""Setting a repository up on GitHub: each step reads first, and changes only what differs.

https://docs.github.com/en/rest/repos/rules, https://docs.github.com/en/rest/actions/permissions
"""

from collections.abc import Mapping
from typing import Any

from github import GithubException

from jitbot.adapters.github.client import Client, translated
from jitbot.domain.setup.doctor import settings as wanted


class GitHubRepositorySettings:
    """One repository's `jitbot.ports.setup.Settling`. The token must be an admin's."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @translated
    def begin(self, branch: str, message: str, readme: bytes) -> bool:
        """Make a branch without a past, with one commit of one README.md; False if there is such a branch."""
        try:
            self._client.get(f"/git/ref/heads/{branch}")
        except GithubException as error:
            if error.status != 404:
                raise
            file = {"path": "README.md", "mode": "100644", "type": "blob", "content": readme.decode()}
            tree = self._client.send("POST", "/git/trees", {"tree": [file]})
            # No author is named, so that GitHub signs the commit as its own.
            made = self._client.send(
                "POST", "/git/commits", {"message": message, "tree": tree["sha"], "parents": []}
            )
            self._client.send("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": made["sha"]})
            return True
        return False

    @translated
    def choose_merging(self) -> bool:
        """Merge and squash alone, auto-merge, merged branches deleted."""
        raw = self._client.get("")
        if wanted.MERGING.items() <= raw.items():
            return False
        self._client.send("PATCH", "", wanted.MERGING)
        return True

    @translated
    def restrict_jobs(self) -> bool:
        """A job's token may only read by default, and approve nothing."""
        path = "/actions/permissions/workflow"
        if wanted.JOB_TOKENS.items() <= self._client.get(path).items():
            return False
        self._client.send("PUT", path, wanted.JOB_TOKENS)
        return True

    def protect_main(self) -> bool:
        """The ruleset of main."""
        return self._ruleset(wanted.MAIN_RULESET)

    def protect_ledger(self) -> bool:
        """The ruleset of the ledger."""
        return self._ruleset(wanted.LEDGER_RULESET)

    @translated
    def _ruleset(self, ruleset: Mapping[str, Any]) -> bool:
        """Make the ruleset of this name, or put it back to what it should be."""
        own = [
            raw
            for raw in self._client.pages("/rulesets")
            if raw["name"] == ruleset["name"] and raw.get("source_type", "Repository") == "Repository"
        ]
        if not own:
            self._client.send("POST", "/rulesets", ruleset)
            return True
        path = f"/rulesets/{own[0]['id']}"
        if _holds(self._client.get(path), ruleset):
            return False
        self._client.send("PUT", path, ruleset)
        return True


def _holds(found: Any, asked: Any) -> bool:
    """Whether all that is asked for is there. GitHub adds keys of its own; lists are compared regardless of order."""
    if isinstance(asked, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and _holds(found[name], value) for name, value in asked.items()
        )
    if isinstance(asked, (list, tuple)):
        if not isinstance(found, list) or len(found) != len(asked):
            return False
        return all(any(_holds(one, each) for one in found) for each in asked)
    return bool(found == asked)
