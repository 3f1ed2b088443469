"""Ways round a grant that somebody might think of, each before the judge. What stays open says so: it is in SECURITY.md."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from acme import ADMIN, ORDERS, READ_ONLY, SERVICE_LOGS, Ask, called, made
from callers import PEOPLE
from grants import ANYTHING, PROD, Grant, allowing
from judge import ALLOWED, DENIED, FORBIDDEN, Case, Document, Judge, Question, session

VIA = {"aws:ViaAWSService": "true"}
OTHER_TABLE = "arn:aws:dynamodb:eu-west-1:{account}:table/refunds"
every_kind = pytest.mark.parametrize(
    "ask", [ORDERS, READ_ONLY, SERVICE_LOGS], ids=["identity-center", "iam-user", "iam-role"]
)


def grant_of(repository: Path, ask: Ask = ORDERS) -> Grant:
    """The first grant of acme's request under a policy."""
    return made(repository, ask)[0]


def deleting(grant: Grant, context: Mapping[str, str] | None = None) -> Question:
    """What was not granted, on a table that lets the session in by name."""
    table = f"arn:aws:dynamodb:eu-west-1:{grant.account_id}:table/orders"
    question = grant.asks("dynamodb:DeleteItem", table, grant.opens)
    named = allowing({"AWS": grant.user().arn}, "dynamodb:*", table)
    return replace(question, resource_policy=named, context=context or {})


def under(policy: Document, condition: Mapping[str, object]) -> Document:
    """The same resource policy under a condition."""
    (statement,) = policy["Statement"]
    return {**policy, "Statement": [{**statement, "Condition": condition}]}


def test_a_source_identity_is_no_ticket(judge: Judge, repository: Path) -> None:
    """A resource policy that lets `bob` in by source identity adds no action for alice who calls herself so."""
    grant = grant_of(repository)
    question = deleting(grant, context={"aws:SourceIdentity": "bob"})
    assert question.resource_policy is not None
    trusting = under(question.resource_policy, {"StringEquals": {"aws:SourceIdentity": "bob"}})
    question = replace(question, resource_policy=trusting)
    stranger = replace(question, identity_policies=(), boundary=None)
    judge.confirm(
        "escalation",
        [
            Case(says="as bob", question=question, expected=FORBIDDEN),
            Case(says="the policy does let bob in", question=stranger, expected=ALLOWED),
        ],
    )


def test_known_a_chosen_source_identity_widens_resources(judge: Judge, repository: Path) -> None:
    """Known, and in SECURITY.md: where resources are opened by source identity, a granted action reaches them."""
    grant = grant_of(repository)
    other = OTHER_TABLE.format(account=grant.account_id)
    trusting = under(
        allowing({"AWS": "*"}, "dynamodb:GetItem", other), {"StringEquals": {"aws:SourceIdentity": "bob"}}
    )
    question = grant.asks("dynamodb:GetItem", other, grant.opens, resource_policy=trusting)
    chosen = replace(question, context={"aws:SourceIdentity": "bob"})
    judge.confirm(
        "known",
        [
            Case(says="as bob", question=chosen, expected=ALLOWED),
            Case(says="as herself", question=question, expected=DENIED),
            Case(says="after the end", question=replace(chosen, at=grant.expires_at), expected=FORBIDDEN),
        ],
    )


@pytest.mark.parametrize("ask", [ORDERS, READ_ONLY, ADMIN], ids=lambda ask: ask.policy)
def test_a_session_policy_takes_and_gives_nothing(judge: Judge, repository: Path, ask: Ask) -> None:
    """Whoever enters with a session policy that allows everything has what was granted, when it was granted."""

    def cases() -> Iterator[Case]:
        grant = grant_of(repository, ask)
        for call in ask.named:
            question = replace(called(grant, call), session_policy=ANYTHING)
            yield Case(says="in the window", question=question, expected=ALLOWED)
            late = replace(question, at=grant.expires_at)
            yield Case(says="after the end", question=late, expected=FORBIDDEN)
        for call in ask.beside:
            question = replace(called(grant, call), session_policy=ANYTHING)
            yield Case(says="beside", question=question, expected=DENIED)

    judge.confirm("escalation", cases())
    narrow: Document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
    }
    grant = grant_of(repository, ask)
    question = replace(called(grant, ask.named[0]), session_policy=narrow)
    judge.confirm("session policies", [Case(says="narrowed", question=question, expected=DENIED)])


def test_known_a_service_may_be_let_in_beyond_the_grant(judge: Judge, repository: Path) -> None:
    """Known, and in SECURITY.md: in the window a service that acts for the session is spared the second denial.

    It needs a resource policy that names the session, and a service that the grant itself lets act.
    """
    grant = grant_of(repository)
    question = deleting(grant, context=VIA)
    ended = grant.denied()
    judge.confirm(
        "known",
        [
            Case(says="via a service", question=question, expected=ALLOWED),
            Case(says="directly", question=deleting(grant), expected=FORBIDDEN),
            Case(says="after the end", question=replace(question, at=grant.expires_at), expected=FORBIDDEN),
            Case(says="ended early", question=deleting(ended, context=VIA), expected=FORBIDDEN),
        ],
    )


def test_no_service_makes_identities_for_a_session(judge: Judge, repository: Path) -> None:
    """By way of a service, too, a grant writes no IAM and takes no other credentials: the boundary makes no exception."""
    grant = grant_of(repository, ADMIN)
    role = f"arn:aws:iam::{grant.account_id}:role/"
    escapes = (
        ("iam:CreateRole", f"{role}mallory"),
        ("iam:PassRole", f"{role}deploy"),
        ("iam:CreateServiceLinkedRole", f"{role}aws-service-role/x.amazonaws.com/AWSServiceRoleForX"),
        ("iam:PutRolePolicy", grant.role_arn),
        ("sts:AssumeRole", f"{role}deploy"),
    )
    judge.confirm(
        "escalation",
        (
            Case(
                says="via cloudformation",
                question=grant.asks(action, resource, grant.opens, context=VIA),
                expected=FORBIDDEN,
            )
            for action, resource in escapes
        ),
    )


def test_known_a_managed_policy_leaves_room_for_resource_policies(judge: Judge, repository: Path) -> None:
    """Known, and in SECURITY.md: beside a managed policy a resource policy may add an action, until the end."""
    grant = grant_of(repository, READ_ONLY)
    secret = f"arn:aws:secretsmanager:eu-west-1:{grant.account_id}:secret:db-AbCdEf"
    question = replace(
        grant.asks("secretsmanager:GetSecretValue", secret, grant.opens),
        resource_policy=allowing({"AWS": grant.user().arn}, "secretsmanager:GetSecretValue", secret),
    )
    ended = replace(question, identity_policies=grant.denied().asks("x", "x", grant.opens).identity_policies)
    judge.confirm(
        "known",
        [
            Case(says="in the window", question=question, expected=ALLOWED),
            Case(says="after the end", question=replace(question, at=grant.expires_at), expected=FORBIDDEN),
            Case(says="ended early", question=ended, expected=FORBIDDEN),
        ],
    )


@every_kind
def test_nobody_comes_by_way_of_another_grant(judge: Judge, repository: Path, ask: Ask) -> None:
    """A session of any grant, under whatever name, enters no other grant; nor does the requester from within one."""

    def cases() -> Iterator[Case]:
        grant = grant_of(repository, ask)
        for person in PEOPLE[ask.requester]:
            name = person.userid.partition(":")[2] or "bob"
            for role in ("jit/jit-bob-orders-0123456789", "jit/AWSReservedSSO_Developer_0123456789abcdef"):
                chained = session(f"arn:aws:iam::{PROD}:role/{role}", name)
                question = grant.entered(chained, grant.opens)
                yield Case(says="chained", question=question, expected=DENIED)

    judge.confirm("escalation", cases())


@every_kind
def test_tags_open_no_grant(judge: Judge, repository: Path, ask: Ask) -> None:
    """Whoever carries the tags of the requester, or of anything else, stays out; no session tags are taken."""

    def cases() -> Iterator[Case]:
        grant = grant_of(repository, ask)
        stranger = session(f"arn:aws:iam::{PROD}:role/tagged", "mallory")
        for tags in (
            {"aws:PrincipalTag/jitbot:requester": ask.requester},
            {"aws:PrincipalTag/team": "payments"},
            {"aws:RequestTag/jitbot:requester": ask.requester},
        ):
            question = grant.entered(stranger, grant.opens, context=tags)
            yield Case(says="tagged", question=question, expected=DENIED)

    judge.confirm("escalation", cases())


def test_a_grants_own_tags_open_nothing_that_was_not_granted(judge: Judge, repository: Path) -> None:
    """A resource policy that goes by the tags of a grant adds no action to it."""
    grant = grant_of(repository)
    question = deleting(grant, context={"aws:PrincipalTag/jitbot:requester": "alice"})
    assert question.resource_policy is not None
    tagged = under(question.resource_policy, {"StringEquals": {"aws:PrincipalTag/jitbot:requester": "alice"}})
    judge.confirm(
        "escalation",
        [Case(says="tagged", question=replace(question, resource_policy=tagged), expected=FORBIDDEN)],
    )


def test_a_public_resource_is_no_way_round(judge: Judge, repository: Path) -> None:
    """What is open to the whole world is closed to a session after its end, and for what was not granted."""
    grant = grant_of(repository)
    question = replace(
        grant.asks("s3:GetObject", "arn:aws:s3:::public/x", grant.opens),
        resource_policy=allowing("*", "s3:GetObject", "*"),
    )
    judge.confirm(
        "escalation",
        [
            Case(says="not granted", question=question, expected=FORBIDDEN),
            Case(says="after the end", question=replace(question, at=grant.expires_at), expected=FORBIDDEN),
        ],
    )


@pytest.mark.parametrize("ask", [ORDERS, READ_ONLY, SERVICE_LOGS, ADMIN], ids=lambda ask: ask.policy)
def test_every_statement_has_a_name_of_its_own(repository: Path, ask: Ask) -> None:
    """AWS refuses a document in which a Sid occurs twice, and a guard must not be lost for that."""
    for grant in made(repository, ask):
        for document in (grant.trust_policy, grant.permission_policy):
            sids = [statement["Sid"] for statement in document["Statement"]]
            assert len(set(sids)) == len(sids)
            assert all(sid.isalnum() for sid in sids)
