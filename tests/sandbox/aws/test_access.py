"""What a session may do in the embedded AWS, and what jitbot's own roles may not."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aws_world import (
    ANYTHING,
    BOB,
    BOUNDARY,
    CAROL,
    DATA,
    DENY_ALL,
    END,
    IDENTITY,
    PROD,
    SECOND,
    STAGING,
    World,
    document,
    refused,
    shown,
    trust,
    window,
)

Call = tuple[Callable[..., Any], dict[str, Any]]  # of a client, with its JSON
TRUST = document(trust(BOB.arn, window()))
ORDERS = "arn:aws:dynamodb:*:111111111111:table/orders"
ITEM = {"TableName": "orders", "Key": {"id": {"S": "1"}}}
READ = {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": ORDERS}
GUARD = {
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": shown(END)}},
}
ONLY = {
    "Effect": "Deny",
    "NotAction": READ["Action"],
    "Resource": "*",
    "Condition": {"BoolIfExists": {"aws:ViaAWSService": "false"}},
}


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


def inside(world: World, service: str, *permissions: dict[str, Any], name: str = "r") -> Any:
    """A client in a session of a role with these permissions, entered by bob."""
    arn = world.role(name, trust(BOB.arn), permissions=list(permissions))
    return world.client(service, world.enter(BOB, arn))


@pytest.mark.parametrize(
    ("moment", "open_"),
    [(END - 2 * SECOND, True), (END - SECOND, True), (END, False), (END + SECOND, False)],
)
def test_a_live_session_ends_to_the_second(world: World, moment: Any, open_: bool) -> None:
    """The window in the permissions is read on every call, so a session cannot outlive it."""
    arn = world.role("r", trust(BOB.arn, window()), permissions=[{**READ, "Condition": window()}])
    world.clock.set(END - timedelta(minutes=10))
    session = world.client("dynamodb", world.enter(BOB, arn))
    world.clock.set(moment)
    if open_:
        assert session.get_item(**ITEM)["Item"]["amount"] == {"N": "10"}
    else:
        assert refused(session.get_item, **ITEM) == "AccessDeniedException"


def test_the_guard_ends_what_an_allow_forgets(world: World) -> None:
    """A Deny from expiry on beats an Allow without a window, and does nothing before."""
    world.clock.set(END - timedelta(minutes=10))
    session = inside(world, "dynamodb", READ, GUARD)
    assert "Item" in session.get_item(**ITEM)
    world.clock.set(END)
    assert refused(session.get_item, **ITEM) == "AccessDeniedException"


def test_the_second_guard_keeps_a_session_to_what_was_granted(world: World) -> None:
    """`Deny NotAction` beats whatever another policy on the role allows."""
    admin = world.admin()
    session = inside(world, "dynamodb", READ, ONLY)
    admin.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert "Item" in session.get_item(**ITEM)
    assert refused(session.put_item, TableName="orders", Item={"id": {"S": "2"}}) == "AccessDeniedException"


def test_deny_all_ends_a_live_session_at_once(world: World) -> None:
    """Attached, it beats everything; detached, the grant lives on."""
    admin = world.admin()
    session = inside(world, "dynamodb", READ)
    admin.attach_role_policy(RoleName="r", PolicyArn=DENY_ALL)
    assert refused(session.get_item, **ITEM) == "AccessDeniedException"
    admin.detach_role_policy(RoleName="r", PolicyArn=DENY_ALL)
    assert "Item" in session.get_item(**ITEM)


def test_an_allow_reaches_one_table_in_one_account(world: World) -> None:
    """Not the other table, not another action, not the same table elsewhere, not several at once."""
    session = inside(world, "dynamodb", READ)
    assert "Item" in session.get_item(**ITEM)
    assert (
        session.query(
            TableName="orders",
            KeyConditionExpression="id = :id",
            ExpressionAttributeValues={":id": {"S": "1"}},
        )["Count"]
        == 1
    )
    denied: list[Call] = [
        (session.get_item, {**ITEM, "TableName": "refunds"}),
        (session.get_item, {**ITEM, "TableName": f"arn:aws:dynamodb:eu-west-1:{STAGING}:table/orders"}),
        (session.scan, {"TableName": "orders"}),
        (session.batch_get_item, {"RequestItems": {"orders": {"Keys": [{"id": {"S": "1"}}]}}}),
        (session.list_tables, {}),
    ]
    assert {refused(call, **arguments) for call, arguments in denied} == {"AccessDeniedException"}


def test_every_table_of_a_batch_must_be_allowed(world: World) -> None:
    """One forbidden table refuses the whole batch."""
    batch = {**READ, "Action": "dynamodb:BatchGetItem"}
    session = inside(world, "dynamodb", batch)
    keys = {"Keys": [{"id": {"S": "1"}}]}
    assert session.batch_get_item(RequestItems={"orders": keys})["Responses"]["orders"]
    both = {"orders": keys, "refunds": keys}
    assert refused(session.batch_get_item, RequestItems=both) == "AccessDeniedException"


def test_s3_is_asked_by_bucket_prefix_and_key(world: World) -> None:
    """Listing is held to its prefix, reading to its keys, and writing is an action of its own."""
    bucket = f"arn:aws:s3:::acme-data-{PROD}"
    listing = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket,
        "Condition": {"StringLike": {"s3:prefix": "reports/*"}},
    }
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket}/reports/*"}
    s3 = inside(world, "s3", listing, reading)
    here = {"Bucket": f"acme-data-{PROD}"}
    found = s3.list_objects_v2(**here, Prefix="reports/")["Contents"]
    assert [entry["Key"] for entry in found] == ["reports/2026/november.csv"]
    assert s3.get_object(**here, Key="reports/2026/november.csv")["Body"].read()
    denied: list[Call] = [
        (s3.list_objects_v2, {**here, "Prefix": "exports/"}),
        (s3.list_objects_v2, here),
        (s3.get_object, {**here, "Key": "exports/customers.csv"}),
        (s3.put_object, {**here, "Key": "reports/x", "Body": b"x"}),
        (s3.delete_object, {**here, "Key": "reports/2026/november.csv"}),
        (s3.get_object_tagging, {**here, "Key": "reports/2026/november.csv"}),
        (s3.get_bucket_policy, here),
        (s3.list_buckets, {}),
    ]
    assert {refused(call, **arguments) for call, arguments in denied} == {"AccessDenied"}


def test_a_copy_in_s3_also_reads(world: World) -> None:
    """Writing somewhere does not open what may not be read."""
    name = f"acme-data-{PROD}"
    writing = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*"}
    s3 = inside(world, "s3", writing)
    s3.put_object(Bucket=name, Key="mine", Body=b"x")
    source = {"Bucket": name, "Key": "exports/customers.csv"}
    assert refused(s3.copy_object, Bucket=name, Key="mine", CopySource=source) == "AccessDenied"


def test_another_accounts_bucket_is_closed(world: World) -> None:
    """Even to a session that may do anything: only the bucket's own policy could open it."""
    s3 = inside(world, "s3", *ANYTHING)
    assert refused(s3.list_objects_v2, Bucket=f"acme-data-{DATA}") == "AccessDenied"
    key = {"Bucket": f"acme-data-{DATA}", "Key": "exports/customers.csv"}
    assert refused(s3.get_object, **key) == "AccessDenied"
    copy = {"Bucket": f"acme-data-{PROD}", "Key": "stolen", "CopySource": key}
    assert refused(s3.copy_object, **copy) == "AccessDenied"


def test_logs_are_asked_by_group(world: World) -> None:
    """A service's log group, and no other."""
    group = "arn:aws:logs:*:111111111111:log-group:/acme/payments:*"
    logs = inside(world, "logs", {"Effect": "Allow", "Action": "logs:FilterLogEvents", "Resource": group})
    found = logs.filter_log_events(logGroupName="/acme/payments")["events"]
    assert [event["message"] for event in found] == ["payment 1 accepted"]
    for name in ("/acme/orders", "/acme/payments-archive"):
        assert refused(logs.filter_log_events, logGroupName=name) == "AccessDeniedException"
    assert refused(logs.describe_log_groups) == "AccessDeniedException"


def test_a_shell_is_for_the_teams_own_instances_and_sessions(world: World) -> None:
    """The instance's tag decides where a session starts, the user id whose sessions may be ended."""
    start = {
        "Effect": "Allow",
        "Action": "ssm:StartSession",
        "Resource": "arn:aws:ec2:*:111111111111:instance/*",
        "Condition": {"StringEquals": {"ssm:resourceTag/team": "payments"}},
    }
    end = {
        "Effect": "Allow",
        "Action": "ssm:TerminateSession",
        "Resource": "arn:aws:ssm:*:*:session/${aws:userid}-*",
    }
    arn = world.role(
        "r", trust([BOB.arn, f"arn:aws:iam::{IDENTITY}:role/engineers"]), permissions=[start, end]
    )
    bob, carol = (
        world.client("ssm", world.enter(who, arn, name)) for who, name in ((BOB, "bob"), (CAROL, "carol"))
    )
    session = bob.start_session(Target="i-0aaaaaaaaaaaaaaaa")["SessionId"]
    assert refused(bob.start_session, Target="i-0bbbbbbbbbbbbbbbb") == "AccessDeniedException"
    assert refused(bob.start_session, Target="i-0unknown") == "AccessDeniedException"
    assert refused(carol.terminate_session, SessionId=session) == "AccessDeniedException"
    assert bob.terminate_session(SessionId=session)["SessionId"] == session


def test_an_unknown_service_is_asked_as_a_whole(world: World) -> None:
    """Where the sandbox knows no resource, only an Allow of `*` reaches."""
    narrow = {"Effect": "Allow", "Action": "ec2:*", "Resource": "arn:aws:ec2:*:*:instance/*"}
    assert (
        refused(inside(world, "ec2", narrow).describe_instances) == "UnauthorizedOperation"
    )  # EC2's own word
    wide = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    assert refused(inside(world, "kms", wide, name="q").list_keys) == "AccessDeniedException"
    assert inside(world, "sqs", wide, name="s").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def bounded(world: World, name: str = "r") -> dict[str, str]:
    """A session of a role that may do anything its boundary leaves."""
    admin = world.admin()
    made = admin.create_role(
        RoleName=name, Path="/jit/", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=BOUNDARY
    )
    admin.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    return world.enter(BOB, made["Role"]["Arn"])


def test_the_boundary_leaves_no_way_out(world: World) -> None:
    """An administrator inside a grant can neither write IAM nor become anyone else."""
    session = bounded(world)
    other = world.role("other", trust(f"arn:aws:iam::{PROD}:root"))
    world.admin().create_role(RoleName="elsewhere", AssumeRolePolicyDocument=TRUST)
    iam, sts = world.client("iam", session), world.client("sts", session)
    denied: list[Call] = [
        (iam.create_role, {"RoleName": "x", "AssumeRolePolicyDocument": TRUST}),
        (iam.create_user, {"UserName": "x"}),
        (iam.create_access_key, {"UserName": "x"}),
        (iam.put_role_policy, {"RoleName": "r", "PolicyName": "p", "PolicyDocument": document(*ANYTHING)}),
        (iam.update_assume_role_policy, {"RoleName": "r", "PolicyDocument": TRUST}),
        (iam.delete_role_permissions_boundary, {"RoleName": "r"}),
        (iam.detach_role_policy, {"RoleName": "r", "PolicyArn": DENY_ALL}),
        (iam.create_policy_version, {"PolicyArn": BOUNDARY, "PolicyDocument": document(*ANYTHING)}),
        (iam.get_role, {"RoleName": "jitbot-grant"}),
        (iam.get_role, {"RoleName": "other"}),
        (iam.get_policy, {"PolicyArn": BOUNDARY}),
        (iam.tag_role, {"RoleName": "r", "Tags": [{"Key": "a", "Value": "b"}]}),
        (sts.assume_role, {"RoleArn": other, "RoleSessionName": "work"}),
        (sts.get_session_token, {}),
        (sts.get_federation_token, {"Name": "x"}),
    ]
    assert {refused(call, **arguments) for call, arguments in denied} == {"AccessDenied"}
    assert "Item" in world.client("dynamodb", session).get_item(**ITEM)
    assert iam.get_role(RoleName="elsewhere")["Role"]["RoleName"] == "elsewhere"


def test_a_boundary_that_is_gone_allows_nothing(world: World) -> None:
    """It cannot be deleted in use; were it to vanish, its roles would be powerless."""
    session = bounded(world)
    del world.aws._store.iam(PROD).managed_policies[BOUNDARY]
    assert refused(world.client("dynamodb", session).get_item, **ITEM) == "AccessDeniedException"


def test_a_document_nobody_can_read_allows_nothing(world: World) -> None:
    """However it came into the store, and whatever stands beside it."""
    session = inside(world, "dynamodb", READ)
    role = world.aws._store.iam(PROD).get_role("r")
    for text in ("{", "[]", document({**READ, "Condition": {"StringLook": {"aws:userid": "x"}}})):
        role.policies["x"] = text
        assert refused(session.get_item, **ITEM) == "AccessDeniedException"
    del role.policies["x"]
    assert "Item" in session.get_item(**ITEM)


def create(name: str = "jit-x", **more: Any) -> dict[str, Any]:
    """The arguments of the CreateRole of a grant."""
    found = {
        "RoleName": name,
        "Path": "/jit/",
        "AssumeRolePolicyDocument": TRUST,
        "PermissionsBoundary": BOUNDARY,
    }
    return {name: value for name, value in {**found, **more}.items() if value is not None}


def put(role: str = "jit-x") -> dict[str, Any]:
    """The arguments of a PutRolePolicy."""
    return {"RoleName": role, "PolicyName": "jit", "PolicyDocument": document(READ)}


def attach(role: str, name: str) -> dict[str, Any]:
    """The arguments of attaching or detaching one of AWS's policies."""
    return {"RoleName": role, "PolicyArn": f"arn:aws:iam::aws:policy/{name}"}


def test_the_grant_role_makes_and_extends_grants(world: World) -> None:
    """Its whole work: create, write, attach what is listed, tag, extend, deny, read back."""
    iam = world.client("iam", world.workflow("grant"))
    tags = [{"Key": "jitbot:request", "Value": "x"}]
    assert iam.create_role(**create(), Tags=tags)["Role"]["Path"] == "/jit/"
    iam.put_role_policy(**put())
    iam.attach_role_policy(**attach("jit-x", "ReadOnlyAccess"))
    iam.update_assume_role_policy(RoleName="jit-x", PolicyDocument=TRUST)
    iam.tag_role(RoleName="jit-x", Tags=tags)
    iam.attach_role_policy(**attach("jit-x", "AWSDenyAll"))
    assert iam.get_role(RoleName="jit-x")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert iam.get_role_policy(RoleName="jit-x", PolicyName="jit")["PolicyDocument"]["Statement"] == [READ]
    attached = iam.list_attached_role_policies(RoleName="jit-x")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AWSDenyAll", "ReadOnlyAccess"]
    assert [role["RoleName"] for role in iam.list_roles(PathPrefix="/jit/")["Roles"]] == ["jit-x"]


def test_the_grant_role_cannot_leave_its_path_or_its_boundary(world: World) -> None:
    """No role elsewhere or without the boundary, no policy beyond the list, nothing taken away."""
    world.admin().create_role(RoleName="other", AssumeRolePolicyDocument=TRUST)
    world.role("loose", trust(BOB.arn))
    credentials = world.workflow("grant")
    iam, sts = world.client("iam", credentials), world.client("sts", credentials)
    iam.create_role(**create())
    lesser = world.admin().create_policy(PolicyName="lesser", PolicyDocument=document(*ANYTHING))["Policy"][
        "Arn"
    ]
    denied: list[Call] = [
        (iam.create_role, create("jit-y", Path="/")),
        (iam.create_role, create("jit-y", Path="/jitx/")),
        (iam.create_role, create("jit-y", PermissionsBoundary=None)),
        (iam.create_role, create("jit-y", PermissionsBoundary=lesser)),
        (iam.create_role, create("jitbot-y", Path=None)),
        (iam.put_role_policy, put("other")),
        (iam.put_role_policy, put("loose")),
        (iam.put_role_policy, put("jitbot-grant")),
        (iam.update_assume_role_policy, {"RoleName": "jitbot-grant", "PolicyDocument": TRUST}),
        (iam.update_assume_role_policy, {"RoleName": "other", "PolicyDocument": TRUST}),
        (iam.attach_role_policy, attach("jit-x", "IAMFullAccess")),
        (iam.attach_role_policy, attach("loose", "AdministratorAccess")),
        (iam.attach_role_policy, attach("jitbot-grant", "AdministratorAccess")),
        (iam.detach_role_policy, attach("jit-x", "AWSDenyAll")),
        (iam.put_role_permissions_boundary, {"RoleName": "jit-x", "PermissionsBoundary": lesser}),
        (iam.put_role_permissions_boundary, {"RoleName": "jit-x", "PermissionsBoundary": BOUNDARY}),
        (iam.delete_role_permissions_boundary, {"RoleName": "jit-x"}),
        (iam.create_policy_version, {"PolicyArn": BOUNDARY, "PolicyDocument": document(*ANYTHING)}),
        (iam.set_default_policy_version, {"PolicyArn": BOUNDARY, "VersionId": "v1"}),
        (iam.delete_role_policy, {"RoleName": "jit-x", "PolicyName": "jit"}),
        (iam.delete_role, {"RoleName": "jit-x"}),
        (iam.create_user, {"UserName": "x"}),
        (iam.create_access_key, {"UserName": "x"}),
        (iam.tag_role, {"RoleName": "other", "Tags": [{"Key": "jitbot:a", "Value": "b"}]}),
        (iam.tag_role, {"RoleName": "jit-x", "Tags": [{"Key": "team", "Value": "b"}]}),
        (iam.untag_role, {"RoleName": "jit-x", "TagKeys": ["jitbot:request"]}),
        (sts.assume_role, {"RoleArn": f"arn:aws:iam::{PROD}:role/jit/loose", "RoleSessionName": "work"}),
    ]
    assert {refused(call, **arguments) for call, arguments in denied} == {"AccessDenied"}


def test_the_sweep_role_ends_and_removes(world: World) -> None:
    """Its whole work: list, read, deny, take away, delete; also what somebody attached by hand."""
    grant = world.client("iam", world.workflow("grant"))
    grant.create_role(**create())
    grant.put_role_policy(**put())
    grant.attach_role_policy(**attach("jit-x", "ReadOnlyAccess"))
    world.admin().attach_role_policy(**attach("jit-x", "IAMFullAccess"))
    iam = world.client("iam", world.workflow("sweep"))
    assert [role["RoleName"] for role in iam.list_roles(PathPrefix="/jit/")["Roles"]] == ["jit-x"]
    iam.attach_role_policy(**attach("jit-x", "AWSDenyAll"))
    assert iam.get_role_policy(RoleName="jit-x", PolicyName="jit")["PolicyName"] == "jit"
    iam.delete_role_policy(RoleName="jit-x", PolicyName="jit")
    for name in ("IAMFullAccess", "ReadOnlyAccess", "AWSDenyAll"):
        iam.detach_role_policy(**attach("jit-x", name))
    iam.delete_role(RoleName="jit-x")
    assert refused(iam.get_role, RoleName="jit-x") == "NoSuchEntity"


def test_the_sweep_role_creates_and_widens_nothing(world: World) -> None:
    """No creation, no writing, no attaching but DenyAll, nothing outside the path."""
    world.client("iam", world.workflow("grant")).create_role(**create())
    world.admin().create_role(RoleName="other", AssumeRolePolicyDocument=TRUST)
    iam = world.client("iam", world.workflow("sweep"))
    denied: list[Call] = [
        (iam.create_role, create("jit-y")),
        (iam.put_role_policy, put()),
        (iam.update_assume_role_policy, {"RoleName": "jit-x", "PolicyDocument": TRUST}),
        (iam.update_role, {"RoleName": "jit-x", "MaxSessionDuration": 43_200}),
        (iam.attach_role_policy, attach("jit-x", "AdministratorAccess")),
        (iam.attach_role_policy, attach("jit-x", "ReadOnlyAccess")),
        (iam.attach_role_policy, attach("other", "AWSDenyAll")),
        (iam.attach_role_policy, attach("jitbot-grant", "AWSDenyAll")),
        (iam.detach_role_policy, attach("other", "IAMFullAccess")),
        (iam.delete_role, {"RoleName": "other"}),
        (iam.delete_role_policy, {"RoleName": "jitbot-grant", "PolicyName": "permissions"}),
        (iam.delete_role_permissions_boundary, {"RoleName": "jit-x"}),
        (iam.put_role_permissions_boundary, {"RoleName": "jit-x", "PermissionsBoundary": BOUNDARY}),
        (iam.create_policy_version, {"PolicyArn": BOUNDARY, "PolicyDocument": document(*ANYTHING)}),
    ]
    assert {refused(call, **arguments) for call, arguments in denied} == {"AccessDenied"}


@pytest.mark.parametrize("role", ["grant", "sweep"])
def test_jitbots_roles_stay_small_when_widened_by_hand(world: World, role: str) -> None:
    """Their own Deny holds even beside AdministratorAccess."""
    world.client("iam", world.workflow("grant")).create_role(**create())
    world.admin().attach_role_policy(**attach(f"jitbot-{role}", "AdministratorAccess"))
    credentials = world.workflow(role)
    iam, sts = world.client("iam", credentials), world.client("sts", credentials)
    denied: list[Call] = [
        (iam.put_role_permissions_boundary, {"RoleName": "jit-x", "PermissionsBoundary": BOUNDARY}),
        (iam.create_policy_version, {"PolicyArn": BOUNDARY, "PolicyDocument": document(*ANYTHING)}),
        (sts.assume_role, {"RoleArn": f"arn:aws:iam::{PROD}:role/jit/jit-x", "RoleSessionName": "work"}),
    ]
    if role == "grant":
        denied += [
            (iam.set_default_policy_version, {"PolicyArn": BOUNDARY, "VersionId": "v1"}),
            (iam.delete_role_permissions_boundary, {"RoleName": "jit-x"}),
            (iam.delete_role, {"RoleName": "jit-x"}),
        ]
    else:
        denied += [
            (iam.create_role, create("jit-y")),
            (iam.put_role_policy, put()),
            (iam.update_assume_role_policy, {"RoleName": "jit-x", "PolicyDocument": TRUST}),
        ]
    assert {refused(call, **arguments) for call, arguments in denied} == {"AccessDenied"}


def test_the_audit_role_only_reads(world: World) -> None:
    """It reads grants and jitbot's own roles and boundary, and writes nothing."""
    world.client("iam", world.workflow("grant")).create_role(**create())
    iam = world.client("iam", world.workflow("audit"))
    for name in ("jit-x", "jitbot-grant"):
        assert iam.get_role(RoleName=name)["Role"]["RoleName"] == name
    assert iam.get_policy(PolicyArn=BOUNDARY)["Policy"]["Arn"] == BOUNDARY
    denied: list[Call] = [
        (iam.create_role, create("jit-y")),
        (iam.put_role_policy, put()),
        (iam.attach_role_policy, attach("jit-x", "AWSDenyAll")),
        (iam.delete_role, {"RoleName": "jit-x"}),
        (iam.get_user, {"UserName": "nobody"}),
    ]
    assert {refused(call, **arguments) for call, arguments in denied} == {"AccessDenied"}


def test_a_role_that_is_not_there_is_asked_without_its_path(world: World) -> None:
    """A rule for one path does not reach it: AccessDenied, unless the rule also covers the bare name."""
    iam = world.client("iam", world.workflow("sweep"))
    assert refused(iam.delete_role, RoleName="jit-gone") == "AccessDenied"
    assert refused(iam.get_role, RoleName="jit-gone") == "NoSuchEntity"


def test_accounts_are_worlds_of_their_own(world: World) -> None:
    """A grant made in one account is in no other, and one account's session reads no other's."""
    for account_id in (PROD, STAGING):
        boundary = BOUNDARY.replace(PROD, account_id)
        iam = world.client("iam", world.workflow("grant", account_id))
        found = iam.create_role(**create(PermissionsBoundary=boundary))["Role"]["Arn"]
        assert found == f"arn:aws:iam::{account_id}:role/jit/jit-x"
    assert world.admin(DATA).list_roles(PathPrefix="/jit/")["Roles"] == []
    arn = f"arn:aws:iam::{STAGING}:role/jit/jit-x"
    other = world.client("iam", world.workflow("grant", PROD))
    wrong = create("jit-y", PermissionsBoundary=BOUNDARY.replace(PROD, STAGING))
    assert refused(other.create_role, **wrong) == "AccessDenied"
    staging = world.client("sts", world.enter(BOB, arn)).get_caller_identity()
    assert staging["Account"] == STAGING


def test_conditions_see_tags(world: World) -> None:
    """Tags of the request, of the role that is asked about, and of the caller's own role."""
    admin = world.admin()
    tag = {
        "Effect": "Allow",
        "Action": "iam:TagRole",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestTag/good": "yes"}},
    }
    delete = {
        "Effect": "Allow",
        "Action": "iam:DeleteRole",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/good": "${aws:PrincipalTag/team}"}},
    }
    iam = inside(world, "iam", tag, delete)
    admin.tag_role(RoleName="r", Tags=[{"Key": "team", "Value": "yes"}])
    for name in ("one", "two"):
        admin.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert refused(iam.tag_role, RoleName="one", Tags=[{"Key": "good", "Value": "no"}]) == "AccessDenied"
    iam.tag_role(RoleName="one", Tags=[{"Key": "good", "Value": "yes"}])
    assert refused(iam.delete_role, RoleName="two") == "AccessDenied"
    iam.delete_role(RoleName="one")
    assert refused(admin.get_role, RoleName="one") == "NoSuchEntity"
