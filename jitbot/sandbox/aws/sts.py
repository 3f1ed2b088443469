"""STS: who may become which role. Answers for itself; moto would hand out any role to anyone.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from jitbot.sandbox.aws import web_identity
from jitbot.sandbox.aws.policy import documents, evaluator, permissions
from jitbot.sandbox.aws.policy.evaluator import AccessQuestion, Evaluation
from jitbot.sandbox.aws.sessions import Caller, Kind, Session, Sessions
from jitbot.sandbox.aws.store import Entity, RoleStore
from jitbot.sandbox.aws.wire import AwsAnswer, AwsCall, RefusedError, result

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[\w+=,.@-]+/)*([\w+=,.@-]{1,64})", re.ASCII)
_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_LONGEST_POLICY = 2_048
_UNREAD = (
    "PolicyArns",
    "Tags",
    "TransitiveTagKeys",
    "ProvidedContexts",
    "SerialNumber",
    "TokenCode",
    "ProviderId",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sts:
    """The token service over one store of roles and one book of sessions."""

    store: RoleStore
    sessions: Sessions

    def answer(self, call: AwsCall, caller: Caller, now: datetime) -> AwsAnswer:
        """Answer a signed call; raises RefusedError."""
        if call.operation == "GetCallerIdentity":
            return _identity(caller)
        if call.operation == "AssumeRole":
            return self._assume(call, caller, now)
        permissions.require(
            caller,
            AccessQuestion(
                action=f"sts:{call.operation}", context=permissions.context(caller, call.region, now)
            ),
            self.store,
        )
        raise RefusedError("InvalidAction", f"The sandbox does not know sts:{call.operation}")

    def answer_web_identity(self, call: AwsCall, now: datetime) -> AwsAnswer:
        """Answer AssumeRoleWithWebIdentity, which nobody signs: the token is the proof."""
        refusal = RefusedError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
        name, length = _session_name(call), _length(call)
        account_id, role = self._role(call)
        token = web_identity.verify(call.parameters.get("WebIdentityToken", ""), account_id, self.store, now)
        if role is None:
            raise refusal
        context = {
            **token.context,
            "aws:currenttime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),),
            "sts:rolesessionname": (name,),
            "aws:federatedprovider": (token.provider_arn,),
        }
        question = AccessQuestion(action="sts:AssumeRoleWithWebIdentity", resource=role.arn, context=context)
        if (
            _trust(role, question, {"Federated": (token.provider_arn,), "AWS": ("*",)})
            is not Evaluation.ALLOW
        ):
            raise refusal
        _check_length(length, role)
        session = self.sessions.issue(role, name, start=now, end=now + length, policy=_session_policy(call))
        more = (
            f"<SubjectFromWebIdentityToken>{escape(token.subject)}</SubjectFromWebIdentityToken>"
            f"<Audience>{escape(token.audience)}</Audience><Provider>{escape(token.provider_arn)}</Provider>"
        )
        return result(call.operation, _credentials(session) + more)

    def _assume(self, call: AwsCall, caller: Caller, now: datetime) -> AwsAnswer:
        name, length = _session_name(call), _length(call)
        _, role = self._role(call)
        context = permissions.context(caller, call.region, now)
        ask = AccessQuestion(action="sts:AssumeRole", resource=call.parameters["RoleArn"], context=context)
        if caller.kind is Kind.ADMIN:
            raise RefusedError("AccessDenied", "Roles may not be assumed by root accounts.", 403)
        if role is None:
            raise permissions.denied(caller, ask)
        given = {"sts:externalid": call.parameters.get("ExternalId"), "sts:rolesessionname": name}
        source_identity = _source_identity(call, caller)
        if source_identity:
            given["sts:sourceidentity"] = source_identity
        keys = {key: (value,) for key, value in given.items() if value}
        self._authorize(
            caller, role, AccessQuestion(action=ask.action, resource=role.arn, context={**context, **keys})
        )
        if source_identity:
            # AWS does not promise the session's name to this action, so the sandbox withholds it.
            rest = {key: value for key, value in keys.items() if key == "sts:sourceidentity"}
            question = AccessQuestion(
                action="sts:SetSourceIdentity", resource=role.arn, context={**context, **rest}
            )
            self._authorize(caller, role, question)
        _check_length(length, role, chained=caller.kind is Kind.ROLE)
        session = self.sessions.issue(
            role,
            name,
            start=now,
            end=now + length,
            source_identity=source_identity,
            policy=_session_policy(call),
        )
        chosen = f"<SourceIdentity>{escape(source_identity)}</SourceIdentity>" if source_identity else ""
        return result(call.operation, _credentials(session) + chosen)

    def _authorize(self, caller: Caller, role: Entity, question: AccessQuestion) -> None:
        """Both sides must agree, except that a role may name a caller of its own account directly."""
        itself = {"AWS": (caller.arn, caller.entity.arn if caller.entity else caller.arn)}
        account = {"AWS": ("*", caller.account_id, f"arn:aws:iam::{caller.account_id}:root")}
        direct, anyone = _trust(role, question, itself), _trust(role, question, account)
        if Evaluation.DENY in (direct, anyone) or Evaluation.ALLOW not in (direct, anyone):
            raise permissions.denied(caller, question)
        if direct is Evaluation.ALLOW and caller.account_id == role.account_id:
            permissions.forbid(caller, question, self.store)
        else:
            permissions.require(caller, question, self.store)

    def _role(self, call: AwsCall) -> tuple[str, Entity | None]:
        """The account named by RoleArn, and the role if it exists under exactly this ARN."""
        arn = call.parameters.get("RoleArn", "")
        match = _ROLE_ARN.fullmatch(arn)
        if match is None:
            raise RefusedError("ValidationError", f"{arn} is invalid")
        role = self.store.role(match[1], match[2])
        return match[1], role if role and role.arn == arn else None


def _trust(role: Entity, question: AccessQuestion, principals: Mapping[str, tuple[str, ...]]) -> Evaluation:
    """What the trust policy says to these names. A policy nobody can read trusts no one."""
    try:
        document = evaluator.load(role.trust)
        named = [
            {**statement, "Resource": "*"}
            for statement in evaluator.statements(document)
            if _names(statement.get("Principal"), principals)
        ]
        return evaluator.evaluate(({"Version": document.get("Version"), "Statement": named},), question)
    except ValueError:
        return Evaluation.DENY


def _names(principal: object, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    if principal == "*":
        return "*" in wanted.get("AWS", ())
    if not isinstance(principal, dict):
        return False
    return any(
        name in wanted.get(kind, ()) for kind, names in principal.items() for name in evaluator.listed(names)
    )


def _session_name(call: AwsCall) -> str:
    for name in _UNREAD:
        if any(key == name or key.startswith(f"{name}.") for key in call.parameters):
            raise RefusedError("InvalidParameterValue", f"The sandbox does not evaluate {name}")
    name = call.parameters.get("RoleSessionName", "")
    if not _NAME.fullmatch(name):
        raise RefusedError(
            "ValidationError", f"1 validation error detected: Value at 'roleSessionName': {name!r}"
        )
    return name


def _length(call: AwsCall) -> timedelta:
    text = call.parameters.get("DurationSeconds", "3600")
    if not re.fullmatch(r"\d{3,5}", text, re.ASCII) or not 900 <= int(text) <= 43_200:
        raise RefusedError(
            "ValidationError", f"1 validation error detected: Value at 'durationSeconds': {text}"
        )
    return timedelta(seconds=int(text))


def _check_length(length: timedelta, role: Entity, *, chained: bool = False) -> None:
    if chained and length > timedelta(hours=1):
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise RefusedError("ValidationError", message)
    if length > timedelta(seconds=role.max_session):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise RefusedError("ValidationError", message)


def _source_identity(call: AwsCall, caller: Caller) -> str:
    """The identity that the new session carries: a chain cannot change what it began with."""
    wanted = call.parameters.get("SourceIdentity", "")
    if wanted and (not _NAME.fullmatch(wanted) or wanted.lower().startswith("aws:")):
        raise RefusedError(
            "ValidationError", f"1 validation error detected: Value at 'sourceIdentity': {wanted!r}"
        )
    if wanted and caller.source_identity and wanted != caller.source_identity:
        raise RefusedError("AccessDenied", "A source identity is set already and cannot be changed", 403)
    return wanted or caller.source_identity


def _session_policy(call: AwsCall) -> str:
    policy = call.parameters.get("Policy", "")
    if len(policy) > _LONGEST_POLICY:
        raise RefusedError("PackedPolicyTooLarge", "Packed policy consumes more than 100% of allotted space")
    if policy:
        documents.check_identity(policy)
    return policy


def _credentials(session: Session) -> str:
    expiration = session.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<Credentials><AccessKeyId>{session.access_key}</AccessKeyId>"
        f"<SecretAccessKey>{session.secret}</SecretAccessKey><SessionToken>{session.token}</SessionToken>"
        f"<Expiration>{expiration}</Expiration></Credentials>"
        f"<AssumedRoleUser><AssumedRoleId>{session.role_id}:{session.name}</AssumedRoleId>"
        f"<Arn>{session.arn}</Arn></AssumedRoleUser><PackedPolicySize>1</PackedPolicySize>"
    )


def _identity(caller: Caller) -> AwsAnswer:
    inner = f"<UserId>{caller.userid}</UserId><Account>{caller.account_id}</Account><Arn>{escape(caller.arn)}</Arn>"
    return result("GetCallerIdentity", inner)
