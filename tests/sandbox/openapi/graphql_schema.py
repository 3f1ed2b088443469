"""GitHub's GraphQL schema, as far as jitbot's documents go, and what a document or its answer has against it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_type_sub_type_of,
    parse,
    validate,
)


@cache
def schema() -> GraphQLSchema:
    """The reduced schema; `reduce_graphql.py` says how it is made."""
    return build_schema((Path(__file__).parent / "github.graphql").read_text("utf-8"), assume_valid_sdl=True)


@cache
def wrong_in(query: str) -> tuple[str, ...]:
    """What GitHub would object to in a document."""
    try:
        return tuple(error.message for error in validate(schema(), parse(query)))
    except GraphQLSyntaxError as error:
        return (error.message,)


def wrong_with(query: str, data: Any) -> Iterator[str]:
    """Where the data of an answer is not of the types that the document asks for."""
    document = parse(query)
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    root = schema().mutation_type if operation.operation.value == "mutation" else schema().query_type
    yield from _object(document, operation.selection_set, root, data, "data")


def _object(
    document: DocumentNode, asked: SelectionSetNode, kind: Any, value: Any, path: str
) -> Iterator[str]:
    for name, field, inner in _fields(document, asked, kind, value):
        if name not in value:
            yield f"{path}.{name} is missing"
        else:
            yield from _value(document, inner, field, value[name], f"{path}.{name}")


def _fields(
    document: DocumentNode, asked: SelectionSetNode, kind: Any, value: Any
) -> Iterator[tuple[str, Any, SelectionSetNode | None]]:
    """What the selection asks of a value of this type. A fragment applies by `__typename`, or where the type leaves no choice."""
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    for each in asked.selections:
        if isinstance(each, FieldNode):
            name = (each.alias or each.name).value
            if each.name.value == "__typename":
                yield name, None, None
            else:
                yield name, kind.fields[each.name.value].type, each.selection_set
            continue
        found: Any = fragments[each.name.value] if isinstance(each, FragmentSpreadNode) else each
        on = schema().type_map[found.type_condition.name.value]
        applies = is_type_sub_type_of(schema(), kind, on) or value.get("__typename") == on.name
        shown = {
            (one.alias or one.name).value
            for one in found.selection_set.selections
            if isinstance(one, FieldNode)
        }
        if applies or ("__typename" not in value and shown & value.keys()):
            yield from _fields(document, found.selection_set, on, value)


def _value(
    document: DocumentNode, inner: SelectionSetNode | None, kind: Any, value: Any, path: str
) -> Iterator[str]:
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield f"{path} is null"
            return
        kind = kind.of_type
    if value is None or kind is None:
        return
    if isinstance(kind, GraphQLList):
        for place, each in enumerate(value):
            yield from _value(document, inner, kind.of_type, each, f"{path}[{place}]")
    elif is_leaf_type(kind):
        yield from _leaf(get_named_type(kind), value, path)
    elif inner is not None:
        yield from _object(document, inner, kind, value, path)


def _leaf(kind: Any, value: Any, path: str) -> Iterator[str]:
    known = {"Int": int, "Boolean": bool, "String": str, "ID": str, "BigInt": str}.get(kind.name, str)
    if not isinstance(value, known) or (hasattr(kind, "values") and value not in kind.values):
        yield f"{path} is {value!r}, no {kind.name}"
