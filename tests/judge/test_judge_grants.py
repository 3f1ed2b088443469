"""Every policy of acme, as `jitbot explain` spells it, before the judge."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from acme import ASKS, BY_AWS, IDS, PLANNED, WRITTEN_OUT, Ask, both, called, made
from grants import HOUR, MERGED_AT, STRANGER, Grant, allowing, naming
from judge import ALLOWED, DENIED, FORBIDDEN, Case, Judge, Question, Verdict, session

every_policy = pytest.mark.parametrize("ask", ASKS, ids=IDS)
every_list_of_actions = pytest.mark.parametrize("ask", WRITTEN_OUT, ids=IDS[: len(WRITTEN_OUT)])

# What a session would love to reach beside its grant: action, resource.
LOOT = (
    ("dynamodb:DeleteItem", "arn:aws:dynamodb:eu-west-1:{account}:table/orders"),
    ("kms:Decrypt", "arn:aws:kms:eu-west-1:{account}:key/01234567-89ab-cdef-0123-456789abcdef"),
    ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:{account}:function:payout"),
    ("s3:PutObject", "arn:aws:s3:::acme-data-{account}/reports/2026/november.csv"),
    ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:{account}:secret:db-AbCdEf"),
    ("sns:Publish", "arn:aws:sns:eu-west-1:{account}:payouts"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:{account}:payouts"),
    ("sts:AssumeRole", "arn:aws:iam::{account}:role/deploy"),
)
KEY = "arn:aws:kms:eu-west-1:{account}:key/01234567-89ab-cdef-0123-456789abcdef"


def at_all(
    says: str, question: Question, moments: tuple[datetime, ...], expected: frozenset[Verdict]
) -> Iterator[Case]:
    """The same question at several moments."""
    for at in moments:
        yield Case(says=says, question=replace(question, at=at), expected=expected)


def invited(question: Question, grant: Grant) -> Iterator[tuple[str, Question]]:
    """The same question where the resource itself lets the session in, under each name it can be given."""
    if question.resource != "*":
        for name, policy in naming(grant, question.action, question.resource):
            yield name, replace(question, resource_policy=policy)


@every_policy
def test_the_window_is_exact(judge: Judge, repository: Path, ask: Ask) -> None:
    """What is named is allowed from the first to the last second, and denied at the end and a second around."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            for call in ask.named:
                question = called(grant, call)
                yield from at_all("inside", question, grant.inside, ALLOWED)
                yield from at_all("outside", question, grant.outside, FORBIDDEN)

    judge.confirm("window", cases())


@every_policy
def test_what_lies_beside_is_denied(judge: Judge, repository: Path, ask: Ask) -> None:
    """Inside the window, a look-alike resource, another region or another action is denied."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            for call in ask.beside:
                yield from at_all("beside", called(grant, call), grant.inside, DENIED)

    judge.confirm("other resources", cases())


@every_policy
def test_another_account_is_out_of_reach(judge: Judge, repository: Path, ask: Ask) -> None:
    """What is named in one account is denied in another; no resource policy there helps, where actions are listed."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            for call in ask.named:
                elsewhere = called(grant, call, account=STRANGER)
                if elsewhere.resource == "*":  # names no account: AWS answers for the caller's own
                    continue
                yield from at_all("elsewhere", elsewhere, grant.inside, DENIED)
                for name, question in invited(elsewhere, grant) if ask in WRITTEN_OUT else ():
                    yield from at_all(f"elsewhere, named {name}", question, grant.inside[:1], DENIED)

    judge.confirm("other accounts", cases())


@every_policy
def test_no_resource_policy_opens_the_window(judge: Judge, repository: Path, ask: Ask) -> None:
    """Outside the window nothing helps: not a resource policy for anyone, the account, the role, the session."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            for call in ask.named:
                for name, question in invited(called(grant, call), grant):
                    yield from at_all(f"named {name}", question, grant.edges, FORBIDDEN)

    judge.confirm("resource policies", cases())


@every_list_of_actions
def test_no_resource_policy_adds_an_action(judge: Judge, repository: Path, ask: Ask) -> None:
    """Inside the window an action that was not granted is denied, whatever a resource policy says."""

    def cases() -> Iterator[Case]:
        others = [each for each in LOOT if each[0] not in {call.action for call in ask.named}]
        for grant in both(repository, ask):
            for account in (grant.account_id, STRANGER):
                for action, resource in others:
                    asked = grant.asks(action, resource.format(account=account), grant.opens)
                    for name, question in invited(replace(asked, account_id=account), grant):
                        yield from at_all(f"named {name}", question, grant.inside[:1], FORBIDDEN)

    judge.confirm("resource policies", cases())


@pytest.mark.parametrize("by_way_of", ["s3", "secretsmanager", "ssm"])
@every_list_of_actions
def test_a_service_may_decrypt_for_the_session(
    judge: Judge, repository: Path, ask: Ask, by_way_of: str
) -> None:
    """A key that a service uses for the session still works in the window; asked directly, or after it, never."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            resource = KEY.format(account=grant.account_id)
            question = replace(
                grant.asks("kms:Decrypt", resource, grant.opens),
                # The key policy of AWS's own keys for a service: anyone of this account, through that service.
                resource_policy=allowing({"AWS": "*"}, "kms:Decrypt", "*"),
                context={
                    "kms:ViaService": f"{by_way_of}.eu-west-1.amazonaws.com",
                    "aws:ViaAWSService": "true",
                },
            )
            yield from at_all("by way of a service", question, grant.inside, ALLOWED)
            yield from at_all("by way of a service", question, grant.outside, FORBIDDEN)
            direct = replace(question, context={"aws:ViaAWSService": "false"})
            yield from at_all("directly", direct, grant.inside, FORBIDDEN)

    judge.confirm("services", cases())


@every_policy
def test_an_early_end_is_complete(judge: Judge, repository: Path, ask: Ask) -> None:
    """With AWSDenyAll attached nothing is allowed at any time, resource policies included."""

    def cases() -> Iterator[Case]:
        for live in both(repository, ask):
            grant = live.denied()
            for call in ask.named:
                question = called(grant, call)
                moments = (*grant.inside, *grant.outside)
                yield from at_all("ended early", question, moments, FORBIDDEN)
                for name, other in invited(question, grant):
                    yield from at_all(f"ended early, named {name}", other, grant.inside[:1], FORBIDDEN)

    judge.confirm("early ends", cases())


@every_policy
def test_an_extension_reaches_its_new_end_and_no_further(judge: Judge, repository: Path, ask: Ask) -> None:
    """The same role, extended, goes on through its former end, and is over exactly at the new one."""

    def cases() -> Iterator[Case]:
        for starts_at in (None, PLANNED):
            former = made(repository, ask, starts_at=starts_at)
            longer = made(repository, ask, starts_at=starts_at, duration=ask.longer)
            for before, grant in zip(former, longer, strict=True):
                assert before.role_arn == grant.role_arn
                assert before.expires_at < grant.expires_at
                for call in ask.named:
                    question = called(grant, call)
                    through = (*before.inside, before.expires_at, *grant.inside)
                    yield from at_all("extended", question, through, ALLOWED)
                    yield from at_all("extended", question, grant.outside, FORBIDDEN)
                    for name, other in invited(question, grant):
                        yield from at_all(f"extended, named {name}", other, grant.edges[-2:-1], FORBIDDEN)

    judge.confirm("extensions", cases())


@every_policy
def test_the_role_is_worth_nothing_to_another(judge: Judge, repository: Path, ask: Ask) -> None:
    """A session of another role, even under the same session name, is given nothing by the grant being there."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            other = session(f"arn:aws:iam::{grant.account_id}:role/jit/jit-another", "whatever")
            for call in ask.named:
                question = replace(called(grant, call), caller=other, identity_policies=())
                yield from at_all("another role", question, grant.inside, DENIED)
                if question.resource != "*":
                    named = allowing({"AWS": grant.user().arn}, question.action, question.resource)
                    question = replace(question, resource_policy=named)
                    yield from at_all("another role", question, grant.inside, DENIED)

    judge.confirm("other roles", cases())


@pytest.mark.parametrize("ask", BY_AWS, ids=lambda ask: ask.policy)
def test_the_boundary_holds_what_a_managed_policy_allows(judge: Judge, repository: Path, ask: Ask) -> None:
    """A session under a managed policy can reach no identity, whatever a resource policy says of the session."""

    def cases() -> Iterator[Case]:
        for grant in both(repository, ask):
            role = f"arn:aws:iam::{grant.account_id}:role/"
            escapes = [
                ("iam:AttachRolePolicy", grant.role_arn),
                ("iam:CreateAccessKey", f"arn:aws:iam::{grant.account_id}:user/bob"),
                ("iam:DeleteRolePermissionsBoundary", grant.role_arn),
                ("iam:DeleteRolePolicy", grant.role_arn),
                ("iam:PassRole", f"{role}deploy"),
                ("iam:PutRolePolicy", grant.role_arn),
                ("iam:UpdateAssumeRolePolicy", grant.role_arn),
                ("sts:AssumeRole", grant.role_arn),
            ]
            for action, resource in escapes:
                question = grant.asks(action, resource, grant.opens)
                yield from at_all("escape", question, grant.inside, FORBIDDEN)
            chained = grant.asks("sts:AssumeRole", f"{role}deploy", grant.opens)
            for name, question in invited(chained, grant):
                yield from at_all(f"chained, named {name}", question, grant.inside, FORBIDDEN)

    judge.confirm("boundary", cases())


def test_a_resource_policy_may_widen_the_resources_of_a_granted_action(
    judge: Judge, repository: Path
) -> None:
    """The known limit, as written down: what is granted on one resource another's own policy may add."""
    grant = made(repository, WRITTEN_OUT[0])[0]
    other = f"arn:aws:dynamodb:eu-west-1:{grant.account_id}:table/refunds"
    question = replace(
        grant.asks("dynamodb:GetItem", other, grant.opens),
        resource_policy=allowing({"AWS": grant.role_arn}, "dynamodb:GetItem", other),
    )
    judge.confirm("limits", at_all("widened", question, grant.inside, ALLOWED))


@pytest.mark.parametrize(
    ("guard", "at", "action"),
    [
        ("Expired", MERGED_AT + 100 * HOUR, "dynamodb:GetItem"),
        ("NotYet", MERGED_AT, "dynamodb:GetItem"),
        ("OnlyGranted", MERGED_AT + 46 * HOUR, "dynamodb:DeleteItem"),
    ],
)
def test_each_guard_is_what_stops_a_resource_policy(
    judge: Judge, repository: Path, guard: str, at: datetime, action: str
) -> None:
    """The judge sees what the guards are for: take one away, and the resource policy lets the session in."""
    grant = made(repository, WRITTEN_OUT[0], starts_at=PLANNED)[0]
    table = f"arn:aws:dynamodb:eu-west-1:{grant.account_id}:table/orders"
    named = allowing({"AWS": grant.user().arn}, action, table)
    question = replace(grant.asks(action, table, at), resource_policy=named)
    statements = grant.permission_policy["Statement"]
    without = {
        **grant.permission_policy,
        "Statement": [statement for statement in statements if statement["Sid"] != guard],
    }
    assert len(without["Statement"]) == len(statements) - 1
    cases = (
        Case(says=f"with {guard}", question=question, expected=FORBIDDEN),
        Case(
            says=f"without {guard}",
            question=replace(question, identity_policies=(without,)),
            expected=ALLOWED,
        ),
    )
    judge.confirm("guards", cases)
