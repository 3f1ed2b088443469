"""One way to GitHub: PyGithub's transport, authentication and retries; we read the JSON ourselves.

PyGithub's objects make hidden calls for what they lack. Here every call is explicit.
REST: https://docs.github.com/en/rest (version 2022-11-28). None of it is proven against the real GitHub here.
"""

import copy
import functools
import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar
from urllib.parse import parse_qs, urlsplit

from github import Auth, Github, GithubException, GithubRetry
from github.GithubException import RateLimitExceededException, UnknownObjectException
from github.Requester import Requester

import requests
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.text.addresses import is_private
from jitbot.domain.text.no_answer import why_no_answer

API_VERSION = "2022-11-28"
LONGEST_WAIT = 120.0  # seconds that a rate limit may hold a job up before it gives way to the next run
ACTIONS = "github-actions[bot]"  # whom a job's token writes as; no account of a person can have such a name
_PAGE = 100
_MOST_SAID = 400  # characters of GitHub's words
_MOST_PAGES = 1_000  # of one list: more than anything that we read has

_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="next"')

P = ParamSpec("P")
T = TypeVar("T")


def translated(method: Callable[P, T]) -> Callable[P, T]:
    """Translate GitHub's errors: a refusal is final (DeniedError), anything unclear is an UnavailableError."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except RateLimitExceededException as error:
            raise UnavailableError("GitHub's rate limit is used up; the next run goes on") from error
        except UnknownObjectException as error:
            where = "".join(f" at {each}" for each in getattr(error, "__notes__", ()))
            raise DeniedError(
                f"GitHub finds no such thing{where}, or the token may not see it: {said(error)}"
            ) from error
        except GithubException as error:
            if error.status == requests.codes.unauthorized:
                raise DeniedError("GitHub refuses the token; set GITHUB_TOKEN to a valid one") from error
            kind = DeniedError if error.status in (403, 404, 410, 413, 422) else UnavailableError
            raise kind(f"GitHub answered {error.status}: {said(error)}") from error
        except requests.exceptions.RequestException as error:
            asked = urlsplit(getattr(error.request, "url", None) or "").netloc
            where = f" at {asked}" if asked else ""
            raise UnavailableError(f"GitHub does not answer{where}: {why_no_answer(error)}") from error
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            # RuntimeError is PyGithub's for a redirect to another host, or to the open: it follows none.
            raise UnavailableError(f"GitHub's answer lacks what it should hold: {error!r}") from error

    return call


class BoundedRetry(GithubRetry):
    """PyGithub's, which waits as long as `Retry-After` says: an hour of that, and GitHub would end the job.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> Any:
        """The next attempt. Raises RateLimitExceededException where it would have to wait longer than `LONGEST_WAIT`."""
        if response is not None and (self.get_retry_after(response) or 0) > LONGEST_WAIT:
            raise RateLimitExceededException(response.status, {}, dict(response.headers))
        return super().increment(method, url, response, error, _pool, _stacktrace)


class Client:
    """One repository on GitHub, by `owner/name`. Paths are relative to it: `/pulls/7`."""

    def __init__(
        self,
        repository: str,
        *,
        token: str,
        api_url: str,
        user_agent: str = "jitbot",
        timeout: int = 20,
        backoff: float = 0.5,
        repeats: bool = True,
    ) -> None:
        if not is_private(api_url):
            raise DeniedError(
                f"GITHUB_API_URL {api_url} is neither TLS nor this machine; nothing is asked of it, and no token sent"
            )
        # PyGithub prints refused calls to stderr by a handler of its own; what matters of them our errors say.
        logging.getLogger("github").setLevel(logging.CRITICAL)
        self._connect: Callable[[], Requester] = lambda: (
            Github(
                base_url=api_url,
                auth=Auth.Token(token) if token else None,
                api_version=API_VERSION,
                user_agent=user_agent,
                timeout=timeout,
                lazy=True,
                # A call that must not take effect twice is made by a client that never repeats one.
                retry=BoundedRetry(total=4, backoff_factor=backoff, max_rate_limit_wait=LONGEST_WAIT)
                if repeats
                else None,
                # A job makes a handful of calls: pauses would only delay access.
                seconds_between_requests=None,
                seconds_between_writes=None,
            ).requester
        )
        self._connections = threading.local()  # PyGithub's takes one question at a time
        self.repository = repository
        self._left: dict[str, int] = {}  # calls that GitHub still allows in this hour, by kind of call
        self.owner = repository.partition("/")[0]
        self._path = f"/repos/{repository}"

    @property
    def _requester(self) -> Requester:
        """The connection of this thread."""
        found: Requester | None = getattr(self._connections, "requester", None)
        if found is None:
            found = self._connections.requester = self._connect()
        return found

    def elsewhere(self, path: str) -> "Client":
        """The same way to GitHub, for what lies below another path of the API: `/users`."""
        other = copy.copy(self)
        other._path = path  # noqa: SLF001 - one of our own
        return other

    def left(self, kind: str) -> int | None:
        """How many calls of a kind GitHub still allowed at the last answer, points of "graphql"; None if it did not say."""
        return self._left.get(kind)

    def _count(self, headers: Mapping[str, Any], kind: str = "core") -> None:
        """Note what GitHub says of its rate limit: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
        left = str(headers.get("x-ratelimit-remaining", ""))
        if left.isdecimal():
            self._left[str(headers.get("x-ratelimit-resource", kind))] = int(left)

    def _ask(self, verb: str, path: str, **given: Any) -> tuple[dict[str, Any], Any]:
        """The headers and the answer of one call. What GitHub does not find is named: a person may have misspelt it."""
        asked = f"{self._path}{path}"
        try:
            headers, answer = self._requester.requestJsonAndCheck(verb, asked, **given)
        except UnknownObjectException as error:
            error.add_note(asked.partition("?")[0])
            raise
        return headers, answer

    def get(self, path: str) -> dict[str, Any]:
        """The object at a path. Raises TypeError if it is none."""
        headers, answer = self._ask("GET", path)
        self._count(headers)
        if not isinstance(answer, dict):
            raise TypeError(f"{path} is not an object")
        return answer

    def pages(self, path: str, query: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Every object of a list, page by page.

        Raises TypeError if it is no list, and UnavailableError for an empty page that the one before announced.
        """
        announced = False
        for page in range(1, _MOST_PAGES + 1):
            parameters = {**(query or {}), "per_page": _PAGE, "page": page}
            headers, answer = self._ask("GET", path, parameters=parameters)
            self._count(headers)
            if not isinstance(answer, list):
                raise TypeError(f"{path} is not a list")
            if announced and not answer:
                raise UnavailableError(f"GitHub announced a page {page} of {path}, and answered an empty one")
            yield from answer
            announced = 'rel="next"' in headers.get("link", "")
            if not announced and len(answer) < _PAGE:  # a full page may be the last, or lack its announcement
                return
        raise UnavailableError(f"{path} has more than {_MOST_PAGES} pages")

    def following(self, path: str, query: Mapping[str, str], most: int) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list that is paged by a cursor, at most so many, each fetched when it is asked for.

        Raises TypeError if it is no list, and UnavailableError if there are more pages, or for an empty one that the
        one before announced.
        """
        parameters: dict[str, Any] = {**query, "per_page": _PAGE}
        for _ in range(most):
            headers, answer = self._ask("GET", path, parameters=parameters)
            if not isinstance(answer, list):
                raise TypeError(f"{path} is not a list")
            if "after" in parameters and not answer:
                raise UnavailableError(f"GitHub announced another page of {path}, and answered an empty one")
            yield answer
            cursor = _cursor(headers.get("link", ""))
            if cursor is None:
                return
            parameters["after"] = cursor
        raise UnavailableError(f"{path} has more than {most} pages")

    def send(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make a change (POST, PATCH, PUT, DELETE), and give the object that is answered; empty if none is."""
        _, answer = self._ask(verb, path, input=None if body is None else dict(body))
        return answer if isinstance(answer, dict) else {}

    def graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The `data` of a GraphQL answer. Raises GithubException, with GitHub's errors in its `data`, if there are any."""
        headers, answer = self._requester.graphql_query(query, variables)
        self._count(headers, "graphql")
        return dict(answer["data"])


class AdapterPart:
    """A part of an adapter. The parts of one adapter share its client, the way to one repository."""

    def __init__(self, client: Client) -> None:
        self._client = client


def _cursor(link: str) -> str | None:
    """What leads to the next page, from the Link header of this one; of its address nothing else is used."""
    following = _NEXT.search(link)
    return parse_qs(urlsplit(following[1]).query).get("after", [None])[0] if following else None


def said(error: GithubException) -> str:
    """GitHub's own words, short and on one line: every reason that it gives, or else its message.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    """
    data = error.data if isinstance(error.data, dict) else {}
    errors = data.get("errors")
    reasons = [_reason(each) for each in errors] if isinstance(errors, list) else []
    words = "; ".join(each for each in reasons if each) or data.get("message") or "no reason given"
    return " ".join(str(words).split())[:_MOST_SAID]


def _reason(each: object) -> str:
    """One of GitHub's reasons: a sentence, or the field it is about with a sentence or a code."""
    if not isinstance(each, Mapping):
        return str(each)
    words = str(each.get("message") or each.get("code") or "")
    return f"{each['field']}: {words}" if each.get("field") and words else words


def by_actions(raw: Mapping[str, Any]) -> bool:
    """Whether a job's token wrote this issue or comment."""
    author = raw.get("user") or {}
    return author.get("login") == ACTIONS and author.get("type") == "Bot"
