"""The condition operators of IAM policies, as the sandbox reads AWS's description of them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from operator import eq, ge, gt, le, lt

Context = Mapping[str, tuple[str, ...]]  # condition key in lower case -> values
# (text with variables, wildcards?) -> regular expression, None if unknown.
Fill = Callable[[str, bool], str | None]
Test = Callable[[str, str], bool]  # (value in the policy, value of the request)

_NAME = re.compile(r"(?:(ForAnyValue|ForAllValues):)?([A-Za-z]+?)(IfExists)?")
_EPOCH = re.compile(r"\d{1,12}")


def holds(name: str, key: str, wanted: Sequence[str], context: Context, fill: Fill) -> bool:
    """Whether one operator on one key holds; raises ValueError for an operator or value AWS does not know."""
    quantifier, operator, if_exists = _split(name)
    values = context.get(key.lower(), ())
    if operator == "Null":
        return any(_boolean(text) == (not values) for text in wanted)
    if not values:
        return bool(if_exists) or quantifier == "ForAllValues" or (not quantifier and operator in _NEGATED)
    negated = operator in _NEGATED
    test = _test(_NEGATED.get(operator, operator), fill)

    def one(value: str) -> bool:
        return any(test(text, value) for text in wanted) is not negated

    # A single-valued operator on a key with several values is undefined by AWS; read as the stricter side.
    every = quantifier == "ForAllValues" or (not quantifier and negated)
    return all(map(one, values)) if every else any(map(one, values))


def check(name: str, wanted: Sequence[str]) -> None:
    """Raise ValueError if AWS would refuse to store this operator with these values."""
    operator = _split(name)[1]
    plain = _NEGATED.get(operator, operator)
    for text in wanted:
        if operator == "Null" or plain == "Bool":
            _boolean(text)
        elif plain.startswith("Date"):
            moment(text)
        elif plain.startswith("Numeric"):
            float(text)
        elif plain == "IpAddress":
            _network(text)


def moment(text: str) -> datetime:
    """An ISO 8601 time, or seconds since 1970, as AWS's date operators take them."""
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def like(pattern: str) -> str:
    """A regular expression for `*` and `?`; everything else is literal."""
    return "".join({"*": ".*", "?": "."}.get(sign) or re.escape(sign) for sign in pattern)


def matches(expression: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether the expression describes the whole value."""
    return re.fullmatch(expression, value, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def matches_arn(pattern: str, value: str, fill: Fill) -> bool:
    """Compare ARNs part by part, so that a wildcard never reaches across a colon into another part."""
    parts = _arn_parts(pattern)
    parts += ("*",) * (6 - len(parts))
    actual = value.split(":", 5)
    if len(actual) != 6:
        return False
    filled = [fill(part, True) for part in parts]
    return all(text is not None and matches(text, part) for text, part in zip(filled, actual, strict=True))


@lru_cache(maxsize=4096)
def _arn_parts(pattern: str) -> tuple[str, ...]:
    """Split at the first five colons outside `${…}`."""
    parts: list[str] = []
    rest = pattern
    while len(parts) < 5 and (colon := re.search(r":(?![^{}]*\})", rest)):
        parts.append(rest[: colon.start()])
        rest = rest[colon.end() :]
    return (*parts, rest)


def _split(name: str) -> tuple[str | None, str, str | None]:
    match = _NAME.fullmatch(name)
    if match is None or (match[2] not in _PLAIN and match[2] not in _NEGATED and match[2] != "Null"):
        raise ValueError(f"unknown condition operator {name!r}")
    if match[2] == "Null" and (match[1] or match[3]):
        raise ValueError(f"{name!r} is not a condition operator: Null takes no quantifier and no IfExists")
    return match[1], match[2], match[3]


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _test(operator: str, fill: Fill) -> Test:
    compare, read = _PLAIN[operator]
    if read is not None:
        return lambda text, value: (actual := _read(read, value)) is not None and compare(actual, read(text))
    if operator.startswith("Arn"):
        return lambda text, value: matches_arn(text, value, fill)
    wildcards = operator == "StringLike"
    ignore_case = operator == "StringEqualsIgnoreCase"

    def same(text: str, value: str) -> bool:
        pattern = fill(text, wildcards)
        return pattern is not None and matches(pattern, value, ignore_case=ignore_case)

    return same


def _read(read: Callable[[str], object], value: str) -> object | None:
    """A value of the request in the operator's terms; None, which matches nothing, if it is none."""
    try:
        return read(value)
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


def _inside(value: IPv4Network | IPv6Network, network: IPv4Network | IPv6Network) -> bool:
    return value.version == network.version and value.network_address in network


_ORDER = {"Equals": eq, "LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge}
_PLAIN: Mapping[str, tuple[Callable[..., bool], Callable[[str], object] | None]] = {
    **{f"Date{name}": (order, moment) for name, order in _ORDER.items()},
    **{f"Numeric{name}": (order, float) for name, order in _ORDER.items()},
    **dict.fromkeys(
        ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"), (eq, None)
    ),
    "Bool": (eq, _boolean),
    "IpAddress": (_inside, _network),
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "DateNotEquals": "DateEquals",
    "NumericNotEquals": "NumericEquals",
    "NotIpAddress": "IpAddress",
}
