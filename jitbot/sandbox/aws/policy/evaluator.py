"""The sandbox's own reading of AWS's rules, not the judge: an independent evaluator judges in the tests.

It reads documents only and knows nothing of how jitbot makes them.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from jitbot.sandbox.aws.policy import conditions

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_LITERALS = ("*", "?", "$")  # ${*} and the like stand for the sign itself

Document = Mapping[str, Any]
Statement = Mapping[str, Any]


class Evaluation(Enum):
    """What documents say about a question. Silence is a denial that another document may overrule."""

    ALLOW = "allow"
    DENY = "deny"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessQuestion:
    """May this action be done on this resource? Keys of `context` are in lower case."""

    action: str
    resource: str = "*"
    context: conditions.Context = field(default_factory=dict)


def load(text: str) -> Document:
    """Parse a policy document; raises ValueError if it is not a JSON object or repeats a key."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key is given twice")
        return found

    document = json.loads(text, object_pairs_hook=once)
    if not isinstance(document, dict):
        raise ValueError("a policy document is a JSON object")  # noqa: TRY004  # callers know one error
    return document


def statements(document: Document) -> tuple[Statement, ...]:
    """The statements of a document; one alone may stand without its list."""
    found = document.get("Statement", [])
    return tuple(found) if isinstance(found, list) else (found,)


def evaluate(documents: Iterable[Document], question: AccessQuestion) -> Evaluation:
    """What identity documents, taken together, say: an explicit Deny wins, then an Allow.

    Raises ValueError for a document that AWS would not have stored.
    """
    said = {
        statement["Effect"]
        for document in documents
        for statement in statements(document)
        if applies(statement, question, version=document.get("Version"))
    }
    if "Deny" in said:
        return Evaluation.DENY
    return Evaluation.ALLOW if "Allow" in said else Evaluation.SILENT


def applies(statement: Statement, question: AccessQuestion, *, version: object) -> bool:
    """Whether a statement speaks about the question. Variables exist in version 2012-10-17 alone."""
    fill = _filler(question.context, variables=version == "2012-10-17")
    return (
        _covers(statement, "Action", lambda pattern: _names(pattern, question.action))
        and _covers(statement, "Resource", lambda pattern: _reaches(pattern, question.resource, fill))
        and _conditions_hold(statement.get("Condition", {}), question.context, fill)
    )


def listed(value: object) -> list[str]:
    """A string, or a list of them, as a list."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _covers(statement: Statement, element: str, hits: Any) -> bool:
    if element in statement:
        return any(hits(pattern) for pattern in listed(statement[element]))
    if f"Not{element}" in statement:
        return not any(hits(pattern) for pattern in listed(statement[f"Not{element}"]))
    return False


def _names(pattern: str, action: str) -> bool:
    return conditions.matches(conditions.like(pattern), action, ignore_case=True)


def _reaches(pattern: str, resource: str, fill: conditions.Fill) -> bool:
    if pattern == "*" or resource == "*":
        return pattern == "*"  # an action without a resource is only reached by "*"
    return conditions.matches_arn(pattern, resource, fill)


def _conditions_hold(block: Mapping[str, Any], context: conditions.Context, fill: conditions.Fill) -> bool:
    return not any(
        not conditions.holds(operator, key, listed(wanted), context, fill)
        for operator, keys in block.items()
        for key, wanted in keys.items()
    )


def _filler(context: conditions.Context, *, variables: bool) -> conditions.Fill:
    """Turn text into a regular expression; what a variable brings in is always literal."""

    def fill(text: str, wildcards: bool) -> str | None:
        plain = conditions.like if wildcards else re.escape
        if not variables:
            return plain(text)
        pieces = _VARIABLE.split(text) if "$" in text else [text]  # text, name, text, name, … text
        values = [_value(name, context) for name in pieces[1::2]]
        if None in values:
            return None
        literal = [re.escape(value or "") for value in values] + [""]
        return "".join(plain(piece) + value for piece, value in zip(pieces[::2], literal, strict=True))

    return fill


def _value(name: str, context: conditions.Context) -> str | None:
    if name in _LITERALS:
        return name
    values = context.get(name.lower(), ())
    return values[0] if len(values) == 1 else None
