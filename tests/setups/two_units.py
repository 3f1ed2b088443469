"""Two access repositories of one organisation, each with a namespace of its own in the same accounts.

Both are on the same embedded GitHub and AWS, under the same issuer, with the same people. The second is set up as
the guide says: its settings, its stack that leaves the issuer to the first, and what requesters need for its roles.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import boto3
from acme_world import PROD, World, open_world
from rich.console import Console

from jitbot.adapters.oidc import ActionsOidc
from jitbot.cli import main
from jitbot.domain.aws.service_roles import AUDIENCE
from jitbot.sandbox.aws.store import Entity
from jitbot.sandbox.organisation import Acme, acme_tree

NAMESPACE, REPOSITORY, REPOSITORY_ID = "pay", "acme/payments-access", 700002
PEOPLE = "222222222222"  # the account in which people sign in


class Unit(Acme):
    """Another access repository, on the GitHub and in the accounts of a first one."""

    def __init__(self, first: Acme) -> None:
        super().__init__(first.clock, tree=unit_tree)
        with self.github:
            pass  # the one that every acme brings is not needed
        self.github, self.aws = first.github, first.aws

    def __enter__(self) -> Self:
        self._seed()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def unit_tree(issuer: str) -> dict[str, bytes]:
    """acme's files, as another business unit would have them: the same people and policies, its own settings."""
    tree = acme_tree(issuer)
    settings = tree["policies/settings.yaml"].decode()
    for key, value in (
        ("repository", REPOSITORY),
        ("repository_id", str(REPOSITORY_ID)),
        ("namespace", NAMESPACE),
    ):
        (line,) = (line for line in settings.splitlines() if line.startswith(f"{key}:"))
        settings = settings.replace(f"{line}\n", f"{key}: {value}\n")
    return {**tree, "policies/settings.yaml": settings.encode()}


@contextmanager
def open_units() -> Iterator[tuple[World, World]]:
    """Both, running, in the state they begin in."""
    with open_world() as first, Unit(first.acme) as unit:
        second = World(acme=unit, jitbot=main, console=Console(quiet=True))
        let_requesters_in(second)
        yield first, second


def let_requesters_in(world: World) -> None:
    """Give everybody who asks what `jitbot bootstrap --requesters` prints for this repository."""
    printed = world.run("bootstrap", "--requesters", code=0, aside=True).output
    document = printed[printed.index("{") : printed.rindex("}") + 1]
    keys = world.acme.aws.admin(PEOPLE)
    iam = boto3.client(
        "iam",
        endpoint_url=world.acme.aws.url,
        region_name="eu-west-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    named: dict[str, Any] = {
        "PolicyName": f"enter-{world.acme.settings.namespace}",
        "PolicyDocument": document,
    }
    for role in iam.list_roles()["Roles"]:
        iam.put_role_policy(RoleName=role["RoleName"], **named)
    for user in iam.list_users()["Users"]:
        iam.put_user_policy(UserName=user["UserName"], **named)


def roles_of(world: World, account_id: str = PROD) -> list[Entity]:
    """The roles under a repository's own path in an account."""
    store = world.acme.aws._store
    found = (store.role(account_id, name) for name in store.role_names(account_id))
    path = f":role/{world.acme.settings.namespace}/"
    return [each for each in found if each is not None and path in each.arn]


def entered(world: World, workflow: str, role_name: str) -> Any:
    """IAM, for a job of this workflow on the repository's main that enters a role of production by that name.

    Raises ClientError if AWS does not let it in.
    """
    environ = world.acme.job(workflow)
    issuer = ActionsOidc(
        world.acme.settings.issuer,
        request_url=environ["ACTIONS_ID_TOKEN_REQUEST_URL"],
        request_token=environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
        user_agent="test",
    )
    where: dict[str, Any] = {"endpoint_url": world.acme.aws.url, "region_name": "eu-west-1"}
    nobody = boto3.client("sts", aws_access_key_id="x", aws_secret_access_key="x", **where)
    found = nobody.assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{PROD}:role/{role_name}",
        RoleSessionName="run-1",
        WebIdentityToken=issuer.token(AUDIENCE),
    )["Credentials"]
    return boto3.client(
        "iam",
        aws_access_key_id=found["AccessKeyId"],
        aws_secret_access_key=found["SecretAccessKey"],
        aws_session_token=found["SessionToken"],
        **where,
    )


def trusting_anybody() -> str:
    """A trust policy that an attacker would write."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{PEOPLE}:root"},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
