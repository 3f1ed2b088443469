"""IAM and STS through boto3: entering accounts, and the few calls that make, read and end a role.

https://docs.aws.amazon.com/IAM/latest/APIReference/. None of it is proven against the real AWS here.
"""

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import boto3
import botocore.config
import botocore.exceptions

from jitbot.domain import iam
from jitbot.domain.errors import DeniedError, UnavailableError
from jitbot.domain.model import AccountId
from jitbot.domain.ports import Receipt
from jitbot.domain.roles import Actual, Listed

STS_AUDIENCE = "sts.amazonaws.com"
_REGION = "us-east-1"  # IAM is global; STS is asked where its global endpoint is
_CONFIG = botocore.config.Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=20,
    user_agent_extra="jitbot",
)
_UNCLEAR = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceFailure", "ServiceUnavailable",
     "InternalFailure", "InternalError", "ConcurrentModification", "RequestTimeout"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How this run proves to AWS who it is: a web-identity token of its job, or the ambient credentials.

    `token` gives the job's OIDC token for STS; None means ambient: a profile or keys, as boto3 finds them.
    """

    role_name: str  # jitbot's own role in each account, for a job
    session_name: str  # names the run in CloudTrail
    token: Callable[[], str] | None = None
    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None
    profile: str | None = None


class AwsCloud:
    """The accounts, each entered directly with this run's own identity: never by way of another, never a fallback."""

    def __init__(
        self,
        identity: Identity,
        *,
        path: str,
        endpoint: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._identity = identity
        self._path = path
        self._endpoint = endpoint
        self._sleep = sleep
        self._ambient = boto3.Session(
            aws_access_key_id=identity.access_key,
            aws_secret_access_key=identity.secret_key,
            aws_session_token=identity.session_token,
            profile_name=identity.profile,
            region_name=_REGION,
        )

    def enter(self, account_id: AccountId) -> "AwsAccount":
        """Enter an account. Raises DeniedError if AWS refuses, or if another account answers than was meant."""
        with _translated(f"enter account {account_id}"):
            session = self._by_token(account_id) if self._identity.token else self._by_ambient(account_id)
            client = session.client("iam", endpoint_url=self._endpoint, config=_CONFIG)
        return AwsAccount(account_id, client, path=self._path, sleep=self._sleep)

    def _by_token(self, account_id: AccountId) -> boto3.Session:
        """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
        assert self._identity.token is not None  # noqa: S101 - `enter` asked; this tells the type checker
        unsigned = botocore.config.Config(signature_version=botocore.UNSIGNED).merge(_CONFIG)
        sts = self._ambient.client("sts", endpoint_url=self._endpoint, config=unsigned)
        answer = sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{account_id}:role/{self._identity.role_name}",
            RoleSessionName=self._identity.session_name,
            WebIdentityToken=self._identity.token(),
            DurationSeconds=900,
        )
        _same_account(answer["AssumedRoleUser"]["Arn"].split(":")[4], account_id)
        credentials = answer["Credentials"]
        return boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name=_REGION,
        )

    def _by_ambient(self, account_id: AccountId) -> boto3.Session:
        sts = self._ambient.client("sts", endpoint_url=self._endpoint, config=_CONFIG)
        _same_account(sts.get_caller_identity()["Account"], account_id)
        return self._ambient


class AwsAccount:
    """One account, entered."""

    def __init__(
        self, account_id: AccountId, client: Any, *, path: str, sleep: Callable[[float], None]
    ) -> None:
        self._account_id = account_id
        self._iam = client
        self._path = path
        self._sleep = sleep

    def roles(self) -> tuple[Listed, ...]:
        """Every role under our path, one call for each thousand."""
        with _translated(f"list the roles of account {self._account_id}"):
            pages = self._iam.get_paginator("list_roles").paginate(
                PathPrefix=self._path, PaginationConfig={"PageSize": 1000}
            )
            return tuple(self._listed(role) for page in pages for role in page["Roles"])

    def read(self, role_name: str) -> tuple[Actual | None, Receipt]:
        """A role, whole. None only if AWS says that the role does not exist."""
        receipts: list[Mapping[str, Any]] = []
        with _translated(f"read role {role_name}"):
            try:
                actual = self._read(role_name, receipts)
            except self._iam.exceptions.NoSuchEntityException as error:
                receipts.append(error.response["ResponseMetadata"])
                actual = None
        return actual, _receipt(receipts)

    def create(self, documents: iam.Documents) -> bool:
        """`CreateRole`; False if a role of that name exists already."""
        with _translated(f"create role {documents.role_name}"):
            try:
                self._iam.create_role(
                    Path=documents.path,
                    RoleName=documents.role_name,
                    AssumeRolePolicyDocument=iam.canonical(documents.trust_policy),
                    Description=f"jitbot: {documents.tags.get('jitbot:request', '')}"[:1000],
                    MaxSessionDuration=int(iam.SESSION.total_seconds()),
                    PermissionsBoundary=documents.permissions_boundary,
                    Tags=[{"Key": key, "Value": value} for key, value in sorted(documents.tags.items())],
                )
            except self._iam.exceptions.EntityAlreadyExistsException:
                return False
        return True

    def write_permissions(self, documents: iam.Documents) -> None:
        """`PutRolePolicy`: replaces the whole inline policy at once."""
        with _translated(f"write the policy of role {documents.role_name}"):
            policy = iam.canonical(documents.permission_policy)
            self._soon(
                functools.partial(
                    self._iam.put_role_policy,
                    RoleName=documents.role_name,
                    PolicyName=iam.POLICY_NAME,
                    PolicyDocument=policy,
                )
            )

    def write_trust(self, documents: iam.Documents) -> None:
        """`UpdateAssumeRolePolicy`."""
        with _translated(f"write the trust of role {documents.role_name}"):
            policy = iam.canonical(documents.trust_policy)
            self._iam.update_assume_role_policy(RoleName=documents.role_name, PolicyDocument=policy)

    def attach(self, documents: iam.Documents) -> None:
        """`AttachRolePolicy` for each managed policy; AWS takes a repetition as done."""
        with _translated(f"attach the managed policies of role {documents.role_name}"):
            for arn in documents.managed_policies:
                self._iam.attach_role_policy(RoleName=documents.role_name, PolicyArn=arn)

    def deny(self, role_name: str) -> Receipt | None:
        """Attach AWSDenyAll. None if the role does not exist."""
        with _translated(f"deny role {role_name}"):
            try:
                answer = self._iam.attach_role_policy(RoleName=role_name, PolicyArn=iam.DENY_ALL)
            except self._iam.exceptions.NoSuchEntityException as error:
                if "role" not in str(error).lower():
                    raise
                return None
        return _receipt([answer["ResponseMetadata"]])

    def remove(self, actual: Actual) -> None:
        """Detach and delete all that is in the role, then the role; what is gone already is fine."""
        name, gone = actual.role_name, self._iam.exceptions.NoSuchEntityException
        with _translated(f"remove role {name}"):
            calls = [
                *(
                    functools.partial(self._iam.delete_role_policy, RoleName=name, PolicyName=policy)
                    for policy in actual.inline_policies
                ),
                *(
                    functools.partial(self._iam.detach_role_policy, RoleName=name, PolicyArn=arn)
                    for arn in actual.attached
                ),
                functools.partial(self._iam.delete_role, RoleName=name),
            ]
            for call in calls:
                try:
                    call()
                except gone:
                    continue

    def _read(self, role_name: str, receipts: list[Mapping[str, Any]]) -> Actual:
        answer = self._iam.get_role(RoleName=role_name)
        receipts.append(answer["ResponseMetadata"])
        role = answer["Role"]
        names = self._iam.list_role_policies(RoleName=role_name)
        attached = self._iam.list_attached_role_policies(RoleName=role_name)
        if names["IsTruncated"] or attached["IsTruncated"]:
            raise UnavailableError(f"role {role_name} holds more policies than one page; read it by hand")
        inline = {}
        for name in names["PolicyNames"]:
            policy = self._iam.get_role_policy(RoleName=role_name, PolicyName=name)
            receipts.append(policy["ResponseMetadata"])
            inline[name] = policy["PolicyDocument"]
        return Actual(
            account_id=self._account_id,
            role_name=role["RoleName"],
            role_id=role["RoleId"],
            path=role["Path"],
            trust_policy=role["AssumeRolePolicyDocument"],
            permissions_boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            max_session_duration=role["MaxSessionDuration"],
            inline_policies=inline,
            attached=tuple(sorted(policy["PolicyArn"] for policy in attached["AttachedPolicies"])),
            tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        )

    def _listed(self, role: Mapping[str, Any]) -> Listed:
        return Listed(
            account_id=self._account_id,
            role_name=role["RoleName"],
            role_id=role["RoleId"],
            trust_policy=role["AssumeRolePolicyDocument"],
        )

    def _soon(self, call: Callable[[], Any]) -> None:
        """Wait out IAM's first seconds, in which a role just made may not be found yet."""
        for pause in (0.5, 1, 2, 4):
            try:
                call()
            except self._iam.exceptions.NoSuchEntityException:
                self._sleep(pause)
            else:
                return
        call()


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    """AWS's errors as ours: a clear no is denied, everything else unavailable; both say what was being done."""
    try:
        yield
    except botocore.exceptions.ClientError as error:
        said = error.response.get("Error", {})
        code, message = str(said.get("Code", "")), " ".join(str(said.get("Message", "")).split())[:300]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        kind = UnavailableError if code in _UNCLEAR or status >= 500 else DeniedError
        raise kind(f"AWS would not {doing}: {code}: {message}") from error
    except botocore.exceptions.BotoCoreError as error:
        raise UnavailableError(f"could not {doing}: {' '.join(str(error).split())[:300]}") from error


def _same_account(answered: str, meant: AccountId) -> None:
    if answered != meant:
        raise DeniedError(f"account {answered} answered where {meant} was meant; nothing was done there")


def _receipt(answers: list[Mapping[str, Any]]) -> Receipt:
    """When AWS answered, by its own clock, and its request ids, for whoever asks CloudTrail later."""
    dates = [answer["HTTPHeaders"]["date"] for answer in answers if "date" in answer.get("HTTPHeaders", {})]
    if not dates:
        raise UnavailableError("AWS answered without a date")
    at: datetime = parsedate_to_datetime(dates[-1]).astimezone(UTC)
    return Receipt(at=at, request_ids=tuple(str(answer.get("RequestId", "")) for answer in answers))
