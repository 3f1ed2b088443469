"""May this caller do this, says an evaluator that is not ours.

A `Question` is one call to AWS with all that AWS would look at; `Judge.confirm` asks many at once, counts
them, and fails with every answer that differs from the promise.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from installed import Evaluator
from tally import Tally

Document = Mapping[str, Any]
REGION = "eu-west-1"


class Verdict(StrEnum):
    """What AWS would answer, in the evaluator's words."""

    ALLOWED = "Allowed"
    EXPLICITLY_DENIED = "ExplicitlyDenied"
    IMPLICITLY_DENIED = "ImplicitlyDenied"


ALLOWED = frozenset({Verdict.ALLOWED})
DENIED = frozenset({Verdict.EXPLICITLY_DENIED, Verdict.IMPLICITLY_DENIED})
ATTEMPTS = frozenset({"escalation", "tokens"})  # the kinds of cases in which somebody tries to get further
FORBIDDEN = frozenset({Verdict.EXPLICITLY_DENIED})  # so that no other document can allow it


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, as AWS sees it: `arn` of the session or user, `principal_arn` of the role behind a session."""

    arn: str
    principal_arn: str = ""
    userid: str = ""
    kind: str = ""  # aws:PrincipalType


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One call, and every document that has a say in it.

    `account_id` owns the resource. `context` adds to the keys that AWS sends with every call, or replaces them.
    For sts:AssumeRole and its kin the resource is the role and `resource_policy` its trust policy.
    """

    caller: Caller
    action: str
    resource: str
    account_id: str
    at: datetime
    identity_policies: tuple[Document, ...] = ()
    boundary: Document | None = None
    resource_policy: Document | None = None
    session_policy: Document | None = None  # what the caller chose to keep of its permissions when it entered
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, the answers that keep the promise, and the words by which a broken one is reported."""

    says: str
    question: Question
    expected: frozenset[Verdict]


def user(arn: str) -> Caller:
    """An IAM user."""
    return Caller(arn=arn, principal_arn=arn, userid="AIDAUSERSEXAMPLE00001", kind="User")


def session(role_arn: str, name: str, *, role_id: str = "AROASESSIONEXAMPLE001") -> Caller:
    """A session of a role, under a name that its user chose."""
    head, _, role = role_arn.partition(":role/")
    arn = f"{head.replace(':iam:', ':sts:')}:assumed-role/{role.rpartition('/')[2]}/{name}"
    return Caller(arn=arn, principal_arn=role_arn, userid=f"{role_id}:{name}", kind="AssumedRole")


def root(account_id: str) -> Caller:
    """The root user of an account."""
    arn = f"arn:aws:iam::{account_id}:root"
    return Caller(arn=arn, principal_arn=arn, userid=account_id, kind="Account")


def service(name: str) -> Caller:
    """An AWS service that calls in its own name, such as ec2.amazonaws.com."""
    return Caller(arn=name)


def token(provider_arn: str) -> Caller:
    """Whoever holds a token of an OIDC provider; its claims are the question's context."""
    return Caller(arn=provider_arn)


class Judge:
    """The evaluator with a typed question, and a count of what it was asked."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self.tally = Tally()

    def verdicts(self, kind: str, questions: Sequence[Question]) -> tuple[Verdict, ...]:
        """The answers, in order. Raises ValueError for a question that makes no sense to AWS."""
        documents = _Documents()
        asked = [_asked(question, documents) for question in questions]
        answers = self._evaluator.answer({"documents": documents.texts, "questions": asked})
        self.tally.evaluations[kind] += len(answers)
        for question, answer in zip(questions, answers, strict=True):
            if isinstance(answer, dict):
                raise ValueError(f"{question.action} on {question.resource}: {answer['error']}")  # noqa: TRY004
        return tuple(Verdict(answer) for answer in answers)

    def confirm(self, kind: str, cases: Iterable[Case]) -> None:
        """Assert that every case is judged as promised; at least one is asked."""
        asked = tuple(cases)
        assert asked, f"nothing was asked about {kind}"
        verdicts = self.verdicts(kind, [case.question for case in asked])
        broken = [
            f"{case.says}: {case.question.action} on {case.question.resource} as {case.question.caller.arn}"
            f" at {case.question.at:%Y-%m-%dT%H:%M:%SZ} is {verdict}"
            for case, verdict in zip(asked, verdicts, strict=True)
            if verdict not in case.expected
        ]
        self.tally.wrong[kind] += len(broken)
        self._count_attempts(kind, asked, verdicts)
        assert not broken, "\n".join(broken)

    def allowed_for_role(
        self,
        *,
        role_arn: str,
        identity_policies: Sequence[Document],
        action: str,
        resource: str,
        at: datetime,
        boundary: Document | None = None,
        resource_policy: Document | None = None,
        context: Mapping[str, str | list[str]] | None = None,
    ) -> bool:
        """Whether a session of a role may do one thing to a resource of its own account."""
        question = Question(
            caller=session(role_arn, "attempt"),
            action=action,
            resource=resource,
            account_id=role_arn.split(":")[4],
            at=at,
            identity_policies=tuple(identity_policies),
            boundary=boundary,
            resource_policy=resource_policy,
            context=context or {},
        )
        return self.verdicts("role", [question])[0] is Verdict.ALLOWED

    def _count_attempts(self, kind: str, cases: Sequence[Case], verdicts: Sequence[Verdict]) -> None:
        """Count what nobody should get away with: escalations, and tokens of something else."""
        for case, verdict in zip(cases, verdicts, strict=True):
            if kind in ATTEMPTS and Verdict.ALLOWED not in case.expected:
                asked = case.question
                told = (asked.caller.arn, asked.action, asked.resource, sorted(asked.context.items()))
                self.tally.attempts.add(hashlib.sha256(repr(told).encode()).hexdigest()[:12])
                self.tally.tried += 1
                self.tally.got_in += verdict is Verdict.ALLOWED


class _Documents:
    """The documents of a batch, each once; the evaluator reads a large one only once, too."""

    def __init__(self) -> None:
        self.texts: list[Document] = []
        self._places: dict[int, int] = {}

    def place(self, document: Document) -> int:
        """The index of a document; told apart by identity, as the batch keeps them all alive."""
        if id(document) not in self._places:
            self._places[id(document)] = len(self.texts)
            self.texts.append(document)
        return self._places[id(document)]


def _asked(question: Question, documents: _Documents) -> dict[str, object]:
    boundary, resource_policy, session_policy = (
        None if document is None else documents.place(document)
        for document in (question.boundary, question.resource_policy, question.session_policy)
    )
    return {
        "principal": question.caller.arn,
        "action": question.action,
        "resource": question.resource,
        "accountId": question.account_id,
        "context": _context(question),
        "identityPolicies": [documents.place(document) for document in question.identity_policies],
        "boundary": boundary,
        "resourcePolicy": resource_policy,
        "sessionPolicy": session_policy,
    }


def _context(question: Question) -> dict[str, str | list[str]]:
    """The keys that AWS sends; the evaluator adds none by itself.

    Not aws:SourceAccount: AWS sends it only where a service calls in its own name.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    caller = question.caller
    always = {
        "aws:CurrentTime": question.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalAccount": caller.principal_arn and caller.principal_arn.split(":")[4],
        "aws:PrincipalType": caller.kind,
        "aws:RequestedRegion": REGION,
        "aws:ResourceAccount": question.account_id,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "198.51.100.7",
        "aws:ViaAWSService": "false",
        "aws:userid": caller.userid,
    }
    return {key: value for key, value in {**always, **question.context}.items() if value}
