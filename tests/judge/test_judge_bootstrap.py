"""jitbot's own roles and boundary under attack, judged on the template that `jitbot bootstrap` prints."""

from collections.abc import Iterator
from functools import cache

import escalations as tries
import pytest
from grants import PROD, allowing, managed
from judge import ALLOWED, DENIED, FORBIDDEN, Case, Judge, session
from stack import ISSUER, Attempt, Stack, by_role, enters, printed, tried

WORK = {"grant": tries.GRANT_WORK, "sweep": tries.SWEEP_WORK, "audit": tries.AUDIT_WORK}
ATTEMPTS = {"grant": tries.GRANT_ATTEMPTS, "sweep": tries.SWEEP_ATTEMPTS, "audit": tries.AUDIT_ATTEMPTS}
ADMINISTRATOR = managed(tries.ADMIN)

FILES = {"grant": ("grant.yml",), "sweep": ("sweep.yml", "revoke.yml"), "audit": ("audit.yml",)}
every_role = pytest.mark.parametrize("purpose", list(FILES))


@cache
def acme(*options: str) -> Stack:
    """acme's stack in production, printed with these options."""
    return printed(*options)


@every_role
def test_each_role_can_do_its_work(judge: Judge, purpose: str) -> None:
    """What a role is for is allowed, so that the refusals below mean something."""
    judge.confirm("own roles", by_role(acme(), purpose, WORK[purpose], ALLOWED))


@every_role
def test_no_role_escalates(judge: Judge, purpose: str) -> None:
    """Whoever holds a session of one of jitbot's own roles gets no further than its work."""
    judge.confirm("escalation", by_role(acme(), purpose, ATTEMPTS[purpose], DENIED))


@every_role
def test_no_role_is_widened_by_hand(judge: Judge, purpose: str) -> None:
    """Beside AdministratorAccess, too, a role does nothing but the kinds of calls that it is for."""
    stack = acme()
    own = {attempt.action for attempt in WORK[purpose]}
    others = tuple(attempt for attempt in ATTEMPTS[purpose] if attempt.action not in own)
    caller = session(stack.role_arn(purpose), "run-1")
    policies = (stack.permissions(purpose), ADMINISTRATOR)
    judge.confirm("escalation", tried(caller, policies, others, FORBIDDEN))


def test_an_administrator_in_a_grant_stays_in_it(judge: Judge) -> None:
    """AdministratorAccess under the boundary is explicitly denied every way out, and everything of jitbot's."""
    caller, policies = session(tries.OWN, "dave"), (ADMINISTRATOR,)
    boundary = acme().boundary
    judge.confirm("own roles", tried(caller, policies, tries.ADMIN_WORK, ALLOWED, boundary))
    judge.confirm("escalation", tried(caller, policies, tries.ADMIN_ATTEMPTS, FORBIDDEN, boundary))


def test_no_resource_policy_opens_the_boundary(judge: Judge) -> None:
    """A trust policy that names the very session is held back too: the boundary's denials are explicit."""
    naming = {"AWS": session(tries.OWN, "dave").arn}
    statement = {"Effect": "Allow", "Principal": naming, "Action": "sts:AssumeRole"}
    trusting = {"Version": "2012-10-17", "Statement": [statement]}
    attempt = Attempt(
        says="named", action="sts:AssumeRole", resource=tries.ELSEWHERE[0], resource_policy=trusting
    )
    caller = session(tries.OWN, "dave")
    judge.confirm("own roles", tried(caller, (), (attempt,), ALLOWED))
    judge.confirm("escalation", tried(caller, (), (attempt,), FORBIDDEN, acme().boundary))


def test_the_boundary_keeps_to_the_listed_services(judge: Judge) -> None:
    """Under a list of services an administrator reaches those alone, and keys only through a service."""
    boundary = acme("--services", "dynamodb,s3").boundary
    caller, key = session(tries.OWN, "dave"), f"arn:aws:kms:eu-west-1:{PROD}:key/k"
    via, policy = {"aws:ViaAWSService": "true"}, allowing({"AWS": f"arn:aws:iam::{PROD}:root"}, "kms:*", "*")
    table, queue = f"arn:aws:dynamodb:eu-west-1:{PROD}:table/orders", f"arn:aws:sqs:eu-west-1:{PROD}:q"
    inside = (
        Attempt(says="listed", action="dynamodb:GetItem", resource=table),
        Attempt(says="listed", action="s3:GetObject", resource="arn:aws:s3:::b/k"),
        Attempt(says="via", action="kms:Decrypt", resource=key, context=via, resource_policy=policy),
    )
    outside = (
        Attempt(says="not listed", action="sqs:SendMessage", resource=queue),
        Attempt(says="not listed", action="ec2:DescribeInstances", resource="*"),
        Attempt(says="not listed", action="iam:ListRoles", resource="*"),
        Attempt(says="not via", action="kms:Decrypt", resource=key, resource_policy=policy),
        Attempt(
            says="too much", action="kms:PutKeyPolicy", resource=key, context=via, resource_policy=policy
        ),
    )
    judge.confirm("own roles", tried(caller, (ADMINISTRATOR,), inside, ALLOWED, boundary))
    judge.confirm("escalation", tried(caller, (ADMINISTRATOR,), outside, DENIED, boundary))


def test_no_resource_policy_adds_a_service_to_the_boundary(judge: Judge) -> None:
    """Under a list of services even a resource policy that names the very session opens no other service."""
    boundary = acme("--services", "dynamodb,s3").boundary
    caller, queue = session(tries.OWN, "dave"), f"arn:aws:sqs:eu-west-1:{PROD}:q"
    attempts = tuple(
        Attempt(
            says=f"named {name}",
            action="sqs:SendMessage",
            resource=queue,
            resource_policy=allowing(principal, "sqs:*", queue),
        )
        for name, principal in {
            "anyone": "*",
            "the account": {"AWS": f"arn:aws:iam::{PROD}:root"},
            "the role": {"AWS": tries.OWN},
            "the session": {"AWS": caller.arn},
        }.items()
    )
    judge.confirm("escalation", tried(caller, (ADMINISTRATOR,), attempts, FORBIDDEN, boundary))
    every = acme("--services", "*").boundary
    judge.confirm("own roles", tried(caller, (ADMINISTRATOR,), attempts, ALLOWED, every))


def test_no_managed_policy_where_none_is_listed(judge: Judge) -> None:
    """With an empty list a grant can be created, written and denied, and nothing else attached to it."""
    stack = acme("--managed-policies", "")
    attach = next(each for each in tries.GRANT_WORK if each.says == "attach")
    rest = tuple(each for each in tries.GRANT_WORK if each is not attach)
    judge.confirm("own roles", by_role(stack, "grant", rest, ALLOWED))
    judge.confirm("escalation", by_role(stack, "grant", (attach, *tries.GRANT_ATTEMPTS), DENIED))


@pytest.mark.parametrize("namespace", ["ops", "jitx", "ji", "xjit", "jitbo", "jitbotbot"])
@every_role
def test_two_namespaces_share_nothing(judge: Judge, purpose: str, namespace: str) -> None:
    """Side by side in one account, the roles of one namespace cannot touch the grants or limits of the other.

    However much one's name looks like the other's.
    """
    other = printed(Namespace=namespace, CreateOidcProvider="false")
    foreign = tuple(each for each in WORK[purpose] if each.resource != "*")
    judge.confirm("escalation", by_role(other, purpose, foreign, DENIED))
    judge.confirm("escalation", by_role(other, purpose, ATTEMPTS[purpose][:8], DENIED))


@every_role
def test_known_a_namespace_called_like_jitbots_own_roles_may_read_them(judge: Judge, purpose: str) -> None:
    """Known, and in SECURITY.md: the namespace `jitbot` reads, by the names of its grants, the roles of `jit`.

    It reads and no more: their limits hold against it like against any other.
    """
    other = printed(Namespace="jitbot", CreateOidcProvider="false")
    read = Attempt(says="read", action="iam:GetRole", resource=tries.JITBOTS[0])
    judge.confirm("known", by_role(other, purpose, (read,), ALLOWED))
    foreign = tuple(
        each
        for each in WORK[purpose]
        if each.resource != "*" and not each.action.startswith(("iam:Get", "iam:List"))
    )
    writes = tuple(each for each in ATTEMPTS[purpose] if "jitbot-" in each.resource)
    judge.confirm("escalation", by_role(other, purpose, (*foreign, *writes), DENIED))


def claims(**others: str | None) -> dict[str, str]:
    """The claims of a token of grant.yml on main, but for these; None leaves a claim out."""
    found = {
        "aud": "sts.amazonaws.com",
        "sub": "repo:acme/access:ref:refs/heads/main",
        "repository_id": "700001",
        "repository_owner_id": "9000",
        "ref": "refs/heads/main",
        "job_workflow_ref": "acme/access/.github/workflows/grant.yml@refs/heads/main",
        **others,
    }
    return {name: value for name, value in found.items() if value is not None}


def workflow(file: str, branch: str = "main") -> str:
    """The claim of a job that a workflow file defines."""
    return f"acme/access/.github/workflows/{file}@refs/heads/{branch}"


# Tokens that no setting lets in: their subject or audience tells.
STRANGERS = {
    "another repository": claims(sub="repo:acme/other:ref:refs/heads/main", repository_id="700002"),
    "a longer name": claims(sub="repo:acme/access2:ref:refs/heads/main"),
    "a shorter name": claims(sub="repo:acme/acces:ref:refs/heads/main"),
    "a fork": claims(sub="repo:mallory/access:ref:refs/heads/main", repository_id="700666"),
    "another owner's namesake": claims(sub="repo:acme2/access:ref:refs/heads/main"),
    "a branch": claims(sub="repo:acme/access:ref:refs/heads/mallory", ref="refs/heads/mallory"),
    "a longer branch": claims(sub="repo:acme/access:ref:refs/heads/main2", ref="refs/heads/main2"),
    "a branch below main": claims(sub="repo:acme/access:ref:refs/heads/main/x", ref="refs/heads/main/x"),
    "a tag called main": claims(sub="repo:acme/access:ref:refs/tags/main", ref="refs/tags/main"),
    "a pull request": claims(sub="repo:acme/access:pull_request", ref="refs/pull/7/merge"),
    "an environment": claims(sub="repo:acme/access:environment:production"),
    "an environment with a telling name": claims(sub="repo:acme/access:environment:ref:refs/heads/main"),
    "another case of the owner": claims(sub="repo:Acme/access:ref:refs/heads/main"),
    "another case of the name": claims(sub="repo:acme/Access:ref:refs/heads/main"),
    "another case of the branch": claims(sub="repo:acme/access:ref:refs/heads/MAIN", ref="refs/heads/MAIN"),
    "a pattern": claims(sub="repo:acme/*"),
    "no subject": claims(sub=None),
    "recreated, with its new number": claims(
        sub="repo:acme@9000/access@700099:ref:refs/heads/main", repository_id="700099"
    ),
    "recreated, under its owner's new number": claims(sub="repo:acme@9999/access@700001:ref:refs/heads/main"),
    "numbers in another place": claims(sub="repo:acme@700001/access@9000:ref:refs/heads/main"),
    "the ledger's audience": claims(aud="jitbot-ledger:0123456789abcdef"),
    "GitHub's default audience": claims(aud="https://github.com/acme"),
    "no audience": claims(aud=None),
}
# Tokens that only the newer claims tell apart.
PINNED = {
    "another workflow on main": claims(job_workflow_ref=workflow("ci.yml")),
    "check.yml on main": claims(job_workflow_ref=workflow("check.yml")),
    "grant.yml of a branch": claims(job_workflow_ref=workflow("grant.yml", "mallory")),
    "grant.yml of another repository": claims(
        job_workflow_ref="mallory/x/.github/workflows/grant.yml@refs/heads/main"
    ),
    "grant.yaml": claims(job_workflow_ref=workflow("grant.yaml")),
    "no workflow": claims(job_workflow_ref=None),
    "recreated under the same name": claims(repository_id="700099"),
    "no number": claims(repository_id=None),
    "another owner of that name": claims(repository_owner_id="9001"),
    "another ref": claims(ref="refs/heads/mallory"),
    "no ref": claims(ref=None),
}


def own(purpose: str, **others: str | None) -> Iterator[dict[str, str]]:
    """True tokens of a role's own workflows, in both forms of the subject."""
    for file in FILES[purpose]:
        yield claims(job_workflow_ref=workflow(file), **others)
        immutable = "repo:acme@9000/access@700001:ref:refs/heads/main"
        yield claims(job_workflow_ref=workflow(file), sub=immutable, **others)


@every_role
@pytest.mark.parametrize(
    "options", [(), ("--no-pin",), ("--existing-provider",)], ids=["pin", "no-pin", "existing"]
)
def test_only_main_of_this_repository_enters(judge: Judge, purpose: str, options: tuple[str, ...]) -> None:
    """A role's own workflows enter; a token of anything else does not, pinned or not."""
    stack = acme(*options)

    def cases() -> Iterator[Case]:
        for true in own(purpose):
            yield Case(says="own", question=enters(stack, purpose, true), expected=ALLOWED)
            other = enters(stack, purpose, true, "gitlab.example.com")
            yield Case(says="another issuer", question=other, expected=DENIED)
        for says, found in STRANGERS.items():
            file = found | {"job_workflow_ref": workflow(FILES[purpose][0])}
            yield Case(says=says, question=enters(stack, purpose, file), expected=DENIED)

    judge.confirm("tokens", cases())


@every_role
def test_each_role_is_for_its_own_workflows(judge: Judge, purpose: str) -> None:
    """Pinned, a role lets in neither another role's workflow nor a token that lacks a claim."""
    wrong = {
        says: found for says, found in PINNED.items() if purpose == "grant" or "job_workflow_ref" in found
    }
    wrong |= {
        file: claims(job_workflow_ref=workflow(file))
        for other, files in FILES.items()
        if other != purpose
        for file in files
    }
    judge.confirm(
        "tokens",
        (
            Case(says=says, question=enters(acme(), purpose, found), expected=DENIED)
            for says, found in wrong.items()
        ),
    )


def test_known_without_pins_any_workflow_on_main_enters(judge: Judge) -> None:
    """Known, and in SECURITY.md: unpinned, main is trusted as a whole, and so is a namesake after a deletion."""
    stack = acme("--no-pin")
    judge.confirm(
        "known",
        (
            Case(says=says, question=enters(stack, "grant", found), expected=ALLOWED)
            for says, found in PINNED.items()
        ),
    )


def test_known_what_a_stolen_session_of_jitbot_can_do(judge: Judge) -> None:
    """Known, and in SECURITY.md: any trust under the path for the grant role, an undone end for the sweep role."""
    loose = {"iam:PermissionsBoundary": tries.OTHER_BOUNDARY}
    trust = (
        Attempt(says="any trust", action="iam:UpdateAssumeRolePolicy", resource=tries.GRANT),
        Attempt(
            says="whatever the boundary",
            action="iam:UpdateAssumeRolePolicy",
            resource=tries.GRANT,
            context=loose,
        ),
    )
    judge.confirm("known", by_role(acme(), "grant", trust, ALLOWED))
    undo = (
        Attempt(
            says="lift an end",
            action="iam:DetachRolePolicy",
            resource=tries.GRANT,
            context={"iam:PolicyARN": tries.DENY_ALL},
        ),
        Attempt(says="take a guard away", action="iam:DeleteRolePolicy", resource=tries.GRANT),
    )
    judge.confirm("known", by_role(acme(), "sweep", undo, ALLOWED))


def test_known_what_an_administrator_reaches_through_others(judge: Judge) -> None:
    """Known, and in SECURITY.md: where every service is allowed, what has a role already can be made to use it."""
    here = f"eu-west-1:{PROD}"
    through = (
        Attempt(
            says="code", action="lambda:UpdateFunctionCode", resource=f"arn:aws:lambda:{here}:function:f"
        ),
        Attempt(
            says="command",
            action="ssm:SendCommand",
            resource=f"arn:aws:ec2:{here}:instance/i-0123456789abcdef0",
        ),
        Attempt(
            says="stack",
            action="cloudformation:UpdateStack",
            resource=f"arn:aws:cloudformation:{here}:stack/x/1",
        ),
        Attempt(says="log", action="s3:DeleteObject", resource="arn:aws:s3:::trail-logs/x"),
    )
    caller = session(tries.OWN, "dave")
    judge.confirm("known", tried(caller, (ADMINISTRATOR,), through, ALLOWED, acme().boundary))


def test_the_issuer_is_named_whole() -> None:
    """The conditions name the issuer of settings.yaml, and every role trusts its provider alone."""
    for purpose in FILES:
        (statement,) = acme().trust(purpose)["Statement"]
        assert statement["Principal"] == {"Federated": f"arn:aws:iam::{PROD}:oidc-provider/{ISSUER}"}
        assert set(statement["Condition"]) == {"StringEquals"}


def test_there_are_enough_attempts() -> None:
    """At least sixty different attempts are made for each powerful role; none of them twice."""
    for attempts in (tries.GRANT_ATTEMPTS, tries.SWEEP_ATTEMPTS, tries.ADMIN_ATTEMPTS):
        calls = [repr((each.action, each.resource, each.context)) for each in attempts]
        assert len(set(calls)) == len(calls) >= 60
