"""Who may enter a role of the embedded AWS, and for how long."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aws_world import (
    ALICE,
    BOB,
    CAROL,
    END,
    FRANK,
    IDENTITY,
    MALLORY,
    PROD,
    SECOND,
    SSO_ROLE,
    START,
    World,
    document,
    environment,
    refused,
    trust,
    window,
)
from botocore.exceptions import ClientError

from jitbot.domain.model.documents import IamRole, IdentityCenter

ROOT = f"arn:aws:iam::{IDENTITY}:root"
ENGINEERS = f"arn:aws:iam::{IDENTITY}:role/engineers"


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


def enter(world: World, principal: Any, arn: str, **more: Any) -> str:
    """`ok`, or the code with which STS refuses."""
    arguments = {"RoleArn": arn, "RoleSessionName": "work", **more}
    try:
        world.sts(principal).assume_role(**arguments)
    except ClientError as problem:
        return str(problem.response["Error"]["Code"])
    return "ok"


def for_alice(**more: Any) -> dict[str, Any]:
    """The trust of a grant for alice: her permission set's role, and her user name."""
    suffix = "?" * 16
    pattern = f"arn:aws:iam::{IDENTITY}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_{suffix}"
    condition = {
        **window(),
        "ArnLike": {"aws:PrincipalArn": pattern},
        "StringLike": {"aws:userid": "*:alice@acme.com"},
        **more,
    }
    return trust(ROOT, condition)


@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        (START - SECOND, "AccessDenied"),
        (START, "ok"),
        (START + SECOND, "ok"),
        (END - SECOND, "ok"),
        (END, "AccessDenied"),
        (END + SECOND, "AccessDenied"),
    ],
)
def test_a_window_is_exact_to_the_second(world: World, moment: Any, answer: str) -> None:
    """A role is entered from its start, and no more at its end."""
    arn = world.role("r", trust(BOB.arn, window()))
    world.clock.set(moment)
    assert enter(world, BOB, arn) == answer


def test_only_the_named_user_enters(world: World) -> None:
    """A user's role is closed to every other person."""
    arn = world.role("r", trust(BOB.arn))
    entered = {
        name: enter(world, who, arn) for name, who in (("bob", BOB), ("frank", FRANK), ("alice", ALICE))
    }
    assert entered == {"bob": "ok", "frank": "AccessDenied", "alice": "AccessDenied"}


def test_only_the_named_person_behind_a_permission_set_enters(world: World) -> None:
    """The shared role is not enough; the user name in the session decides."""
    arn = world.role("r", for_alice())
    entered = {
        name: enter(world, who, arn) for name, who in (("alice", ALICE), ("mallory", MALLORY), ("bob", BOB))
    }
    assert entered == {"alice": "ok", "mallory": "AccessDenied", "bob": "AccessDenied"}


@pytest.mark.parametrize(
    "name",
    [
        "AWSReservedSSO_Developer_0123456789abcdefX",
        "AWSReservedSSO_DeveloperX_0123456789abcdef",
        "AWSReservedSSO_Developer_0123456789abcde",
        "xAWSReservedSSO_Developer_0123456789abcdef",
    ],
)
def test_a_look_alike_permission_set_does_not_enter(world: World, name: str) -> None:
    """Another role, even on AWS's reserved path and with alice's user name as session, is not hers."""
    arn = world.role("r", for_alice())
    assert (
        enter_as_session(world, "/aws-reserved/sso.amazonaws.com/", name, "alice@acme.com", arn)
        == "AccessDenied"
    )


def test_the_right_role_name_on_another_path_does_not_enter(world: World) -> None:
    """Anyone may make a role of this name; only AWS may make it on its own path."""
    arn = world.role("r", for_alice())
    world.admin(IDENTITY).delete_role_policy(RoleName=SSO_ROLE.rpartition("/")[2], PolicyName="permissions")
    world.admin(IDENTITY).delete_role(RoleName=SSO_ROLE.rpartition("/")[2])
    name = SSO_ROLE.rpartition("/")[2]
    assert enter_as_session(world, "/", name, "alice@acme.com", arn) == "AccessDenied"
    assert (
        enter_as_session(world, "/aws-reserved/sso.amazonaws.com/", "x", "alice@acme.com", arn)
        == "AccessDenied"
    )


def enter_as_session(world: World, path: str, role: str, session: str, arn: str) -> str:
    """Make a role in the identity account by hand, enter it as frank, and from there try `arn`."""
    admin = world.admin(IDENTITY)
    made = admin.create_role(RoleName=role, Path=path, AssumeRolePolicyDocument=document(trust(FRANK.arn)))
    everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    admin.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=everything)
    inside = world.client("sts", world.enter(FRANK, made["Role"]["Arn"], session))
    return refused(inside.assume_role, RoleArn=arn, RoleSessionName="work")


@pytest.mark.parametrize(
    "name", ["alice@acme.co", "xalice@acme.com", "alice@acme.com.evil", "ALICE@acme.com"]
)
def test_a_tricky_session_name_is_not_alice(world: World, name: str) -> None:
    """Sessions of the right role with a name beside hers stay out."""
    arn = world.role("r", for_alice())
    other = world.aws.credentials(
        IdentityCenter(account=ALICE.account, permission_set="Developer", user_name=name)
    )
    client = world.client("sts", other)
    assert client.get_caller_identity()["Arn"].endswith(f"/{name}")
    assert refused(client.assume_role, RoleArn=arn, RoleSessionName="alice@acme.com") == "AccessDenied"


def test_a_shared_role_is_pinned_by_its_userid(world: World) -> None:
    """The exact role id and session name enter; another session of the same role does not."""
    arn = world.role("r", trust(ENGINEERS, {"StringEquals": {"aws:userid": CAROL.userid}}))
    dave = IamRole(arn=CAROL.arn, userid="AROAENGINEERSEXAMPLE1:dave")
    assert enter(world, CAROL, arn) == "ok"
    assert enter(world, dave, arn) == "AccessDenied"


def test_a_session_may_be_named_itself(world: World) -> None:
    """The ARN of one session is a principal of its own."""
    arn = world.role("r", trust(f"arn:aws:sts::{IDENTITY}:assumed-role/engineers/carol"))
    dave = IamRole(arn=CAROL.arn, userid="AROAENGINEERSEXAMPLE1:dave")
    assert enter(world, CAROL, arn) == "ok"
    assert enter(world, dave, arn) == "AccessDenied"


def test_a_user_made_again_is_somebody_else(world: World) -> None:
    """A trust policy names the id behind the ARN: delete and create breaks it, and AWS shows the old id."""
    arn = world.role("r", trust([BOB.arn, FRANK.arn]))
    identity = world.admin(IDENTITY)
    key = world.aws.credentials(BOB)["AWS_ACCESS_KEY_ID"]
    old = identity.get_user(UserName="bob")["User"]["UserId"]
    identity.delete_access_key(UserName="bob", AccessKeyId=key)
    identity.delete_user_policy(UserName="bob", PolicyName="enter-grants")
    identity.delete_user(UserName="bob")
    identity.create_user(UserName="bob")
    everything = document({"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    identity.put_user_policy(UserName="bob", PolicyName="p", PolicyDocument=everything)
    assert world.sts(BOB).get_caller_identity()["Arn"] == BOB.arn
    assert enter(world, BOB, arn) == "AccessDenied"
    assert enter(world, FRANK, arn) == "ok"
    shown = world.admin().get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"]
    assert shown["Statement"][0]["Principal"]["AWS"] == [old, FRANK.arn]


def test_a_role_made_again_is_another_role(world: World) -> None:
    """The sessions of a deleted role end, and its successor is not trusted in its place."""
    arn = world.role("r", trust(ENGINEERS))
    carol = world.aws.credentials(CAROL)
    identity = world.admin(IDENTITY)
    identity.delete_role_policy(RoleName="engineers", PolicyName="permissions")
    identity.delete_role(RoleName="engineers")
    assert refused(world.client("sts", carol).get_caller_identity) == "InvalidClientTokenId"
    identity.create_role(RoleName="engineers", AssumeRolePolicyDocument=document(trust(FRANK.arn)))
    everything = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
    identity.put_role_policy(RoleName="engineers", PolicyName="p", PolicyDocument=everything)
    assert refused(world.client("sts", carol).get_caller_identity) == "InvalidClientTokenId"
    inside = world.client("sts", world.enter(FRANK, ENGINEERS, "carol"))
    assert refused(inside.assume_role, RoleArn=arn, RoleSessionName="work") == "AccessDenied"


def test_both_accounts_must_agree(world: World) -> None:
    """Trust alone does not help a caller whose own documents are silent or deny."""
    arn = world.role("r", trust([BOB.arn, FRANK.arn]))
    identity = world.admin(IDENTITY)
    identity.delete_user_policy(UserName="bob", PolicyName="enter-grants")
    deny = document({"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": arn})
    identity.put_user_policy(UserName="frank", PolicyName="deny", PolicyDocument=deny)
    assert enter(world, BOB, arn) == "AccessDenied"
    assert enter(world, FRANK, arn) == "AccessDenied"


def test_people_enter_grants_alone(world: World) -> None:
    """A role on another path is closed, even if it trusts the whole account."""
    everyone = document(trust(ROOT))
    world.admin().create_role(RoleName="other", AssumeRolePolicyDocument=everyone)
    assert enter(world, BOB, f"arn:aws:iam::{PROD}:role/other") == "AccessDenied"
    assert enter(world, BOB, world.role("r", trust(ROOT))) == "ok"


def test_within_an_account_a_named_user_needs_no_other_permission(world: World) -> None:
    """Named itself, yes; through its account, no; denied by its own documents, never."""
    identity = world.admin(IDENTITY)
    for name in ("bob", "frank"):
        identity.delete_user_policy(UserName=name, PolicyName="enter-grants")
    named = world.role("named", trust([BOB.arn, FRANK.arn]), account=IDENTITY)
    whole = world.role("whole", trust(ROOT), account=IDENTITY)
    deny = document({"Effect": "Deny", "Action": "sts:*", "Resource": "*"})
    identity.put_user_policy(UserName="frank", PolicyName="deny", PolicyDocument=deny)
    assert (enter(world, BOB, named), enter(world, BOB, whole)) == ("ok", "AccessDenied")
    assert enter(world, FRANK, named) == "AccessDenied"


def test_a_deny_in_the_trust_policy_wins(world: World) -> None:
    """Whether it names the caller, the account, or everyone."""
    for number, principal in enumerate((BOB.arn, ROOT, "*")):
        deny = {**trust(principal), "Effect": "Deny"}
        assert enter(world, BOB, world.role(f"r{number}", trust(BOB.arn), deny)) == "AccessDenied"


def test_the_refusal_is_in_the_words_of_aws(world: World) -> None:
    """Who, what, on which resource; and a missing role looks like a closed one."""
    arn = f"arn:aws:iam::{PROD}:role/jit/missing"
    with pytest.raises(ClientError) as caught:
        world.sts(BOB).assume_role(RoleArn=arn, RoleSessionName="work")
    sentence = f"User: {BOB.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    assert caught.value.response["Error"] == {"Type": "Sender", "Code": "AccessDenied", "Message": sentence}
    world.role("r", trust(BOB.arn))
    assert enter(world, BOB, f"arn:aws:iam::{PROD}:role/r") == "AccessDenied"
    assert enter(world, BOB, "arn:aws:iam::999999999999:role/jit/r") == "AccessDenied"
    assert enter(world, BOB, "not-an-arn-but-long-enough") == "ValidationError"


@pytest.mark.parametrize(
    ("seconds", "answer"), [(899, "ValidationError"), (900, "ok"), (3_600, "ok"), (3_601, "ValidationError")]
)
def test_a_session_lasts_at_most_as_long_as_the_role_says(world: World, seconds: int, answer: str) -> None:
    """DurationSeconds is held against MaxSessionDuration, exactly."""
    arn = world.role("r", trust(BOB.arn))
    client = world.sts(BOB)
    call = {"RoleArn": arn, "RoleSessionName": "work"}
    if answer == "ok":
        found = client.assume_role(**call, DurationSeconds=seconds)["Credentials"]["Expiration"]
        assert found == world.clock.now() + timedelta(seconds=seconds)
    else:
        assert refused(client.assume_role, **call, DurationSeconds=seconds) == answer


def test_a_chained_session_lasts_an_hour_at_most(world: World) -> None:
    """Even where the role itself allows twelve."""
    arn = world.role("r", trust([BOB.arn, ENGINEERS]))
    world.admin().update_role(RoleName="r", MaxSessionDuration=43_200)
    assert enter(world, BOB, arn, DurationSeconds=43_200) == "ok"
    assert enter(world, CAROL, arn, DurationSeconds=3_600) == "ok"
    assert enter(world, CAROL, arn, DurationSeconds=3_601) == "ValidationError"


def test_a_session_ends_by_the_sandbox_clock(world: World) -> None:
    """It works until the second before its expiration, and neither at it nor after."""
    session = world.client("sts", world.enter(BOB, world.role("r", trust(BOB.arn)), DurationSeconds=900))
    world.clock.set(START + timedelta(seconds=899))
    assert session.get_caller_identity()["Arn"] == f"arn:aws:sts::{PROD}:assumed-role/r/work"
    for seconds in (900, 901):
        world.clock.set(START + timedelta(seconds=seconds))
        assert refused(session.get_caller_identity) == "ExpiredToken"


@pytest.mark.parametrize("change", ["key", "token", "no token"])
def test_credentials_belong_together(world: World, change: str) -> None:
    """An unknown key, a wrong token and a missing token are all refused."""
    found = world.enter(BOB, world.role("r", trust(BOB.arn)))
    other = world.enter(BOB, f"arn:aws:iam::{PROD}:role/jit/r")
    if change == "key":
        found["AWS_ACCESS_KEY_ID"] = "ASIAUNKNOWN"
    elif change == "token":
        found["AWS_SESSION_TOKEN"] = other["AWS_SESSION_TOKEN"]
    else:
        del found["AWS_SESSION_TOKEN"]
    assert refused(world.client("sts", found).get_caller_identity) == "InvalidClientTokenId"


def test_a_users_key_comes_without_a_token(world: World) -> None:
    """A long-term key beside a session's token is refused."""
    found = {**world.aws.credentials(BOB), "AWS_SESSION_TOKEN": "x"}
    assert refused(world.client("sts", found).get_caller_identity) == "InvalidClientTokenId"


def test_a_trust_policy_nobody_can_read_trusts_no_one(world: World) -> None:
    """However it came into the store."""
    arn = world.role("r", trust(BOB.arn))
    role = world.aws._store.iam(PROD).get_role("r")
    for text in ("{", document(trust(BOB.arn), trust(BOB.arn, {"StringLook": {"aws:userid": "x"}}))):
        role.assume_role_policy_document = text
        assert enter(world, BOB, arn) == "AccessDenied"


@pytest.mark.parametrize(
    "more", [{"RoleSessionName": "a"}, {"RoleSessionName": "a b"}, {"SourceIdentity": "aws:x"}]
)
def test_names_of_sessions_have_awss_shape(world: World, more: dict[str, Any]) -> None:
    """Too short, with a blank, or in AWS's own name."""
    assert enter(world, BOB, world.role("r", trust(BOB.arn)), **more) == "ValidationError"


def test_a_session_policy_is_a_document_of_its_size(world: World) -> None:
    """Broken or too long, it is refused instead of ignored."""
    arn = world.role("r", trust(BOB.arn))
    assert enter(world, BOB, arn, Policy="{") == "MalformedPolicyDocument"
    assert enter(world, BOB, arn, Policy=" " * 2_049) == "PackedPolicyTooLarge"


def test_conditions_see_the_session_to_be(world: World) -> None:
    """sts:RoleSessionName and sts:ExternalId are keys of sts:AssumeRole."""
    arn = world.role(
        "r", trust(BOB.arn, {"StringEquals": {"sts:RoleSessionName": "work", "sts:ExternalId": "x1"}})
    )
    assert enter(world, BOB, arn, ExternalId="x1") == "ok"
    assert enter(world, BOB, arn, ExternalId="x2") == "AccessDenied"
    assert enter(world, BOB, arn) == "AccessDenied"
    assert enter(world, BOB, arn, ExternalId="x1", RoleSessionName="play") == "AccessDenied"


def test_a_source_identity_is_an_action_of_its_own(world: World) -> None:
    """It needs its own permission on both sides, and then shows in the session's context."""
    closed = world.role("closed", trust(BOB.arn))
    assert enter(world, BOB, closed, SourceIdentity="bob") == "AccessDenied"
    pinned = trust(BOB.arn, {"StringEquals": {"sts:SourceIdentity": "bob"}}, "sts:SetSourceIdentity")
    shown = {
        "Effect": "Allow",
        "Action": "iam:ListRoles",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceIdentity": "bob"}},
    }
    arn = world.role("open", trust(BOB.arn), pinned, permissions=[shown])
    assert enter(world, BOB, arn, SourceIdentity="frank") == "AccessDenied"
    inside = world.client("iam", world.enter(BOB, arn, SourceIdentity="bob"))
    assert "open" in [role["RoleName"] for role in inside.list_roles()["Roles"]]
    assert refused(world.client("iam", world.enter(BOB, arn)).list_roles) == "AccessDenied"


def test_a_source_identity_stays_along_a_chain(world: World) -> None:
    """The next role must allow it too, and nobody can change it."""
    both = [trust(BOB.arn), trust(BOB.arn, action="sts:SetSourceIdentity")]
    first = world.role("first", *both)
    inside = world.client("sts", world.enter(BOB, first, SourceIdentity="bob"))
    plain = world.role("plain", trust(first))
    open_ = world.role("open", trust(first), trust(first, action="sts:SetSourceIdentity"))
    call = {"RoleSessionName": "work"}
    assert refused(inside.assume_role, RoleArn=plain, **call) == "AccessDenied"
    assert refused(inside.assume_role, RoleArn=open_, SourceIdentity="frank", **call) == "AccessDenied"
    assert inside.assume_role(RoleArn=open_, **call)["SourceIdentity"] == "bob"


def test_a_session_policy_narrows(world: World) -> None:
    """What it does not allow is refused, whatever the role may do."""
    arn = world.role("r", trust(BOB.arn))
    policy = document({"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"})
    inside = world.client("iam", world.enter(BOB, arn, Policy=policy))
    assert inside.list_roles()["Roles"]
    assert refused(inside.list_users) == "AccessDenied"


@pytest.mark.parametrize(
    "more",
    [
        {"Tags": [{"Key": "a", "Value": "b"}]},
        {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/AWSDenyAll"}]},
        {"TransitiveTagKeys": ["a"]},
    ],
)
def test_what_the_sandbox_cannot_evaluate_it_refuses(world: World, more: dict[str, Any]) -> None:
    """Session tags and managed session policies would change the answer, so they are never ignored."""
    arn = world.role("r", trust(BOB.arn), trust(BOB.arn, action="sts:TagSession"))
    assert enter(world, BOB, arn, **more) == "InvalidParameterValue"


def test_an_administrator_enters_no_role(world: World) -> None:
    """The sandbox's own hand is an account's root, which AWS lets assume nothing."""
    arn = world.role("r", trust("*"))
    admin = world.client("sts", world.aws.admin(PROD))
    assert refused(admin.assume_role, RoleArn=arn, RoleSessionName="work") == "AccessDenied"


def test_no_other_door_of_sts_is_open(world: World) -> None:
    """GetSessionToken and GetFederationToken hand out nothing."""
    client = world.sts(BOB)
    assert refused(client.get_session_token) == "AccessDenied"
    admin = world.client("sts", world.aws.admin(PROD))
    assert refused(admin.get_session_token) == "InvalidAction"
    assert refused(admin.get_federation_token, Name="bob") == "InvalidAction"


def test_everyone_may_ask_who_they_are(world: World) -> None:
    """Each kind of person has AWS's ARN and user id, and no policy can take the question away."""
    world.admin(IDENTITY).attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/AWSDenyAll")
    assert world.sts(BOB).get_caller_identity()["Arn"] == BOB.arn
    carol = world.sts(CAROL).get_caller_identity()
    assert (carol["UserId"], carol["Account"]) == (CAROL.userid, IDENTITY)
    assert carol["Arn"] == f"arn:aws:sts::{IDENTITY}:assumed-role/engineers/carol"
    assert world.sts(ALICE).get_caller_identity()["UserId"].endswith(":alice@acme.com")


def test_an_inactive_key_is_unknown(world: World) -> None:
    """A user's key opens while it is active."""
    found = world.aws.credentials(BOB)
    key = {"UserName": "bob", "AccessKeyId": found["AWS_ACCESS_KEY_ID"]}
    world.admin(IDENTITY).update_access_key(**key, Status="Inactive")
    assert refused(world.client("sts", found).get_caller_identity) == "InvalidClientTokenId"


def test_credentials_of_an_answer_work_elsewhere(world: World) -> None:
    """The session of a role in one account works in that account."""
    arn = world.role("r", trust(BOB.arn))
    answer = world.sts(BOB).assume_role(RoleArn=arn, RoleSessionName="work")
    inside = world.client("sts", environment(answer)).get_caller_identity()
    assert inside["Account"] == PROD
    assert answer["AssumedRoleUser"] == {"AssumedRoleId": inside["UserId"], "Arn": inside["Arn"]}
