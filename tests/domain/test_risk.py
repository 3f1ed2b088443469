"""How dangerous a grant is, in words that a phone can show."""

import pytest
from acme_facts import a_policy
from builders import the_documents

from jitbot.domain import iam
from jitbot.domain.model import Statement
from jitbot.domain.risk import Level, assess

ONE = "arn:aws:dynamodb:*:111111111111:table/orders"


def granting(*actions: str, on: str = ONE, managed: tuple[str, ...] = ()) -> iam.Documents:
    """A grant of these actions on one resource, and of these managed policies."""
    statements = (Statement(actions=actions, resources=(on,)),) if actions else ()
    return the_documents(policy=a_policy(statements=statements, managed_policies=managed))


@pytest.mark.parametrize(
    ("action", "on", "level", "why"),
    [
        ("dynamodb:GetItem", ONE, Level.LOW, None),
        ("dynamodb:Query", "*", Level.LOW, None),
        ("s3:List*", "*", Level.LOW, None),
        ("iam:ListRoles", "*", Level.LOW, None),
        ("kms:DescribeKey", ONE, Level.LOW, None),
        ("dynamodb:PutItem", ONE, Level.MEDIUM, "can change things"),
        ("dynamodb:PutItem", "*", Level.HIGH, "can change things on every resource"),
        ("dynamodb:D*", ONE, Level.MEDIUM, "can change things"),
        ("secretsmanager:GetSecretValue", ONE, Level.MEDIUM, "reads identities, keys or secrets"),
        ("iam:GetRole", "*", Level.MEDIUM, "reads identities, keys or secrets on every resource"),
        ("kms:Decrypt", ONE, Level.HIGH, "touches identities, keys or secrets"),
        ("iam:PassRole", "*", Level.HIGH, "touches identities, keys or secrets on every resource"),
        ("sts:AssumeRole", ONE, Level.HIGH, "touches identities, keys or secrets"),
        ("dynamodb:*", ONE, Level.HIGH, "every action of the service"),
        ("dynamodb:*", "*", Level.CRITICAL, "every action of the service on every resource"),
        ("iam:*", "*", Level.CRITICAL, "every action of the service on every resource"),
    ],
)
def test_an_action_is_judged_by_its_verb(action: str, on: str, level: Level, why: str | None) -> None:
    """Reading is low, changing is more, everything everywhere is most; the reason names the action."""
    risk = assess([granting(action, on=on)])
    assert (risk.level, risk.reasons) == (level, (f"{action}: {why}",) if why else ())


@pytest.mark.parametrize(
    "service", ["iam", "sts", "organizations", "kms", "secretsmanager", "sso", "account"]
)
def test_what_opens_doors_is_never_low(service: str) -> None:
    """In the services of identities, keys and secrets a change is high, and reading one thing is more than low."""
    assert assess([granting(f"{service}:PutThing")]).level is Level.HIGH
    assert assess([granting(f"{service}:GetThing")]).level is Level.MEDIUM
    assert assess([granting(f"{service}:ListThings", f"{service}:DescribeThing")]).level is Level.LOW


@pytest.mark.parametrize(
    ("name", "level", "why"),
    [
        ("AdministratorAccess", Level.CRITICAL, "can change nearly everything in the account"),
        ("PowerUserAccess", Level.CRITICAL, "can change nearly everything in the account"),
        ("IAMFullAccess", Level.CRITICAL, "can change nearly everything in the account"),
        ("ReadOnlyAccess", Level.MEDIUM, "reads nearly everything in the account"),
        ("SecurityAudit", Level.MEDIUM, "reads nearly everything in the account"),
        ("job-function/ViewOnlyAccess", Level.MEDIUM, "reads nearly everything in the account"),
        ("AmazonS3FullAccess", Level.HIGH, "an AWS managed policy, which AWS may widen"),
    ],
)
def test_a_managed_policy_is_judged_by_its_name(name: str, level: Level, why: str) -> None:
    """What AWS manages is never low: nobody here sees what is in it."""
    risk = assess([granting(managed=(name,))])
    assert (risk.level, risk.reasons) == (level, (f"{name.rpartition('/')[2]}: {why}",))


def test_the_worst_comes_first_and_only_once() -> None:
    """The level is that of the most dangerous part, whose reason leads; the same reason is said once."""
    both = granting("dynamodb:PutItem", "kms:Decrypt", managed=("ReadOnlyAccess",))
    risk = assess([both, both])
    assert risk.level is Level.HIGH
    assert [reason.partition(":")[0] for reason in risk.reasons] == ["kms", "ReadOnlyAccess", "dynamodb"]


def test_a_guard_is_no_danger() -> None:
    """Only what is allowed is judged: the guards deny everything, which is no power."""
    assert assess([granting("dynamodb:GetItem")]).reasons == ()


def test_nothing_granted_is_no_risk() -> None:
    """Without a grant, or a statement in it, there is nothing to warn of."""
    assert assess([]).as_json() == {"level": "low", "reasons": []}


def test_the_json_is_for_machines() -> None:
    """The level is a word in lower case and the reasons are a list."""
    risk = assess([granting("dynamodb:PutItem")])
    assert risk.as_json() == {"level": "medium", "reasons": ["dynamodb:PutItem: can change things"]}


def test_documents_without_statements_are_no_risk() -> None:
    """Documents read back without a list of statements allow nothing that could be judged."""
    empty = granting("dynamodb:PutItem")
    bare = iam.Documents(
        account=empty.account, account_id=empty.account_id, role_name=empty.role_name, path=empty.path,
        trust_policy={}, permission_policy={}, managed_policies=(),
        permissions_boundary=empty.permissions_boundary, tags={}, window=empty.window,
    )  # fmt: skip
    assert assess([bare]).level is Level.LOW
