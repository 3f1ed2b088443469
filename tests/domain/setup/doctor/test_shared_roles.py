"""Roles that people share: who may choose the name of a session there."""

from dataclasses import replace
from typing import Any

import pytest
from acme_facts import IDENTITY, PEOPLE, a_person

from jitbot.domain.aws.roles import Actual
from jitbot.domain.model.documents import AccountId, IamRole
from jitbot.domain.setup.doctor import shared_roles
from jitbot.domain.setup.doctor.report import CheckVerdict, Unknown

ARN = f"arn:aws:iam::{IDENTITY}:role/engineers"
ROOT = {"AWS": f"arn:aws:iam::{IDENTITY}:root"}
SAML = {"Federated": f"arn:aws:iam::{IDENTITY}:saml-provider/acme"}
OWN = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
OTHERS = {"StringNotEquals": {"sts:RoleSessionName": "${aws:username}"}}


def statement(
    action: str | list[str] = "sts:AssumeRole",
    condition: Any = None,
    principal: Any = ROOT,
    effect: str = "Allow",
) -> dict[str, Any]:
    """One statement of a trust policy."""
    found = {"Effect": effect, "Principal": principal, "Action": action}
    return found if condition is None else {**found, "Condition": condition}


def role(*statements: dict[str, Any], role_id: str = "AROAENGINEERSEXAMPLE1") -> Actual:
    """The role engineers, with this trust."""
    return Actual(
        account_id=IDENTITY, role_name="engineers", role_id=role_id, path="/",
        trust_policy={"Version": "2012-10-17", "Statement": list(statements)}, permissions_boundary="",
        max_session_duration=3600, inline_policies={}, attached=(), tags={},
    )  # fmt: skip


def verdict(found: Actual | Unknown | None) -> tuple[CheckVerdict, str]:
    """What doctor says of the role."""
    (check,) = shared_roles.check(PEOPLE, {ARN: found})
    assert check.code == f"shared-role-{IDENTITY}-engineers"
    return check.verdict, check.observed


@pytest.mark.parametrize(
    "statements",
    [
        (statement("sts:AssumeRoleWithSAML", principal=SAML),),
        (statement(["sts:AssumeRoleWithSAML", "sts:TagSession"], principal=SAML),),
        (statement(condition=OWN),),
        (statement(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], OWN),),
        (statement(condition={"StringLike": {"STS:rolesessionname": ["${aws:username}"]}}),),
        (statement(condition={**OWN, "Bool": {"aws:MultiFactorAuthPresent": "true"}}),),
        (statement("sts:SetSourceIdentity"),),
    ],
)
def test_names_that_nobody_chooses(statements: tuple[dict[str, Any], ...]) -> None:
    """An identity provider writes it, or it must be the caller's own user name."""
    assert verdict(role(*statements)) == (CheckVerdict.OK, "")


@pytest.mark.parametrize(
    "statements",
    [
        (statement(),),
        (statement(condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),),
        (statement("sts:AssumeRoleWithWebIdentity", OWN),),
        (statement(["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"], OWN),),
        (statement("sts:*", OWN),),
        (statement("*"),),
        (statement("sts:Assume*", OWN),),
        (statement(condition={"StringEquals": {"sts:RoleSessionName": ["${aws:username}", "carol"]}}),),
        (statement(condition={"StringEqualsIfExists": {"sts:RoleSessionName": "${aws:username}"}}),),
        (statement(condition={"StringEquals": {"sts:RoleSessionName": "carol"}}),),
        (statement(condition={"StringLike": {"sts:RoleSessionName": "*"}}),),
        (statement(condition={"StringEquals": "${aws:username}"}),),
        (statement(condition=OTHERS),),
        (statement(condition={"StringEquals": {"sts:SourceIdentity": "${aws:username}"}}),),
        (statement("sts:AssumeRoleWithSAML", principal=SAML), statement()),
        (statement(condition=OWN), statement(principal={"AWS": f"arn:aws:iam::{IDENTITY}:user/bob"})),
        ({"Effect": "Allow", "Principal": ROOT, "NotAction": "sts:TagSession"},),
        ({"Effect": "Allow", "NotPrincipal": ROOT, "Action": "sts:AssumeRole", "Condition": OWN},),
    ],
)
def test_names_that_somebody_may_choose(statements: tuple[dict[str, Any], ...]) -> None:
    """Whoever may choose it enters the grants of the person it stands for."""
    assert verdict(role(*statements))[0] is CheckVerdict.WRONG


@pytest.mark.parametrize("found", [{}, {"Statement": "x"}, {"Statement": ["x"]}])
def test_a_trust_that_cannot_be_read(found: dict[str, Any]) -> None:
    """It is not taken for fine."""
    assert shared_roles.objection(found) == "its trust policy is none that can be read"
    unread = verdict(replace(role(), trust_policy=found))
    assert unread == (CheckVerdict.WRONG, "its trust policy is none that can be read")
    assert shared_roles.objection({"Statement": statement(condition=OWN)}) == ""


def test_what_cannot_be_seen_is_unknown() -> None:
    """People live in accounts that jitbot may not read; a role that is not there, or was made anew, is wrong."""
    assert verdict(Unknown(why="not authorized")) == (CheckVerdict.UNKNOWN, "not authorized")
    assert verdict(None)[0] is CheckVerdict.WRONG
    anew = verdict(role(statement(condition=OWN), role_id="AROAANOTHERROLE000001"))
    assert anew[0] is CheckVerdict.WRONG
    assert "made anew" in anew[1]


def test_a_denial_by_user_name_may_do() -> None:
    """It is not known to hold for callers who have no user name, so it is neither fine nor wrong; beside a pin it does no harm."""
    denial = statement(condition=OTHERS, principal="*", effect="Deny")
    assert verdict(role(statement(), denial))[0] is CheckVerdict.UNKNOWN
    assert verdict(role(statement(condition=OWN), denial))[0] is CheckVerdict.OK
    assert (
        verdict(role(statement(), statement(condition=OWN, principal="*", effect="Deny")))[0]
        is CheckVerdict.WRONG
    )


def test_each_role_is_looked_at_once() -> None:
    """Whoever shares it; people with principals of their own share none, and another role's id is another's."""
    dan = a_person("dan", github_id=7, principal=IamRole(arn=ARN, userid="AROAENGINEERSEXAMPLE1:dan"))
    assert shared_roles.shared({**PEOPLE, dan.login: dan}) == (ARN,)
    other = a_person(
        "kim", github_id=8, principal=IamRole(arn=f"{ARN}-2", userid="AROAANOTHERROLE000001:kim")
    )
    (check,) = shared_roles.check({**PEOPLE, other.login: other}, {ARN: role(statement(condition=OWN))})
    assert check.verdict is CheckVerdict.OK
    alone = {login: each for login, each in PEOPLE.items() if login == "bob"}
    assert shared_roles.shared(alone) == ()
    assert shared_roles.place(f"arn:aws:iam::{IDENTITY}:role/team/engineers") == (
        AccountId(IDENTITY),
        "engineers",
    )
