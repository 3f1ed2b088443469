"""The people of acme as AWS sees them call, and those who would like to be taken for them."""

from collections.abc import Mapping

from grants import DATA, IDENTITY, PROD, STRANGER
from judge import Caller, root, service, session, user

DEVELOPER = "AWSReservedSSO_Developer_0123456789abcdef"
ENGINEERS = f"arn:aws:iam::{IDENTITY}:role/engineers"
ENGINEERS_ID = "AROAENGINEERSEXAMPLE1"


def signed_in(
    name: str,
    *,
    role: str = DEVELOPER,
    path: str = "/aws-reserved/sso.amazonaws.com/",
    account: str = IDENTITY,
) -> Caller:
    """A session of a permission set's role, by Identity Center."""
    return session(f"arn:aws:iam::{account}:role{path}{role}", name)


def engineer(name: str, *, role: str = ENGINEERS, role_id: str = ENGINEERS_ID) -> Caller:
    """A session of the role that engineers share."""
    return session(role, name, role_id=role_id)


def iam_user(name: str, *, account: str = IDENTITY) -> Caller:
    """An IAM user, of the account in which people live unless said otherwise."""
    return user(f"arn:aws:iam::{account}:user/{name}")


# Every way in which a person may rightly appear.
PEOPLE: Mapping[str, tuple[Caller, ...]] = {
    "alice": (
        signed_in("alice@acme.com"),
        signed_in("alice@acme.com", path="/aws-reserved/sso.amazonaws.com/eu-west-1/"),
        signed_in("alice@acme.com", role="AWSReservedSSO_Developer_fedcba9876543210"),
    ),
    "bob": (iam_user("bob"),),
    "carol": (engineer("carol"),),
    "dave": (signed_in("dave@acme.com"),),
    "frank": (iam_user("frank"),),
    "grace": (signed_in("grace@acme.com"),),
    "mallory": (signed_in("mallory@acme.com"),),
}

_LOOK_ALIKES = (
    *(
        signed_in("alice@acme.com", role=f"AWSReservedSSO_{role}")
        for role in (
            "Developer_x_0123456789abcdef",
            "DeveloperX_0123456789abcdef",
            "Develope_0123456789abcdef",
            "XDeveloper_0123456789abcdef",
            "developer_0123456789abcdef",
            "Developer_0123456789abcde",
            "Developer_0123456789abcdef0",
            "Developer_0123456789abcdef_0123456789abcdef",
            "Developer_",
            "Developer",
        )
    ),
    *(
        signed_in("alice@acme.com", path=path)
        for path in (
            "/",
            "/aws-reserved/",
            "/sso.amazonaws.com/",
            "/aws-reserved/sso.amazonaws.com.evil/",
            "/team/aws-reserved/sso.amazonaws.com/",
            "/aws-reserved/sso_amazonaws.com/",
            "/AWS-reserved/sso.amazonaws.com/",
        )
    ),
    *(signed_in("alice@acme.com", account=account) for account in (PROD, DATA, STRANGER)),
    *(
        signed_in(name)
        for name in (
            "ALICE@acme.com",
            "alice@ACME.com",
            "x:alice@acme.com",
            ":alice@acme.com",
            "AROASESSIONEXAMPLE001:alice@acme.com",
            "alice@acme.com.evil",
            "alice@acme.com ",
            "alice@acme.co",
            "alice@acmeXcom",
            "xalice@acme.com",
            "alice",
            "*",
            "*@acme.com",
            "????????????????",
            "${aws:userid}",
        )
    ),
    *(engineer(name) for name in ("alice@acme.com", "carol2", "Carol", "x:carol", "bob", "*")),
    engineer("carol", role_id="AROAANOTHERROLE000001"),  # the role was deleted and made again
    engineer("carol", role=f"arn:aws:iam::{IDENTITY}:role/engineers2"),
    engineer("carol", role=f"arn:aws:iam::{IDENTITY}:role/engineers2", role_id="AROAANOTHERROLE000001"),
    engineer("carol", role=f"arn:aws:iam::{STRANGER}:role/engineers"),
    engineer("alice@acme.com", role=f"arn:aws:iam::{IDENTITY}:role/{DEVELOPER}"),
    session(f"arn:aws:iam::{IDENTITY}:role/bob", "bob"),
    *(iam_user(name) for name in ("bob2", "Bob", "team/bob", "carol", "alice@acme.com")),
    *(iam_user("bob", account=account) for account in (PROD, STRANGER)),
)
_POWERS = (
    *(root(account) for account in (IDENTITY, PROD, STRANGER)),
    session(f"arn:aws:iam::{IDENTITY}:role/Admin", "alice@acme.com"),
    session(f"arn:aws:iam::{PROD}:role/Admin", "bob"),
    session(f"arn:aws:iam::{PROD}:role/jitbot-grant", "run-1"),
    session(f"arn:aws:iam::{PROD}:role/jit/jit-another", "alice@acme.com"),
    service("ec2.amazonaws.com"),
    service("lambda.amazonaws.com"),
    service("sso.amazonaws.com"),
)


def impostors(login: str) -> tuple[Caller, ...]:
    """Everyone who is not that person: colleagues, look-alikes and the mighty."""
    others = tuple(caller for person, callers in PEOPLE.items() if person != login for caller in callers)
    return others + _LOOK_ALIKES + _POWERS
