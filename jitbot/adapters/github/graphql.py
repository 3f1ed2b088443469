"""Questions in GitHub's GraphQL, where REST would take a call for each answer. https://docs.github.com/en/graphql"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from github import GithubException

from jitbot.adapters.github.client import Client

AT_ONCE = 50  # objects in one query: far below what GitHub counts as too much

T = TypeVar("T")
Mutation = tuple[str, str, Mapping[str, str]]  # its name, what is wanted of its answer, and its input


# What a value names, by its type.
_NAMED = {"String": "object(expression", "GitObjectID": "object(oid", "Int": "pullRequest(number"}


def objects(client: Client, expressions: Sequence[str], wanted: str) -> list[Mapping[str, Any] | None]:
    """What git expressions such as `<commit>:<path>` name, in one query."""
    found = of_repository(client, "String", expressions, wanted)
    return [found[f"o{place}"] for place in range(len(expressions))]


def of_repository(
    client: Client, kind: str, values: Sequence[object], wanted: str, fragment: str = "", *, more: str = ""
) -> Any:
    """What values of one type name in the repository, as `o0`, `o1` and so on, in one query; and `more` of it.

    The values are variables of the query, never text in it.
    """
    owner, _, name = client.repository.partition("/")
    places = range(len(values))
    declared = " ".join(f"$e{place}: {kind}!" for place in places)
    asked = " ".join(f"o{place}: {_NAMED[kind]}: $e{place}) {{ {wanted} }}" for place in places)
    query = f"query($owner: String!, $name: String!, {declared}) {{ repository(owner: $owner, name: $name) {{ {more} {asked} }} }} {fragment}"
    variables = {f"e{place}": value for place, value in enumerate(values)}
    return client.graphql(query, {"owner": owner, "name": name, **variables})["repository"]


def mutations(client: Client, wanted: Mapping[str, Mutation]) -> Mapping[str, Any]:
    """Several changes of one document, by their names in the answer.

    GitHub makes one after the other. https://spec.graphql.org/October2021/#sec-Mutation
    """
    declared = " ".join(f"${name}: {_input_of(each)}!" for name, (each, _, _) in wanted.items())
    asked = " ".join(
        f"{name}: {each}(input: ${name}) {{ {answer} }}" for name, (each, answer, _) in wanted.items()
    )
    return client.graphql(
        f"mutation({declared}) {{ {asked} }}", {name: dict(given) for name, (_, _, given) in wanted.items()}
    )


def _input_of(mutation: str) -> str:
    return f"{mutation[0].upper()}{mutation[1:]}Input"


def in_parts(wanted: Iterable[T], most: int = AT_ONCE) -> Iterator[list[T]]:
    """Each thing once, in lists that one query can ask for."""
    rest = iter(dict.fromkeys(wanted))
    while some := list(islice(rest, most)):
        yield some


def types_of(error: GithubException) -> frozenset[str]:
    """GitHub's names for what went wrong, such as NOT_FOUND: it gives them inside a 200, which PyGithub raises."""
    errors = error.data.get("errors") if isinstance(error.data, dict) else None
    found = errors if isinstance(errors, list) else []
    return frozenset(str(each.get("type")) for each in found if isinstance(each, dict))
