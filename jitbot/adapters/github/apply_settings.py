"""Setting a repository up on GitHub: what differs was found before, and is changed here.

https://docs.github.com/en/rest/repos/rules, https://docs.github.com/en/rest/actions/permissions
"""

from github import GithubException

from jitbot.adapters.github.client import Client, said, translated
from jitbot.domain.model.documents import PLAIN
from jitbot.domain.model.errors import DeniedError
from jitbot.domain.setup.doctor.github_state import Body

_PREVENTED = 409  # of a setting: the organisation decides it, so trying again does not help


class GitHubRepositorySettings:
    """One repository's `jitbot.ports.setup.RepositorySettings`. The token must be an admin's."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @translated
    def begin(self, branch: str, message: str, readme: bytes) -> None:
        """Make a branch without a past, with one commit of one README.md."""
        file = {"path": "README.md", "mode": PLAIN, "type": "blob", "content": readme.decode()}
        tree = self._client.send("POST", "/git/trees", {"tree": [file]})
        # GitHub signs no commit that a person's token makes by REST, and only REST makes a commit without a past.
        # https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification
        made = self._client.send(
            "POST", "/git/commits", {"message": message, "tree": tree["sha"], "parents": []}
        )
        self._client.send("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": made["sha"]})

    @translated
    def make(self, method: str, path: str, body: Body) -> None:
        """One call below the repository; the repository's own ruleset of this name is changed, not made again."""
        for raw in self._client.pages(path) if method == "POST" else ():
            if raw["name"] == body["name"] and raw.get("source_type", "Repository") == "Repository":
                method, path = "PUT", f"{path}/{raw['id']}"
                break
        try:
            self._client.send(method, path, body)
        except GithubException as error:
            if error.status != _PREVENTED:
                raise
            raise DeniedError(f"GitHub answered {_PREVENTED}: {said(error)}") from error
