"""The forge that decisions and the ledger rest on: pull requests, reviews, permissions, rules, signed commits."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from github import GithubException
from github.GithubException import UnknownObjectException

from jitbot.adapters.github import authors
from jitbot.adapters.github.client import Client, translated
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import GithubId, Login, Sha
from jitbot.domain.model.errors import BranchMovedError, UnavailableError
from jitbot.domain.model.merge_facts import (
    GONE,
    Actor,
    Dismissal,
    PullCommit,
    PullRequest,
    PullRequestHistory,
    Push,
    Review,
)
from jitbot.domain.text import timestamp

_COMMIT = """mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""
_MOVES = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})
_MOST_PUSHES = 20  # pages of a branch's moves: twice as many as `bounds.MOVES` fill


class GitHubForge:
    """One repository's `jitbot.ports.Forge`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @translated
    def default_branch(self) -> str:
        """The branch that requests are merged into."""
        return str(self._client.get("")["default_branch"])

    @translated
    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        """The pull requests that GitHub connects with a commit; it may lag some minutes behind the merge."""
        return tuple(pull_request(raw) for raw in self._client.pages(f"/commits/{commit}/pulls"))

    @translated
    def pull(self, number: int) -> PullRequest:
        """One pull request, whole."""
        return pull_request(self._client.get(f"/pulls/{number}"))

    @translated
    def files(self, number: int) -> tuple[str, ...]:
        """Every path a pull request changes, previous names included."""
        names: list[str] = []
        for raw in self._client.pages(f"/pulls/{number}/files"):
            names += [
                str(raw["filename"]),
                *([str(raw["previous_filename"])] if "previous_filename" in raw else []),
            ]
        return tuple(names)

    @translated
    def reviews(self, number: int) -> tuple[Review, ...]:
        """Every submitted review; one by an account that no longer exists counts for nobody and is left out."""
        pages = self._client.pages(f"/pulls/{number}/reviews")
        return tuple(_review(raw) for raw in pages if raw.get("user") and raw.get("submitted_at"))

    @translated
    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """The commits that GitHub lists, at most 250, each with everybody whom it names."""
        return authors.named(self._client, list(self._client.pages(f"/pulls/{number}/commits")))

    @translated
    def history(self, number: int) -> PullRequestHistory:
        """What happened to a pull request, of what matters here.

        https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
        """
        told = list(self._client.pages(f"/issues/{number}/events"))
        moves = [_moment(raw["created_at"]) for raw in told if raw["event"] in _MOVES]
        return PullRequestHistory(
            merged=any(raw["event"] == "merged" for raw in told),
            retargeted_at=max(moves, default=None),
            dismissals=tuple(_dismissal(raw) for raw in told if raw["event"] == "review_dismissed"),
        )

    @translated
    def pushes(self, branch: str, until: datetime | None) -> tuple[Push, ...]:
        """The moves of a branch until then, oldest first: later moves add nothing to be read.

        Which right a job needs for it is not proven against GitHub.
        https://docs.github.com/en/rest/repos/repos#list-repository-activities
        """
        query = {"ref": f"refs/heads/{branch}", "direction": "asc"}
        found: list[Push] = []
        for page in self._client.following("/activity", query, _MOST_PUSHES):
            moves = [_push(raw) for raw in page]
            found += [each for each in moves if until is None or each.at <= until]
            if len(found) > bounds.MOVES or _leads_beyond(moves, until):
                break
        return tuple(found)

    @translated
    def permission(self, login: Login) -> str:
        """admin, write, read or none; none too for somebody GitHub does not know here."""
        try:
            return str(self._client.get(f"/collaborators/{login}/permission")["permission"])
        except UnknownObjectException:
            return "none"

    def calls_left(self) -> int | None:
        """How many calls GitHub still allows in this hour; None where it does not say."""
        return self._client.calls_left

    @translated
    def rules(self, branch: str) -> frozenset[str]:
        """The types of the active rules on a branch, such as non_fast_forward and deletion."""
        return frozenset(str(rule["type"]) for rule in self._client.pages(f"/rules/branches/{branch}"))

    @translated
    def commit(
        self,
        branch: str,
        parent: Sha,
        message: str,
        additions: Mapping[str, bytes],
        deletions: Sequence[str] = (),
    ) -> Sha:
        """Add files on exactly this parent, in one call that fails if the branch has moved.

        `deletions` are files that lie where a folder of these must be.

        https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
        """
        headline, _, body = message.partition("\n\n")
        files = [
            {"path": path, "contents": base64.b64encode(each).decode()} for path, each in additions.items()
        ]
        variables = {
            "input": {
                "branch": {"repositoryNameWithOwner": self._client.repository, "branchName": branch},
                "expectedHeadOid": parent,
                "message": {"headline": headline, "body": body},
                "fileChanges": {
                    "additions": files,
                    **({"deletions": [{"path": path} for path in deletions]} if deletions else {}),
                },
            }
        }
        try:
            data = self._client.graphql(_COMMIT, variables)
        except GithubException as error:
            if _is_stale(error):
                raise BranchMovedError(f"the branch {branch} has moved") from error
            raise
        return Sha(data["createCommitOnBranch"]["commit"]["oid"])


def _is_stale(error: GithubException) -> bool:
    """GitHub says STALE_DATA inside a 200, which PyGithub turns into an exception with a status of its own."""
    errors = error.data.get("errors", []) if isinstance(error.data, dict) else []
    return any(isinstance(each, dict) and each.get("type") == "STALE_DATA" for each in errors)


def actor(raw: Any) -> Actor:
    """The account that GitHub names; GitHub names nobody if the account was deleted."""
    if not raw:
        return GONE
    return Actor(login=Login(str(raw["login"])), github_id=GithubId(int(raw["id"])), kind=str(raw["type"]))


def pull_request(raw: Mapping[str, Any]) -> PullRequest:
    """GitHub's pull request as we read it."""
    return PullRequest(
        number=int(raw["number"]),
        author=actor(raw.get("user")),
        repository_id=int(raw["base"]["repo"]["id"]),
        base_branch=str(raw["base"]["ref"]),
        head=Sha(str(raw["head"]["sha"])),
        merged_at=_moment(raw["merged_at"]) if raw.get("merged_at") else None,
        merged_by=actor(raw["merged_by"]) if raw.get("merged_by") else None,
        merge_commit=Sha(str(raw["merge_commit_sha"])) if raw.get("merge_commit_sha") else None,
        created_at=_moment(raw["created_at"]),
        commit_count=int(raw.get("commits", -1)),  # only one asked for by its number says so, and the next
        changed_files=int(raw["changed_files"]) if "changed_files" in raw else None,
        head_branch=str(raw["head"]["ref"]),
        head_repository_id=int(raw["head"]["repo"]["id"]) if raw["head"].get("repo") else None,
    )


def _dismissal(raw: Mapping[str, Any]) -> Dismissal:
    review = raw.get("dismissed_review") or {}
    return Dismissal(
        review_id=int(review.get("review_id") or 0),
        by=actor(raw.get("actor")),
        state=str(review.get("state") or "").upper(),
        at=_moment(raw["created_at"]),
    )


def _push(raw: Mapping[str, Any]) -> Push:
    return Push(
        actor=actor(raw.get("actor")),
        before=Sha(str(raw["before"])),
        after=Sha(str(raw["after"])),
        kind=str(raw["activity_type"]),
        at=_moment(raw["timestamp"]),
    )


def _leads_beyond(moves: Sequence[Push], until: datetime | None) -> bool:
    """Whether what follows this page came later. Raises UnavailableError if it is not in the order that was asked for."""
    if not moves or until is None or moves[-1].at <= until:
        return False
    if moves[0].at > moves[-1].at:  # then what follows may be what was to be read
        raise UnavailableError(
            "GitHub lists the moves of a branch newest first, and was asked for the oldest"
        )
    return True


def _review(raw: Mapping[str, Any]) -> Review:
    return Review(
        review_id=int(raw["id"]),
        user=actor(raw.get("user")),
        state=str(raw["state"]).upper(),
        commit=Sha(str(raw["commit_id"] or "")),
        submitted_at=_moment(raw["submitted_at"]),
    )


def _moment(text: Any) -> datetime:
    return timestamp.parse(str(text))
