"""Makes github.json: of GitHub's OpenAPI description, the schemas of the calls that the embedded GitHub answers.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python tests/sandbox/openapi/reduce.py package/generated/api.github.com.json > tests/sandbox/openapi/github.json

The description is GitHub's, under the MIT licence (Copyright (c) GitHub, Inc. and contributors); its texts and
examples are left out, and what OpenAPI 3.0 says in its own way is said as JSON Schema does.
"""

import json
import sys
from pathlib import Path
from typing import Any

from described import key, routes

_TEXTS = {"description", "example", "examples", "externalDocs", "summary", "title", "deprecated", "tags"}


def reduced(whole: dict[str, Any]) -> dict[str, Any]:
    """The operations of our routes, and every schema that they name."""
    paths = {
        key(method, path): operation
        for path, item in whole["paths"].items()
        for method, operation in item.items()
    }
    operations = {route: _operation(whole, paths[route]) for route in routes() if route in paths}
    schemas: dict[str, Any] = {}
    _follow(operations, whole, schemas)
    return {"info": {"version": whole["info"]["version"]}, "operations": operations, "schemas": schemas}


def _operation(whole: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    answers = {status: _content(whole, answer) for status, answer in operation["responses"].items()}
    queries = [_resolved(whole, each) for each in operation.get("parameters", ())]
    return {
        "request": _schema(_content(whole, operation["requestBody"])) if "requestBody" in operation else None,
        "query": {each["name"]: _schema(each["schema"]) for each in queries if each["in"] == "query"},
        "responses": {status: _schema(content) for status, content in answers.items()},
    }


def _content(whole: dict[str, Any], holder: dict[str, Any]) -> Any:
    content = _resolved(whole, holder).get("content", {})
    return content.get("application/json", {}).get("schema")


def _resolved(whole: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = whole
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def _schema(value: Any) -> Any:
    """A schema as JSON Schema has it: `nullable` becomes a choice, texts go."""
    if isinstance(value, list):
        return [_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {
        name: (
            {each: _schema(one) for each, one in inner.items()} if name == "properties" else _schema(inner)
        )
        for name, inner in value.items()
        if name not in _TEXTS
        and not name.startswith("x-")
        and name not in {"nullable", "readOnly", "writeOnly"}
    }
    if "$ref" in kept:
        kept["$ref"] = kept["$ref"].replace("#/components/schemas/", "#/schemas/")
    return {"anyOf": [kept, {"type": "null"}]} if value.get("nullable") else kept


def _follow(value: Any, whole: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Take in every schema that a value names, and those they name."""
    if isinstance(value, list):
        for each in value:
            _follow(each, whole, schemas)
    elif isinstance(value, dict):
        name = value["$ref"].removeprefix("#/schemas/") if isinstance(value.get("$ref"), str) else ""
        if name and name not in schemas:
            schemas[name] = _schema(whole["components"]["schemas"][name])
            _follow(schemas[name], whole, schemas)
        for each in value.values():
            _follow(each, whole, schemas)


if __name__ == "__main__":
    json.dump(reduced(json.loads(Path(sys.argv[1]).read_text("utf-8"))), sys.stdout, indent=0, sort_keys=True)
    print()  # noqa: T201 - a program that prints its result
