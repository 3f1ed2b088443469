"""May this caller do this? The caller's own documents decide; resource policies are out of scope here."""

from collections.abc import Iterator
from datetime import datetime

from jitbot.sandbox.aws.policy import evaluator
from jitbot.sandbox.aws.policy.evaluator import AccessQuestion, Evaluation
from jitbot.sandbox.aws.sessions import Caller, Kind
from jitbot.sandbox.aws.store import Entity, RoleStore
from jitbot.sandbox.aws.wire import RefusedError


def context(caller: Caller, region: str, now: datetime) -> dict[str, tuple[str, ...]]:
    """The global condition keys of a request, in lower case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    keys = {
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:principalaccount": caller.account_id,
        "aws:principalarn": caller.entity.arn if caller.entity else caller.arn,
        "aws:principalisawsservice": "false",
        "aws:principaltype": caller.kind.value,
        "aws:requestedregion": region,
        "aws:securetransport": "true",
        "aws:sourceip": "127.0.0.1",
        "aws:userid": caller.userid,
        "aws:viaawsservice": "false",
    }
    if caller.kind is Kind.USER and caller.entity:
        keys["aws:username"] = caller.entity.name
    if caller.issued_at:
        keys["aws:tokenissuetime"] = caller.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        keys["aws:multifactorauthpresent"] = "false"
    if caller.source_identity:
        keys["aws:sourceidentity"] = caller.source_identity
    for key, value in caller.entity.tags if caller.entity else ():
        keys[f"aws:principaltag/{key.lower()}"] = value
    return {key: (value,) for key, value in keys.items()}


def require(caller: Caller, question: AccessQuestion, store: RoleStore) -> None:
    """Raise RefusedError, with AWS's sentence, unless every layer of the caller's documents allows."""
    for layer, texts in _layers(caller, store):
        verdict = _evaluate(texts, question)
        if verdict is Evaluation.DENY:
            raise denied(caller, question, f"with an explicit deny in {layer}")
        if verdict is Evaluation.SILENT:
            raise denied(
                caller, question, f"because no {layer.partition(' ')[2]} allows the {question.action} action"
            )


def forbid(caller: Caller, question: AccessQuestion, store: RoleStore) -> None:
    """Raise RefusedError if a layer denies explicitly: enough where a trust policy names the caller itself."""
    for layer, texts in _layers(caller, store):
        if _evaluate(texts, question) is Evaluation.DENY:
            raise denied(caller, question, f"with an explicit deny in {layer}")


def denied(caller: Caller, question: AccessQuestion, reason: str = "") -> RefusedError:
    """AWS's refusal of one action to one caller."""
    sentence = (
        f"User: {caller.arn} is not authorized to perform: {question.action} on resource: {question.resource}"
    )
    return RefusedError("AccessDenied", f"{sentence} {reason}".rstrip(), 403)


def _layers(caller: Caller, store: RoleStore) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The texts of each layer. Each must allow, and any may deny; a missing boundary allows nothing."""
    if caller.kind is Kind.ADMIN:
        return
    if caller.entity is None:
        yield "an identity-based policy", ()
        return
    yield "an identity-based policy", _texts(caller.entity, store)
    if caller.entity.boundary:
        text = store.policy(caller.account_id, caller.entity.boundary)
        yield "a permissions boundary", (text,) if text else ()
    if caller.session_policy:
        yield "a session policy", (caller.session_policy,)


def _texts(entity: Entity, store: RoleStore) -> tuple[str, ...]:
    """Inline and attached documents of a user or role."""
    attached = (store.policy(entity.account_id, arn) for arn in entity.attached)
    return (*(text for _, text in entity.inline), *(text for text in attached if text is not None))


def _evaluate(texts: tuple[str, ...], question: AccessQuestion) -> Evaluation:
    try:
        return evaluator.evaluate([evaluator.load(text) for text in texts], question)
    except ValueError:
        return Evaluation.DENY  # a document nobody can read grants nothing
