"""Identity Center and AWS Organizations with the person's own credentials: the adapters of `jitbot.ports.directory`."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from jitbot.adapters.aws.errors import translated
from jitbot.adapters.aws.identity import REGION, config
from jitbot.domain.imports.accounts import OrganizationAccount
from jitbot.domain.model.documents import AccountId
from jitbot.domain.model.errors import UnavailableError

_ATTEMPTS = 5
_DEPTH = 5  # how deep AWS lets units lie: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html


class AmbientDirectory:
    """Both directories, as a person's profile, or the credentials in the environment, may read them."""

    def __init__(self, session: boto3.Session, *, endpoint: str | None) -> None:
        self._session = session
        self._endpoint = endpoint

    def users(self, store: str) -> Mapping[str, bool]:
        """https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_ListUsers.html"""
        found: dict[str, bool] = {}
        with translated(f"list the users of {store}"):
            client = self._client("identitystore", self._session.region_name or REGION)
            for page in client.get_paginator("list_users").paginate(IdentityStoreId=store):
                found |= {
                    str(user["UserName"]): user.get("UserStatus") != "DISABLED" for user in page["Users"]
                }
        return found

    def accounts(self, *, tags: bool) -> tuple[OrganizationAccount, ...]:
        """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html

        What lies below the units must be all that the organisation lists: an account that was just moved may be in
        neither, or in both.
        """
        with translated("list the accounts of the organisation"):
            client = self._client("organizations", REGION)
            manager = str(client.describe_organization()["Organization"]["MasterAccountId"])
            every = {str(raw["Id"]) for raw in _pages(client, "list_accounts", "Accounts")}
            roots = _pages(client, "list_roots", "Roots")
            found = [
                each
                for root in roots
                for each in self._below(client, str(root["Id"]), (), manager, tags=tags)
            ]
        if sorted(every) != sorted(each.account_id for each in found):
            raise UnavailableError(
                "AWS Organizations does not list every account once in its units: try again"
            )
        return tuple(found)

    def _below(
        self, client: Any, parent: str, units: tuple[str, ...], manager: str, *, tags: bool
    ) -> Iterator[OrganizationAccount]:
        if len(units) > _DEPTH:
            raise UnavailableError(f"units lie more than {_DEPTH} deep below {units[0]}")
        for raw in _pages(client, "list_accounts_for_parent", "Accounts", ParentId=parent):
            account_id = str(raw["Id"])
            listed = _pages(client, "list_tags_for_resource", "Tags", ResourceId=account_id) if tags else ()
            # AWS retired Status on 2026-09-09; an answer without either is no answer.
            state = raw.get("State") or raw.get("Status")
            if not state:
                raise UnavailableError(f"AWS does not say in which state the account {account_id} is")
            yield OrganizationAccount(
                account_id=AccountId(account_id),
                name=str(raw.get("Name", "")),
                state=str(state),
                units=units,
                tags={str(tag["Key"]): str(tag["Value"]) for tag in listed},
                manages=account_id == manager,
            )
        for unit in _pages(
            client, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent
        ):
            yield from self._below(client, str(unit["Id"]), (*units, str(unit["Name"])), manager, tags=tags)

    def _client(self, service: str, region: str) -> Any:
        clients: Any = self._session.client
        return clients(service, region_name=region, endpoint_url=self._endpoint, config=config(_ATTEMPTS))


def _pages(client: Any, operation: str, key: str, **arguments: str) -> Iterator[Mapping[str, Any]]:
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]
