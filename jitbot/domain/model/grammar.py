"""The grammars of what people write: paths, texts, literals, patterns, and the terms of an IAM statement.

A `*_problem` function answers None, or why not, as the rest of a sentence that begins with the value.
"""

import re
import unicodedata
import warnings
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from jitbot.domain.model.documents import POLICIES, Finding, Login

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
REPOSITORY = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}", re.ASCII
)  # on GitHub

# Letters and signs that Unicode does not count as control or format characters, yet nobody can see.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(code)
    for start, end in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(start, end + 1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPath:
    """What a request's path says. `rest` is `<login>-<slug>`: both may hold hyphens, so it stays whole."""

    policy: str
    date: date
    rest: str

    def slug_for(self, login: Login) -> str | None:
        """The slug, if this is a path of exactly this login (upper and lower case count), else None."""
        slug = self.rest.removeprefix(f"{login}-")
        return slug if slug != self.rest and _SLUG.fullmatch(slug) else None


def is_request(path: str) -> bool:
    """Whether a path under requests/ is meant as a request: anything but the README beside them."""
    return path.startswith("requests/") and not path.endswith(".md")


def policy_of(path: str) -> str:
    """The policy that the path of a request names, whether the rest of it is right or not."""
    return path.split("/")[1]


def parse_request_path(path: str) -> RequestPath | Finding:
    """Read `requests/<policy>/<yyyy-mm>/<dd>-<login>-<slug>.yaml`, relative to the data root."""
    match = _REQUEST_PATH.fullmatch(path)
    if match is None:
        return Finding(
            code="request-path",
            message=f"{shown(path, 100)} is not the path of a request",
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
            message=f"{shown(path, 100)} is not the path of a policy",
            file=path,
            hint="a policy lives at policies/access/<name>.yaml; a name is a-z, 0-9 and -, at most 32, a letter first",
        )
    return match[1]


def shown(text: str, length: int = 40) -> str:
    """A person's text in quotes, on one line, nothing hidden, at most `length` characters of it."""
    return repr(str(text) if len(text) <= length else text[:length] + "…")


def unseen(character: str) -> str | None:
    """What makes this character differ from how it looks (`control`, `hidden`, `space`), or None.

    See https://www.unicode.org/reports/tr36/ for why direction marks and blanks have no place in a review.
    """
    if " " <= character <= "~":
        return None
    category = unicodedata.category(character)
    if category == "Cc":
        return "control"
    if category == "Zs":
        return "space"
    return "hidden" if category[0] == "C" or category in {"Zl", "Zp"} or character in _BLANK else None


def sentence_problem(text: str) -> str | None:
    """Whether this can stand as a reason or a description: one visible line of 1 to 200 characters."""
    if not text.strip():
        return "is empty"
    if len(text) > 200:
        return f"has {len(text)} characters; 200 is the most"
    if "\n" in text:
        return "has more than one line"
    if text != text.strip():
        return "begins or ends with a space"
    return "holds a character that cannot be seen" if any(map(unseen, text)) else None


def literal_problem(value: str, separators: frozenset[str]) -> str | None:
    """Whether `value` may stand in an IAM policy as itself: never a pattern, a variable or a second part.

    `separators` are those of ":" and "/" that the policy declares for this parameter.
    """
    if not value:
        return "is empty"
    if len(value) > LITERAL_LENGTH:
        return f"has {len(value)} characters; {LITERAL_LENGTH} is the most"
    if value != value.strip(" "):
        return "begins or ends with a space"
    for character in value:
        if not " " <= character <= "~":
            return "holds a character outside printable ASCII"
        if character in "*?${}[]\\":
            return f"holds {character!r}; a parameter is a literal, never a pattern or a variable"
        if character in ":/" and character not in separators:
            return f"holds {character!r}, which the policy does not declare in separators"
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
        return f"has {len(pattern)} characters; a pattern has 1 to {PATTERN_LENGTH}"
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
_VARIABLE = re.compile(r"\$\{aws:[A-Za-z0-9]+(?:/[A-Za-z0-9+=._:@-]{1,128})?\}", re.ASCII)
_FILLED = "\0"  # stands for a placeholder or a variable while the rest is read; no template can hold it
_ARN = re.compile(
    rf"arn:aws:[a-z0-9-]+:[a-z0-9*?{_FILLED}-]*:(?:[0-9]{{12}}|aws|\*|{_FILLED})?:.+",
    re.ASCII,
)
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
_CONDITION_KEY = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+(?:[/:][A-Za-z0-9+=._:/@-]{1,128})?", re.ASCII)


def placeholders(template: str) -> tuple[str, ...]:
    """The names in `{{name}}`, in order, repeats included."""
    return tuple(_PLACEHOLDER.findall(template))


def template_problem(template: str) -> str | None:
    """Whether this is text with nothing but `{{name}}` and AWS's `${aws:…}` in braces."""
    if not all(" " <= character <= "~" for character in template):
        return "holds a character outside printable ASCII"
    return (
        "holds a brace or $ that is neither {{name}} nor ${aws:…}"
        if re.search("[{}$]", _filled(template))
        else None
    )


def action_problem(action: str) -> str | None:
    """Whether this is `service:Name`, with `*` and `?` in the name alone."""
    if action == "*":
        return "is every action of every service; name the service"
    return (
        None if _ACTION.fullmatch(action) else "is not an action; write service:Name, as in dynamodb:GetItem"
    )


def resource_problem(resource: str) -> str | None:
    """Whether this is an ARN or `*`, with placeholders in the right form."""
    if resource == "*":
        return None
    if problem := template_problem(resource):
        return problem
    return None if _ARN.fullmatch(_filled(resource)) else "is neither an ARN nor *"


def operator_problem(operator: str) -> str | None:
    """Whether IAM knows this condition operator, and a policy may use it."""
    base = re.sub(r"\A(?:ForAnyValue|ForAllValues):", "", operator)
    if base.startswith("Date"):
        return "compares dates; when access ends is for jitbot alone to say"
    known = base.removesuffix("IfExists") in OPERATORS or operator == "Null"
    return None if known else "is no condition operator of IAM"


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
    """Whether IAM takes this value under this operator, placeholders left open."""
    if problem := template_problem(value):
        return problem
    rest = _filled(value)
    if ("Bool" in operator or "Null" in operator) and rest not in {"true", "false", _FILLED}:
        return "is neither true nor false"
    if "Numeric" in operator and not re.fullmatch(rf"-?[0-9]+(?:\.[0-9]+)?|{_FILLED}", rest, re.ASCII):
        return "is not a number"
    return None


def _filled(template: str) -> str:
    return _VARIABLE.sub(_FILLED, _PLACEHOLDER.sub(_FILLED, template))
