"""Grants as jitbot itself spells them, ready to be asked about."""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from judge import Caller, Document, Question, session
from moto.iam.aws_managed_policies import aws_managed_policies_data

from jitbot.cli import main
from jitbot.domain.aws import iam
from jitbot.sandbox.aws import accounts

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MERGED_AT = datetime(2026, 11, 24, 9, 0, 0, tzinfo=UTC)
PROD, STAGING, DATA, IDENTITY = "111111111111", "012345670123", "333333333333", "222222222222"
STRANGER = "444444444444"  # an account of somebody else
ANYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One role as AWS would hold it, with its window."""

    account_id: str
    role_arn: str
    trust_policy: Document
    permission_policy: Document
    managed_policies: tuple[str, ...]  # ARNs
    starts_at: datetime | None
    expires_at: datetime

    @property
    def opens(self) -> datetime:
        """The first second of the window; that of the merge where no start was asked for."""
        return self.starts_at or MERGED_AT

    @property
    def inside(self) -> tuple[datetime, datetime]:
        """The first and the last second of access."""
        return self.opens, self.expires_at - SECOND

    @property
    def edges(self) -> tuple[datetime, ...]:
        """The second before a start that was asked for, the end, and the second after it."""
        before = () if self.starts_at is None else (self.starts_at - SECOND,)
        return (*before, self.expires_at, self.expires_at + SECOND)

    @property
    def outside(self) -> tuple[datetime, ...]:
        """The edges, and long after."""
        return (*self.edges, self.expires_at + timedelta(days=30))

    def user(self, name: str = "whatever") -> Caller:
        """A session of the role."""
        return session(self.role_arn, name)

    def asks(self, action: str, resource: str, at: datetime, **others: Any) -> Question:
        """What a session of the role would do, in the role's own account unless said otherwise."""
        question = Question(
            caller=self.user(),
            action=action,
            resource=resource,
            account_id=self.account_id,
            at=at,
            identity_policies=(self.permission_policy, *map(managed, self.managed_policies)),
            boundary=boundary(self.account_id),
        )
        return replace(question, **others)

    def denied(self) -> "Grant":
        """The same role after an early end."""
        return replace(self, managed_policies=(*self.managed_policies, iam.DENY_ALL))

    def entered(self, caller: Caller, at: datetime, **others: Any) -> Question:
        """Somebody enters the role, with everything allowed that their own side can allow."""
        question = Question(
            caller=caller,
            action="sts:AssumeRole",
            resource=self.role_arn,
            account_id=self.account_id,
            at=at,
            identity_policies=(ANYTHING,),
            resource_policy=self.trust_policy,
        )
        return replace(question, **others)


def explained(folder: Path, request: str) -> tuple[Grant, ...]:
    """The grants of a request file below `folder`, by `jitbot explain`."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        code = main(["explain", request, "--format", "json"], now=MERGED_AT, environ={}, folder=folder)
    assert code == 0, output.getvalue()
    return tuple(_explained(grant) for grant in json.loads(output.getvalue())["grants"])


def rendered(documents: iam.Documents) -> Grant:
    """The grant that these documents make."""
    return Grant(
        account_id=documents.account_id,
        role_arn=documents.role_arn,
        trust_policy=documents.trust_policy,
        permission_policy=documents.permission_policy,
        managed_policies=documents.managed_policies,
        starts_at=documents.window.starts_at,
        expires_at=documents.window.expires_at,
    )


def naming(grant: Grant, action: str, resource: str) -> Iterator[tuple[str, Document]]:
    """Resource policies that let the grant's session in, each by another name, with that name."""
    principals: Mapping[str, object] = {
        "anyone": "*",
        "any AWS identity": {"AWS": "*"},
        "the account": {"AWS": grant.account_id},
        "the account's root": {"AWS": f"arn:aws:iam::{grant.account_id}:root"},
        "the role": {"AWS": grant.role_arn},
        "the session": {"AWS": grant.user().arn},
    }
    for name, principal in principals.items():
        yield name, allowing(principal, action, resource)


def allowing(principal: object, action: str, resource: str) -> Document:
    """A resource policy of one statement; without a resource where it is the trust policy of a role."""
    statement: dict[str, object] = {"Effect": "Allow", "Principal": principal, "Action": action}
    if not action.startswith("sts:"):
        statement["Resource"] = resource
    return {"Version": "2012-10-17", "Statement": [statement]}


@cache
def boundary(account_id: str) -> Document:
    """The permissions boundary that every grant in the account carries."""
    return accounts.boundary(account_id, "jit")


@cache
def managed(arn: str) -> Document:
    """An AWS managed policy, in AWS's own words."""
    document: Document = _managed_policies()[arn.rpartition("/")[2]]["Document"]
    return document


@cache
def _managed_policies() -> Mapping[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def _explained(grant: Mapping[str, Any]) -> Grant:
    assert grant["max_session_duration"] == 3600
    return Grant(
        account_id=grant["account_id"],
        role_arn=grant["role_arn"],
        trust_policy=grant["trust_policy"],
        permission_policy=grant["permission_policy"],
        managed_policies=tuple(grant["managed_policies"]),
        starts_at=grant["starts_at"] and datetime.fromisoformat(grant["starts_at"]),
        expires_at=datetime.fromisoformat(grant["expires_at"]),
    )
