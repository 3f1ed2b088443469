"""The values of parameters: literals within what the policy says, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jitbot.domain.access.eligibility import value_problem
from jitbot.domain.model.documents import Parameter, ParameterKind

ENUM = Parameter(name="table", enum=("orders", "refunds"))
PATTERN = Parameter(name="prefix", pattern="[a-z]+", separators=frozenset("/"))
ALTERNATIVES = Parameter(name="id", pattern="123|456")
NUMBER = Parameter(name="days", kind=ParameterKind.INTEGER, minimum=-1, maximum=30)


@pytest.mark.parametrize(
    ("value", "parameter"),
    [
        ("orders", ENUM),
        ("refunds", ENUM),
        ("abc", PATTERN),
        ("123", ALTERNATIVES),
        ("456", ALTERNATIVES),
        ("0", NUMBER),
        ("-1", NUMBER),
        ("30", NUMBER),
    ],
)
def test_a_value_that_fits(value: str, parameter: Parameter) -> None:
    """One of the listed values, a whole match, or a whole number within both bounds."""
    assert value_problem(value, parameter) is None


@pytest.mark.parametrize(
    ("value", "parameter"),
    [
        ("Orders", ENUM),
        ("order", ENUM),
        ("orders ", ENUM),
        ("", ENUM),
        ("abc1", PATTERN),
        ("1abc", PATTERN),
        ("abc\n", PATTERN),
        ("a/b", PATTERN),
        ("a:b", Parameter(name="x", pattern=".*")),
        ("1234", ALTERNATIVES),
        ("123evil", ALTERNATIVES),
        ("-2", NUMBER),
        ("31", NUMBER),
        ("1.5", NUMBER),
        ("01", NUMBER),
        ("+1", NUMBER),
        ("-0", NUMBER),
        ("1e1", NUMBER),
        ("1_0", NUMBER),
        ("seven", NUMBER),
        ("9" * 100, NUMBER),
        ("orders", Parameter(name="anything")),
        ("5", Parameter(name="days", kind=ParameterKind.INTEGER)),
        ("5", Parameter(name="days", kind=ParameterKind.INTEGER, minimum=1)),
        ("5", Parameter(name="days", kind=ParameterKind.INTEGER, maximum=9)),
    ],
)
def test_a_value_that_does_not_fit(value: str, parameter: Parameter) -> None:
    """Anything else is refused, and so is every value where the policy sets no bounds."""
    assert value_problem(value, parameter)


GREEDY = Parameter(name="x", pattern="(?s).*", separators=frozenset(":/"))


@given(st.text(max_size=20), st.sampled_from("*?${}[]\\"), st.text(max_size=20))
def test_no_pattern_lets_a_wildcard_through(before: str, sign: str, after: str) -> None:
    """A parameter is a literal, whatever the policy's pattern or list says."""
    value = before + sign + after
    assert value_problem(value, GREEDY) is not None
    assert value_problem(value, Parameter(name="x", enum=(value,))) is not None
