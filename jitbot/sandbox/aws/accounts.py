"""What is in the sandbox's accounts: the stack that `jitbot bootstrap` prints, and what AWS and people bring."""

import functools
from datetime import timedelta
from typing import Any

from jitbot.domain.model.documents import Settings
from jitbot.domain.setup import account_template
from jitbot.sandbox.aws import stacks

Document = dict[str, Any]

MANAGED_POLICIES = ("AdministratorAccess", "ReadOnlyAccess")  # what a grant may carry, for acme
_VERBS = ("Describe", "Get", "List")  # of the shortened ReadOnlyAccess


@functools.cache
def template(
    *, namespace: str, issuer: str, repository: str, repository_id: int, owner_id: int
) -> stacks.Template:
    """The very template that an administrator deploys, for every service and acme's managed policies."""
    settings = Settings(
        repository=repository,
        repository_id=repository_id,
        namespace=namespace,
        issuer=issuer,
        approvals_valid_for=timedelta(days=1),  # nothing in the template depends on it
    )
    options = account_template.Options(
        services=account_template.ANY_SERVICE, managed_policies=MANAGED_POLICIES, owner_id=owner_id
    )
    return account_template.template(settings, options)


def boundary(account_id: str, namespace: str) -> Document:
    """The permissions boundary of every grant in the account."""
    made = template(
        namespace=namespace,
        issuer="https://token.actions.githubusercontent.com",
        repository="acme/access",
        repository_id=700001,
        owner_id=9000,
    )
    found: Document = stacks.resolve(made, account_id=account_id)["Boundary"].properties["PolicyDocument"]
    return found


def sign_in_trust(account_id: str) -> Document:
    """The trust of a role that people enter by single sign-on."""
    provider = f"arn:aws:iam::{account_id}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    actions = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    return _document({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": actions})


def aws_managed() -> dict[str, Document]:
    """AWS's own managed policies that the sandbox knows; ReadOnlyAccess is shortened to a few services."""
    reads = [
        f"{service}:{verb}*" for service in ("dynamodb", "ec2", "iam", "logs", "s3", "ssm") for verb in _VERBS
    ]
    reads += ["dynamodb:BatchGet*", "dynamodb:Query", "dynamodb:Scan", "logs:FilterLogEvents"]
    return {
        "AWSDenyAll": _document(_statement("Deny", "*", "*")),
        "AdministratorAccess": _document(_statement("Allow", "*", "*")),
        "ReadOnlyAccess": _document(_statement("Allow", reads, "*")),
        "IAMFullAccess": _document(_statement("Allow", "iam:*", "*")),
        "PowerUserAccess": _document(
            {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"}
        ),
    }


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _statement(
    effect: str, action: str | list[str], resource: str | list[str], condition: Document | None = None
) -> Document:
    statement: Document = {"Effect": effect, "Action": action, "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement
