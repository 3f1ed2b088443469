"""GitHub through PyGithub: its transport, authentication and retries; we read the JSON ourselves.

PyGithub's objects fetch what they lack behind one's back; here every call is one that we wrote.
REST: https://docs.github.com/en/rest (version 2022-11-28). None of it is proven against the real GitHub here.
"""

import base64
import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from github import Auth, Github, GithubException, GithubRetry
from github.GithubException import RateLimitExceededException, UnknownObjectException

import requests
from jitbot.domain import moments
from jitbot.domain.errors import BranchMovedError, DeniedError, UnavailableError
from jitbot.domain.evidence import Actor, PullCommit, PullRequest, Review
from jitbot.domain.model import GithubId, Login, Sha

API_VERSION = "2022-11-28"
LONGEST_WAIT = 120.0  # seconds that a rate limit may hold a job up before it gives way to the next run
_PAGE = 100

_COMMIT = """mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""

P = ParamSpec("P")
T = TypeVar("T")


def _translated(method: Callable[P, T]) -> Callable[P, T]:
    """GitHub's refusals and troubles as our own errors: a no is final, anything unclear is unavailable."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except RateLimitExceededException as error:
            raise UnavailableError("GitHub's rate limit is used up; the next run goes on") from error
        except UnknownObjectException as error:
            raise DeniedError(
                f"GitHub finds no such thing, or the token may not see it: {_said(error)}"
            ) from error
        except GithubException as error:
            if error.status == requests.codes.unauthorized:
                raise DeniedError("GitHub refuses the token; set GITHUB_TOKEN to a valid one") from error
            kind = DeniedError if error.status in (403, 422) else UnavailableError
            raise kind(f"GitHub answered {error.status}: {_said(error)}") from error
        except requests.exceptions.RequestException as error:
            raise UnavailableError(f"GitHub does not answer: {type(error).__name__}") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnavailableError(f"GitHub's answer lacks what it should hold: {error!r}") from error

    return call


class GitHubForge:
    """One repository on GitHub, by `owner/name`."""

    def __init__(
        self,
        repository: str,
        *,
        token: str,
        api_url: str,
        user_agent: str = "jitbot",
        timeout: int = 20,
        backoff: float = 0.5,
    ) -> None:
        client = Github(
            base_url=api_url,
            auth=Auth.Token(token) if token else None,
            api_version=API_VERSION,
            user_agent=user_agent,
            timeout=timeout,
            lazy=True,
            retry=GithubRetry(total=4, backoff_factor=backoff, max_rate_limit_wait=LONGEST_WAIT),
            # A job makes a handful of calls, one after the other: pauses would only delay access.
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
        self._requester = client.requester
        self._repository = repository
        self._path = f"/repos/{repository}"

    @_translated
    def default_branch(self) -> str:
        """The branch that requests are merged into."""
        return str(self._get(self._path)["default_branch"])

    @_translated
    def pulls_of(self, commit: Sha) -> tuple[PullRequest, ...]:
        """The pull requests that GitHub connects with a commit; it may lag some minutes behind the merge."""
        return tuple(_pull(raw) for raw in self._pages(f"{self._path}/commits/{commit}/pulls"))

    @_translated
    def pull(self, number: int) -> PullRequest:
        """One pull request, whole."""
        return _pull(self._get(f"{self._path}/pulls/{number}"))

    @_translated
    def files(self, number: int) -> tuple[str, ...]:
        """Every path a pull request changes, previous names included."""
        names: list[str] = []
        for raw in self._pages(f"{self._path}/pulls/{number}/files"):
            names += [
                str(raw["filename"]),
                *([str(raw["previous_filename"])] if "previous_filename" in raw else []),
            ]
        return tuple(names)

    @_translated
    def reviews(self, number: int) -> tuple[Review, ...]:
        """Every submitted review; one by an account that no longer exists counts for nobody and is left out."""
        pages = self._pages(f"{self._path}/pulls/{number}/reviews")
        return tuple(_review(raw) for raw in pages if raw.get("user") and raw.get("submitted_at"))

    @_translated
    def commits(self, number: int) -> tuple[PullCommit, ...]:
        """The commits that GitHub lists; at most 250."""
        return tuple(_commit(raw) for raw in self._pages(f"{self._path}/pulls/{number}/commits"))

    @_translated
    def permission(self, login: Login) -> str:
        """admin, write, read or none; none too for somebody GitHub does not know here."""
        try:
            return str(self._get(f"{self._path}/collaborators/{login}/permission")["permission"])
        except UnknownObjectException:
            return "none"

    @_translated
    def rules(self, branch: str) -> frozenset[str]:
        """The types of the active rules on a branch, such as non_fast_forward and deletion."""
        return frozenset(str(rule["type"]) for rule in self._pages(f"{self._path}/rules/branches/{branch}"))

    @_translated
    def commit(self, branch: str, parent: Sha, message: str, additions: Mapping[str, bytes]) -> Sha:
        """Add files on exactly this parent, in one call that fails if the branch has moved.

        https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
        """
        headline, _, body = message.partition("\n\n")
        files = [
            {"path": path, "contents": base64.b64encode(each).decode()} for path, each in additions.items()
        ]
        variables = {
            "input": {
                "branch": {"repositoryNameWithOwner": self._repository, "branchName": branch},
                "expectedHeadOid": parent,
                "message": {"headline": headline, "body": body},
                "fileChanges": {"additions": files},
            }
        }
        try:
            _, answer = self._requester.graphql_query(_COMMIT, variables)
        except GithubException as error:
            if _is_stale(error):
                raise BranchMovedError(f"the branch {branch} has moved") from error
            raise
        return Sha(answer["data"]["createCommitOnBranch"]["commit"]["oid"])

    def _get(self, path: str) -> dict[str, Any]:
        _, answer = self._requester.requestJsonAndCheck("GET", path)
        if not isinstance(answer, dict):
            raise TypeError(f"{path} is not an object")
        return answer

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            parameters = {"per_page": _PAGE, "page": page}
            headers, answer = self._requester.requestJsonAndCheck("GET", path, parameters=parameters)
            if not isinstance(answer, list):
                raise TypeError(f"{path} is not a list")
            yield from answer
            if 'rel="next"' not in headers.get("link", ""):
                return
            page += 1


def _is_stale(error: GithubException) -> bool:
    """GitHub says STALE_DATA inside a 200, which PyGithub turns into an exception with a status of its own."""
    errors = error.data.get("errors", []) if isinstance(error.data, dict) else []
    return any(isinstance(each, dict) and each.get("type") == "STALE_DATA" for each in errors)


def _said(error: GithubException) -> str:
    """GitHub's own words, short and on one line."""
    data = error.data if isinstance(error.data, dict) else {}
    errors = data.get("errors")
    nested = (
        errors[0].get("message")
        if isinstance(errors, list) and errors and isinstance(errors[0], dict)
        else None
    )
    return " ".join(str(nested or data.get("message") or "no reason given").split())[:200]


def _actor(raw: Any) -> Actor:
    return Actor(login=Login(str(raw["login"])), github_id=GithubId(int(raw["id"])), kind=str(raw["type"]))


def _pull(raw: Mapping[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(raw["number"]),
        author=_actor(raw["user"]),
        repository_id=int(raw["base"]["repo"]["id"]),
        base_branch=str(raw["base"]["ref"]),
        head=Sha(str(raw["head"]["sha"])),
        merged_at=_moment(raw["merged_at"]) if raw.get("merged_at") else None,
        merged_by=_actor(raw["merged_by"]) if raw.get("merged_by") else None,
        merge_commit=Sha(str(raw["merge_commit_sha"])) if raw.get("merge_commit_sha") else None,
        created_at=_moment(raw["created_at"]),
        commit_count=int(raw.get("commits", -1)),  # only one asked for by its number says so
    )


def _review(raw: Mapping[str, Any]) -> Review:
    return Review(
        review_id=int(raw["id"]),
        user=_actor(raw["user"]),
        state=str(raw["state"]).upper(),
        commit=Sha(str(raw["commit_id"] or "")),
        submitted_at=_moment(raw["submitted_at"]),
    )


def _commit(raw: Mapping[str, Any]) -> PullCommit:
    named = {int(raw[role]["id"]) for role in ("author", "committer") if raw.get(role)}
    return PullCommit(sha=Sha(str(raw["sha"])), named=tuple(GithubId(each) for each in sorted(named)))


def _moment(text: Any) -> datetime:
    return moments.parse(str(text))
