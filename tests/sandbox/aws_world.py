"""A small world for the tests of the embedded AWS: acme's accounts and people, an issuer, a clock."""

import functools
import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

import boto3
import jwt
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from jitbot.domain.model.documents import (
    AccountId,
    GithubId,
    IamRole,
    IamUser,
    IdentityCenter,
    Login,
    Person,
    Principal,
)
from jitbot.sandbox.aws import AwsSandbox
from jitbot.sandbox.clock import Clock

PROD, STAGING, DATA, IDENTITY = "111111111111", "012345670123", "333333333333", "222222222222"
BOUNDARY = f"arn:aws:iam::{PROD}:policy/jitbot-boundary"
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
START = datetime(2026, 11, 24, 9, tzinfo=UTC)
END = START + timedelta(hours=2)
SECOND = timedelta(seconds=1)

ALICE = IdentityCenter(account=AccountId(IDENTITY), permission_set="Developer", user_name="alice@acme.com")
MALLORY = IdentityCenter(
    account=AccountId(IDENTITY), permission_set="Developer", user_name="mallory@acme.com"
)
BOB = IamUser(arn=f"arn:aws:iam::{IDENTITY}:user/bob")
FRANK = IamUser(arn=f"arn:aws:iam::{IDENTITY}:user/frank")
CAROL = IamRole(arn=f"arn:aws:iam::{IDENTITY}:role/engineers", userid="AROAENGINEERSEXAMPLE1:carol")
PEOPLE: dict[str, Principal] = {
    "alice": ALICE,
    "mallory": MALLORY,
    "bob": BOB,
    "frank": FRANK,
    "carol": CAROL,
}
SSO_ROLE = (
    f"arn:aws:iam::{IDENTITY}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_0123456789abcdef"
)

ANYTHING = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
Document = dict[str, Any]


@functools.cache
def key(name: str) -> RSAPrivateKey:
    """A signing key, made once in the test run."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def shown(moment: datetime) -> str:
    """A moment as policies write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def window(start: datetime = START, end: datetime = END) -> Document:
    """The condition of a grant's window."""
    return {
        "DateGreaterThanEquals": {"aws:CurrentTime": shown(start)},
        "DateLessThan": {"aws:CurrentTime": shown(end)},
    }


def trust(principal: Any, condition: Document | None = None, action: Any = "sts:AssumeRole") -> Document:
    """One statement of a trust policy for `{"AWS": principal}`."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action}
    return {**statement, "Condition": condition} if condition else statement


def document(*statements: Document) -> str:
    """A policy document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refused(call: Any, **arguments: Any) -> str:
    """The error code with which AWS refuses this call; the test fails if it does not."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


class Issuer:
    """An OIDC issuer that publishes one key and signs with any."""

    def __init__(self) -> None:
        keys = {
            "keys": [
                {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key("good").public_key())), "kid": "k1"}
            ]
        }

        class Exchange(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path == "/_oidc/.well-known/jwks"
                self.send_response(200 if found else 404)
                self.end_headers()
                self.wfile.write(json.dumps(keys).encode() if found else b"")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
        self._server.daemon_threads = False
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/_oidc"

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def token(self, now: datetime, *, signed_by: str = "good", kid: str = "k1", **claims: Any) -> str:
        """A token like GitHub's for grant.yml on main, but for these claims; None leaves a claim out."""
        found = {
            "iss": self.url,
            "aud": "sts.amazonaws.com",
            "sub": "repo:acme/access:ref:refs/heads/main",
            "repository": "acme/access",
            "repository_id": "700001",
            "repository_owner_id": "9000",
            "ref": "refs/heads/main",
            "job_workflow_ref": "acme/access/.github/workflows/grant.yml@refs/heads/main",
            "actor": "olivia",
            "event_name": "push",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(now.timestamp()) + 300,
            **claims,
        }
        claims = {name: value for name, value in found.items() if value is not None}
        return jwt.encode(claims, key(signed_by), algorithm="RS256", headers={"kid": kid})


class World:
    """The running sandbox with acme in it."""

    def __init__(self) -> None:
        self.clock = Clock(START)
        self.issuer = Issuer()
        self.aws = AwsSandbox(self.clock)

    def __enter__(self) -> Self:
        self.aws.start()
        for account_id in (PROD, STAGING, DATA):
            self.aws.seed_account(account_id, issuer=self.issuer.url)
        people = enumerate(PEOPLE.items())
        self.aws.seed_people(
            [Person(login=Login(n), github_id=GithubId(i), principal=p) for i, (n, p) in people]
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.aws.stop()
        self.issuer.stop()

    def client(self, service: str, environment: dict[str, str]) -> Any:
        """A boto3 client with these credentials that never retries and leaves every check to the server."""
        return _session().client(
            service,
            endpoint_url=self.aws.url,
            region_name="eu-west-1",
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=environment.get("AWS_SESSION_TOKEN"),
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    def admin(self, account_id: str = PROD) -> Any:
        """IAM as someone who changes an account by hand."""
        return self.client("iam", self.aws.admin(account_id))

    def role(
        self, name: str, *trusted: Document, permissions: list[Document] | None = None, account: str = PROD
    ) -> str:
        """Make a role under /jit/ by hand; gives its ARN."""
        admin = self.admin(account)
        made = admin.create_role(RoleName=name, Path="/jit/", AssumeRolePolicyDocument=document(*trusted))
        admin.put_role_policy(
            RoleName=name, PolicyName="jit", PolicyDocument=document(*(permissions or ANYTHING))
        )
        return str(made["Role"]["Arn"])

    def sts(self, principal: Any) -> Any:
        """STS as this person."""
        return self.client("sts", self.aws.credentials(principal))

    def enter(self, principal: Any, arn: str, name: str = "work", **more: Any) -> dict[str, str]:
        """The environment of a session of the role, entered by this person."""
        return environment(self.sts(principal).assume_role(RoleArn=arn, RoleSessionName=name, **more))

    def anonymous(self) -> Any:
        """STS as nobody."""
        return _session().client(
            "sts",
            endpoint_url=self.aws.url,
            region_name="eu-west-1",
            aws_access_key_id="unused",
            aws_secret_access_key="unused",
        )

    def workflow(self, role: str, account: str = PROD, **claims: Any) -> dict[str, str]:
        """The environment of a workflow run that enters one of jitbot's own roles."""
        if "job_workflow_ref" not in claims:
            claims["job_workflow_ref"] = f"acme/access/.github/workflows/{role}.yml@refs/heads/main"
        answer = self.anonymous().assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{account}:role/jitbot-{role}",
            RoleSessionName="run-1",
            WebIdentityToken=self.issuer.token(self.clock.now(), **claims),
        )
        return environment(answer)


def environment(answer: dict[str, Any]) -> dict[str, str]:
    """The environment of the credentials in an answer of STS."""
    found = answer["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }


@functools.cache
def _session() -> Any:
    return boto3.Session(aws_access_key_id="unused", aws_secret_access_key="unused")
