"""Checks a document against its JSON Schema, and reports in jitbot's own words what does not fit, and where.

The schemas are Draft 2020-12 (https://json-schema.org/draft/2020-12) and serve editors as they are. Here
a scalar is always `Text`: it is an integer where the schema wants one and it is written as one. `title`
names a value in findings and their codes; `patternErrorMessage` (which editors show too) is the hint.
"""

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from jitbot.adapters.documents.document import Document, Path, Text, named
from jitbot.domain.model import grammar
from jitbot.domain.model.grammar import INTEGER
from jitbot.domain.text import duration, timestamp
from jitbot.domain.text.escape import quoted

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

SCHEMAS = FilePath(__file__).parents[2] / "schemas"

_ERRORS = 200  # read no more of a file that is wrong throughout
_KINDS = {
    "string": "text",
    "integer": "a whole number without quotes",
    "object": "a mapping",
    "array": "a list",
}
_PLAIN = re.compile(r"[A-Za-z0-9][\w., -]{0,60}", re.ASCII)  # `prod, staging`, which is meant as a list
_NO_BLANK = re.compile(r"([\w-]{1,40}):[^\s:/]")  # `table:orders`, which YAML takes for one text
_STATEMENT = "a statement says what is allowed: actions, resources and conditions"
_REFUSED_KEYS = {
    "principal": "who gets in is the requester alone, and jitbot writes that",
    "notprincipal": "who gets in is the requester alone, and jitbot writes that",
    "notaction": f"everything else is too much to approve; {_STATEMENT}",
    "notresource": f"everything else is too much to approve; {_STATEMENT}",
    "effect": f"a policy only ever allows; {_STATEMENT}",
    "sid": "jitbot numbers the statements itself",
}


def _raised(parse: Callable[[str], object]) -> Callable[[str], str | None]:
    """The problem that a parser raises, as its own sentence."""

    def problem(text: str) -> str | None:
        try:
            parse(text)
        except ValueError as error:
            return f": {error}"
        return None

    return problem


_FORMATS: dict[str, Callable[[str], str | None]] = {
    "duration": _raised(duration.parse),
    "moment": _raised(timestamp.parse),
    "day": _raised(timestamp.parse_day),
    "date": _raised(timestamp.parse_date),
    "sentence": grammar.sentence_problem,
    "pattern": grammar.pattern_problem,
    "action": grammar.action_problem,
    "resource": grammar.resource_problem,
    "operator": grammar.operator_problem,
    "condition-key": grammar.condition_key_problem,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Misfit:
    """One of jsonschema's errors, reduced to what a sentence needs."""

    keyword: str
    limit: Any  # the keyword's value in the schema
    schema: Mapping[str, Any]
    value: Any
    path: Path
    is_key: bool
    problem: str

    @property
    def rank(self) -> int:
        """The nearer to the cause, the earlier: a wrong type explains whatever else does not fit."""
        return {"type": 0, "format": 1}.get(self.keyword, 2)


def check_shape(document: Document, schema: str) -> None:
    """Note everything in the document that `schemas/<schema>.schema.json` does not allow."""
    if document.value is None:
        return
    misfits = [_misfit(error) for error in islice(_validator(schema).iter_errors(document.value), _ERRORS)]
    seen = document.broken  # one finding about a value is enough
    for misfit in sorted(misfits, key=lambda misfit: misfit.rank):
        path = misfit.path
        if misfit.keyword == "additionalProperties":
            _unknown_keys(document, misfit, seen)
        elif misfit.keyword == "required":
            _missing_keys(document, misfit)
        elif path not in seen:
            seen.add(path)
            code, message = _sentence(misfit)
            document.refuse(path, code, message, _hint(misfit), key=misfit.is_key)
    if len(misfits) == _ERRORS:
        document.value = None  # what lies behind the last error was not looked at


def _misfit(error: "ValidationError") -> _Misfit:
    is_key = "propertyNames" in error.absolute_schema_path
    path = tuple(error.absolute_path)
    return _Misfit(
        keyword=str(error.validator),
        limit=error.validator_value,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        value=error.instance,
        path=(*path, str(error.instance)) if is_key else path,
        is_key=is_key,
        problem=error.message,
    )


@cache
def _validator(schema: str) -> "Validator":
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    whole = json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8"))
    own = {
        "$ref": partial(_referred, whole.get("$defs", {})),
        "pattern": _pattern,
        "format": _format,
        "minimum": _bound,
        "maximum": _bound,
        "uniqueItems": _unique,
    }
    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: _is_integer(value))
    strict = extend(Draft202012Validator, own, type_checker=types)  # type: ignore[no-untyped-call]
    validator: Validator = strict(whole)
    return validator


def _is_integer(value: object) -> bool:
    return isinstance(value, Text) and value.plain and INTEGER.fullmatch(value) is not None


def _error(message: str, path: tuple[int, ...] = ()) -> "ValidationError":
    from jsonschema.exceptions import ValidationError

    return ValidationError(message, path=path)


def _referred(
    definitions: Mapping[str, Any], validator: "Validator", reference: str, value: object, __: object
) -> Iterator["ValidationError"]:
    """A schema refers to its own definitions alone. To look for them as for any address takes longer than to check them."""
    return validator.descend(value, definitions[reference.removeprefix("#/$defs/")])  # type: ignore[attr-defined, no-any-return]


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator["ValidationError"]:
    """The schemas' patterns are anchored; `fullmatch` keeps `$` from forgiving a last line break."""
    if isinstance(value, str) and not re.fullmatch(pattern, value, re.ASCII):
        yield _error("")


def _format(_: object, name: str, value: object, __: object) -> Iterator["ValidationError"]:
    if isinstance(value, str) and (problem := _FORMATS[name](value)):
        yield _error(problem)


def _bound(_: object, __: int, value: object, schema: dict[str, Any]) -> Iterator["ValidationError"]:
    if _is_integer(value) and not schema["minimum"] <= int(str(value)) <= schema["maximum"]:
        yield _error("")


def _unique(_: object, __: bool, value: object, ___: object) -> Iterator["ValidationError"]:
    seen: set[str] = set()
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str) and item in seen:
            yield _error("", (index,))
        elif isinstance(item, str):
            seen.add(item)


def _unknown_keys(document: Document, misfit: _Misfit, seen: set[Path]) -> None:
    known = misfit.schema["properties"]
    unknown = (key for key in misfit.value if key not in known and (*misfit.path, key) not in seen)
    for key in islice(unknown, _ERRORS):
        near = difflib.get_close_matches(key.casefold(), known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        hint = _REFUSED_KEYS.get(key.casefold(), hint)
        message = f"{_owner(misfit.path)} has no key {quoted(key)}"
        document.refuse((*misfit.path, key), "unknown-key", message, hint, key=True)


def _missing_keys(document: Document, misfit: _Misfit) -> None:
    for key in misfit.limit:
        if key not in misfit.value:
            hint = str(misfit.schema["properties"][key]["description"])
            document.refuse((*misfit.path, key), "missing-key", f"{_owner(misfit.path)} needs {key}", hint)


def _owner(path: Path) -> str:
    return named(path) or "the file"


def _sentence(misfit: _Misfit) -> tuple[str, str]:
    """Code and message for a value or a key that its schema refuses."""
    value, limit, name = misfit.value, misfit.limit, _owner(misfit.path)
    title = str(misfit.schema.get("title", "value"))
    bad, said = "bad-" + title.replace(" ", "-").lower(), _found(value)
    match misfit.keyword:
        case "type":
            kinds = " or ".join(_KINDS[kind] for kind in ([limit] if isinstance(limit, str) else limit))
            near = _NO_BLANK.match(value) if kinds == _KINDS["object"] and isinstance(value, str) else None
            missing = f": a blank is missing after {near[1]}:" if near else ""
            return "wrong-type", f"{name} must be {kinds}, not {said}{missing}"
        case "format":
            problem = misfit.problem
            return bad, f"{name}{problem}" if problem.startswith(":") else f"{name}: {said} {problem}"
        case "enum":
            return bad, f"{name} must be one of {', '.join(limit)}, not {said}"
        case "minimum" | "maximum":
            low, high = misfit.schema["minimum"], misfit.schema["maximum"]
            return bad, f"{name} must be {low} to {high}, not {value}"
        case "minItems" | "minProperties":
            return "too-few", f"{name} must not be empty"
        case "maxItems" | "maxProperties":
            return "too-many", f"{name} holds {len(value)}; {limit} is the most"
        case "uniqueItems":
            return "repeated-value", f"{quoted(value[int(misfit.path[-1])])} is named twice"
        case "oneOf":
            choices = " or ".join(key for each in limit for key in each["required"])
            return bad, f"{name} must have either {choices}, and not both"
        case _:
            return bad, f"{name}: {said} is not a valid {title}"


def _hint(misfit: _Misfit) -> str:
    """How to write it: in the form of what was written, where that is clear, else in the schema's words."""
    if misfit.keyword == "uniqueItems":
        return "name it once"
    said = str(misfit.schema.get("patternErrorMessage", misfit.schema.get("description", "")))
    if misfit.keyword == "type" and misfit.limit == "array" and _PLAIN.fullmatch(str(misfit.value)):
        return f"put it in brackets, as in [{misfit.value}]: {said}"
    return said


def _found(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    return "a list" if isinstance(value, list) else "a mapping"
