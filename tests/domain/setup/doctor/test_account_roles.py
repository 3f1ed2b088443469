"""Whom jitbot's own roles may trust, in plain values."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jitbot.domain.aws.roles import Actual
from jitbot.domain.model.documents import AccountId, Settings
from jitbot.domain.setup.doctor import account_roles
from jitbot.domain.setup.doctor.account_roles import OwnAccount
from jitbot.domain.setup.doctor.report import CheckVerdict, Unknown

ISSUER = "token.actions.githubusercontent.com"
SETTINGS = Settings(
    repository="acme/access",
    repository_id=7,
    namespace="jit",
    issuer=f"https://{ISSUER}",
    approvals_valid_for=timedelta(days=1),
)
PROD = OwnAccount(settings=SETTINGS, alias="prod", account_id="111111111111")
MAIN = "refs/heads/main"
FILE = f"acme/access/.github/workflows/grant.yml@{MAIN}"
EQUALS = {
    f"{ISSUER}:aud": "sts.amazonaws.com",
    f"{ISSUER}:sub": [f"repo:acme/access:ref:{MAIN}", f"repo:acme@9/access@7:ref:{MAIN}"],
    f"{ISSUER}:job_workflow_ref": [FILE],
}
PROVIDER = f"arn:aws:iam::111111111111:oidc-provider/{ISSUER}"


def role(statement: Any, *more: Any) -> Actual:
    """jitbot's grant role, with this trust."""
    return Actual(
        account_id=AccountId("111111111111"),
        role_name="jitbot-grant",
        role_id="AROA",
        path="/",
        trust_policy={"Statement": [statement, *more]},
        permissions_boundary="",
        max_session_duration=3600,
        inline_policies={},
        attached=(),
        tags={},
    )


def trust(principal: Any = None, **equals: Any) -> dict[str, Any]:
    """The statement of the template, with other conditions; None leaves one out."""
    changed = {**EQUALS, **{f"{ISSUER}:{name}": value for name, value in equals.items()}}
    kept = {name: value for name, value in changed.items() if value is not None}
    return {
        "Effect": "Allow",
        "Principal": principal or {"Federated": PROVIDER},
        "Condition": {"StringEquals": kept},
    }


@pytest.mark.parametrize(
    "statement", [trust(), trust(job_workflow_ref=None), trust(sub=f"repo:acme/access:ref:{MAIN}")]
)
def test_the_templates_trust_is_fine(statement: dict[str, Any]) -> None:
    """Main of this repository, in either form, with or without the newer claims."""
    assert account_roles.objection(SETTINGS, "grant", "111111111111", role(statement)) == ""


@pytest.mark.parametrize(
    "statements",
    [
        (trust({"AWS": "*"}),),
        (trust({"Federated": PROVIDER.replace("1111", "2222")}),),
        (trust({"Federated": PROVIDER, "AWS": "arn:aws:iam::111111111111:root"}),),
        (trust(), trust({"AWS": "*"})),
        (trust(aud=None),),
        (trust(aud="other"),),
        (trust(sub=None),),
        (trust(sub=[]),),
        (trust(sub=f"repo:acme/other:ref:{MAIN}"),),
        (trust(sub="repo:acme/access:ref:refs/heads/x"),),
        (trust(sub=[f"repo:acme/access:ref:{MAIN}", "repo:acme/access:pull_request"]),),
        (trust(sub=f"repo:acme@9/access@8:ref:{MAIN}"),),
        (trust(job_workflow_ref=[FILE.replace("grant.yml", "mine.yml")]),),
        ({"Effect": "Allow", "Principal": {"Federated": PROVIDER}},),
        ("nonsense",),
    ],
)
def test_anybody_else_is_an_objection(statements: tuple[Any, ...]) -> None:
    """Whatever lets in more than this repository's main is told."""
    assert account_roles.objection(SETTINGS, "grant", "111111111111", role(*statements))


@pytest.mark.parametrize("statements", [{}, {"0": trust()}, None, "x"])
def test_a_trust_that_is_no_list_is_an_objection(statements: object) -> None:
    """Whatever stands where the statements should be."""
    odd = replace(role(trust()), trust_policy={"Statement": statements})
    assert account_roles.objection(SETTINGS, "grant", "111111111111", odd).startswith(
        "its trust policy is not"
    )


@pytest.mark.parametrize(("purpose", "promise"), [("grant", 1), ("sweep", 5), ("audit", 5)])
def test_what_a_role_means(purpose: str, promise: int) -> None:
    """Who may enter the grant role gives access; who may enter another ends or reads it."""
    check = account_roles.role(PROD, purpose, None)
    assert check.code == f"aws-prod-{purpose}"
    assert check.impact.startswith(f"promise {promise}: ")


def test_missing_is_wrong_and_unseen_unknown() -> None:
    """A role that AWS says is not there is wrong; one that cannot be read is unknown."""
    answers = (role(trust()), None, Unknown(why="denied"))
    verdicts = [account_roles.role(PROD, "grant", found).verdict for found in answers]
    assert verdicts == [CheckVerdict.OK, CheckVerdict.WRONG, CheckVerdict.UNKNOWN]
