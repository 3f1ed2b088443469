"""Entering the embedded AWS with an OIDC token: only the right workflow of the right repository on main."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from aws_world import PROD, START, World, document, environment, refused
from botocore.exceptions import ClientError

GRANT = f"arn:aws:iam::{PROD}:role/jitbot-grant"
WORKFLOWS = "acme/access/.github/workflows"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


def enter(world: World, role: str = GRANT, token: str | None = None, **claims: Any) -> str:
    """`ok`, or the code with which STS refuses a token with these claims."""
    found = world.issuer.token(world.clock.now(), **claims) if token is None else token
    call = {"RoleArn": role, "RoleSessionName": "run-1", "WebIdentityToken": found}
    try:
        world.anonymous().assume_role_with_web_identity(**call)
    except ClientError as problem:
        return str(problem.response["Error"]["Code"])
    return "ok"


def test_a_workflow_on_main_gets_a_session(world: World) -> None:
    """Named by the run, an hour long by the sandbox's clock, with the ARN of the role's session."""
    answer = world.anonymous().assume_role_with_web_identity(
        RoleArn=GRANT, RoleSessionName="run-7", WebIdentityToken=world.issuer.token(START)
    )
    assert answer["Credentials"]["Expiration"] == START + timedelta(hours=1)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{PROD}:assumed-role/jitbot-grant/run-7"
    assert answer["SubjectFromWebIdentityToken"] == "repo:acme/access:ref:refs/heads/main"
    inside = world.client("sts", environment(answer)).get_caller_identity()
    assert inside["Arn"] == answer["AssumedRoleUser"]["Arn"]


def test_both_forms_of_the_subject_enter(world: World) -> None:
    """The one with names, and the immutable one with ids; no mixture."""
    assert enter(world, sub="repo:acme/access:ref:refs/heads/main") == "ok"
    assert enter(world, sub="repo:acme@9000/access@700001:ref:refs/heads/main") == "ok"
    assert enter(world, sub="repo:acme@9001/access@700001:ref:refs/heads/main") == "AccessDenied"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:acme/access:ref:refs/heads/mallory"},
        {"sub": "repo:acme/access:pull_request"},
        {"sub": "repo:acme/access:environment:production"},
        {"sub": "repo:acme/access:ref:refs/heads/main:x"},
        {"sub": None},
        {"ref": "refs/heads/mallory"},
        {"ref": "refs/tags/main"},
        {"ref": None},
        {"repository_id": "700002"},
        {"repository_id": None},
        {"repository_owner_id": "9001"},
        {"job_workflow_ref": f"{WORKFLOWS}/sweep.yml@refs/heads/main"},
        {"job_workflow_ref": f"{WORKFLOWS}/grant.yml@refs/heads/mallory"},
        {"job_workflow_ref": "evil/access/.github/workflows/grant.yml@refs/heads/main"},
        {"job_workflow_ref": None},
    ],
)
def test_a_true_token_of_something_else_is_denied(world: World, claims: dict[str, Any]) -> None:
    """Another branch, event, repository or workflow, or a claim that is missing."""
    assert enter(world, **claims) == "AccessDenied"


@pytest.mark.parametrize(
    ("role", "workflow", "answer"),
    [
        ("grant", "grant", "ok"),
        ("grant", "revoke", "AccessDenied"),
        ("sweep", "sweep", "ok"),
        ("sweep", "revoke", "ok"),
        ("sweep", "grant", "AccessDenied"),
        ("sweep", "check", "AccessDenied"),
        ("audit", "audit", "ok"),
        ("audit", "grant", "AccessDenied"),
    ],
)
def test_each_role_is_for_its_own_workflows(world: World, role: str, workflow: str, answer: str) -> None:
    """Grant, sweep and audit; revoke enters as sweep."""
    arn = f"arn:aws:iam::{PROD}:role/jitbot-{role}"
    assert enter(world, arn, job_workflow_ref=f"{WORKFLOWS}/{workflow}.yml@refs/heads/main") == answer


@pytest.mark.parametrize(
    ("claims", "answer"),
    [
        ({"aud": "jitbot-ledger:0"}, "InvalidIdentityToken"),
        ({"aud": ["sts.amazonaws.com"]}, "InvalidIdentityToken"),
        ({"aud": None}, "InvalidIdentityToken"),
        ({"iss": "https://token.actions.githubusercontent.com"}, "InvalidIdentityToken"),
        ({"iss": None}, "InvalidIdentityToken"),
        ({"signed_by": "evil"}, "InvalidIdentityToken"),
        ({"kid": "k2"}, "InvalidIdentityToken"),
        ({"exp": None}, "InvalidIdentityToken"),
        ({"nbf": int(START.timestamp()) + 1}, "InvalidIdentityToken"),
        ({"exp": int(START.timestamp()) - 1}, "ExpiredTokenException"),
        ({"exp": int(START.timestamp())}, "ExpiredTokenException"),
        ({"exp": int(START.timestamp()) + 1}, "ok"),
    ],
)
def test_a_token_must_be_true(world: World, claims: dict[str, Any], answer: str) -> None:
    """Audience, issuer, key and time, the last exact to the second of the sandbox's clock."""
    assert enter(world, **claims) == answer


def test_a_token_needs_a_real_signature(world: World) -> None:
    """No token, one without algorithm, and one signed with the public key as a secret are refused."""
    claims = jwt.decode(world.issuer.token(START), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"})
    secret = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "k1"})
    found = {enter(world, token=token) for token in ("nothing at all", unsigned, secret)}
    assert found == {"InvalidIdentityToken"}


def test_a_changed_claim_breaks_the_signature(world: World) -> None:
    """The body of one token under the signature of another is refused."""
    honest = world.issuer.token(START, ref="refs/heads/mallory").split(".")
    forged = world.issuer.token(START, signed_by="evil").split(".")
    assert enter(world, token=".".join([honest[0], forged[1], honest[2]])) == "InvalidIdentityToken"


def test_a_silent_issuer_is_an_error_of_its_own(world: World) -> None:
    """When the keys cannot be fetched nothing is concluded about the token."""
    token = world.issuer.token(START)
    world.issuer.stop()
    assert enter(world, token=token) == "IDPCommunicationError"
    world.issuer = type(world.issuer)()


def test_only_issuers_on_this_machine_are_asked(world: World) -> None:
    """The sandbox goes nowhere else, even for a registered issuer that would answer."""
    local = world.issuer.url.replace("127.0.0.1", "localhost")
    for account_id, issuer in (
        ("555555555555", "https://token.actions.githubusercontent.com"),
        ("666666666666", local),
    ):
        world.aws.seed_account(account_id, issuer=issuer)
        arn = f"arn:aws:iam::{account_id}:role/jitbot-grant"
        assert enter(world, arn, iss=issuer) == "IDPCommunicationError"


def test_the_issuer_must_be_registered_in_the_account(world: World) -> None:
    """An account without the provider, and an account that is not there, know no issuer."""
    world.aws.admin("444444444444")
    for account_id in ("444444444444", "999999999999"):
        assert enter(world, f"arn:aws:iam::{account_id}:role/jitbot-grant") == "InvalidIdentityToken"
    arn = f"arn:aws:iam::{PROD}:oidc-provider/{world.issuer.url.removeprefix('http://')}"
    world.admin().delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert enter(world) == "InvalidIdentityToken"


def test_a_missing_role_looks_like_a_closed_one(world: World) -> None:
    """And people's roles, which trust no issuer, are closed."""
    assert enter(world, f"arn:aws:iam::{PROD}:role/jitbot-nothing") == "AccessDenied"
    world.admin().create_role(
        RoleName="plain",
        AssumeRolePolicyDocument=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{PROD}:root"},
                "Action": "sts:AssumeRoleWithWebIdentity",
            }
        ),
    )
    assert enter(world, f"arn:aws:iam::{PROD}:role/plain") == "AccessDenied"


def test_a_deny_for_everyone_closes_the_door(world: World) -> None:
    """A Deny whose principal is `*` reaches a federated caller."""
    admin = world.admin()
    trusting = admin.get_role(RoleName="jitbot-grant")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    for principal in ("*", {"AWS": "*"}):
        deny = {"Effect": "Deny", "Principal": principal, "Action": "sts:AssumeRoleWithWebIdentity"}
        admin.update_assume_role_policy(RoleName="jitbot-grant", PolicyDocument=document(*trusting, deny))
        assert enter(world) == "AccessDenied"
    admin.update_assume_role_policy(RoleName="jitbot-grant", PolicyDocument=document(*trusting))
    assert enter(world) == "ok"


def test_unknown_claims_are_no_condition_keys(world: World) -> None:
    """AWS offers some of GitHub's claims; a condition on another never holds."""
    admin = world.admin()
    name = world.issuer.url.removeprefix("http://")
    statement = admin.get_role(RoleName="jitbot-grant")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    for claim, answer in (("actor", "ok"), ("event_name", "AccessDenied")):
        condition = {"StringLike": {f"{name}:{claim}": "*"}}
        text = document({**statement, "Condition": condition})
        admin.update_assume_role_policy(RoleName="jitbot-grant", PolicyDocument=text)
        assert enter(world) == answer


def test_a_long_session_is_held_against_the_role(world: World) -> None:
    """jitbot's roles last an hour."""
    call = {"RoleArn": GRANT, "RoleSessionName": "run-1", "WebIdentityToken": world.issuer.token(START)}
    anonymous = world.anonymous().assume_role_with_web_identity
    assert refused(anonymous, **call, DurationSeconds=3_601) == "ValidationError"
    assert anonymous(**call, DurationSeconds=900)["Credentials"]["Expiration"] == START + timedelta(
        minutes=15
    )
