"""What counts as a rehearsal: what a grant can do, never what it is called."""

from dataclasses import replace
from typing import Any

import pytest
from builders import the_documents
from rehearsal_facts import READ, the_harmless

from jitbot.domain.aws.iam import Documents
from jitbot.domain.aws.rehearsal import is_rehearsal
from jitbot.domain.model.documents import Statement


def with_statements(*statements: Any) -> Documents:
    """The harmless documents with other statements."""
    return replace(the_harmless(), permission_policy={"Version": "2012-10-17", "Statement": list(statements)})


def guards() -> list[Any]:
    """The denials of the harmless documents."""
    found = the_harmless().permission_policy["Statement"]
    assert isinstance(found, list)
    return [each for each in found if each["Effect"] == "Deny"]


ALLOW = {"Effect": "Allow", "Action": ["ec2:DescribeRegions"], "Resource": ["*"]}


def test_the_policy_that_is_printed_is_one() -> None:
    """One read, in one account or in several."""
    assert is_rehearsal("rehearsal", (the_harmless(),))
    assert is_rehearsal("rehearsal", (the_harmless(), the_harmless()))


@pytest.mark.parametrize(
    "grants",
    [
        (),
        (the_documents(),),
        (the_harmless(), the_documents()),
        (the_harmless(statements=(READ, Statement(actions=("s3:GetObject",), resources=("*",)))),),
        (the_harmless(statements=(replace(READ, actions=("ec2:DescribeRegions", "ec2:RunInstances")),)),),
        (the_harmless(statements=(replace(READ, actions=("ec2:Describe*",)),)),),
        (the_harmless(managed_policies=("ReadOnlyAccess",)),),
        (replace(the_harmless(), managed_policies=("arn:aws:iam::aws:policy/ReadOnlyAccess",)),),
        (with_statements(*guards()),),
        (with_statements(ALLOW),),
        (with_statements({**ALLOW, "NotAction": ["ec2:DescribeRegions"]}),),
        (with_statements(ALLOW, *(each for each in guards() if "NotAction" not in each)),),
        (with_statements(ALLOW, {**ALLOW, "Effect": "allow", "Action": "*"}, *guards()),),
        (with_statements(ALLOW, {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}, *guards()),),
        (replace(the_harmless(), permission_policy={}),),
    ],
    ids=str,
)
def test_a_grant_that_can_do_more_is_none(grants: tuple[Documents, ...]) -> None:
    """However it is called: a real grant cannot hide as a rehearsal."""
    assert not is_rehearsal("rehearsal", grants)


def test_a_harmless_grant_of_another_policy_is_ordinary() -> None:
    """Somebody asked for it to use it."""
    assert not is_rehearsal("regions-read", (the_harmless(),))
