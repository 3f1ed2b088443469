"""The organisation acme in plain values: its people, its rules, and alice's request."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import (
    AccountId,
    Finding,
    GithubId,
    IamRole,
    IamUser,
    IdentityCenter,
    Login,
    Parameter,
    Parsed,
    Person,
    Policy,
    Principal,
    Request,
    Settings,
    Sha,
    Statement,
)
from jitbot.domain.model.merge_facts import Actor, Rules
from jitbot.domain.model.roster import Membership, Roster

T = TypeVar("T")


def sha(text: str) -> Sha:
    """A git object name that is always the same for the same text."""
    return Sha(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MERGED_AT = datetime(2026, 11, 24, 9, 0, 0, tzinfo=UTC)
NOW = MERGED_AT + MINUTE
EXPIRES_AT = MERGED_AT + 2 * HOUR

BASE, HEAD, MERGE, BLOB = sha("base"), sha("head"), sha("merge"), sha("blob")
PATH = "requests/orders-db-read/2026-11/24-alice-refunds.yaml"
ROLE_ID = "AROAGRANTEXAMPLE12345"

PROD, STAGING, DATA = AccountId("111111111111"), AccountId("012345670123"), AccountId("333333333333")
IDENTITY = AccountId("222222222222")  # where people live
ACCOUNTS: Mapping[str, AccountId] = {"prod": PROD, "staging": STAGING, "data": DATA}


def _center(login: str) -> IdentityCenter:
    return IdentityCenter(account=IDENTITY, permission_set="Developer", user_name=f"{login}@acme.com")


def _user(login: str) -> IamUser:
    return IamUser(arn=f"arn:aws:iam::{IDENTITY}:user/{login}")


_CAROL = IamRole(arn=f"arn:aws:iam::{IDENTITY}:role/engineers", userid="AROAENGINEERSEXAMPLE1:carol")
_PEOPLE: tuple[tuple[str, int, Principal | None], ...] = (
    ("alice", 1001, _center("alice")),
    ("bob", 1002, _user("bob")),
    ("carol", 1003, _CAROL),
    ("dave", 1004, _center("dave")),
    ("erin", 1005, None),
    ("frank", 1006, _user("frank")),
    ("grace", 1007, _center("grace")),
    ("heidi", 1008, None),
    ("olivia", 1009, None),
    ("mallory", 1666, _center("mallory")),
)
PEOPLE: dict[Login, Person] = {
    Login(login): Person(login=Login(login), github_id=GithubId(number), principal=principal)
    for login, number, principal in _PEOPLE
}
TEAMS: dict[str, tuple[Login, ...]] = {
    team: tuple(Login(login) for login in logins.split())
    for team, logins in (
        ("acme/payments", "alice carol mallory"),
        ("acme/payments-leads", "bob"),
        ("acme/sre", "dave"),
        ("acme/security", "erin"),
        ("acme/platform", "frank olivia"),
        ("acme/data", "grace"),
        ("acme/data-leads", "heidi"),
        ("acme/engineering", "alice bob carol dave frank grace mallory"),
    )
}
OWNERS = """\
*                           @acme/platform
/requests/orders-db-read/   @acme/payments-leads
/policies/                  @acme/security
"""


def otherwise(value: T, changes: Mapping[str, Any]) -> T:
    """A frozen value with these changes. Most tests change none: making the same value again takes most of their time."""
    return replace(value, **changes) if changes else value  # type: ignore[type-var]


def a_person(login: str, **changes: Any) -> Person:
    """One of acme's people; a login that acme does not know needs at least a `github_id`."""
    known = PEOPLE.get(Login(login))
    return otherwise(known, changes) if known else Person(login=Login(login), **changes)


def people(*others: Person) -> dict[Login, Person]:
    """Acme's people, with these added or in the place of those of the same login."""
    return {**PEOPLE, **{person.login: person for person in others}}


def teams(**others: str) -> dict[str, tuple[Login, ...]]:
    """Acme's teams, with others: `payments_leads="bob dave"` is the team acme/payments-leads."""
    named = {
        f"acme/{team.replace('_', '-')}": tuple(Login(login) for login in logins.split())
        for team, logins in others.items()
    }
    return {**TEAMS, **named}


def an_actor(login: str, **changes: Any) -> Actor:
    """The GitHub account of one of acme's people."""
    return otherwise(_actor(login), changes)


@cache
def _actor(login: str) -> Actor:
    known = PEOPLE.get(Login(login))
    return Actor(login=Login(login), github_id=known.github_id if known else GithubId(1))


_SETTINGS = Settings(
    repository="acme/access",
    repository_id=700001,
    namespace="jit",
    issuer="https://token.actions.githubusercontent.com",
    approvals_valid_for=DAY,
)
_POLICY = Policy(
    name="orders-db-read",
    description="Read one DynamoDB table",
    eligible=("@acme/payments", "dave"),
    accounts=("prod", "staging"),
    max_duration=4 * HOUR,
    approvals=1,
    ticket_required=False,
    parameters=(Parameter(name="table", enum=("orders", "refunds")),),
    statements=(
        Statement(
            actions=("dynamodb:GetItem", "dynamodb:Query"),
            resources=("arn:aws:dynamodb:*:{{account_id}}:table/{{table}}",),
        ),
    ),
    managed_policies=(),
)
_REQUEST = Request(
    path=PATH,
    requester=Login("alice"),
    accounts=("prod",),
    duration=2 * HOUR,
    reason="INC-1234 refunds are stuck in the queue",
    parameters={"table": "orders"},
)


def the_settings(**changes: Any) -> Settings:
    """Acme's settings.yaml."""
    return otherwise(_SETTINGS, changes)


def a_policy(**changes: Any) -> Policy:
    """The policy orders-db-read."""
    return otherwise(_POLICY, changes)


def a_request(**changes: Any) -> Request:
    """Alice's request for the table orders in prod, for two hours."""
    return otherwise(_REQUEST, changes)


def unreadable(code: str = "yaml-syntax") -> Parsed[Any]:
    """A document that did not parse, with its finding."""
    finding = Finding(code=code, message="it cannot be read", file="policies/some.yaml", line=1, column=1)
    return Parsed(value=None, findings=(finding,))


@cache
def _read(text: str) -> codeowners.CodeOwners:
    """A CODEOWNERS file; most tests have the same, and it never changes."""
    return codeowners.parse(text)


def the_rules(**changes: Any) -> Rules:
    """Acme's rules. A value stands for a document that parsed: `the_rules(policy=a_policy(approvals=2))`."""
    if isinstance(changes.get("teams"), Mapping):
        changes["teams"] = Roster(everybody=changes["teams"])
    plain: dict[str, Any] = {
        name: value if name == "codeowners" or isinstance(value, Parsed) else Parsed(value=value)
        for name, value in changes.items()
    }
    return otherwise(_acmes(), plain)


@cache
def _acmes() -> Rules:
    return Rules(
        settings=Parsed(value=_SETTINGS),
        accounts=Parsed(value=ACCOUNTS),
        people=Parsed(value=PEOPLE),
        teams=Parsed(value=Roster(everybody=TEAMS)),
        policy=Parsed(value=_POLICY),
        codeowners=_read(OWNERS),
    )


def at(minute: int) -> datetime:
    """The moment of a minute after acme's merges."""
    return MERGED_AT + minute * MINUTE


def a_roster_by_minutes(teams: Mapping[str, Iterable[tuple[str, int | None, int | None]]]) -> Roster:
    """Teams of logins, each from and until which minute after acme's merges; None is no date."""

    def entry(login: str, since: int | None, until: int | None) -> Membership:
        return Membership(
            login=Login(login),
            since=None if since is None else at(since),
            until=None if until is None else at(until),
        )

    return Roster.of({team: tuple(entry(*each) for each in entries) for team, entries in teams.items()})


def owned_by(*owners: str) -> codeowners.CodeOwners:
    """A CODEOWNERS file in which orders-db-read's requests have these owners (none: an ownerless line)."""
    return _read(f"* @acme/platform\n/requests/orders-db-read/ {' '.join(owners)}\n")


# Rules under which the same request would give something else.
WIDER = the_rules(policy=a_policy(statements=(Statement(actions=("dynamodb:*",), resources=("*",)),)))
