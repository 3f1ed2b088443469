"""Makes github.graphql: of GitHub's GraphQL schema, the types and fields that jitbot's documents name.

    npm pack @octokit/graphql-schema && tar xzf octokit-graphql-schema-*.tgz
    python tests/sandbox/openapi/reduce_graphql.py package/schema.graphql > tests/sandbox/openapi/github.graphql

The schema is GitHub's, under the MIT licence (Copyright (c) GitHub, Inc. and contributors); its texts are left out.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_scalar_type,
    is_union_type,
    parse,
    visit,
)

BUILT_IN = {"Int", "Float", "String", "Boolean", "ID"}


class _Named(Visitor):
    """Notes which fields of which types a document names."""

    def __init__(self, info: TypeInfo, fields: dict[str, set[str]]) -> None:
        super().__init__()
        self._info, self._fields = info, fields

    def enter_field(self, node: Any, *_: Any) -> None:
        """Note one."""
        parent = self._info.get_parent_type()
        if parent is not None and not node.name.value.startswith("__"):
            self._fields[parent.name].add(node.name.value)

    def enter_inline_fragment(self, node: Any, *_: Any) -> None:
        """A type may be named without a field of its own."""
        self._fields.setdefault(node.type_condition.name.value, set())


def reduced(whole: GraphQLSchema, documents: Iterable[str]) -> str:
    """The part of the schema that these documents name, in its own language."""
    fields: dict[str, set[str]] = defaultdict(set)
    for document in documents:
        info = TypeInfo(whole)
        visit(parse(document), TypeInfoVisitor(info, _Named(info, fields)))
    for name in list(fields):  # an object has the fields that are asked of its interfaces
        for parent in getattr(whole.type_map[name], "interfaces", ()):
            if parent.name in fields:
                fields[name] |= fields[parent.name]
    kept: dict[str, str] = {}
    todo = list(fields)
    while todo:
        name = todo.pop()
        if name in kept or name in BUILT_IN:
            continue
        kept[name], more = _printed(whole, name, fields)
        todo += more
    return "\n".join(kept[name] for name in sorted(kept)) + "\n"


def _printed(whole: GraphQLSchema, name: str, fields: dict[str, set[str]]) -> tuple[str, list[str]]:
    """One type, and the types that it needs."""
    kind = whole.type_map[name]
    if is_scalar_type(kind):
        return f"scalar {name}", []
    if is_enum_type(kind):
        return f"enum {name} {{ {' '.join(kind.values)} }}", []
    if is_union_type(kind):
        members = [each.name for each in kind.types if each.name in fields]
        return f"union {name} = {' | '.join(members)}", members
    if is_input_object_type(kind):
        shown = [f"{each}: {field.type}" for each, field in kind.fields.items()]
        return f"input {name} {{ {' '.join(shown)} }}", [
            get_named_type(field.type).name for field in kind.fields.values()
        ]
    assert is_object_type(kind) or is_interface_type(kind)
    more, lines = [], []
    for each in sorted(fields[name]) or [next(iter(kind.fields))]:
        field = kind.fields[each]
        arguments = [f"{key}: {argument.type}" for key, argument in field.args.items()]
        more += [get_named_type(argument.type).name for argument in field.args.values()]
        more.append(get_named_type(field.type).name)
        lines.append(f"  {each}{f'({chr(44).join(arguments)})' if arguments else ''}: {field.type}")
    parents = [parent.name for parent in kind.interfaces if parent.name in fields]
    word = "type" if is_object_type(kind) else "interface"
    head = f"{word} {name}{f' implements {chr(38).join(parents)}' if parents else ''}"
    return f"{head} {{\n" + "\n".join(lines) + "\n}", more


if __name__ == "__main__":
    from documents import every_document

    published = build_schema(Path(sys.argv[1]).read_text("utf-8"), assume_valid_sdl=True)
    sys.stdout.write(reduced(published, every_document()))
