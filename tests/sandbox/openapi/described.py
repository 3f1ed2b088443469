"""GitHub's OpenAPI description, as far as the embedded GitHub's calls go, and what an exchange has against it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import graphql_schema
from jsonschema import Draft202012Validator

from jitbot.sandbox.github.api.routes import REPOSITORY_ROUTES, SITE_ROUTES
from jitbot.sandbox.github.graph.pull_requests import is_about
from jitbot.sandbox.github.server import GitHubExchange

# What PyGithub asks in a form that GitHub answers and no longer describes, and the one endpoint that is not REST.
UNDESCRIBED = frozenset(
    {
        "POST /graphql",
        "GET /repos/{}/{}/git/refs/{}",
        "GET /repos/{}/{}/statuses/{}",
        "GET /repos/{}/{}/contents/",
    }
)


def key(method: str, path: str) -> str:
    """A call's name, whatever its parameters are called: `GET /repos/{}/{}/pulls`."""
    return f"{method.upper()} {re.sub(r'[{<][^}>]*[}>]', '{}', path)}"


def routes() -> list[str]:
    """Every call that the embedded GitHub answers."""
    return [key(method, path) for method, path in (*SITE_ROUTES, *REPOSITORY_ROUTES)]


@cache
def description() -> dict[str, Any]:
    """The reduced description; `reduce.py` says how it is made."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "github.json").read_text("utf-8"))
    return found


def objections(exchange: GitHubExchange) -> Iterator[str]:
    """Where a question or its answer is not as GitHub describes them; nothing for calls it does not describe."""
    name = key(exchange.method, exchange.rule)
    operation = description()["operations"].get(name)
    if name == "POST /graphql" and isinstance(exchange.asked, dict) and exchange.status == 200:
        yield from _graphql(str(exchange.asked.get("query")), exchange.answered)
    if operation is None:
        return
    for parameter in exchange.query:
        if parameter not in operation["query"]:
            yield f"{name}: GitHub knows no parameter {parameter}"
    if operation["request"] is not None and exchange.asked is not None and exchange.status < 400:
        yield from (f"{name} asks: {each}" for each in _errors(operation["request"], exchange.asked))
    if exchange.status >= 400:
        return  # what a refusal says is shown to people alone
    if str(exchange.status) not in operation["responses"]:
        yield f"{name}: GitHub never answers {exchange.status}"
        return
    schema = operation["responses"][str(exchange.status)]
    if schema is not None:
        yield from (f"{name} answers: {each}" for each in _errors(schema, _peopled(exchange.answered)))
    elif exchange.answered is not None:
        yield f"{name}: GitHub answers {exchange.status} without a body"


def _graphql(query: str, answered: Any) -> Iterator[str]:
    """A document about pull requests must be one that GitHub takes; the answer to any such document, of its types.

    Tests ask some others of the embedded GitHub, to see it refuse them.
    """
    wrong = graphql_schema.wrong_in(query)
    if wrong and is_about(query):
        yield from (f"GraphQL: {each}" for each in wrong)
    elif not wrong and answered.get("data") is not None and "errors" not in answered:
        yield from (f"GraphQL answers: {each}" for each in graphql_schema.wrong_with(query, answered["data"]))


# GitHub answers null for an account that was deleted, also where its description does not say so.
_LINKS = (
    "avatar_url events_url followers_url following_url gists_url html_url organizations_url received_events_url "
    "repos_url starred_url subscriptions_url url"
)
_SOMEBODY = {
    **dict.fromkeys(_LINKS.split(), "https://github.com/ghost"),
    "login": "ghost",
    "id": 0,
    "node_id": "U_0",
    "gravatar_id": "",
    "type": "User",
    "site_admin": False,
}


def _peopled(value: Any) -> Any:
    """An answer with somebody in the place of each account that was deleted."""
    if isinstance(value, list):
        return [_peopled(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _SOMEBODY if name in {"user", "actor"} and each is None else _peopled(each)
        for name, each in value.items()
    }


def _errors(schema: Any, value: Any) -> Iterator[str]:
    validator = Draft202012Validator({**schema, "schemas": description()["schemas"]})
    for error in validator.iter_errors(value):
        yield f"{error.json_path}: {error.message[:200]}"


def shape(value: Any) -> str:
    """What a value is made of, without the values: exchanges of one shape are looked at once."""
    if isinstance(value, dict):
        return f"{{{','.join(sorted([f'{name!r}:{shape(each)}' for name, each in value.items()]))}}}"
    if isinstance(value, list):
        return f"[{'|'.join(sorted({shape(each) for each in value}))}]"
    return type(value).__name__
