"""The grammars of what people write: paths, texts, literals, patterns, and the terms of an IAM statement.

A `*_problem` function answers None, or why not, as the rest of a sentence that begins with the value.
"""

import re
import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network
from itertools import pairwise

from jitbot.domain.model.documents import POLICIES, Finding, Login, same_login
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import quoted
from jitbot.domain.text.visible import name_of, unseen_in

REQUESTS = "requests/"  # the folder of all requests
BUILT_INS = frozenset({"account", "account_id", "requester"})  # placeholders every policy may use
RESERVED = BUILT_INS | {"request", "region", "partition", "namespace"}  # names no parameter may take
LITERAL_LENGTH = 128
PATTERN_LENGTH = 200

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)
LOGIN = "[A-Za-z0-9][A-Za-z0-9_-]{0,38}"  # `_` is in the logins of enterprise-managed users

_POLICY_NAME = r"[a-z][a-z0-9-]{0,31}"
_POLICY_PATH = re.compile(rf"{POLICIES}({_POLICY_NAME})\.yaml", re.ASCII)
_REQUEST_PATH = re.compile(
    rf"requests/({_POLICY_NAME})/([0-9]{{4}}-[0-9]{{2}})/([0-9]{{2}})"
    rf"-({LOGIN}-[a-z0-9-]{{1,40}})\.yaml",
    re.ASCII,
)
_SLUG = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
# On GitHub.
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", re.ASCII)
NAMESPACE = re.compile(r"[a-z][a-z0-9]{1,11}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPath:
    """What a request's path says. `rest` is `<login>-<slug>`: both may hold hyphens, so it stays whole."""

    policy: str
    date: date
    rest: str

    def slug_for(self, login: Login) -> str | None:
        """The slug, if this is a path of this login, however it is spelt, else None."""
        name, slug = self.rest[: len(login)], self.rest[len(login) + 1 :]
        mine = same_login(name, login) and self.rest[len(login) :].startswith("-")
        return slug if mine and _SLUG.fullmatch(slug) else None


def is_request(path: str) -> bool:
    """Whether a path under requests/ is meant as a request: anything but the README beside them."""
    return path.startswith(REQUESTS) and not path.endswith(".md")


def outside_requests(paths: Iterable[str]) -> list[str]:
    """Those of these paths that no request may come with: changing rules and asking are two pull requests."""
    return sorted({path for path in paths if not path.startswith(REQUESTS)})


def any_request(policy: str) -> str:
    """A path that represents every request for a policy, of any requester: the owners of its folder own it."""
    return f"{REQUESTS}{policy}/2026-01/01-anybody-anything.yaml"


def policy_of(path: str) -> str:
    """The policy that the path of a request names, whether the rest of it is right or not."""
    return path.split("/")[1]


def parse_request_path(path: str) -> RequestPath | Finding:
    """Read `requests/<policy>/<yyyy-mm>/<dd>-<login>-<slug>.yaml`, relative to the data root."""
    match = _REQUEST_PATH.fullmatch(path)
    if match is None:
        return Finding(
            code="request-path",
            message=f"{quoted(path, 100)} is not the path of a request",
            file=path,
            hint="a request lives at requests/<policy>/<yyyy-mm>/<dd>-<login>-<slug>.yaml",
        )
    policy, month, day, rest = match.groups()
    try:
        written = date.fromisoformat(f"{month}-{day}")
    except ValueError:
        hint = "use today's date in UTC"
        return Finding(
            code="request-date", message=f"{month}-{day} is no day of the calendar", file=path, hint=hint
        )
    return RequestPath(policy=policy, date=written, rest=rest)


def parse_policy_path(path: str) -> str | Finding:
    """The name of the policy at `policies/access/<name>.yaml`, relative to the data root."""
    match = _POLICY_PATH.fullmatch(path)
    if match is None:
        return Finding(
            code="policy-path",
            message=f"{quoted(path, 100)} is not the path of a policy",
            file=path,
            hint="a policy lives at policies/access/<name>.yaml; a name is a-z, 0-9 and -, at most 32, a letter first",
        )
    return match[1]


def sentence_problem(text: str) -> str | None:
    """Whether this can stand as a reason or a description: one visible line of 1 to 200 characters."""
    if not text.strip():
        return "is empty"
    if len(text) > 200:
        return f"has {many(len(text), 'character')}; 200 is the most"
    if "\n" in text:
        return "has more than one line"
    if text != text.strip():
        return "begins or ends with a space"
    first = next(unseen_in(text), None)
    return f"holds {name_of(text[first[0]])}, which cannot be seen" if first is not None else None


def literal_problem(value: str, separators: frozenset[str]) -> str | None:
    """Whether `value` may stand in an IAM policy as itself: never a pattern, a variable or a second part.

    `separators` are those of ":" and "/" that the policy declares for this parameter.
    """
    if not value:
        return "is empty"
    if len(value) > LITERAL_LENGTH:
        return f"has {many(len(value), 'character')}; {LITERAL_LENGTH} is the most"
    if value != value.strip(" "):
        return "begins or ends with a space"
    for character in value:
        if not " " <= character <= "~":
            return "holds a character outside printable ASCII"
        if character in "*?${}[]\\":
            return f"holds {quoted(character)}; a parameter is a literal, never a pattern or a variable"
        if character in ":/" and character not in separators:
            return f"holds {quoted(character)}, which the policy does not declare in separators"
    return None


# One piece of a regular expression: an escape, a class, a group's edge, a repeat, or any other character.
_PIECE = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?:)?|\)|[*+?]|\{[0-9]*,?[0-9]*\}|.", re.ASCII | re.DOTALL
)


def pattern_problem(pattern: str) -> str | None:
    """Whether a parameter's pattern is a regular expression that no value can keep busy.

    The rule: at most 200 printable characters; at most three repeats of variable length (`*`, `+`, `?`,
    `{m,n}`); at most one group, itself not repeated; no look-around, no reference back. With values of at
    most 128 characters that bounds a match to well under a second.
    """
    if not pattern or len(pattern) > PATTERN_LENGTH:
        return f"has {many(len(pattern), 'character')}; a pattern has 1 to {PATTERN_LENGTH}"
    if not all(" " <= character <= "~" for character in pattern):
        return "holds a character outside printable ASCII"
    pieces = _PIECE.findall(pattern)
    pairs = tuple(pairwise(pieces))
    if any(piece[0] == "\\" and piece[1:].isdigit() for piece in pieces):
        return "refers back to a group"
    if sum(piece[0] == "(" for piece in pieces) > 1 or any(a[0] == "(" and _repeats(b) for a, b in pairs):
        return "has more than one group, or one that is not plain"
    if any(a == ")" and _repeats(b) for a, b in pairs):
        return "repeats a group"
    if sum(_repeats(piece) and (len(piece) == 1 or "," in piece) for piece in pieces) > 3:
        return "has more than three repeats of variable length"
    return _compile_problem(pattern)


def _repeats(piece: str) -> bool:
    return piece in {"*", "+", "?"} or (piece[0] == "{" and len(piece) > 1)


def _compile_problem(pattern: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what a later Python may read otherwise is no safe rule
            re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, Warning) as error:
        return f"is no regular expression: {error}"
    return None


_NAME = r"[a-z][a-z0-9_]{0,30}"
_PLACEHOLDER = re.compile(rf"\{{\{{({_NAME})\}}\}}", re.ASCII)
_LETTERS = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff"  # those that a policy document can hold
# https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html: letters, digits, spaces and + - = . _ : / @
_TAG_KEY = rf"[{_LETTERS}+=._:/@-](?:[{_LETTERS} +=._:/@-]{{0,126}}[{_LETTERS}+=._:/@-])?"
# AWS's variables, and its way to write *, ? and $ as themselves:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
_VARIABLE = re.compile(rf"\$\{{(?:aws:[A-Za-z0-9]+(?:/{_TAG_KEY})?|[*?$])\}}", re.ASCII)
_FILLED = "\0"  # stands for a placeholder or a variable while the rest is read; no template can hold it
_PARTITION = "(?:aws|[a-z-]*[*?][a-z*?-]*)"  # the commercial one, or left open
_ARN = re.compile(
    rf"arn:{_PARTITION}:[a-z0-9-]+:[a-z0-9*?{_FILLED}-]*:(?:[0-9]{{12}}|aws|\*|{_FILLED})?:.+",
    re.ASCII,
)
# An ARN to be compared: six parts, each of which may be left open.
_COMPARED_ARN = re.compile(rf"arn:{_PARTITION}:[^:]+:[^:]*:[^:]*:.+|{_FILLED}.*", re.ASCII)
_ACTION = re.compile(r"[a-z][a-z0-9-]{0,62}:[A-Za-z0-9*?]{1,128}", re.ASCII)
_STRINGS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
_NUMERICS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_ARNS = ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATORS = frozenset(
    (
        *(f"String{end}" for end in _STRINGS),
        *(f"Numeric{end}" for end in _NUMERICS),
        *_ARNS,
        *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress"),
    )
)
_CLOCK_KEYS = frozenset({"aws:currenttime", "aws:epochtime", "aws:tokenissuetime"})
_CONDITION_KEY = re.compile(rf"[A-Za-z0-9.-]+:[A-Za-z0-9_.-]+(?:[/:]{_TAG_KEY})?", re.ASCII)
_QUANTIFIER = re.compile(r"\A(?:ForAnyValue|ForAllValues):")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_ADDRESS = re.compile(r"[0-9A-Fa-f.:]+(?:/[0-9]{1,3})?", re.ASCII)


def placeholders(template: str) -> tuple[str, ...]:
    """The names in `{{name}}`, in order, repeats included."""
    return tuple(_PLACEHOLDER.findall(template))


def template_problem(template: str) -> str | None:
    """Whether this is text that a policy document of AWS can hold, with nothing but `{{name}}` and `${aws:…}` in braces.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    for character in template:
        if not (" " <= character <= "~" or "\u00a1" <= character <= "\u00ff") or character == "\u00ad":
            return f"holds {name_of(character)}; in a policy AWS takes U+0020 to U+00FF, of which all can be seen"
    without_variables = _VARIABLE.sub(_FILLED, template)
    if "${" in without_variables or re.search("[{}]", _PLACEHOLDER.sub(_FILLED, without_variables)):
        return "holds a brace that is neither of {{name}} nor of ${aws:…}"
    return None


def action_problem(action: str) -> str | None:
    """Whether this is `service:Name`, with `*` and `?` in the name alone."""
    if action == "*":
        return "is every action of every service; name the service"
    if _ACTION.fullmatch(action):
        return None
    service, _, name = action.partition(":")
    if _ACTION.fullmatch(spelt := f"{service.lower()}:{name}"):
        return f"names its service in capital letters; write {spelt}"
    return "is not an action; write service:Name, as in dynamodb:GetItem"


def resource_problem(resource: str) -> str | None:
    """Whether this is an ARN or `*`, with placeholders in the right form."""
    if resource == "*":
        return None
    if problem := template_problem(resource):
        return problem
    return None if _ARN.fullmatch(_filled(resource)) else "is neither an ARN nor *"


def operator_problem(operator: str) -> str | None:
    """Whether IAM knows this condition operator, and a policy may use it."""
    base = _compared_as(operator)
    if base.startswith("Date"):
        return "compares dates; when access ends is for jitbot alone to say"
    known = base in OPERATORS or operator == "Null"
    return None if known else "is no condition operator of IAM"


def _compared_as(operator: str) -> str:
    """How an operator compares one value with another, whatever it does with several, or with none."""
    return _QUANTIFIER.sub("", operator).removesuffix("IfExists")


def condition_key_problem(key: str) -> str | None:
    """Whether this is a condition key that a policy may use."""
    if key.casefold() in _CLOCK_KEYS:
        return "is a clock; when access ends is for jitbot alone to say"
    return (
        None
        if _CONDITION_KEY.fullmatch(key)
        else "is no condition key; write one such as aws:RequestedRegion"
    )


def condition_value_problem(operator: str, value: str) -> str | None:
    """Whether IAM takes this value under this operator, placeholders left open.

    A value that AWS cannot read never matches; under an operator that denies, it would let everybody in.
    """
    if problem := template_problem(value):
        return problem
    base, rest = _compared_as(operator), _filled(value)
    if base in ("Bool", "Null"):
        return None if rest in {"true", "false", _FILLED} else "is neither true nor false"
    if base.startswith("Numeric"):
        number = re.fullmatch(rf"-?[0-9]+(?:\.[0-9]+)?|{_FILLED}", rest, re.ASCII)
        return None if number else "is not a number"
    if base.endswith("IpAddress"):
        return None if _is_network(rest) else "is neither an address nor a range such as 192.0.2.0/24"
    if base == "BinaryEquals":
        return None if _BASE64.fullmatch(rest.replace(_FILLED, "")) and rest else "is not base64"
    if base.startswith("Arn"):
        return None if _COMPARED_ARN.fullmatch(rest) else "is not an ARN of six parts"
    return None


def _is_network(rest: str) -> bool:
    """Whether this is an address or a range in CIDR notation, if something fits in where a placeholder is."""
    for filled in (
        "0",
        "192.0.2.1",
        "192.0.2.0/24",
        "2001:db8::",
    ):  # a part, an address, a range, an address of IPv6
        text = rest.replace(_FILLED, filled)
        with suppress(ValueError):
            if _ADDRESS.fullmatch(text) and ip_network(text, strict=False):
                return True
    return False


def _filled(template: str) -> str:
    return _VARIABLE.sub(_FILLED, _PLACEHOLDER.sub(_FILLED, template))
