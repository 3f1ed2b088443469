"""The reference of files, from their schemas, with acme's files as examples."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tables import block, code, table

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "jitbot/schemas"
ACME = ROOT / "jitbot/sandbox/acme"
# Each kind of file, in the order in which people meet them: its schema, and a file of acme that is one.
KINDS = {
    "request": "examples/good/orders.yaml",
    "policy": "policies/access/orders-db-read.yaml",
    "people": "policies/people.yaml",
    "teams": "policies/teams.yaml",
    "accounts": "policies/accounts.yaml",
    "account-groups": "policies/account-groups.yaml",
    "settings": "policies/settings.yaml",
    "notify": "policies/notify.yaml",
}
Node = Mapping[str, Any]


class Key(NamedTuple):
    """A key of a file, with all that a person must know to write it."""

    path: str
    must: bool
    meaning: str
    shape: str
    example: str


def files() -> str:
    """A section for each kind of file."""
    return "\n".join(_section(name, example) for name, example in KINDS.items())


def keys(name: str) -> list[Key]:
    """Every key that a kind of file may have."""
    schema = _schema(name)
    return list(_Walker(schema["$defs"]).below(schema, ""))


def _schema(name: str) -> Node:
    read: Node = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return read


def _section(name: str, example: str) -> str:
    schema = _schema(name)
    path, _, meaning = schema["description"].partition(": ")
    rows = [
        (code(each.path), "yes" if each.must else "", each.meaning, each.shape, code(each.example))
        for each in keys(name)
    ]
    return "\n".join(
        [
            f"## {schema['title']}\n",
            f"`{path}`: {meaning}.\n",
            block("yaml", (ACME / example).read_text("utf-8")),
            table(("key", "required", "meaning", "what it may be", "example"), rows),
        ]
    )


class _Walker:
    """Goes through a schema, with its definitions put in."""

    def __init__(self, definitions: Mapping[str, Node]) -> None:
        self._definitions = definitions

    def below(self, node: Node, path: str) -> Iterator[Key]:
        """The keys below a node that is itself no key: of an object, of a map by name, and of a list's items."""
        dot = f"{path}." if path else ""
        required = set(node.get("required", ()))
        for name, each in node.get("properties", {}).items():
            yield from self.key(self.whole(each), f"{dot}{name}", must=name in required)
        entry = node.get("additionalProperties")
        if isinstance(entry, Mapping):
            named = self.whole(node.get("propertyNames", {})).get("title", "name")
            yield from self.key(self.whole(entry), f"{dot}<{named}>")
        if isinstance(node.get("items"), Mapping):
            yield from self.below(self.whole(node["items"]), f"{path}[]")

    def key(self, node: Node, path: str, *, must: bool = False) -> Iterator[Key]:
        """A key, and those below it."""
        examples = node.get("examples", [])
        yield Key(
            path,
            must,
            node.get("description") or node.get("title", ""),
            self.shape(node),
            _typed(examples[0]) if examples else "",
        )
        yield from self.below(node, path)

    def shape(self, node: Node) -> str:
        """What a value may be, in words."""
        item = self.whole(node["items"]) if isinstance(node.get("items"), Mapping) else {}
        parts = [
            ", ".join(code(str(each)) for each in node.get("enum", ())),
            node.get("patternErrorMessage", ""),
            _between(node.get("minimum"), node.get("maximum"), "{}"),
            _between(node.get("minItems"), node.get("maxItems"), "{} of them") if item else "",
            "" if item.get("properties") else self.shape(item) if item else "",
            f"without it: {code(str(node['default']))}" if "default" in node else "",
        ]
        return "; ".join(dict.fromkeys(filter(None, parts)))

    def whole(self, node: Node) -> Node:
        """A node with its definition; what it says itself comes first."""
        if "$ref" not in node:
            return node
        return {**self._definitions[node["$ref"].rpartition("/")[2]], **node}


def _between(least: int | None, most: int | None, words: str) -> str:
    if least is None and most is None:
        return ""
    if most is None:
        return f"at least {words.format(least)}"
    return words.format(f"{least} to {most}") if least is not None else f"at most {words.format(most)}"


def _typed(value: object) -> str:
    """A value as one line of YAML; JSON is YAML, and its quotes are left out where YAML needs none."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_typed(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_typed, value)) + "]"
    text = str(value)
    plain = (
        isinstance(value, str)
        and not text.isdigit()
        and text[:1].isalnum()
        and not set(text) & set('"{}[],#:')
    )
    return text if plain or not isinstance(value, str) else json.dumps(text, ensure_ascii=False)
