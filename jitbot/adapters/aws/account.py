"""The few calls of IAM that make, read and end a role.

https://docs.aws.amazon.com/IAM/latest/APIReference/. None of it is proven against the real AWS here.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.exceptions

from jitbot.adapters.aws.errors import translated
from jitbot.domain.aws import iam
from jitbot.domain.aws.roles import Actual, Listed, Receipt
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import UnavailableError
from jitbot.domain.text.packed import Packer

_PAUSES = (0.5, 1, 2, 4)  # seconds in which what was just made may not be known everywhere


class AwsAccount:
    """One account, entered. `speaking` puts the account's credentials in force for the calls made inside it."""

    def __init__(
        self,
        account_id: AccountId,
        client: Any,
        speaking: Callable[[], AbstractContextManager[None]],
        *,
        path: str,
        sleep: Callable[[float], None],
        packer: Packer,
    ) -> None:
        self._account_id = account_id
        self._iam = client
        self._speaking = speaking
        self._path = path
        self._sleep = sleep
        self._made: set[str] = set()  # by this run
        self._packer = packer  # a sweep holds what is listed of every account

    def roles(self, *, whole: bool = False) -> tuple[Listed, ...]:
        """Every role under our path, one call for each thousand; `whole` reads all that is in them too."""
        with translated(f"list the roles of account {self._account_id}"), self._speaking():
            details = self._details() if whole else {}
            pages = self._pages(self._iam.list_roles, PathPrefix=self._path, MaxItems=1000)
            return tuple(self._listed(role, details) for page in pages for role in page["Roles"])

    def room(self) -> int:
        """How many more roles the account's quota lets be made.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
        """
        with translated(f"read the quotas of account {self._account_id}"), self._speaking():
            summary = self._iam.get_account_summary()["SummaryMap"]
        return int(summary["RolesQuota"]) - int(summary["Roles"])

    def read(self, role_name: str) -> tuple[Actual | None, Receipt]:
        """A role, whole. None only if AWS says that the role does not exist."""
        receipts: list[Mapping[str, Any]] = []
        with translated(f"read role {role_name}"), self._speaking():
            try:
                actual = self._read(role_name, receipts)
            except self._iam.exceptions.NoSuchEntityException as error:
                receipts.append(error.response["ResponseMetadata"])
                actual = None
        return actual, _receipt(receipts)

    def policy(self, name: str) -> iam.Document | None:
        arn = f"arn:aws:iam::{self._account_id}:policy/{name}"
        with translated(f"read policy {name} of account {self._account_id}"), self._speaking():
            try:
                version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                found = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)
            except self._iam.exceptions.NoSuchEntityException:
                return None
        document: iam.Document = found["PolicyVersion"]["Document"]
        return document

    def create(self, documents: iam.Documents) -> bool:
        """`CreateRole`; False if a role of that name exists already."""
        with translated(f"create role {documents.role_name}"), self._speaking():
            make = functools.partial(
                self._iam.create_role,
                Path=documents.path,
                RoleName=documents.role_name,
                AssumeRolePolicyDocument=iam.canonical(documents.trust_policy),
                Description=f"jitbot: {documents.tags.get('jitbot:request', '')}"[:1000],
                MaxSessionDuration=int(iam.SESSION.total_seconds()),
                PermissionsBoundary=documents.permissions_boundary,
                Tags=[{"Key": key, "Value": value} for key, value in sorted(documents.tags.items())],
            )
            try:
                self._patiently(make, _stranger)
            except self._iam.exceptions.EntityAlreadyExistsException:
                return False
        self._made.add(documents.role_name)
        return True

    def write_permissions(self, documents: iam.Documents) -> None:
        """`PutRolePolicy`: replaces the whole inline policy at once."""
        with translated(f"write the policy of role {documents.role_name}"), self._speaking():
            policy = iam.canonical(documents.permission_policy)
            put = self._iam.put_role_policy
            self._on_role(put, documents.role_name, PolicyName=iam.POLICY_NAME, PolicyDocument=policy)

    def write_trust(self, documents: iam.Documents) -> None:
        """`UpdateAssumeRolePolicy`."""
        with translated(f"write the trust of role {documents.role_name}"), self._speaking():
            policy = iam.canonical(documents.trust_policy)
            write = self._iam.update_assume_role_policy
            self._patiently(lambda: write(RoleName=documents.role_name, PolicyDocument=policy), _stranger)

    def attach(self, documents: iam.Documents) -> None:
        """`AttachRolePolicy` for each managed policy; AWS takes a repetition as done."""
        with translated(f"attach the managed policies of role {documents.role_name}"), self._speaking():
            for arn in documents.managed_policies:
                self._on_role(self._iam.attach_role_policy, documents.role_name, PolicyArn=arn)

    def deny(self, role_name: str) -> Receipt | None:
        """Attach AWSDenyAll. None if the role does not exist."""
        with translated(f"deny role {role_name}"), self._speaking():
            try:
                answer = self._iam.attach_role_policy(RoleName=role_name, PolicyArn=iam.DENY_ALL)
            except self._iam.exceptions.NoSuchEntityException as error:
                if "role" not in error.response["Error"]["Message"].lower():
                    raise  # it is the policy that AWS does not find
                return None
        return _receipt([answer["ResponseMetadata"]])

    def remove(self, actual: Actual) -> None:
        """Detach and delete everything in the role, then the role. A part that is already gone is fine.

        The denial is removed last: if this stops anywhere, nobody has more access than before.
        """
        name, gone = actual.role_name, self._iam.exceptions.NoSuchEntityException
        detach = functools.partial(self._iam.detach_role_policy, RoleName=name)
        with translated(f"remove role {name}"), self._speaking():
            calls = [
                *(functools.partial(detach, PolicyArn=arn) for arn in actual.attached if arn != iam.DENY_ALL),
                *(
                    functools.partial(self._iam.delete_role_policy, RoleName=name, PolicyName=policy)
                    for policy in actual.inline_policies
                ),
                *([functools.partial(detach, PolicyArn=iam.DENY_ALL)] if actual.denied else []),
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
        names = self._all(self._iam.list_role_policies, "PolicyNames", RoleName=role_name)
        attached = self._all(self._iam.list_attached_role_policies, "AttachedPolicies", RoleName=role_name)
        inline = {}
        for name in names:
            policy = self._iam.get_role_policy(RoleName=role_name, PolicyName=name)
            receipts.append(policy["ResponseMetadata"])
            inline[name] = policy["PolicyDocument"]
        return self._actual(role, role["MaxSessionDuration"], inline, attached)

    def _details(self) -> Mapping[str, Mapping[str, Any]]:
        """Every role of the account with all that is in it, a hundred or so a call; AWS cannot filter by path.

        https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
        """
        roles = self._all(self._iam.get_account_authorization_details, "RoleDetailList", Filter=["Role"])
        return {role["RoleName"]: role for role in roles if role["Path"] == self._path}

    def _all(self, call: Callable[..., Any], key: str, **parameters: Any) -> list[Any]:
        """Every item of an answer in pages."""
        return [item for page in self._pages(call, **parameters) for item in page[key]]

    def _pages(self, call: Callable[..., Any], **parameters: Any) -> Iterator[Any]:
        """An answer page by page. Raises UnavailableError where the next page has no name, or that of the last one.

        botocore's paginator would look for its description among all services of AWS.
        """
        page = call(**parameters)
        while page.get("IsTruncated"):
            yield page
            if not (marker := page.get("Marker")) or marker == parameters.get("Marker"):
                raise UnavailableError("AWS cut a list, and does not say how it goes on")
            parameters["Marker"] = marker
            page = call(**parameters)
        yield page

    def _actual(
        self,
        role: Mapping[str, Any],
        seconds: int,
        inline: Mapping[str, iam.Document],
        attached: Sequence[Mapping[str, str]],
    ) -> Actual:
        return Actual(
            account_id=self._account_id,
            role_name=role["RoleName"],
            role_id=role["RoleId"],
            path=role["Path"],
            trust_policy=role["AssumeRolePolicyDocument"],
            permissions_boundary=role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            max_session_duration=seconds,
            inline_policies=inline,
            attached=tuple(sorted(policy["PolicyArn"] for policy in attached)),
            tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        )

    def _listed(self, role: Mapping[str, Any], details: Mapping[str, Mapping[str, Any]]) -> Listed:
        detail, seconds, whole = details.get(role["RoleName"]), role["MaxSessionDuration"], None
        if detail is not None:
            policies = detail["RolePolicyList"]
            inline = {each["PolicyName"]: self._packer.pack(each["PolicyDocument"]) for each in policies}
            whole = self._actual(detail, seconds, inline, detail["AttachedManagedPolicies"])
        return Listed(
            account_id=self._account_id,
            role_name=role["RoleName"],
            role_id=role["RoleId"],
            trust_policy=self._packer.pack(role["AssumeRolePolicyDocument"]),
            max_session_duration=seconds,
            whole=whole,
        )

    def _patiently(self, call: Callable[[], Any], too_soon: Callable[[str, str], bool]) -> Any:
        """Repeat a call, with longer pauses, while the reason of AWS's refusal may still go away."""
        for pause in _PAUSES:
            try:
                return call()
            except botocore.exceptions.ClientError as error:
                said = error.response["Error"]
                if not too_soon(str(said.get("Code")), str(said.get("Message"))):
                    raise
                self._sleep(pause)
        return call()

    def _on_role(self, call: Callable[..., Any], role_name: str, **parameters: Any) -> Any:
        """A write to a role that may be seconds old: not found yet or, made just now, found without its boundary."""
        return self._patiently(
            lambda: call(RoleName=role_name, **parameters),
            lambda code, _: code == "NoSuchEntity" or (code == "AccessDenied" and role_name in self._made),
        )


def _stranger(code: str, message: str) -> bool:
    """Whether AWS does not know a principal of a trust policy. It may have been created a moment ago."""
    return code == "MalformedPolicyDocument" and "invalid principal" in message.lower()


def _receipt(answers: list[Mapping[str, Any]]) -> Receipt:
    """When AWS answered, by its own clock, and its request ids, for a later search in CloudTrail."""
    dates = [answer["HTTPHeaders"]["date"] for answer in answers if "date" in answer.get("HTTPHeaders", {})]
    if not dates:
        raise UnavailableError("AWS answered without a date")
    at: datetime = parsedate_to_datetime(dates[-1]).astimezone(UTC)
    return Receipt(at=at, request_ids=tuple(str(answer.get("RequestId", "")) for answer in answers))
