"""An organisation and an identity store in moto, asked by the real client library over HTTP."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A moto server, with the management account's credentials."""

    url: str

    @property
    def environ(self) -> dict[str, str]:
        """What an admin has exported."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
        }

    def client(self, service: str) -> Any:
        """A client of the admin."""
        return boto3.client(
            service,  # type: ignore[call-overload]  # any service
            endpoint_url=self.url,
            region_name="us-east-1" if service == "organizations" else "eu-west-1",
            aws_access_key_id="AKIAEXAMPLE",
            aws_secret_access_key="secret",
        )

    def unit(self, name: str, parent: str | None = None) -> str:
        """Make a unit; its id."""
        organizations = self.client("organizations")
        parent = parent or organizations.list_roots()["Roots"][0]["Id"]
        made = organizations.create_organizational_unit(ParentId=parent, Name=name)
        return str(made["OrganizationalUnit"]["Id"])

    def account(self, name: str, unit: str | None = None, **tags: str) -> str:
        """Make an account in a unit; its id."""
        organizations = self.client("organizations")
        made = organizations.create_account(
            AccountName=name,
            Email="a@acme.com",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
        account_id = str(made["CreateAccountStatus"]["AccountId"])
        if unit is not None:
            root = organizations.list_roots()["Roots"][0]["Id"]
            organizations.move_account(AccountId=account_id, SourceParentId=root, DestinationParentId=unit)
        return account_id

    def users(self, names: Sequence[str], store: str = "d-1234567890") -> str:
        """Make users of Identity Center; the store's id."""
        client = self.client("identitystore")
        for name in names:
            client.create_user(
                IdentityStoreId=store,
                UserName=name,
                DisplayName=name,
                Name={"GivenName": "A", "FamilyName": "B"},
                Emails=[{"Value": "someone.else@acme.com", "Type": "work", "Primary": True}],
            )
        return store


@contextmanager
def open_directory() -> Iterator[Directory]:
    """moto, with an organisation in it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # not a line for each call
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    directory = Directory(url=f"http://{host}:{port}")
    try:
        directory.client("organizations").create_organization(FeatureSet="ALL")
        yield directory
    finally:
        boto_reset(directory.url)
        server.stop()


def boto_reset(url: str) -> None:
    """Empty moto, whose objects live as long as the process."""
    import requests

    requests.post(f"{url}/moto-api/reset", timeout=10)
