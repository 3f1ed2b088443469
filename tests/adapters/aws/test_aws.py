"""IAM and STS through the adapter, against the embedded AWS: what each call does, costs, and refuses."""

import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import boto3
import botocore.utils
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.stub import Stubber

from jitbot.adapters.aws import AwsCloud, Identity, enter_account, identity
from jitbot.adapters.aws.account import AwsAccount
from jitbot.adapters.oidc import ActionsOidc
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, differences
from jitbot.domain.aws.service_roles import AUDIENCE
from jitbot.domain.model.bounds import ACCOUNTS_AT_ONCE
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import DeniedError, JitbotError, UnavailableError
from jitbot.domain.text.packed import Packer
from jitbot.sandbox.aws import AwsFault
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.github.records import GitHubFault
from jitbot.sandbox.organisation import Acme

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PROD, STAGING, ELSEWHERE = AccountId("111111111111"), AccountId("012345670123"), AccountId("999999999999")
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
NUMBERS = itertools.count()


def trust(name: str = "bob") -> dict[str, Any]:
    """A trust policy for one user."""
    principal = {"AWS": f"arn:aws:iam::222222222222:user/{name}"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def permission(action: str = "s3:GetObject") -> dict[str, Any]:
    """A permission policy of one action."""
    statement = {"Effect": "Allow", "Action": [action], "Resource": ["*"]}
    return {"Version": "2012-10-17", "Statement": [statement]}


def documents(account_id: AccountId = PROD, **other: Any) -> iam.Documents:
    """The documents of a role that no test has made yet."""
    name = f"jit-bob-test-{next(NUMBERS)}"
    given: dict[str, Any] = {
        "account": "prod",
        "account_id": account_id,
        "role_name": name,
        "path": "/jit/",
        "trust_policy": trust(),
        "permission_policy": permission(),
        "managed_policies": (),
        "permissions_boundary": f"arn:aws:iam::{account_id}:policy/jitbot-boundary",
        "tags": {"jitbot:request": "requests/p/2026-11/24-bob-x.yaml", "jitbot:requester": "bob"},
        "window": iam.Window(starts_at=None, expires_at=NOW + timedelta(hours=1)),
        **other,
    }
    return iam.Documents(**given)


@dataclass(kw_only=True)
class Aws:
    """The embedded AWS, entered as jobs and people do. Pauses are counted, not made."""

    acme: Acme
    pauses: list[float]

    def job(self, purpose: str = "grant", **options: Any) -> AwsCloud:
        """The accounts as a job of that workflow enters them."""
        environ = self.acme.job(f"{purpose}.yml")
        issuer = ActionsOidc(
            self.acme.github.issuer,
            request_url=environ["ACTIONS_ID_TOKEN_REQUEST_URL"],
            request_token=environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
        )
        identity = Identity(
            role_name=f"jitbot-{purpose}", session_name="jitbot-1-1", token=lambda: issuer.token(AUDIENCE)
        )
        return self.cloud(identity, **options)

    def ambient(self, account_id: AccountId = PROD, **other: Any) -> AwsCloud:
        """The accounts as somebody enters them who has keys of this one."""
        keys = self.acme.aws.admin(account_id)
        given = {
            "access_key": keys["AWS_ACCESS_KEY_ID"],
            "secret_key": keys["AWS_SECRET_ACCESS_KEY"],
            **other,
        }
        return self.cloud(Identity(role_name="jitbot-grant", session_name="by-hand", **given))

    def cloud(self, identity: Identity, **options: Any) -> AwsCloud:
        """The accounts, entered by that identity, each call tried once."""
        given = {"endpoint": self.acme.aws.url, "attempts": 1, **options}
        return AwsCloud(identity, path="/jit/", sleep=self.pauses.append, **given)

    def admin(self) -> Any:
        """IAM in prod, by hand."""
        keys = self.acme.aws.admin(PROD)
        return boto3.client(
            "iam",
            endpoint_url=self.acme.aws.url,
            region_name="us-east-1",
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )

    def made(self, **other: Any) -> iam.Documents:
        """A role that exists, whole."""
        found = documents(**other)
        account = self.job().enter(PROD)
        assert account.create(found)
        account.write_permissions(found)
        account.attach(found)
        self.acme.aws.calls.clear()
        return found

    def failing(self, operation: str, *faults: AwsFault) -> None:
        """Answer the next calls of this operation with these faults."""
        waiting = iter(faults)
        self.acme.aws.faults = lambda _account, _service, asked: (
            next(waiting, None) if asked == operation else None
        )

    @property
    def operations(self) -> list[str]:
        """The calls of IAM since they were last forgotten."""
        return [operation for _, service, operation in self.acme.aws.calls if service == "iam"]


@pytest.fixture(scope="module")
def running() -> Iterator[Aws]:
    """acme, running."""
    with Acme(Clock(NOW)) as acme:
        yield Aws(acme=acme, pauses=[])


@pytest.fixture
def aws(running: Aws) -> Aws:
    """acme in good health at nine o'clock, with no calls counted."""
    running.acme.clock.set(NOW)
    running.acme.aws.faults = None
    running.acme.aws.calls.clear()
    running.pauses.clear()
    return running


def whole(account: AwsAccount, name: str) -> Actual:
    """The role of that name, which must exist."""
    actual, _ = account.read(name)
    assert actual is not None
    return actual


def test_a_grant_is_two_writes_and_reads_back(aws: Aws) -> None:
    """What was written is what is read: two writes, and a receipt with AWS's own time."""
    wanted, account = documents(), aws.job().enter(PROD)
    assert account.create(wanted)
    account.write_permissions(wanted)
    account.attach(wanted)
    assert aws.operations == ["CreateRole", "PutRolePolicy"]
    actual, receipt = account.read(wanted.role_name)
    assert actual is not None
    assert differences(actual, wanted) == ()
    assert (actual.account_id, actual.role_name, actual.tags) == (PROD, wanted.role_name, wanted.tags)
    assert actual.role_id.startswith("AROA")
    assert (actual.max_session_duration, actual.denied) == (3600, False)
    assert receipt.at == NOW
    assert len(receipt.request_ids) == 2
    assert all(receipt.request_ids)


def test_managed_policies_are_attached_and_repeated(aws: Aws) -> None:
    """Each managed policy is one call more, which may be repeated."""
    made = aws.made(managed_policies=(READ_ONLY,))
    account = aws.job().enter(PROD)
    account.attach(made)
    assert whole(account, made.role_name).attached == (READ_ONLY,)


def test_an_existing_role_is_not_made_again(aws: Aws) -> None:
    """A second creation says that there is one already, and leaves it as it is."""
    made = aws.made()
    account = aws.job().enter(PROD)
    assert not account.create(replace(made, trust_policy=trust("frank")))
    assert differences(whole(account, made.role_name), made) == ()


def test_both_documents_can_be_rewritten(aws: Aws) -> None:
    """An extension rewrites trust and permissions of the same role."""
    made = aws.made()
    later = replace(made, trust_policy=trust("frank"), permission_policy=permission("s3:ListBucket"))
    account = aws.job().enter(PROD)
    before = whole(account, made.role_name)
    account.write_permissions(later)
    account.write_trust(later)
    after = whole(account, made.role_name)
    assert differences(after, later) == ()
    assert after.role_id == before.role_id


def test_only_roles_under_the_path_are_listed(aws: Aws) -> None:
    """The list holds every role under the path, by one call, and neither jitbot's own nor anybody else's."""
    made = aws.made()
    by_hand = f"jit-by-hand-{next(NUMBERS)}"
    aws.admin().create_role(RoleName=by_hand, AssumeRolePolicyDocument=iam.canonical(trust()))
    aws.acme.aws.calls.clear()
    listed = {each.role_name: each for each in aws.job("sweep").enter(PROD).roles()}
    assert aws.operations == ["ListRoles"]
    assert listed[made.role_name].trust_policy == made.trust_policy
    assert listed[made.role_name].account_id == PROD
    assert all(name.startswith("jit-bob-test-") for name in listed)


class Pages:
    """A client that answers the lists of roles with these pages, and notes which was asked for."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self._pages = iter(pages)
        self.asked: list[str | None] = []

    def list_roles(self, **asked: Any) -> dict[str, Any]:
        """The next page."""
        self.asked.append(asked.get("Marker"))
        return next(self._pages)


def test_what_several_accounts_trust_is_kept_once(aws: Aws) -> None:
    """A request makes a role with the same trust policy in each of its accounts, and a sweep holds them all."""
    long = {**trust(), "Statement": trust()["Statement"] * 3}
    one, other = documents(trust_policy=long), documents(STAGING, trust_policy=long)
    cloud = aws.job()
    assert cloud.enter(PROD).create(one)
    assert cloud.enter(STAGING).create(other)
    names = {one.role_name, other.role_name}
    roles = (role for number in (PROD, STAGING) for role in cloud.enter(number).roles())
    listed = [role.trust_policy for role in roles if role.role_name in names]
    assert listed == [long, long]
    assert listed[0] is listed[1]


def role_of(name: str) -> dict[str, Any]:
    """A role as `ListRoles` answers it."""
    return {
        "RoleName": name,
        "RoleId": "AROA",
        "AssumeRolePolicyDocument": trust(),
        "MaxSessionDuration": 3600,
    }


def test_a_list_is_read_to_its_end() -> None:
    """Each page is asked for by the name that the one before gave it."""
    client = Pages(
        {"Roles": [role_of("jit-1")], "IsTruncated": True, "Marker": "b"},
        {"Roles": [], "IsTruncated": True, "Marker": "c"},
        {"Roles": [role_of("jit-2")], "IsTruncated": False},
    )
    account = AwsAccount(PROD, client, nullcontext, path="/jit/", sleep=lambda _: None, packer=Packer())
    assert [role.role_name for role in account.roles()] == ["jit-1", "jit-2"]
    assert client.asked == [None, "b", "c"]


@pytest.mark.parametrize("second", [{}, {"Marker": ""}, {"Marker": "b"}])
def test_a_list_that_is_cut_is_no_list(second: dict[str, str]) -> None:
    """A role that is missing from it would count as gone."""
    client = Pages(
        {"Roles": [], "IsTruncated": True, "Marker": "b"},
        {"Roles": [], "IsTruncated": True, **second},
        {"Roles": [], "IsTruncated": False},
    )
    account = AwsAccount(PROD, client, nullcontext, path="/jit/", sleep=lambda _: None, packer=Packer())
    with pytest.raises(UnavailableError, match="cut a list"):
        account.roles()


def test_times_are_read_as_botocore_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every form that AWS answers with; the usual one, without a guess."""
    times: tuple[Any, ...] = (
        "2026-11-24T09:00:00Z",
        "2026-11-24T09:00:00.25Z",
        "2026-11-24T09:00:00+02:00",
        1795510800,
        "1795510800",
        "17120108000",  # of the year 2512: without a Z it is no date of 1712
    )
    for value in times:
        assert identity._moment(value) == botocore.utils.parse_timestamp(value)
        assert identity._moment(value).tzinfo is not None
    with pytest.raises(ValueError, match="Invalid timestamp"):
        identity._moment("yesterdayZ")
    monkeypatch.delattr(botocore.utils, "parse_timestamp")
    assert identity._moment(times[0]) == NOW
    session: Any = Identity(role_name="", session_name="").session()
    parsers = session._session.get_component("response_parser_factory")
    assert parsers.create_parser("query")._timestamp_parser is identity._moment


def test_a_role_that_does_not_exist_is_none(aws: Aws) -> None:
    """Only AWS's own word that there is no such role makes it missing, with the time of that word."""
    actual, receipt = aws.job().enter(PROD).read("jit-nobody")
    assert (actual, receipt.at) == (None, NOW)


def test_denying_is_one_call_and_may_be_repeated(aws: Aws) -> None:
    """A denied role is denied, however often, and AWS's time of it is known."""
    made = aws.made()
    account = aws.job("sweep").enter(PROD)
    for _ in range(2):
        receipt = account.deny(made.role_name)
        assert receipt is not None
        assert receipt.at == NOW
    assert aws.operations == ["AttachRolePolicy"] * 2
    assert whole(account, made.role_name).denied


def test_nothing_is_denied_where_there_is_no_role(aws: Aws) -> None:
    """A role that is gone needs no denial."""
    assert aws.ambient().enter(PROD).deny("jit-nobody") is None


def test_a_missing_denial_is_not_a_missing_role(aws: Aws) -> None:
    """Where AWS does not find the policy that denies, the role lives on: that is an error, not an end."""
    made = aws.made()
    message = "Policy arn:aws:iam::aws:policy/AWSDenyAll does not exist or is not attachable."
    aws.failing("AttachRolePolicy", AwsFault(code="NoSuchEntity", status=404, message=message))
    with pytest.raises(DeniedError, match="not attachable"):
        aws.job("sweep").enter(PROD).deny(made.role_name)


def test_a_role_is_removed_with_all_that_is_in_it(aws: Aws) -> None:
    """Two writes remove a grant, each policy one more; what denies goes last before the role itself."""
    made = aws.made(managed_policies=(READ_ONLY,))
    account = aws.job("sweep").enter(PROD)
    account.deny(made.role_name)
    actual = whole(account, made.role_name)
    aws.acme.aws.calls.clear()
    account.remove(actual)
    assert aws.operations == ["DetachRolePolicy", "DeleteRolePolicy", "DetachRolePolicy", "DeleteRole"]
    assert account.read(made.role_name)[0] is None
    aws.ambient().enter(PROD).remove(actual)
    assert aws.operations.count("DeleteRole") == 2


@pytest.mark.parametrize("stopped", ["DeleteRolePolicy", "DeleteRole"])
def test_a_removal_stopped_half_way_denies_still(aws: Aws, stopped: str) -> None:
    """Wherever a removal stops, the role is denied or has nothing left to allow."""
    made = aws.made(managed_policies=(READ_ONLY,))
    account = aws.job("sweep").enter(PROD)
    account.deny(made.role_name)
    actual = whole(account, made.role_name)
    aws.failing(stopped, AwsFault())
    with pytest.raises(UnavailableError):
        account.remove(actual)
    left = whole(account, made.role_name)
    assert READ_ONLY not in left.attached
    assert left.denied or not left.inline_policies
    account.remove(left)
    assert account.read(made.role_name)[0] is None


def test_a_plain_removal_is_two_writes(aws: Aws) -> None:
    """A grant without more is removed by two calls."""
    made = aws.made()
    account = aws.job("sweep").enter(PROD)
    actual = whole(account, made.role_name)
    aws.acme.aws.calls.clear()
    account.remove(actual)
    assert aws.operations == ["DeleteRolePolicy", "DeleteRole"]


def test_a_role_not_found_yet_is_waited_for(aws: Aws) -> None:
    """In IAM's first seconds a new role may not be found: the write is tried again, ever more slowly."""
    wanted, account = documents(), aws.job().enter(PROD)
    account.create(wanted)
    gone = AwsFault(code="NoSuchEntity", status=404)
    aws.failing("PutRolePolicy", gone, gone, gone)
    account.write_permissions(wanted)
    assert aws.pauses == [0.5, 1, 2]
    assert differences(whole(account, wanted.role_name), wanted) == ()


def test_the_wait_for_a_role_ends(aws: Aws) -> None:
    """A role that is not found in all that time is an error."""
    account = aws.ambient().enter(PROD)
    with pytest.raises(DeniedError, match="write the policy of role"):
        account.write_permissions(documents())
    assert aws.pauses == [0.5, 1, 2, 4]


def test_a_role_made_just_now_may_lack_its_boundary_for_a_moment(aws: Aws) -> None:
    """Right after its creation a write to a role may be denied, since its boundary is not seen everywhere yet."""
    wanted, account = documents(managed_policies=(READ_ONLY,)), aws.job().enter(PROD)
    denied, gone = AwsFault(code="AccessDenied", status=403), AwsFault(code="NoSuchEntity", status=404)
    account.create(wanted)
    aws.failing("PutRolePolicy", denied, denied)
    account.write_permissions(wanted)
    aws.failing("AttachRolePolicy", gone, denied)
    account.attach(wanted)
    assert aws.pauses == [0.5, 1, 0.5, 1]
    assert differences(whole(account, wanted.role_name), wanted) == ()


def test_a_denial_at_an_older_role_is_not_waited_out(aws: Aws) -> None:
    """A role that this run did not make has been there for long: no is no, at once."""
    made, account = aws.made(), aws.job().enter(PROD)
    aws.failing("PutRolePolicy", AwsFault(code="AccessDenied", status=403))
    with pytest.raises(DeniedError, match="AccessDenied"):
        account.write_permissions(made)
    assert aws.pauses == []


@pytest.mark.parametrize(
    ("code", "message"), [("LimitExceeded", "no"), ("AccessDenied", "Invalid principal in policy: x")]
)
def test_nothing_else_is_waited_out_at_a_new_role(aws: Aws, code: str, message: str) -> None:
    """Other refusals stay what they are, though the role is new, or their words are those of a passing one."""
    wanted, account = documents(), aws.job().enter(PROD)
    fault = AwsFault(code=code, status=409, message=message)
    aws.failing("CreateRole", fault)
    with pytest.raises(DeniedError, match=code):
        account.create(wanted)
    account.create(wanted)
    if code != "AccessDenied":
        aws.failing("PutRolePolicy", fault)
        with pytest.raises(DeniedError, match=code):
            account.write_permissions(wanted)
    assert aws.pauses == []


def test_a_principal_made_just_now_is_waited_for(aws: Aws) -> None:
    """A user who joined a moment ago is an invalid principal at first, for a new role as for an extension."""
    wanted, account = documents(), aws.job().enter(PROD)
    unknown = AwsFault(code="MalformedPolicyDocument", status=400, message="Invalid principal in policy: x")
    aws.failing("CreateRole", unknown, unknown)
    assert account.create(wanted)
    aws.failing("UpdateAssumeRolePolicy", unknown)
    account.write_trust(wanted)
    assert aws.pauses == [0.5, 1, 0.5]


NO_KEYS = AwsFault(
    code="InvalidIdentityToken",
    status=400,
    message="Couldn't retrieve verification key from your identity provider",
)


@pytest.mark.parametrize("fault", [NO_KEYS, AwsFault(code="IDPCommunicationError", status=400)])
def test_an_issuer_that_sts_does_not_reach_is_waited_for(aws: Aws, fault: AwsFault) -> None:
    """A few seconds, and the account is entered; after that the next run tries."""
    aws.failing("AssumeRoleWithWebIdentity", *[fault] * 4)
    aws.job().enter(PROD)
    assert aws.pauses == [0.5, 1, 2, 4]
    aws.failing("AssumeRoleWithWebIdentity", *[fault] * 5)
    with pytest.raises(UnavailableError, match=fault.code):
        aws.job().enter(PROD)


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidIdentityToken"])
def test_a_token_that_aws_does_not_take_is_not_sent_again(aws: Aws, code: str) -> None:
    """A no stays one."""
    aws.failing("AssumeRoleWithWebIdentity", AwsFault(code=code, status=400, message="Not authorized"))
    with pytest.raises(DeniedError, match=code):
        aws.job().enter(PROD)
    assert aws.pauses == []


def test_a_document_that_is_malformed_is_not_tried_again(aws: Aws) -> None:
    """Whatever else AWS finds wrong with a trust policy does not pass by waiting."""
    account = aws.job().enter(PROD)
    aws.failing("CreateRole", AwsFault(code="MalformedPolicyDocument", status=400, message="Syntax errors"))
    with pytest.raises(DeniedError, match="Syntax errors"):
        account.create(documents())
    assert aws.pauses == []


def test_the_wait_for_a_principal_ends(aws: Aws) -> None:
    """Who is nobody stays an invalid principal: an error, and no role."""
    wanted = documents()
    unknown = AwsFault(code="MalformedPolicyDocument", status=400, message="Invalid principal in policy: x")
    account = aws.job().enter(PROD)
    aws.failing("CreateRole", *[unknown] * 5)
    with pytest.raises(DeniedError, match="Invalid principal"):
        account.create(wanted)
    assert aws.pauses == [0.5, 1, 2, 4]
    assert account.read(wanted.role_name)[0] is None


def test_credentials_made_just_now_are_waited_for(aws: Aws) -> None:
    """IAM may not know a job's new credentials for a moment; what is no such moment is refused."""
    account = aws.job().enter(PROD)
    unknown = AwsFault(code="InvalidClientTokenId", status=403)
    aws.failing("ListRoles", unknown)
    account.roles()
    assert aws.operations == ["ListRoles"] * 2
    aws.failing("ListRoles", AwsFault(code="AccessDenied", status=403))
    with pytest.raises(DeniedError, match="AccessDenied"):
        account.roles()


def test_the_wait_for_credentials_ends(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five times asked and five times unknown: refused, after pauses that grow and are never the same."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    account = aws.job().enter(PROD)
    aws.failing("ListRoles", *[AwsFault(code="InvalidClientTokenId", status=403)] * 5)
    with pytest.raises(DeniedError, match="InvalidClientTokenId"):
        account.roles()
    assert aws.operations == ["ListRoles"] * 5
    assert all(most / 2 <= pause <= most for pause, most in zip(slept, (0.25, 0.5, 1, 2), strict=True))


def test_a_request_without_an_answer_does_not_wait_for_credentials() -> None:
    """Nobody has said that they are unknown: botocore's own rules for a lost answer are in force."""
    assert enter_account._not_known_yet(None, 1) is None


def test_credentials_are_in_force_until_their_call_is_made() -> None:
    """After it those from before sign; where there were none, nothing is sent."""

    def signer() -> str:
        request = AWSRequest(method="POST", url="https://iam.amazonaws.com/", data=b"")
        enter_account._sign(request)
        return str(request.headers["Authorization"]).partition("Credential=")[2].partition("/")[0]

    one, other = (Credentials(name, "secret", "token") for name in ("ONE", "OTHER"))
    with enter_account._as(one):
        with enter_account._as(other):
            assert signer() == "OTHER"
        assert signer() == "ONE"
    with pytest.raises(LookupError):
        signer()


def test_each_call_speaks_for_its_own_account(aws: Aws) -> None:
    """Accounts entered side by side, by threads that interleave, are each written to as themselves."""
    cloud, barrier = aws.job(), Barrier(2)
    entered = {account_id: cloud.enter(account_id) for account_id in (PROD, STAGING)}
    wanted = {account_id: [documents(account_id) for _ in range(5)] for account_id in entered}

    def make(account_id: AccountId) -> None:
        for each in wanted[account_id]:
            barrier.wait(timeout=20)
            assert entered[account_id].create(each)
            barrier.wait(timeout=20)
            entered[account_id].write_permissions(each)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, entered))
    for account_id, account in entered.items():
        names = {each.role_name for each in account.roles()}
        assert {each.role_name for each in wanted[account_id]} <= names
        other = next(each for each in entered if each != account_id)
        assert names.isdisjoint(each.role_name for each in wanted[other])


def test_each_account_that_is_worked_on_has_a_connection() -> None:
    """A pool that is smaller than the threads would open and close one, with its TLS, for many a call."""
    config: Any = identity.config(1)
    assert config.max_pool_connections == ACCOUNTS_AT_ONCE


def test_a_job_enters_as_itself(aws: Aws) -> None:
    """A job enters each account with its own token alone: one call of STS, and the role of its purpose."""
    aws.job("sweep").enter(PROD)
    assert aws.acme.aws.calls == [(PROD, "sts", "AssumeRoleWithWebIdentity")]
    with pytest.raises(DeniedError, match="create role"):
        aws.job("sweep").enter(PROD).create(documents())


def test_a_jobs_refusal_has_no_fallback(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the job's token is refused, keys that lie about are not tried instead."""
    for name, value in aws.acme.aws.admin(PROD).items():
        monkeypatch.setenv(name, value)
    identity = Identity(role_name="jitbot-grant", session_name="x", token=lambda: "no.token.atall")
    cloud = aws.cloud(identity)
    with pytest.raises(JitbotError, match=f"enter account {PROD}"):
        cloud.enter(PROD)
    assert {operation for _, _, operation in aws.acme.aws.calls} <= {"AssumeRoleWithWebIdentity"}


def test_an_account_without_jitbots_role_is_refused(aws: Aws) -> None:
    """An account that does not trust the job is denied, by its number."""
    with pytest.raises(DeniedError, match=f"enter account {ELSEWHERE}"):
        aws.job().enter(ELSEWHERE)


def test_ambient_keys_enter_their_own_account(aws: Aws) -> None:
    """By hand, the keys at hand enter the account they belong to."""
    account = aws.ambient().enter(PROD)
    assert account.read("jit-nobody")[0] is None
    assert {service for _, service, _ in aws.acme.aws.calls} == {"sts", "iam"}


def test_another_account_answers(aws: Aws) -> None:
    """Keys of one account never act where another was meant."""
    with pytest.raises(DeniedError, match=f"account {STAGING} answered where {PROD} was meant"):
        aws.ambient(STAGING).enter(PROD)
    assert aws.operations == []


def test_another_account_answers_a_job(aws: Aws) -> None:
    """Whatever STS gives for a token, it must be the account that was meant."""
    fields = {"AccessKeyId": "ASIA1234567890123456", "SecretAccessKey": "x", "SessionToken": "y"}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    arn = f"arn:aws:sts::{STAGING}:assumed-role/jitbot-grant/x"
    body = (
        '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>{arn}</Arn></AssumedRoleUser>"
        f"<Credentials>{inner}</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )
    answer = GitHubFault(status=200, body=body.encode(), headers={"Content-Type": "text/xml"})
    aws.acme.github.faults = lambda method, path: answer if (method, path) == ("POST", "/") else None
    cloud = aws.job(endpoint=aws.acme.github.url)
    with pytest.raises(DeniedError, match=f"account {STAGING} answered where {PROD} was meant"):
        cloud.enter(PROD)
    aws.acme.github.faults = None


@pytest.mark.parametrize(
    ("key", "session_token"),
    [("AKIAUNKNOWN", {}), ("ASIAUNKNOWN", {"session_token": "made-up"})],
    ids=["user", "session"],
)
def test_keys_that_aws_does_not_know(aws: Aws, key: str, session_token: dict[str, str]) -> None:
    """Keys that are no keys enter nothing."""
    with pytest.raises(JitbotError, match=f"enter account {PROD}"):
        aws.ambient(PROD, access_key=key, **session_token).enter(PROD)


def test_credentials_that_cannot_be_found(aws: Aws) -> None:
    """A profile that does not exist is an error of ours and not a crash."""
    with pytest.raises(UnavailableError, match=r"find the credentials.*no-such-profile"):
        aws.cloud(Identity(role_name="jitbot-grant", session_name="x", profile="no-such-profile"))


CALLS: dict[str, tuple[str, str, Callable[[AwsAccount, iam.Documents], object]]] = {
    "roles": ("ListRoles", "list the roles", lambda account, _: account.roles()),
    "read": ("GetRole", "read role", lambda account, made: account.read(made.role_name)),
    "read inline": ("GetRolePolicy", "read role", lambda account, made: account.read(made.role_name)),
    "create": ("CreateRole", "create role", lambda account, _: account.create(documents())),
    "write_permissions": ("PutRolePolicy", "write the policy", AwsAccount.write_permissions),
    "write_trust": ("UpdateAssumeRolePolicy", "write the trust", AwsAccount.write_trust),
    "attach": ("AttachRolePolicy", "attach the managed", AwsAccount.attach),
    "deny": ("AttachRolePolicy", "deny role", lambda account, made: account.deny(made.role_name)),
    "remove": (
        "DeleteRole",
        "remove role",
        lambda account, made: account.remove(whole(account, made.role_name)),
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_trouble_says_what_was_being_done(aws: Aws, name: str) -> None:
    """AWS's no is denied, its troubles are unavailable; both name the call's purpose and AWS's own code."""
    operation, doing, call = CALLS[name]
    made = aws.made(managed_policies=(READ_ONLY,))
    account = aws.job("sweep" if name in ("deny", "remove") else "grant").enter(PROD)
    kinds: list[tuple[AwsFault, type[JitbotError]]] = [
        (AwsFault(code="AccessDenied", status=403), DeniedError),
        (AwsFault(code="MalformedPolicyDocument", status=400), DeniedError),
        (AwsFault(code="Throttling", status=400), UnavailableError),
        (AwsFault(code="ConcurrentModification", status=409), UnavailableError),
        (AwsFault(code="ExpiredToken", status=403), UnavailableError),
        (AwsFault(code="SomethingNew", status=502), UnavailableError),
        (AwsFault(code="ServiceFailure", status=500, after=True), UnavailableError),
    ]
    for fault, kind in kinds:
        aws.failing(operation, fault)
        with pytest.raises(kind, match=f"{doing}.*{fault.code}"):
            call(account, made)


def test_a_short_trouble_is_waited_out(aws: Aws) -> None:
    """With more than one attempt, a call that is throttled once succeeds."""
    account = aws.job(attempts=2).enter(PROD)
    aws.failing("GetRole", AwsFault(code="Throttling", status=400))
    assert account.read("jit-nobody")[0] is None
    assert aws.operations == ["GetRole"] * 2


def test_nobody_listens(aws: Aws) -> None:
    """Where no AWS answers, nothing is concluded."""
    with pytest.raises(UnavailableError, match=f"could not enter account {PROD}"):
        aws.job(endpoint="http://127.0.0.1:1").enter(PROD)


def test_every_inline_policy_is_read(aws: Aws) -> None:
    """What somebody put into a role beside its own policy is seen."""
    made = aws.made()
    aws.admin().put_role_policy(
        RoleName=made.role_name, PolicyName="more", PolicyDocument=iam.canonical(permission("s3:*"))
    )
    actual = whole(aws.job().enter(PROD), made.role_name)
    assert actual.inline_policies == {"jitbot": permission(), "more": permission("s3:*")}


def test_a_role_in_a_deeper_folder_is_listed_and_not_read_whole(aws: Aws) -> None:
    """AWS lists by the beginning of a path: a role below ours is seen, and its content is never taken for one of ours."""
    made, deeper = aws.made(), f"jit-bob-test-deeper-{next(NUMBERS)}"
    aws.admin().create_role(
        RoleName=deeper, Path="/jit/deeper/", AssumeRolePolicyDocument=json.dumps(trust())
    )
    listed = {role.role_name: role for role in aws.job("sweep").enter(PROD).roles(whole=True)}
    assert listed[made.role_name].whole is not None
    assert listed[deeper].whole is None


def test_an_answer_without_a_date_proves_nothing() -> None:
    """When something happened is said by AWS's clock: an answer that does not tell is an error, and ours is not taken."""
    client = boto3.client("iam", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    account = AwsAccount(PROD, client, nullcontext, path="/jit/", sleep=lambda _: None, packer=Packer())
    with Stubber(client) as stub:
        stub.add_response("attach_role_policy", {"ResponseMetadata": {"HTTPHeaders": {}, "RequestId": "1"}})
        with pytest.raises(UnavailableError, match="without a date"):
            account.deny("jit-bob-x")
