"""The embedded IAM refuses what AWS refuses, by name of the error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_world import BOB, BOUNDARY, DATA, DENY_ALL, IDENTITY, PROD, World, document, refused, trust

TRUST = document(trust(BOB.arn))
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


@pytest.mark.parametrize("name", ["a" * 65, "a b", "a/b", "é", ""])
def test_a_role_needs_a_name_aws_takes(world: World, name: str) -> None:
    """Too long, empty, or with other signs than AWS's."""
    call = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    assert refused(world.admin().create_role, **call) == "ValidationError"


def test_the_longest_role_name_is_taken(world: World) -> None:
    """Sixty-four signs are a name."""
    made = world.admin().create_role(RoleName="a" * 64, AssumeRolePolicyDocument=TRUST)
    assert made["Role"]["RoleName"] == "a" * 64


@pytest.mark.parametrize(("text", "taken"), [("acme/infra:12 é", True), ("acme/infra#12", False)])
def test_a_tag_holds_certain_signs(world: World, text: str, taken: bool) -> None:
    """Letters and digits of every script, spaces, and a few signs, of which # is none."""
    call = {"RoleName": "r", "AssumeRolePolicyDocument": TRUST, "Tags": [{"Key": "ticket", "Value": text}]}
    if taken:
        assert world.admin().create_role(**call)["Role"]["RoleName"] == "r"
    else:
        assert refused(world.admin().create_role, **call) == "ValidationError"


def test_names_differing_by_case_are_the_same_name(world: World) -> None:
    """Of roles, inline policies and managed policies; in another account they are free."""
    admin = world.admin()
    admin.create_role(RoleName="jit-a", Path="/jit/", AssumeRolePolicyDocument=TRUST)
    assert (
        refused(admin.create_role, RoleName="JIT-a", AssumeRolePolicyDocument=TRUST) == "EntityAlreadyExists"
    )
    assert (
        refused(admin.create_role, RoleName="jit-a", AssumeRolePolicyDocument=TRUST) == "EntityAlreadyExists"
    )
    admin.put_role_policy(RoleName="jit-a", PolicyName="jit", PolicyDocument=document(READ))
    again = {"RoleName": "jit-a", "PolicyName": "Jit", "PolicyDocument": document(READ)}
    assert refused(admin.put_role_policy, **again) == "EntityAlreadyExists"
    managed = {"PolicyName": "JITBOT-boundary", "PolicyDocument": document(READ)}
    assert refused(admin.create_policy, **managed) == "EntityAlreadyExists"
    made = world.admin(DATA).create_role(RoleName="JIT-a", AssumeRolePolicyDocument=TRUST)
    assert made["Role"]["Arn"] == f"arn:aws:iam::{DATA}:role/JIT-a"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"Version": "2012-10-17", "Statement": []}',
        '{"Version": "2012-10-17"}',
        '{"Version": "2013-10-17", "Statement": [{}]}',
        '{"Version": "2012-10-17", "Statement": [{}]}',
        '{"Version": "2012-10-17", "Statement": ["x"]}',
        '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": []}',
        document({**trust(BOB.arn), "Resource": "*"}),
        document({**trust(BOB.arn), "NotResource": "*"}),
        document({**trust(BOB.arn), "NotPrincipal": {"AWS": "*"}}),
        document({**trust(BOB.arn), "Effect": "Perhaps"}),
        document(trust(BOB.arn, action="s3:GetObject")),
        document(trust(BOB.arn, action="*")),
        document(trust(BOB.arn, action=[])),
        document({"Effect": "Allow", "Action": "sts:AssumeRole"}),
        document({**trust(BOB.arn), "Principal": {"Person": "bob"}}),
        document({**trust(BOB.arn), "Principal": {"AWS": []}}),
        document(trust(BOB.arn, {"StringLook": {"aws:userid": "x"}})),
        document(trust(BOB.arn, {"DateLessThan": {"aws:CurrentTime": "soon"}})),
        document(trust(BOB.arn, {"StringLike": "x"})),
    ],
)
def test_a_trust_policy_must_be_one(world: World, text: str) -> None:
    """Broken, empty, with elements of other documents, or with conditions nobody can evaluate."""
    admin = world.admin()
    assert (
        refused(admin.create_role, RoleName="r", AssumeRolePolicyDocument=text) == "MalformedPolicyDocument"
    )
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert (
        refused(admin.update_assume_role_policy, RoleName="r", PolicyDocument=text)
        == "MalformedPolicyDocument"
    )


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:iam::{IDENTITY}:user/nobody",
        f"arn:aws:iam::{IDENTITY}:role/nobody",
        f"arn:aws:iam::{IDENTITY}:role/elsewhere/engineers",
        f"arn:aws:iam::{IDENTITY}:user/engineers",
        f"arn:aws:iam::{IDENTITY}:user/*",
        f"arn:aws:iam::{IDENTITY}:root/x",
        f"arn:aws:sts::{IDENTITY}:assumed-role/nobody/x",
        f"arn:aws:sts::{IDENTITY}:assumed-role/engineers/*",
        "arn:aws:iam::999999999999:user/stranger",
        "AROAENGINEERSEXAMPLE1",
        "bob",
        "",
    ],
)
def test_a_trust_policy_names_principals_that_exist(world: World, principal: str) -> None:
    """Users, roles and sessions that AWS would not find, and wildcards, are invalid principals."""
    call = {"RoleName": "r", "AssumeRolePolicyDocument": document(trust([BOB.arn, principal]))}
    assert refused(world.admin().create_role, **call) == "MalformedPolicyDocument"


@pytest.mark.parametrize(
    "principal",
    [
        BOB.arn,
        f"arn:aws:iam::{IDENTITY}:role/engineers",
        f"arn:aws:sts::{IDENTITY}:assumed-role/engineers/carol",
        f"arn:aws:iam::{IDENTITY}:root",
        "999999999999",
    ],
)
def test_a_trust_policy_may_name_what_exists(world: World, principal: str) -> None:
    """Users, roles, sessions and accounts are principals, and the document is kept as written."""
    text = document(trust(principal))
    admin = world.admin()
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=text)
    assert admin.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == json.loads(text)


def test_a_trust_policy_is_at_most_2048_signs_without_white_space(world: World) -> None:
    """The limit counts signs, and white space is free."""
    bare = trust(BOB.arn, {"StringEquals": {"aws:userid": ""}})
    padding = 2_048 - len("".join(document(bare).split()))
    fits = document(trust(BOB.arn, {"StringEquals": {"aws:userid": "x" * padding}}))
    over = document(trust(BOB.arn, {"StringEquals": {"aws:userid": "x" * (padding + 1)}}))
    admin = world.admin()
    assert refused(admin.create_role, RoleName="r", AssumeRolePolicyDocument=over) == "LimitExceeded"
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=fits.replace(", ", ",\n     "))
    assert refused(admin.update_assume_role_policy, RoleName="r", PolicyDocument=over) == "LimitExceeded"


def test_the_inline_policies_of_a_role_share_10240_signs(world: World) -> None:
    """Replacing a policy frees its room; another name adds to it."""
    admin = world.admin()
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)

    def put(name: str, length: int) -> Any:
        bare = len("".join(document({**READ, "Sid": ""}).split()))
        text = document({**READ, "Sid": "x" * (length - bare)})
        return {"RoleName": "r", "PolicyName": name, "PolicyDocument": text}

    admin.put_role_policy(**put("a", 10_240))
    admin.put_role_policy(**put("a", 10_239))
    assert refused(admin.put_role_policy, **put("a", 10_241)) == "LimitExceeded"
    assert refused(admin.put_role_policy, **put("b", 200)) == "LimitExceeded"
    admin.put_role_policy(**put("a", 10_040))
    admin.put_role_policy(**put("b", 200))
    assert admin.list_role_policies(RoleName="r")["PolicyNames"] == ["a", "b"]


@pytest.mark.parametrize("sign", ["€", "—", "\u0000", "\u0007", "中"])
def test_documents_hold_latin_characters_only(world: World, sign: str) -> None:
    """A sign outside U+0020 to U+00FF is refused in every document."""
    admin = world.admin()
    text = document({**READ, "Sid": "here"}).replace("here", sign)
    trusting = document(trust(BOB.arn)).replace("bob", f"bob{sign}")
    assert refused(admin.create_role, RoleName="r", AssumeRolePolicyDocument=trusting) == "ValidationError"
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    call = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": text}
    assert refused(admin.put_role_policy, **call) == "ValidationError"


@pytest.mark.parametrize(
    "statement",
    [
        {**READ, "Principal": "*"},
        {**READ, "Condition": {"StringLook": {"aws:userid": "x"}}},
        {**READ, "Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}},
        {**READ, "Action": "GetObject"},
        {"Effect": "Allow", "Action": "s3:GetObject"},
        {},
    ],
)
def test_an_identity_document_must_be_one(world: World, statement: dict[str, Any]) -> None:
    """Principals, unknown operators, bad dates, actions without a service, missing elements."""
    admin = world.admin()
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    call = {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document(statement)}
    assert refused(admin.put_role_policy, **call) == "MalformedPolicyDocument"


def test_a_boundary_and_a_managed_policy_must_exist(world: World) -> None:
    """In this account: another account's boundary does not count."""
    admin = world.admin()
    call = {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}
    for arn in (f"{BOUNDARY}x", BOUNDARY.replace(PROD, DATA), "arn:aws:iam::aws:policy/Imagined"):
        assert refused(admin.create_role, **call, PermissionsBoundary=arn) == "NoSuchEntity"
    admin.create_role(**call, PermissionsBoundary=BOUNDARY)
    assert refused(admin.attach_role_policy, RoleName="r", PolicyArn=f"{BOUNDARY}x") == "NoSuchEntity"
    put = {"RoleName": "r", "PermissionsBoundary": f"{BOUNDARY}x"}
    assert refused(admin.put_role_permissions_boundary, **put) == "NoSuchEntity"
    for name in ("AWSDenyAll", "ReadOnlyAccess", "AdministratorAccess"):
        admin.attach_role_policy(RoleName="r", PolicyArn=f"arn:aws:iam::aws:policy/{name}")
    attached = admin.list_attached_role_policies(RoleName="r")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == [
        "AWSDenyAll",
        "AdministratorAccess",
        "ReadOnlyAccess",
    ]


def test_a_role_carries_at_most_ten_managed_policies(world: World) -> None:
    """The eleventh is refused; attaching one again is not an eleventh."""
    admin = world.admin()
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    arns = [
        admin.create_policy(PolicyName=f"p{n}", PolicyDocument=document(READ))["Policy"]["Arn"]
        for n in range(10)
    ]
    for arn in arns:
        admin.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert refused(admin.attach_role_policy, RoleName="r", PolicyArn=DENY_ALL) == "LimitExceeded"
    admin.attach_role_policy(RoleName="r", PolicyArn=arns[0])


def test_an_account_holds_a_number_of_roles(world: World) -> None:
    """The quota is settable, counts every role of the account, and no other account's."""
    admin = world.admin()
    world.aws.roles_per_account = len(admin.list_roles()["Roles"]) + 1
    admin.create_role(RoleName="last", AssumeRolePolicyDocument=TRUST)
    assert refused(admin.create_role, RoleName="over", AssumeRolePolicyDocument=TRUST) == "LimitExceeded"
    world.admin(DATA).create_role(RoleName="elsewhere", AssumeRolePolicyDocument=TRUST)
    admin.delete_role(RoleName="last")
    admin.create_role(RoleName="over", AssumeRolePolicyDocument=TRUST)


def test_a_policy_in_use_cannot_be_deleted(world: World) -> None:
    """Neither as a boundary nor attached; AWS's own policies not at all."""
    admin = world.admin()
    arn = admin.create_policy(PolicyName="p", PolicyDocument=document(READ))["Policy"]["Arn"]
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=BOUNDARY)
    admin.attach_role_policy(RoleName="r", PolicyArn=arn)
    assert refused(admin.delete_policy, PolicyArn=BOUNDARY) == "DeleteConflict"
    assert refused(admin.delete_policy, PolicyArn=arn) == "DeleteConflict"
    assert refused(admin.delete_policy, PolicyArn=DENY_ALL) == "AccessDenied"
    admin.detach_role_policy(RoleName="r", PolicyArn=arn)
    admin.delete_policy(PolicyArn=arn)
    admin.delete_role(RoleName="r")
    admin.delete_policy(PolicyArn=BOUNDARY)


def test_a_role_with_policies_cannot_be_deleted(world: World) -> None:
    """Inline and attached ones go first, and what is gone is NoSuchEntity."""
    admin = world.admin()
    admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    admin.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(READ))
    assert refused(admin.delete_role, RoleName="r") == "DeleteConflict"
    admin.delete_role_policy(RoleName="r", PolicyName="p")
    assert refused(admin.delete_role_policy, RoleName="r", PolicyName="p") == "NoSuchEntity"
    admin.delete_role(RoleName="r")
    assert refused(admin.get_role, RoleName="r") == "NoSuchEntity"


@pytest.mark.parametrize(
    ("seconds", "taken"), [(3_599, False), (3_600, True), (43_200, True), (43_201, False)]
)
def test_a_session_may_last_one_to_twelve_hours(world: World, seconds: int, taken: bool) -> None:
    """MaxSessionDuration has AWS's range, exactly."""
    admin = world.admin()
    call = {"RoleName": "r", "AssumeRolePolicyDocument": TRUST, "MaxSessionDuration": seconds}
    if taken:
        assert admin.create_role(**call)["Role"]["RoleName"] == "r"
    else:
        assert refused(admin.create_role, **call) == "ValidationError"
        admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        assert refused(admin.update_role, RoleName="r", MaxSessionDuration=seconds) == "ValidationError"


def test_a_role_is_dated_by_the_sandbox_clock(world: World) -> None:
    """In the answer and when read again."""
    admin = world.admin()
    made = admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["CreateDate"]
    assert made == world.clock.now()
    assert admin.get_role(RoleName="r")["Role"]["CreateDate"] == made


def test_roles_are_listed_in_pages_by_path(world: World) -> None:
    """ListRoles pages through a path and shows the trust policies."""
    admin = world.admin()
    for number in range(3):
        admin.create_role(RoleName=f"jit-{number}", Path="/jit/", AssumeRolePolicyDocument=TRUST)
    pages = admin.get_paginator("list_roles").paginate(PathPrefix="/jit/", PaginationConfig={"PageSize": 2})
    found = [[role["RoleName"] for role in page["Roles"]] for page in pages]
    assert [len(page) for page in found] == [2, 1]
    assert {name for page in found for name in page} == {"jit-0", "jit-1", "jit-2"}
    listed = admin.list_roles(PathPrefix="/jit/")["Roles"][0]
    assert listed["AssumeRolePolicyDocument"] == json.loads(TRUST)
