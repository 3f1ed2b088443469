"""GraphQL documents: read into a tree of what is asked, and answered from values by name.

https://spec.graphql.org/October2021/ as far as queries go: fields with aliases and arguments, variables, fragments.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jitbot.sandbox.github.records import RefusalError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\.\.\.|\$?[A-Za-z_]\w*|-?\d+|[][{}():!=@]')
_CLOSED = {"[": "]", "(": ")", "{": "}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A field, with its name in the answer and its arguments; or with `on` what is asked of a type alone."""

    name: str = ""
    alias: str = ""
    on: str = ""
    arguments: Mapping[str, Any]
    selections: tuple["Selection", ...]


class GraphQLDocument:
    """One query with its fragments; variables are filled in."""

    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self._tokens = _TOKEN.findall(re.sub(r"#[^\n]*", "", text))
        self._place = 0
        self._variables = variables
        self._fragments: dict[str, int] = {}
        self._find_fragments()
        while self._next != "{":
            self._skip_or_take()
        self.selections = self._selections()

    @property
    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise RefusalError(400, "A query attribute must be specified and must be a string.")
        return str(self._tokens[self._place])

    def _take(self, wanted: str = "") -> str:
        token = self._next
        if wanted and token != wanted:
            raise RefusalError(400, f"Expected {wanted!r}, actual: {token!r}")
        self._place += 1
        return token

    def _skip_or_take(self) -> None:
        """One token, or all that a bracket holds."""
        closed = _CLOSED.get(self._take())
        while closed and self._next != closed:
            self._skip_or_take()
        if closed:
            self._take(closed)

    def _find_fragments(self) -> None:
        """Where each named fragment's selections begin; the query comes first in the documents that are asked here."""
        for place, token in enumerate(self._tokens[:-3]):
            if token == "fragment" and self._tokens[place + 2] == "on":
                self._fragments[self._tokens[place + 1]] = place + 4

    def _selections(self) -> tuple[Selection, ...]:
        self._take("{")
        found: list[Selection] = []
        while self._next != "}":
            found += self._fragment() if self._next == "..." else [self._field()]
        self._take("}")
        return tuple(found)

    def _fragment(self) -> Sequence[Selection]:
        self._take("...")
        if self._next == "on":
            self._take()
            on = self._take()
            return (Selection(on=on, arguments={}, selections=self._selections()),)
        name = self._take()
        if name not in self._fragments:
            raise RefusalError(400, f"Fragment {name} was used, but not defined")
        here, self._place = self._place, self._fragments[name]
        on = self._tokens[self._place - 1]
        found = Selection(on=on, arguments={}, selections=self._selections())
        self._place = here
        return (found,)

    def _field(self) -> Selection:
        name = alias = self._take()
        if self._next == ":":
            self._take()
            name = self._take()
        arguments = dict(self._arguments()) if self._next == "(" else {}
        inner = self._selections() if self._next == "{" else ()
        return Selection(name=name, alias=alias, arguments=arguments, selections=inner)

    def _arguments(self) -> Iterator[tuple[str, Any]]:
        self._take("(")
        while self._next != ")":
            name = self._take()
            self._take(":")
            yield name, self._value()
        self._take(")")

    def _value(self) -> Any:
        token = self._take()
        if token == "[":
            found = []
            while self._next != "]":
                found.append(self._value())
            self._take("]")
            return found
        if token.startswith("$"):
            return self._variables.get(token[1:])
        if token.startswith('"'):
            return json.loads(token)
        return (
            int(token)
            if re.fullmatch(r"-?\d+", token)
            else {"true": True, "false": False, "null": None}.get(token, token)
        )


def answer(value: Any, selections: Sequence[Selection]) -> Any:
    """What is asked of a value: a scalar as it is, a list item by item, of an object its fields.

    An object maps each field's name to its value, or to a function of the field's arguments; `is` holds its types.
    """
    if isinstance(value, list):
        return [answer(each, selections) for each in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for asked in selections:
        if asked.on:
            if asked.on in value["is"]:
                found |= answer(value, asked.selections)
            continue
        if asked.name not in value:
            raise RefusalError(400, f"Field '{asked.name}' doesn't exist on type '{value['is'][0]}'")
        field = value[asked.name]
        found[asked.alias] = answer(field(**asked.arguments) if callable(field) else field, asked.selections)
    return found
