"""Which pieces of a policy cover which: in doubt, none."""

import pytest
from acme_facts import a_policy
from catalogue_facts import the_catalogue

from jitbot.domain.aws.action_catalog import Access
from jitbot.domain.model.documents import Statement
from jitbot.domain.rule_effects.allowances import Allowance, beyond, by_access, of_policy, places


def piece(resource: str, action: str = "s3:GetObject") -> Allowance:
    """An action on a resource, always."""
    return Allowance(action=action, resource=resource, conditions=())


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("*", "arn:aws:s3:::a", True),
        ("arn:aws:s3:::a*", "arn:aws:s3:::ab*", True),
        ("arn:aws:s3:::a?", "arn:aws:s3:::ab", True),
        ("arn:aws:s3:::a?", "arn:aws:s3:::a*", False),
        ("arn:aws:s3:::a?", "arn:aws:s3:::a?", True),
        ("arn:aws:s3:::?????", "arn:aws:s3:::{{x}}", False),  # a value may have more characters
        ("arn:aws:s3:::?????????????", "arn:aws:s3:::${aws:userid}", False),
        ("arn:aws:s3:::*", "arn:aws:s3:::{{x}}", True),
        ("arn:aws:s3:::{{x}}*", "arn:aws:s3:::{{x}}/a", True),
        ("arn:aws:s3:::{{x}}", "arn:aws:s3:::{{y}}", False),
        ("arn:aws:s3:::a${*}b", "arn:aws:s3:::a${aws:userid}b", False),  # one star, and any user
        ("arn:aws:s3:::a${*}b", "arn:aws:s3:::a${*}b", True),
        ("arn:aws:s3:::a", "arn:aws:s3:::A", False),
    ],
)
def test_resources_cover_others(wide: str, narrow: str, covered: bool) -> None:
    """By pattern; placeholders and variables stand for any text."""
    assert (beyond([piece(narrow)], [piece(wide)]) == ()) is covered


def test_actions_are_compared_without_case_and_by_pattern() -> None:
    """A list of actions does not cover the pattern, to which AWS may add others."""
    assert beyond([piece("*", "S3:getobject")], [piece("*", "s3:Get*")]) == ()
    pattern = piece("*", "dynamodb:?etItem")
    assert beyond([pattern], [piece("*", "dynamodb:GetItem")]) == (pattern,)


def test_a_flood_of_pieces_is_compared_by_what_is_equal() -> None:
    """Then more is called new than is, and nothing is left out, in little time."""
    many = [piece(f"arn:aws:s3:::{number}*") for number in range(600)]
    longer = [piece(f"arn:aws:s3:::{number}*/x") for number in range(600)]
    assert len(beyond(longer, many)) == 600
    assert beyond(many, many[::-1]) == ()
    assert beyond(longer[:10], many) == ()


def test_what_shares_conditions_is_shown_together() -> None:
    """The resources, then the condition, once."""
    statement = Statement(
        actions=("s3:GetObject",), resources=("a", "b"), conditions={"StringEquals": {"aws:RequestedRegion": ("x", "y")}}
    )  # fmt: skip
    pieces = of_policy(a_policy(statements=(statement,)))
    assert places((*pieces, piece("c"))) == "a; b, if StringEquals aws:RequestedRegion x or y; c"
    assert [each.statement.conditions for each in pieces] == [statement.conditions] * 2
    assert of_policy(None) == ()


def test_actions_by_access_level_begin_with_the_worst() -> None:
    """What nobody knows comes first; what no grant can do is left out."""
    found = by_access(["dynamodb:GetItem", "lambda:*", "odd:New", "iam:CreateUser"], the_catalogue())
    assert list(found) == [None, Access.PERMISSIONS, Access.READ]


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ({"StringEquals": ("x", "y")}, {"StringEquals": ("x",)}, True),
        ({"StringEquals": ("x",)}, {"StringEquals": ("x", "y")}, False),
        ({"StringNotEquals": ("x",)}, {"StringNotEquals": ("x", "y")}, True),
        ({"StringNotEquals": ("x", "y")}, {"StringNotEquals": ("x",)}, False),
        ({}, {"StringEquals": ("x",)}, True),
        ({"StringEquals": ("x",)}, {}, False),
        ({"StringEquals": ("x",)}, {"StringLike": ("x",)}, False),  # hard to see, so not covered
        ({"StringEquals": ("x",)}, {"StringEquals": ("x",), "StringNotEquals": ("z",)}, True),
    ],
)
def test_conditions_cover_others(
    wide: dict[str, tuple[str, ...]], narrow: dict[str, tuple[str, ...]], covered: bool
) -> None:
    """More conditions or fewer values are less; of an operator that excludes, more values are less. Keys have no case."""

    def allowed(conditions: dict[str, tuple[str, ...]], key: str) -> tuple[Allowance, ...]:
        statement = Statement(
            actions=("s3:GetObject",),
            resources=("*",),
            conditions={each: {key: values} for each, values in conditions.items()},
        )
        return of_policy(a_policy(statements=(statement,)))

    found = beyond(allowed(narrow, "aws:requestedregion"), allowed(wide, "aws:RequestedRegion"))
    assert (found == ()) is covered


def test_what_no_grant_can_do_is_no_piece() -> None:
    """The boundary denies it, so a policy that names it allows no more."""
    statement = Statement(actions=("sts:AssumeRole", "s3:GetObject"), resources=("*",))
    assert [each.action for each in of_policy(a_policy(statements=(statement,)))] == ["s3:GetObject"]


def test_what_no_grant_can_do_puts_no_pattern_among_its_own() -> None:
    """Of `iam:*` a grant can do nothing that is known, and nobody knows what AWS will add."""
    assert by_access(["iam:P*", "s3:Get*"], the_catalogue()) == {Access.READ: ("s3:Get*",)}
