"""A client of GitHub that answers as it is told, for the tests of what reads and writes through it."""

from collections.abc import Iterator, Mapping
from typing import Any

from github import GithubException
from github.GithubException import UnknownObjectException


def refusal(status: int, message: str = "", **more: Any) -> GithubException:
    """GitHub's refusal, as PyGithub raises it."""
    kind = UnknownObjectException if status == 404 else GithubException
    return kind(status, {"message": message, **more})


class AnsweringClient:
    """`Client`, without a network: the answer to each path, or the error that it raises; `sent` is what was changed."""

    repository, owner = "acme/access", "acme"

    def __init__(self, answers: Mapping[str, Any], graphql: Any = None) -> None:
        self._answers = {
            path: [*each] if isinstance(each, tuple) else [each] for path, each in answers.items()
        }
        self._graphql, self._below = graphql, ""
        self.asked: list[str] = []
        self.sent: list[tuple[str, str, Any]] = []

    def left(self, kind: str) -> int:
        """How many calls GitHub allows."""
        return {"core": 77, "graphql": 88}[kind]

    def elsewhere(self, path: str) -> "AnsweringClient":
        """The same, below another path."""
        self._below = path
        return self

    def get(self, path: str) -> Any:
        """The next answer to a path, the last one again and again; GitHub's 404 where there is none."""
        path = f"{self._below}{path}"
        self.asked.append(path)
        answers = self._answers.get(path, [refusal(404, "Not Found")])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        return found

    def pages(self, path: str, _: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Every object of a list."""
        yield from self.get(path)

    def following(self, path: str, _: Mapping[str, str], most: int) -> Iterator[list[Any]]:
        """The pages of a list, as long as there are others."""
        yield from (self.get(path) for page in range(most))

    def graphql(self, query: str, variables: Mapping[str, Any]) -> Any:
        """The one answer of GraphQL."""
        self.sent.append(("GRAPHQL", query, variables))
        if isinstance(self._graphql, Exception):
            raise self._graphql
        return self._graphql

    def send(self, verb: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A change; one that has an answer is answered so."""
        self.sent.append((verb, path, body))
        return self.get(f"{verb} {path}") if f"{verb} {path}" in self._answers else {}
