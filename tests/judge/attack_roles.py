"""Attempts against a role that is not a grant: what its documents let a session do, and whom they let in.

Documents are plain dicts, from wherever they were made.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from judge import ALLOWED, DENIED, Case, Document, Judge, Question, session, token


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role as its account holds it."""

    arn: str
    identity_policies: tuple[Document, ...]
    boundary: Document | None = None

    @property
    def account_id(self) -> str:
        """The account that holds the role."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call: `says` is what the attacker hopes for; `context` holds the keys that AWS sends with this action.

    `resource_policy` is that of the resource, or the trust policy of a role to be assumed.
    """

    says: str
    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    resource_policy: Document | None = None
    allowed: bool = False


def confirm_attempts(
    judge: Judge, kind: str, role: Role, attempts: Iterable[Attempt], *, at: datetime
) -> None:
    """Assert that every attempt of a session of the role ends as it says; what is allowed is asked about, too."""
    judge.confirm(
        kind,
        (
            Case(
                says=attempt.says,
                question=Question(
                    caller=session(role.arn, "attempt"),
                    action=attempt.action,
                    resource=attempt.resource,
                    account_id=role.account_id,
                    at=at,
                    identity_policies=role.identity_policies,
                    boundary=role.boundary,
                    resource_policy=attempt.resource_policy,
                    context=attempt.context,
                ),
                expected=ALLOWED if attempt.allowed else DENIED,
            )
            for attempt in attempts
        ),
    )


def entering(
    *,
    role_arn: str,
    trust_policy: Document,
    provider_arn: str,
    claims: Mapping[str, str],
    at: datetime,
    says: str,
    allowed: bool = False,
) -> Case:
    """Somebody with a token of the provider tries to enter a role; `claims` are the token's, by their plain names."""
    issuer = provider_arn.partition("oidc-provider/")[2]
    question = Question(
        caller=token(provider_arn),
        action="sts:AssumeRoleWithWebIdentity",
        resource=role_arn,
        account_id=role_arn.split(":")[4],
        at=at,
        resource_policy=trust_policy,
        context={f"{issuer}:{claim}": value for claim, value in claims.items()},
    )
    return Case(says=says, question=question, expected=ALLOWED if allowed else DENIED)
