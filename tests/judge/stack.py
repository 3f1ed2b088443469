"""The stack of `jitbot bootstrap` in one account, as the printed template makes it, ready to be attacked."""

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grants import MERGED_AT, PROD
from judge import Caller, Case, Document, Question, Verdict, session, token

import jitbot
from jitbot.cli import main
from jitbot.sandbox.aws import stacks

ACME = Path(jitbot.__file__).parent / "sandbox" / "acme"
ISSUER = "token.actions.githubusercontent.com"
IAM = f"arn:aws:iam::{PROD}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The resources of one stack in production."""

    namespace: str
    resources: Mapping[str, stacks.Resource]

    def role_arn(self, purpose: str) -> str:
        """One of jitbot's own roles."""
        return f"{IAM}role/{self._role(purpose)['RoleName']}"

    def permissions(self, purpose: str) -> Document:
        """What one of jitbot's own roles may do."""
        found: Document = self._role(purpose)["Policies"][0]["PolicyDocument"]
        return found

    def trust(self, purpose: str) -> Document:
        """Whom one of jitbot's own roles lets in."""
        found: Document = self._role(purpose)["AssumeRolePolicyDocument"]
        return found

    @property
    def boundary(self) -> Document:
        """The permissions boundary of every grant."""
        found: Document = self.resources["Boundary"].properties["PolicyDocument"]
        return found

    @property
    def boundary_arn(self) -> str:
        """The ARN that AWS gives the boundary."""
        return f"{IAM}policy/{self.resources['Boundary'].properties['ManagedPolicyName']}"

    def _role(self, purpose: str) -> dict[str, Any]:
        return self.resources[f"{purpose.title()}Role"].properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call, with the keys that AWS would send with it."""

    says: str
    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)
    resource_policy: Document | None = None


def printed(*options: str, **parameters: str) -> Stack:
    """The stack of acme's template, printed with these options and deployed with these parameters."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(io.StringIO()):
        arguments = ["bootstrap", "--format", "json", "--owner-id", "9000", *options]
        code = main(arguments, now=MERGED_AT, environ={}, folder=ACME)
    assert code == 0
    resources = stacks.resolve(json.loads(output.getvalue()), account_id=PROD, parameters=parameters)
    return Stack(namespace=parameters.get("Namespace", "jit"), resources=resources)


def tried(
    caller: Caller,
    policies: tuple[Document, ...],
    attempts: tuple[Attempt, ...],
    expected: frozenset[Verdict],
    boundary: Document | None = None,
) -> Iterator[Case]:
    """Each attempt as a case for the judge."""
    for attempt in attempts:
        question = Question(
            caller=caller,
            action=attempt.action,
            resource=attempt.resource,
            account_id=PROD,
            at=MERGED_AT,
            identity_policies=policies,
            boundary=boundary,
            resource_policy=attempt.resource_policy,
            context=attempt.context,
        )
        yield Case(says=attempt.says, question=question, expected=expected)


def by_role(
    stack: Stack, purpose: str, attempts: tuple[Attempt, ...], expected: frozenset[Verdict]
) -> Iterator[Case]:
    """Each attempt, made by a session of one of jitbot's own roles."""
    caller = session(stack.role_arn(purpose), "run-1")
    yield from tried(caller, (stack.permissions(purpose),), attempts, expected)


def enters(stack: Stack, purpose: str, claims: Mapping[str, str], provider: str = ISSUER) -> Question:
    """The holder of a token with these claims enters one of jitbot's own roles."""
    return Question(
        caller=token(f"{IAM}oidc-provider/{provider}"),
        action="sts:AssumeRoleWithWebIdentity",
        resource=stack.role_arn(purpose),
        account_id=PROD,
        at=MERGED_AT,
        resource_policy=stack.trust(purpose),
        context={f"{provider}:{claim}": value for claim, value in claims.items()},
    )
