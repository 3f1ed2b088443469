"""Every document that jitbot asks of GitHub's GraphQL."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from jitbot.adapters.github import authors, contents, graphql, issues, pull_queries, settings, writer
from jitbot.domain.model.documents import Sha

_SHA = Sha("1" * 40)


class _AskedError(Exception):
    """Instead of an answer."""


class _Noting:
    """Stands in for the client, and notes what it is asked."""

    repository = "acme/access"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def graphql(self, query: str, _variables: dict[str, Any]) -> Any:
        """Note it, and answer nothing."""
        self.asked.append(query)
        raise _AskedError


def every_document() -> Iterator[str]:
    """Each in the form that it is sent in."""
    yield from (settings._ACCESS, writer._COMMIT, writer._AUTO_MERGE)
    parts = (
        authors._AUTHORS,
        contents._TEXT,
        f"... on Tree {{ {contents._ENTRIES} }}",
        f"... on Tree {{ {contents._DEEP} }}",
    )
    asks: list[Callable[[Any], object]] = [
        lambda client: pull_queries.of_commits(client, [_SHA]),
        lambda client: pull_queries.of_number(client, 7),
        lambda client: pull_queries.recount(client, [7]),
        lambda client: pull_queries.reviews_of(client, [7]),
        lambda client: pull_queries.comments_of(client, [7]),
        lambda client: issues.GitHubIssues(client, client).announce_together(
            {"PR_1": "one"}, {"IC_1": "two"}
        ),
        lambda client: writer.GitHubWriter(client).edit_comments({"IC_1": "one", "IC_2": "two"}),
        *((lambda client, part=part: graphql.objects(client, [f"{_SHA}:x"], part)) for part in parts),
    ]
    for ask in asks:
        noting = _Noting()
        with suppress(_AskedError):
            ask(noting)
        yield from noting.asked
