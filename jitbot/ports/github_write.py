"""What jitbot changes in the repository on GitHub, with a job's token or a person's. Issues have a port of their own."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from jitbot.domain.model.documents import Sha
from jitbot.domain.model.github_objects import Comment, Status
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.setup.doctor.github.github_state import Body


class GitHubWrite(Protocol):
    """One repository on GitHub. After an UnavailableError a change may have taken effect all the same.

    `GitHubRead` shows whether it did. A call that GitHub did not answer may be repeated, so a comment may be there twice.
    """

    # Commits and branches

    def commit_on_branch(
        self,
        branch: str,
        parent: Sha,
        message: str,
        additions: Mapping[str, bytes],
        deletions: Sequence[str] = (),
    ) -> Sha:
        """Add files to a branch, on exactly this parent, in one call. Raises BranchMovedError if it is elsewhere.

        `deletions` are files that lie where a folder of `additions` must be. GitHub signs the commit as its own.
        """
        ...

    def create_root_commit(self, files: Mapping[str, bytes], message: str) -> Sha:
        """A commit of these files without a past, on no branch. GitHub does not sign it for a person's token."""
        ...

    def create_branch(self, name: str, commit: Sha) -> None:
        """Make a branch at a commit. Raises DeniedError if there is one of that name, among others."""
        ...

    def delete_branch(self, name: str) -> None:
        """Remove a branch."""
        ...

    # Pull requests

    def open_pull(self, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""
        ...

    def merge_when_ready(self, pull: PullRequest, method: str) -> None:
        """Turn auto-merge on, for exactly this head: GitHub merges, as this person, once its rules are met.

        Raises DeniedError, with GitHub's reason, if it does not.
        """
        ...

    def close_pull(self, number: int) -> PullRequest:
        """Close a pull request without merging it, and give it as it is then: it may have been merged meanwhile."""
        ...

    def retitle(self, number: int, title: str) -> None:
        """Replace the title of a pull request."""
        ...

    def post_comment(self, number: int, body: str) -> Comment:
        """A new comment."""
        ...

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text."""
        ...

    def edit_comments(self, bodies: Mapping[str, str]) -> None:
        """Replace the texts of several comments, by their node ids, in few calls. Safe to repeat.

        After an error some of them may have been replaced.
        """
        ...

    def remove_comment(self, comment_id: int) -> None:
        """Delete a comment, tolerating that it is gone."""
        ...

    def set_status(self, commit: Sha, context: str, status: Status, url: str) -> None:
        """Add a status; `url` leads to the run that set it, if there is one."""
        ...

    # Workflows and settings

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> str:
        """Start a workflow of a branch by its file name. Gives the branch's name as GitHub took it, whole or short."""
        ...

    def limit_environment(self, name: str, branches: Collection[str]) -> None:
        """Let these branches alone, by name, use an environment of Actions, which is made if there is none. Safe to repeat."""
        ...

    def change_setting(self, method: str, path: str, body: Body) -> None:
        """One call below the repository, safe to repeat: a ruleset of this name is changed, not made again."""
        ...
