"""The embedded AWS as a server: one per process, clean at both ends, in the sandbox's time."""

import http.client
import json
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from aws_world import ALICE, BOB, DATA, IDENTITY, PROD, START, World, document, refused, trust

from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.sandbox.aws import AwsFault, AwsSandbox
from jitbot.sandbox.clock import Clock

TRUST = document(trust(BOB.arn))


@pytest.fixture
def world() -> Iterator[World]:
    with World() as running:
        yield running


def raw(
    world: World, headers: dict[str, str], body: str = "", path: str = "/", method: str = "POST"
) -> tuple[int, str]:
    """Send one request as it stands; gives status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", int(world.aws.url.rpartition(":")[2]), timeout=5)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def signed(world: World, key: str, service: str = "iam") -> dict[str, str]:
    """Headers with this key, as a client signs them."""
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261124/us-east-1/{service}/aws4_request, x"
    }


def test_only_one_lives_in_a_process() -> None:
    """A second is refused while the first lives, and welcome after."""
    with World() as world, pytest.raises(JitbotError, match="another AwsSandbox"):
        AwsSandbox(world.clock).start()
    with AwsSandbox(Clock(START)) as next_one:
        assert next_one.url.startswith("http://127.0.0.1:")


def test_each_lives_once() -> None:
    """A stopped sandbox says so, may be stopped again, and does not start again."""
    sandbox = AwsSandbox(Clock(START))
    with pytest.raises(JitbotError, match="not running"):
        _ = sandbox.url
    with sandbox:
        pass
    sandbox.stop()
    with pytest.raises(JitbotError, match="not running"):
        _ = sandbox.url
    with pytest.raises(JitbotError, match="make a new one"):
        sandbox.start()


def test_nothing_is_left_behind() -> None:
    """Neither threads, nor the port, nor objects for the next sandbox."""
    before = set(threading.enumerate())
    with World() as world:
        world.admin().create_role(RoleName="mine", AssumeRolePolicyDocument=TRUST)
        world.client("s3", world.aws.admin(PROD)).list_buckets()
        port = int(world.aws.url.rpartition(":")[2])
    assert set(threading.enumerate()) == before
    assert not world.aws._store.iam(PROD).roles
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    with AwsSandbox(Clock(START)) as aws:
        world.aws = aws
        assert world.admin().list_roles()["Roles"] == []
        assert world.client("s3", aws.admin(PROD)).list_buckets()["Buckets"] == []


def test_every_answer_is_dated_by_the_clock(world: World) -> None:
    """Good answers and errors, of the layer and of moto, before and after a step."""
    admin = world.admin()
    for _ in range(2):
        answers = [
            admin.list_roles()["ResponseMetadata"],
            world.sts(BOB).get_caller_identity()["ResponseMetadata"],
        ]
        dates = {parsedate_to_datetime(answer["HTTPHeaders"]["date"]) for answer in answers}
        assert dates == {world.clock.now()}
        world.clock.advance(timedelta(days=400))


def test_calls_are_logged_by_account_service_and_operation(world: World) -> None:
    """In order, refused ones too, sign-ins under the role's account; clear begins anew."""
    arn = world.role("r", trust(BOB.arn))
    world.aws.calls.clear()
    session = world.enter(BOB, arn)
    world.client("dynamodb", session).list_tables()
    refused(world.client("iam", world.workflow("audit", DATA)).create_user, UserName="x")
    assert world.aws.calls == [
        (PROD, "sts", "AssumeRole"),
        (PROD, "dynamodb", "ListTables"),
        (DATA, "sts", "AssumeRoleWithWebIdentity"),
        (DATA, "iam", "CreateUser"),
    ]


@pytest.mark.parametrize("after", [False, True])
def test_a_fault_strikes_before_or_after_the_work(world: World, after: bool) -> None:
    """The caller sees the same error; only the role tells which it was."""
    admin = world.admin()
    fault = AwsFault(code="Throttling", status=400, after=after)
    world.aws.faults = lambda account_id, service, operation: (
        fault if (account_id, service, operation) == (PROD, "iam", "CreateRole") else None
    )
    assert refused(admin.create_role, RoleName="r", AssumeRolePolicyDocument=TRUST) == "Throttling"
    names = [role["RoleName"] for role in admin.list_roles()["Roles"]]
    assert ("r" in names) is after
    world.aws.faults = None
    if not after:
        admin.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert admin.get_role(RoleName="r")["Role"]["RoleName"] == "r"


def test_nobody_speaks_unsigned(world: World) -> None:
    """Without a signature nothing is answered, moto's own pages least of all."""
    status, body = raw(world, {}, "Action=ListRoles&Version=2010-05-08")
    assert (status, "MissingAuthenticationToken" in body) == (403, True)
    for path in ("/moto-api/reset", "/moto-api/", "/latest/meta-data/", "/favicon.ico"):
        for headers in ({}, signed(world, world.aws.admin(PROD)["AWS_ACCESS_KEY_ID"])):
            assert raw(world, headers, path=path)[0] == 403
    assert world.admin().get_role(RoleName="jitbot-grant")["Role"]["RoleName"] == "jitbot-grant"


def test_a_request_with_two_readings_is_refused(world: World) -> None:
    """What is authorized is what is done: a second Action, or one hidden in a body, changes nothing."""
    key = world.aws.credentials(BOB)["AWS_ACCESS_KEY_ID"]
    version = "Version=2010-05-08"
    body = f"Action=ListRoles&{version}&Action=CreateUser&UserName=x"
    status, text = raw(world, signed(world, key), body)
    assert (status, "MalformedQueryString" in text) == (400, True)
    hidden = {**signed(world, key, "sts"), "Content-Type": "text/plain"}
    status, text = raw(
        world, hidden, f"Action=CreateUser&UserName=x&{version}", f"/?Action=GetCallerIdentity&{version}"
    )
    assert (status, "MalformedQueryString" in text) == (400, True)
    users = world.admin(IDENTITY).list_users()["Users"]
    assert {user["UserName"] for user in users} == {"bob", "frank"}


def test_an_operation_is_named_once(world: World) -> None:
    """moto would follow an Action in the query before the operation that was authorized."""
    key = world.aws.admin(PROD)["AWS_ACCESS_KEY_ID"]
    target = {**signed(world, key, "dynamodb"), "X-Amz-Target": "DynamoDB_20120810.ListTables"}
    for headers in (target, signed(world, key, "s3")):
        status, text = raw(world, headers, "{}", "/?Action=DeleteTable")
        assert (status, "MalformedQueryString" in text) == (400, True)


def test_a_caller_cannot_choose_the_account(world: World) -> None:
    """moto's own header for it is overwritten."""
    key = world.aws.admin(PROD)["AWS_ACCESS_KEY_ID"]
    headers = {
        **signed(world, key),
        "x-moto-account-id": DATA,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    status, text = raw(world, headers, "Action=ListRoles&Version=2010-05-08")
    assert (status, f"::{PROD}:role" in text, DATA in text) == (200, True, False)


@pytest.mark.parametrize("body", ["[]", "{", '{"TableName": 5}', '{"TransactItems": [1]}'])
def test_nonsense_is_refused_in_the_services_own_shape(world: World, body: str) -> None:
    """A broken JSON body is an error, not a crash."""
    key = world.aws.credentials(BOB)["AWS_ACCESS_KEY_ID"]
    headers = {**signed(world, key, "dynamodb"), "X-Amz-Target": "DynamoDB_20120810.GetItem"}
    status, text = raw(world, headers, body)
    assert (status, json.loads(text)["__type"]) == (400, "SerializationException")


def test_what_moto_cannot_do_is_said_so(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    """A clear refusal instead of a traceback and a retry."""
    client = world.client("cloudtrail", world.aws.admin(PROD))
    assert refused(client.list_public_keys) == "InvalidAction"
    assert capfd.readouterr() == ("", "")


def test_a_body_has_a_limit(world: World) -> None:
    """Ten megabytes and no more."""
    assert raw(world, signed(world, "x"), "x" * (10 * 1024 * 1024 + 1))[0] == 413


def test_parallel_callers_do_not_mix(world: World) -> None:
    """Many threads in several accounts see their own account, and one name is made once."""
    admins = [world.admin(account_id) for account_id in (PROD, DATA)] * 8

    def work(number: int) -> str:
        admin = admins[number]
        account_id = admin.get_role(RoleName="jitbot-grant")["Role"]["Arn"].split(":")[4]
        try:
            admin.create_role(RoleName=f"r{number // 4}", AssumeRolePolicyDocument=TRUST)
        except admin.exceptions.EntityAlreadyExistsException:
            return f"{account_id} lost"
        return str(account_id)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(16)))
    assert sorted(found) == sorted([PROD, DATA, f"{PROD} lost", f"{DATA} lost"] * 4)


def test_a_check_and_its_work_are_one(world: World) -> None:
    """Names that differ by case, asked for at once, are made once: no other call comes between."""
    interval = sys.getswitchinterval()
    admins = [world.admin() for _ in range(8)]

    def work(number: int) -> int:
        name = f"race-{number // 8}"
        spelling = "".join(sign.upper() if number % 8 == place else sign for place, sign in enumerate(name))
        try:
            admins[number % 8].create_role(RoleName=spelling, AssumeRolePolicyDocument=TRUST)
        except admins[0].exceptions.EntityAlreadyExistsException:
            return 0
        return 1

    try:
        sys.setswitchinterval(1e-5)
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(work, range(80))) == 10
    finally:
        sys.setswitchinterval(interval)


def test_credentials_need_a_seeded_principal() -> None:
    """Someone nobody seeded is a clear error."""
    with AwsSandbox(Clock(START)) as aws, pytest.raises(InvalidError, match="seed it first"):
        aws.credentials(ALICE)
