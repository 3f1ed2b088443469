"""What the accounts hold: the one place that touches moto, which keeps the objects and judges nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jitbot.domain.model.errors import JitbotError
from jitbot.sandbox.aws.wire import AwsAnswer, RefusedError

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """An IAM user or role as it is now. Documents are JSON texts."""

    account_id: str
    name: str
    arn: str
    unique_id: str
    inline: tuple[tuple[str, str], ...]  # policy name, document
    attached: tuple[str, ...]  # ARNs of managed policies
    boundary: str | None
    trust: str = ""
    max_session: int = 3600
    tags: tuple[tuple[str, str], ...] = ()


class RoleStore:
    """The accounts of one sandbox. One per process: moto's state is global."""

    def __init__(self) -> None:
        self.accounts: set[str] = set()
        self._application: DomainDispatcherApplication | None = None

    def open(self) -> None:
        """Import moto and begin empty."""
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        def create(service: Any) -> Any:
            application = create_backend_app(service)
            application.config["PROPAGATE_EXCEPTIONS"] = True
            return application

        self._application = DomainDispatcherApplication(create)
        self.reset()

    def reset(self) -> None:
        """Forget every object of every account."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()
        self.accounts.clear()

    def forward(self, environ: dict[str, Any], account_id: str) -> AwsAnswer:
        """Let moto do the request in this account, whatever account the request itself would name.

        Raises RefusedError for an operation moto does not have.
        """
        from werkzeug.wrappers import Response

        if self._application is None:
            raise JitbotError("the sandbox's AWS is not running")
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account_id
        try:
            response = Response.from_app(self._application, environ, buffered=True)
        except NotImplementedError as problem:
            raise RefusedError("InvalidAction", f"The sandbox cannot do this: {problem}") from problem
        headers = tuple((name, value) for name, value in response.headers if name.lower() != "date")
        return AwsAnswer(status=response.status_code, body=response.get_data(), headers=headers)

    def iam(self, account_id: str) -> "IAMBackend":
        """moto's IAM of an account, for seeding."""
        from moto.iam.models import iam_backends

        return iam_backends[account_id]["aws"]

    def role(self, account_id: str, name: str) -> Entity | None:
        """The role of this exact name."""
        return next((self._role(role) for role in self._roles(account_id) if role.name == name), None)

    def role_by_id(self, account_id: str, unique_id: str) -> Entity | None:
        """The role with this unique id: not a later one of the same name."""
        role = self.iam(account_id).get_role_by_id(unique_id)
        return self._role(role) if role else None

    def set_quota(self, account_id: str, roles: int) -> None:
        """Make GetAccountSummary answer with this many roles as the quota."""
        self.iam(account_id).account_summary._roles_quota = roles  # noqa: SLF001 - moto has no other door

    def role_names(self, account_id: str) -> list[str]:
        """The names of every role."""
        return [role.name for role in self._roles(account_id)]

    def user(self, account_id: str, name: str) -> Entity | None:
        """The user of this exact name."""
        user = self.iam(account_id).users.get(name) if account_id in self.accounts else None
        return self._user(user) if user else None

    def user_of_key(self, access_key: str) -> Entity | None:
        """The user whose active long-term key this is, in any account."""
        for account_id in sorted(self.accounts):
            user = self.iam(account_id).get_user_from_access_key_id(access_key)
            if user and any(k.access_key_id == access_key and k.status == "Active" for k in user.access_keys):
                return self._user(user)
        return None

    def user_key(self, account_id: str, name: str) -> tuple[str, str]:
        """The user's first access key and its secret, made when there is none."""
        user = self.iam(account_id).get_user(name)
        key = user.access_keys[0] if user.access_keys else self.iam(account_id).create_access_key(name)
        return key.access_key_id, key.secret_access_key

    def policy(self, account_id: str, arn: str) -> str | None:
        """The default version of a managed policy as this account sees it."""
        policy = self.iam(account_id).managed_policies.get(arn)
        return next((v.document for v in policy.versions if v.is_default), None) if policy else None

    def policy_names(self, account_id: str) -> list[str]:
        """The names of the account's own managed policies."""
        policies = self.iam(account_id).managed_policies.values()
        return [policy.name for policy in policies if f"::{account_id}:" in policy.arn]

    def policy_users(self, account_id: str, arn: str) -> list[str]:
        """The ARNs of roles, users and groups that carry a managed policy, attached or as boundary."""
        backend = self.iam(account_id)
        holders: list[Any] = [*backend.roles.values(), *backend.users.values(), *backend.groups.values()]
        return [
            holder.arn
            for holder in holders
            if arn in holder.managed_policies or getattr(holder, "permissions_boundary_arn", None) == arn
        ]

    def audiences(self, account_id: str, provider_arn: str) -> list[str] | None:
        """The client ids of an OIDC provider, None if the account has no such provider."""
        provider = self.iam(account_id).open_id_providers.get(provider_arn)
        return list(provider.client_id_list or []) if provider else None

    def bucket_owner(self, bucket: str) -> str | None:
        """The account of a bucket: their names are global."""
        from moto.s3.models import s3_backends

        found = s3_backends.bucket_accounts.get(bucket)
        return found[1] if found else None

    def created_at(self, account_id: str, name: str, moment: datetime) -> None:
        """Date a role by the sandbox's clock instead of the machine's."""
        self.iam(account_id).get_role(name).create_date = moment.replace(tzinfo=None)

    def forget_principal(self, arn: str, unique_id: str) -> None:
        """After a user or role is gone, trust policies name its id: a new one of that name is another.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
        """
        for role in (role for account_id in self.accounts for role in self._roles(account_id)):
            if f'"{arn}"' in role.assume_role_policy_document:
                document = json.loads(role.assume_role_policy_document)
                role.assume_role_policy_document = json.dumps(_renamed(document, arn, unique_id))

    def _roles(self, account_id: str) -> Iterator[Any]:
        yield from self.iam(account_id).roles.values() if account_id in self.accounts else ()

    def _role(self, role: Any) -> Entity:
        return Entity(
            account_id=role.account_id,
            name=role.name,
            arn=role.arn,
            unique_id=role.id,
            inline=tuple(role.policies.items()),
            attached=tuple(role.managed_policies),
            boundary=role.permissions_boundary_arn,
            trust=role.assume_role_policy_document,
            max_session=int(role.max_session_duration or 3600),
            tags=tuple((tag["Key"], tag["Value"]) for tag in role.tags),
        )

    def _user(self, user: Any) -> Entity:
        return Entity(
            account_id=user.account_id,
            name=user.name,
            arn=user.arn,
            unique_id=user.id,
            inline=tuple(user.policies.items()),
            attached=tuple(user.managed_policies),
            boundary=getattr(user, "permissions_boundary_arn", None),
        )


def _renamed(document: dict[str, Any], arn: str, unique_id: str) -> dict[str, Any]:
    """The document with a principal's ARN replaced; conditions stay as they are, as in AWS."""
    found = document["Statement"]
    for statement in found if isinstance(found, list) else [found]:
        principal = statement.get("Principal")
        if isinstance(principal, dict) and "AWS" in principal:
            named = principal["AWS"] if isinstance(principal["AWS"], list) else [principal["AWS"]]
            principal["AWS"] = [unique_id if name == arn else name for name in named]
    return document
