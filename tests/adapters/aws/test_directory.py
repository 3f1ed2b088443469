"""AWS Organizations and Identity Center as the real client library reads them from moto."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aws_directory import Directory, open_directory
from botocore.stub import Stubber

from jitbot.adapters.aws.directory import AmbientDirectory
from jitbot.adapters.aws.person import person_session
from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.wiring.directory import directory_of


@pytest.fixture
def directory() -> Iterator[Directory]:
    """An organisation of its own."""
    with open_directory() as opened:
        yield opened


def test_accounts_with_their_units_and_tags(directory: Directory) -> None:
    """Nested units are followed; the management account is known as such; tags are asked for where they are wanted."""
    workloads = directory.unit("Workloads")
    production = directory.unit("Production", workloads)
    prod = directory.account("Prod", production, env="live")
    dev = directory.account("Dev", workloads)
    reader = directory_of(directory.environ, None)
    found = {str(each.account_id): each for each in reader.accounts(tags=True)}
    (manager,) = (each for each in found.values() if each.manages)
    assert (found[prod].name, found[prod].units, dict(found[prod].tags)) == (
        "Prod",
        ("Workloads", "Production"),
        {"env": "live"},
    )
    assert (found[dev].units, found[dev].state, found[dev].manages) == (("Workloads",), "ACTIVE", False)
    assert (manager.units, len(found)) == ((), 3)
    assert all(not each.tags for each in reader.accounts(tags=False))


def test_users_page_by_page(directory: Directory) -> None:
    """All of them, by their user name; no e-mail address is looked at."""
    names = [f"user-{number}@acme.com" for number in range(120)]
    store = directory.users(names)
    assert directory_of(directory.environ, None).users(store) == dict.fromkeys(names, True)


class Stubbed:
    """A session whose one client answers as it is given."""

    region_name = "eu-west-1"

    def __init__(self, service: str, *answers: tuple[str, dict[str, Any]]) -> None:
        self.regions: list[str] = []
        environ = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
        session: Any = person_session(environ, None, "")
        self._client = session.client(service, region_name="us-east-1")
        self._stubber = Stubber(self._client)
        for operation, answer in answers:
            self._stubber.add_response(operation, answer)
        self._stubber.activate()

    def client(self, *_: Any, region_name: str, **__: Any) -> Any:
        """The client."""
        self.regions.append(region_name)
        return self._client


def organization(listed: list[dict[str, Any]], below: list[dict[str, Any]]) -> AmbientDirectory:
    """An organisation that lists some accounts, and below its root these."""
    session: Any = Stubbed(
        "organizations",
        ("describe_organization", {"Organization": {"MasterAccountId": "000000000001"}}),
        ("list_accounts", {"Accounts": listed}),
        ("list_roots", {"Roots": [{"Id": "r-1234"}]}),
        ("list_accounts_for_parent", {"Accounts": below}),
        ("list_organizational_units_for_parent", {"OrganizationalUnits": []}),
    )
    return AmbientDirectory(session, endpoint=None)


ONE = {"Id": "000000000002", "Name": "Prod", "State": "ACTIVE"}


def test_what_moves_meanwhile_is_no_answer() -> None:
    """An account that no unit lists, or that only a unit lists: the import would take it for removed."""
    assert len(organization([ONE], [ONE]).accounts(tags=False)) == 1
    for listed, below in (([ONE], []), ([], [ONE]), ([ONE], [ONE, ONE])):
        with pytest.raises(UnavailableError, match="does not list every account once"):
            organization(listed, below).accounts(tags=False)


def test_the_state_of_an_account() -> None:
    """AWS's newer field counts, then the retired one; without either nothing is known."""
    (account,) = organization([ONE], [{**ONE, "State": "CLOSED", "Status": "ACTIVE"}]).accounts(tags=False)
    assert account.state == "CLOSED"
    old = {"Id": "000000000002", "Name": "Prod", "Status": "SUSPENDED"}
    (account,) = organization([old], [old]).accounts(tags=False)
    assert account.state == "SUSPENDED"
    nothing = {"Id": "000000000002", "Name": "Prod"}
    with pytest.raises(UnavailableError, match="does not say in which state"):
        organization([nothing], [nothing]).accounts(tags=False)


def test_a_disabled_user_is_known_as_such() -> None:
    """A store that says nothing of it has users who may sign in."""
    users = [
        {
            "UserId": str(number),
            "UserArn": f"arn:aws:identitystore:::user/{number:08}-0000-4000-8000-000000000000",
            "Revision": "1",
            "IdentityStoreId": "d-1234567890",
            "UserName": name,
            **status,
        }
        for number, (name, status) in enumerate(
            (("a", {}), ("b", {"UserStatus": "ENABLED"}), ("c", {"UserStatus": "DISABLED"}))
        )
    ]
    session: Any = Stubbed("identitystore", ("list_users", {"Users": users}))
    assert AmbientDirectory(session, endpoint=None).users("d-1234567890") == {
        "a": True,
        "b": True,
        "c": False,
    }


@pytest.mark.parametrize(("own", "asked"), [("eu-west-1", "eu-west-1"), (None, "us-east-1")])
def test_users_are_asked_for_where_the_person_is(own: str | None, asked: str) -> None:
    """Identity Center has a region; without one of the person's own it is the usual one."""
    session: Any = Stubbed("identitystore", ("list_users", {"Users": []}))
    session.region_name = own
    assert AmbientDirectory(session, endpoint=None).users("d-1234567890") == {}
    assert session.regions == [asked]


@pytest.mark.parametrize("deep", [5, 6])
def test_units_lie_no_deeper_than_aws_lets_them(deep: int) -> None:
    """Deeper ones, or such that hold each other, are no organisation: the search for accounts ends."""
    names = [f"ou-abcd-0000000{number}" for number in range(1, deep + 1)]
    answers: list[tuple[str, dict[str, Any]]] = [
        ("describe_organization", {"Organization": {"MasterAccountId": "000000000001"}}),
        ("list_accounts", {"Accounts": [ONE]}),
        ("list_roots", {"Roots": [{"Id": "r-1234"}]}),
    ]
    for number, name in enumerate([*names, None]):
        answers.append(("list_accounts_for_parent", {"Accounts": [] if name else [ONE]}))
        units = [{"Id": name, "Name": f"U{number + 1}"}] if name else []
        answers.append(("list_organizational_units_for_parent", {"OrganizationalUnits": units}))
    session: Any = Stubbed("organizations", *answers)
    directory = AmbientDirectory(session, endpoint=None)
    if deep == 5:
        (found,) = directory.accounts(tags=False)
        assert found.units == ("U1", "U2", "U3", "U4", "U5")
    else:
        with pytest.raises(UnavailableError, match="more than 5 deep below U1"):
            directory.accounts(tags=False)


def test_a_refusal_is_a_refusal() -> None:
    """Without the right to read it nothing is imported."""
    session: Any = Stubbed("organizations")
    stubber = session._stubber
    stubber.add_client_error("describe_organization", "AccessDeniedException", "no", 400)
    with pytest.raises(DeniedError, match="list the accounts of the organisation"):
        AmbientDirectory(session, endpoint=None).accounts(tags=False)
    assert isinstance(person_session({}, None, ""), boto3.Session)
