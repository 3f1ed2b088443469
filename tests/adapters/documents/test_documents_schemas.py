"""The schemas themselves: what editors read is what jitbot reads."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from jitbot.adapters.documents.shape import _FORMATS, SCHEMAS
from jitbot.domain.model import grammar

NAMES = ["account-groups", "accounts", "notify", "people", "policy", "request", "settings", "teams"]
ACME = SCHEMAS.parent / "sandbox" / "acme"
OURS = {"patternErrorMessage"}
SAID = {
    "type", "format", "pattern", "enum", "minimum", "maximum", "minItems", "maxItems", "minProperties",
    "maxProperties", "oneOf", "uniqueItems", "required", "additionalProperties", "propertyNames",
}  # fmt: skip
SILENT = {"$schema", "$defs", "$ref", "title", "description", "examples", "default", "properties", "items"}


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for keyword in ("properties", "$defs"):
        for part in schema.get(keyword, {}).values():
            yield from _parts(part)
    for keyword in ("items", "propertyNames", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from _parts(schema[keyword])


def test_there_are_no_other_schemas() -> None:
    """Each schema is one that these tests look at."""
    assert sorted(path.name.removesuffix(".schema.json") for path in SCHEMAS.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_one(name: str) -> None:
    """Each is valid Draft 2020-12, says what it is, and its examples pass it as editors would read them."""
    schema = _schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]
    assert schema["examples"]
    for example in schema["examples"]:
        Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize("name", NAMES)
def test_every_keyword_has_a_sentence(name: str) -> None:
    """No keyword is used for which findings have no words, and nothing is left unnamed."""
    for part in _parts(_schema(name)):
        assert part.keys() <= SAID | SILENT | OURS
        if part.keys() & {"pattern", "format", "enum", "minimum"} and part.get("type") != "object":
            assert part["title"]
        if "pattern" in part:
            assert part["pattern"].startswith("^")
            assert part["pattern"].endswith("$")
            assert part["patternErrorMessage"]
        assert part.get("format", "sentence") in _FORMATS
        assert ("minimum" in part) == ("maximum" in part)
        assert part.get("type") != "integer" or "minimum" in part
        assert "minimum" not in part or "integer" in part["type"]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_refers_to_its_own_definitions_alone(name: str) -> None:
    """No other address is looked up when a document is checked."""
    schema = _schema(name)
    referred = re.findall(r'"\$ref": "([^"]*)"', json.dumps(schema))
    assert {each.removeprefix("#/$defs/") for each in referred} <= schema.get("$defs", {}).keys()
    assert all(each.startswith("#/$defs/") for each in referred)


@pytest.mark.parametrize("name", NAMES)
def test_every_mapping_is_closed(name: str) -> None:
    """A mapping either lists its keys and allows no other, or says what every key and value is."""
    for part in _parts(_schema(name)):
        if "object" in part.get("type", ""):
            rest = part["additionalProperties"]
            assert rest is False if "properties" in part else isinstance(rest, dict)
            assert "properties" in part or "propertyNames" in part
            assert all(part["properties"][key]["description"] for key in part.get("required", ()))


def test_a_repository_has_one_grammar() -> None:
    """What the command line takes for the name of a repository is what settings.yaml does."""
    pattern = _schema("settings")["properties"]["repository"]["pattern"]
    assert pattern == f"^{grammar.REPOSITORY.pattern}$"


def test_shared_words_are_the_same_everywhere() -> None:
    """A login or an alias means the same in every file, and in a request's path."""
    seen: dict[str, Any] = {}
    for name in NAMES:
        for word, part in _schema(name).get("$defs", {}).items():
            assert seen.setdefault(word, part) == part
    assert seen["login"]["pattern"].strip("^$") in grammar._REQUEST_PATH.pattern
    assert seen["parameter_name"]["pattern"].strip("^$") in grammar._PLACEHOLDER.pattern


class _Editor(yaml.SafeLoader):
    """YAML's usual types, without that of dates, which YAML 1.1 has."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as its base class has it
        first: [each for each in found if each[0] != "tag:yaml.org,2002:timestamp"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@pytest.mark.parametrize("path", sorted((ACME / "policies").rglob("*.yaml")), ids=lambda path: path.stem)
def test_editors_find_nothing_wrong_with_acme(path: Path) -> None:
    """What we accept passes the plain schema, as editors read it: in YAML 1.2, which has no dates."""
    name = "policy" if path.parent.name == "access" else path.stem
    read = yaml.load(path.read_text("utf-8"), _Editor)  # noqa: S506 - a safe loader, with less in it
    Draft202012Validator(_schema(name)).validate(read)


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A part with what it refers to beneath it, and the schema's definitions at hand."""
    named = part.get("$ref", "").removeprefix("#/$defs/")
    return {**schema["$defs"].get(named, {}), **part} if named else part


@pytest.mark.parametrize("name", NAMES)
def test_editors_explain_every_property(name: str) -> None:
    """Each property has a title, a description and examples, and each of the examples is valid there."""
    schema = _schema(name)
    for part in _parts(schema):
        for key, found in part.get("properties", {}).items():
            whole = _resolved(found, schema)
            assert whole["title"], key
            assert whole["description"], key
            assert whole["examples"], key
            for example in whole["examples"]:
                Draft202012Validator({**whole, "$defs": schema.get("$defs", {})}).validate(example)
