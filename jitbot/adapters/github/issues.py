"""Issues that the workflows open. https://docs.github.com/en/rest/issues/issues"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from github import GithubException

from jitbot.adapters.github import graphql
from jitbot.adapters.github.client import ACTIONS, Client, by_actions, translated
from jitbot.adapters.github.writer import edit_of
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.model.github_objects import Issue, Unannounced
from jitbot.domain.text import timestamp

_REFUSALS = frozenset({"FORBIDDEN", "NOT_FOUND", "UNPROCESSABLE"})


class GitHubIssues:
    """One repository's `jitbot.ports.issues.Issues`.

    `once` is a client that never repeats a call: GitHub may have done what it was asked although its answer was lost.
    """

    def __init__(self, client: Client, once: Client) -> None:
        self._client = client
        self._once = once

    @translated
    def ours(self, since: datetime) -> tuple[Issue, ...]:
        query = {"creator": ACTIONS, "state": "all", "since": timestamp.show(since), "direction": "asc"}
        found = self._client.pages("/issues", query)
        # GitHub lists pull requests among them.
        return tuple(_issue(raw) for raw in found if "pull_request" not in raw and by_actions(raw))

    @translated
    def create(self, title: str, body: str) -> Issue:
        return _issue(self._once.send("POST", "/issues", {"title": title, "body": body}))

    @translated
    def announce(self, number: int, body: str) -> None:
        self._once.send("POST", f"/issues/{number}/comments", {"body": body})

    @translated
    def announce_together(self, bodies: Mapping[str, str], edits: Mapping[str, str]) -> Unannounced:
        # https://docs.github.com/en/graphql/reference/mutations#addcomment
        names = {f"n{place}": each for place, each in enumerate(bodies)}
        wanted = {name: _new(each, bodies[each]) for name, each in names.items()}
        wanted |= {f"e{place}": edit_of(each, body) for place, (each, body) in enumerate(edits.items())}
        try:
            answers, errors = graphql.mutations(self._once, wanted), []
        except GithubException as error:
            if not (isinstance(error.data, dict) and isinstance(error.data.get("errors"), list)):
                raise
            answers, errors = error.data.get("data") or {}, error.data["errors"]
            if "data" not in error.data and errors and all(map(_is_invalid, errors)):
                return Unannounced(
                    refused=frozenset(bodies)
                )  # a GitHub without this mutation: it made nothing
        wrong = {name: _errors_of(name, errors) for name in names if not _is_made(answers.get(name))}
        if not all(wrong.values()):
            raise UnavailableError("GitHub does not answer for each of several comments whether it made it")
        refused = frozenset(names[name] for name in wrong if _is_refused(name, answers, wrong[name]))
        return Unannounced(refused=refused, unclear=frozenset(names[name] for name in wrong) - refused)

    @translated
    def update(self, issue: Issue) -> None:
        state = {"state": "open"} if issue.is_open else {"state": "closed", "state_reason": "completed"}
        body = {"title": issue.title, "body": issue.body, **state}
        self._client.send("PATCH", f"/issues/{issue.number}", body)


def _new(pull: str, body: str) -> graphql.Mutation:
    return "addComment", "commentEdge { node { id } }", {"subjectId": pull, "body": body}


def _is_made(answer: Any) -> bool:
    return isinstance(answer, dict) and bool(answer.get("commentEdge"))


def _is_invalid(error: Any) -> bool:
    """Whether GitHub objects to the document itself, which it does before it makes anything."""
    extensions = error.get("extensions") if isinstance(error, dict) else None
    return isinstance(extensions, dict) and bool(extensions.get("code"))


def _errors_of(name: str, errors: Iterable[Any]) -> Sequence[Mapping[str, Any]]:
    """What GitHub says went wrong with this one, or in its answer."""
    found = (each for each in errors if isinstance(each, dict) and isinstance(each.get("path"), list))
    return [each for each in found if each["path"][:1] == [name]]


def _is_refused(name: str, answers: Mapping[str, Any], errors: Iterable[Mapping[str, Any]]) -> bool:
    """Whether GitHub says that it did not make this one: reasons that are known, and nothing in its place."""
    reasons = {str(each.get("type")) for each in errors if each["path"] == [name]}
    return answers.get(name) is None and bool(reasons) and reasons <= _REFUSALS


def _issue(raw: Mapping[str, Any]) -> Issue:
    return Issue(
        number=int(raw["number"]),
        title=str(raw["title"]).strip(),
        body=str(raw["body"] or "").replace("\r\n", "\n").strip(),  # as the website writes lines
        is_open=raw["state"] == "open",
    )
