"""Puts accounts and people into the store, in process: seconds over HTTP, milliseconds here."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

from jitbot.domain.aws import service_roles
from jitbot.domain.model.documents import IamRole, IamUser, IdentityCenter, Principal
from jitbot.domain.model.errors import InvalidError
from jitbot.sandbox.aws import accounts, stacks
from jitbot.sandbox.aws.stacks import Resource
from jitbot.sandbox.aws.store import Entity, RoleStore

SSO_PATH = "/aws-reserved/sso.amazonaws.com/"
SSO_SUFFIX = "0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The repository whose workflows may enter, as GitHub's issuer names it."""

    repository: str
    repository_id: int
    owner_id: int
    issuer: str


def open_account(store: RoleStore, account_id: str) -> None:
    """Make the account exist, with AWS's managed policies."""
    from moto.iam.models import AWSManagedPolicy

    if account_id in store.accounts:
        return
    store.accounts.add(account_id)
    date = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    for name, document in accounts.aws_managed().items():
        found = {
            "DefaultVersionId": "v1",
            "Path": "/",
            "Document": document,
            "CreateDate": date,
            "UpdateDate": date,
        }
        policy = AWSManagedPolicy.from_data(name, account_id, "us-east-1", found)
        store.iam(account_id).managed_policies[policy.arn] = policy


def seed_target(store: RoleStore, account_id: str, namespace: str, trusted: Trusted) -> None:
    """Give an account the stack of `jitbot bootstrap`: the issuer, the boundary and jitbot's three roles.

    An issuer that the account knows already stays as it is, as an administrator would choose.
    """
    open_account(store, account_id)
    template = accounts.template(
        namespace=namespace,
        issuer=trusted.issuer,
        repository=trusted.repository,
        repository_id=trusted.repository_id,
        owner_id=trusted.owner_id,
    )
    known = store.audiences(account_id, _provider_arn(account_id, trusted.issuer)) is not None
    parameters = {"CreateOidcProvider": "false" if known else "true"}
    for resource in stacks.resolve(template, account_id=account_id, parameters=parameters).values():
        _make(store, account_id, resource)


def seed_principal(store: RoleStore, principal: Principal, namespace: str) -> None:
    """Make the user or role behind a person exist, allowed to enter grants; once for a shared role."""
    account_id, path, name = locate(principal)
    open_account(store, account_id)
    permission_policy = service_roles.requester_policy(namespace)
    if isinstance(principal, IamUser):
        if store.user(account_id, name) is None:
            store.iam(account_id).create_user("us-east-1", name, path)
            store.iam(account_id).put_user_policy(name, "enter-grants", json.dumps(permission_policy))
        return
    if store.role(account_id, name) is None:
        _role(store, account_id, name, path, accounts.sign_in_trust(account_id), permission_policy)
        if isinstance(principal, IamRole):
            _rename_id(store, account_id, name, principal.userid.partition(":")[0])


def locate(principal: Principal) -> tuple[str, str, str]:
    """The account id, path and name of the user or role behind a principal."""
    match principal:
        case IdentityCenter():
            return principal.account, SSO_PATH, f"AWSReservedSSO_{principal.permission_set}_{SSO_SUFFIX}"
        case IamUser() | IamRole():
            _, _, _, _, account_id, resource = principal.arn.split(":", 5)
            path, _, name = resource.partition("/")[2].rpartition("/")
            return account_id, f"/{path}/" if path else "/", name
        case _:
            assert_never(principal)


def session_name(principal: IdentityCenter | IamRole) -> str:
    """The session name by which AWS distinguishes the people who share one role."""
    return (
        principal.user_name if isinstance(principal, IdentityCenter) else principal.userid.partition(":")[2]
    )


def role_of(store: RoleStore, principal: Principal) -> Entity:
    """The seeded role behind a principal; raises InvalidError when nobody seeded it."""
    account_id, path, name = locate(principal)
    role = store.role(account_id, name)
    if role is None or role.arn != f"arn:aws:iam::{account_id}:role{path}{name}":
        raise InvalidError(f"the sandbox has no role {path}{name} in account {account_id}; seed it first")
    return role


def _make(store: RoleStore, account_id: str, resource: Resource) -> None:
    found = resource.properties
    match resource.kind:
        case "AWS::IAM::OIDCProvider":
            _provider(store, account_id, found["Url"], found["ClientIdList"])
        case "AWS::IAM::ManagedPolicy":
            document = json.dumps(found["PolicyDocument"])
            store.iam(account_id).create_policy("", "/", document, found["ManagedPolicyName"], [])
        case "AWS::IAM::Role":
            trust, inline = found["AssumeRolePolicyDocument"], found["Policies"][0]["PolicyDocument"]
            _role(store, account_id, found["RoleName"], "/", trust, inline)
        case _:
            raise InvalidError(f"the sandbox cannot make a {resource.kind}")


def _provider(store: RoleStore, account_id: str, issuer: str, audiences: list[str]) -> None:
    """Registered under any scheme: AWS itself would take https alone."""
    from moto.iam.models import OpenIDConnectProvider

    provider = OpenIDConnectProvider(
        account_id=account_id,
        region_name="us-east-1",
        url=f"https://{issuer.partition('://')[2]}",
        thumbprint_list=["0" * 40],
        client_id_list=audiences,
        tags={},
    )
    store.iam(account_id).open_id_providers[_provider_arn(account_id, issuer)] = provider


def _provider_arn(account_id: str, issuer: str) -> str:
    return f"arn:aws:iam::{account_id}:oidc-provider/{issuer.partition('://')[2]}"


def _role(
    store: RoleStore,
    account_id: str,
    name: str,
    path: str,
    trust: dict[str, Any],
    permission_policy: dict[str, Any],
) -> None:
    backend = store.iam(account_id)
    backend.create_role(name, json.dumps(trust), path, None, "", [], "3600")
    backend.put_role_policy(name, "permissions", json.dumps(permission_policy))


def _rename_id(store: RoleStore, account_id: str, name: str, unique_id: str) -> None:
    """Give a role the unique id that people.yaml pins."""
    backend = store.iam(account_id)
    role = backend.get_role(name)
    del backend.roles[role.id]
    role.id = unique_id
    backend.roles[unique_id] = role
