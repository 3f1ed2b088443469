"""What CloudFormation makes of a template's values, as far as ours use it."""

import pytest

from jitbot.domain.setup.cloudformation import Stack

STACK = Stack(
    parameters={"Name": "jit", "Names": ("a", "b"), "AWS::Partition": "aws"},
    conditions={"Yes": True, "No": False},
)
NOTHING = {"Ref": "AWS::NoValue"}


@pytest.mark.parametrize(
    ("fragment", "filled"),
    [
        ("text", "text"),
        (7, 7),
        ({"Ref": "Name"}, "jit"),
        ({"Ref": "Names"}, ["a", "b"]),
        ({"Fn::Sub": "arn:${AWS::Partition}:${Name}"}, "arn:aws:jit"),
        ({"Fn::Sub": ["${Name}-${x}", {"x": {"Ref": "Name"}}]}, "jit-jit"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, {"Ref": "Name"}]}, "jit"),
        ({"Fn::Join": [",", {"Ref": "Names"}]}, "a,b"),
        ({"Fn::Split": ["i", {"Ref": "Name"}]}, ["j", "t"]),
        ([1, NOTHING, {"Ref": "Name"}], [1, "jit"]),
        ((1, {"Fn::If": ["No", 1, NOTHING]}), [1]),
        ({"a": {"Ref": "Name"}, "b": NOTHING}, {"a": "jit"}),
        ({"a": 1}, {"a": 1}),
        ({"Ref": "Name", "Other": 1}, {"Ref": "Name", "Other": 1}),
    ],
)
def test_a_value_is_filled_in(fragment: object, filled: object) -> None:
    """Parameters and functions are answered, what has no value is left out, all else stays."""
    assert STACK.filled(fragment) == filled


@pytest.mark.parametrize(
    "fragment",
    [
        {"Ref": "Unknown"},
        {"Fn::Sub": "${Unknown}"},
        {"Fn::If": ["Unknown", 1, 2]},
        {"Fn::GetAtt": ["Role", "Arn"]},
        {"Fn::Join": [",", "text"]},
        {"Fn::Sub": 7},
    ],
)
def test_what_is_not_known_is_an_error(fragment: object) -> None:
    """Nothing is made up for a name or a function that is not known."""
    with pytest.raises(KeyError):
        STACK.filled(fragment)
