"""The strict layer in front of moto: authenticate, authorize, validate, then let moto keep the objects."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from threading import RLock
from typing import Any

from jitbot.sandbox.aws import strict, wire
from jitbot.sandbox.aws.event_history import EventHistory
from jitbot.sandbox.aws.policy import actions, permissions
from jitbot.sandbox.aws.policy.content import Content
from jitbot.sandbox.aws.sessions import Caller, Sessions
from jitbot.sandbox.aws.store import Entity, RoleStore
from jitbot.sandbox.aws.sts import Sts
from jitbot.sandbox.aws.wire import AwsAnswer, AwsCall, AwsFault, RefusedError
from jitbot.sandbox.clock import Clock

Faults = Callable[[str, str, str], AwsFault | None]  # (account id, service, operation)
StartResponse = Callable[[str, list[tuple[str, str]]], object]

_ROLE_ACCOUNT = re.compile(r"arn:aws:iam::(\d{12}):role/.*", re.DOTALL | re.ASCII)
# moto's own doors, one of which empties the sandbox.
_UNREACHABLE = ("/moto-api", "/latest/", "/favicon.ico", "/v20180820/")


class Gateway:
    """A WSGI application that answers for every account at once, one request at a time.

    `calls` logs (account id, service, operation) of every call by a known caller, in order; for
    AssumeRole and AssumeRoleWithWebIdentity the account is the role's.
    """

    def __init__(self, store: RoleStore, sessions: Sessions, content: Content, clock: Clock) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.faults: Faults | None = None
        self.roles_per_account = strict.ROLES_PER_ACCOUNT
        self.history = EventHistory()
        self._store = store
        self._sessions = sessions
        self._content = content
        self._clock = clock
        self._sts = Sts(store=store, sessions=sessions)
        self._lock = RLock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        call: AwsCall | None = None
        try:
            body = wire.read_body(environ)
            call = wire.read_call(environ, body)
            answer = self._answer(call, environ)
        except RefusedError as refusal:
            answer = wire.error(call, refusal.code, refusal.message, refusal.status)
        headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
        headers.append(("Content-Length", _length(answer, call)))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, call: AwsCall, environ: dict[str, Any]) -> AwsAnswer:
        if call.path.startswith(_UNREACHABLE):
            raise RefusedError("AccessDenied", "This path is not AWS's", 403)
        with self._lock:
            caller = self._authenticate(call)
        account_id = _account(call, caller)
        self.calls.append((account_id, call.service, call.operation or call.method))
        fault = self.faults(account_id, call.service, call.operation or call.method) if self.faults else None
        if fault and not fault.after:
            raise RefusedError(fault.code, fault.message, fault.status)
        with self._lock:
            answer = self._noted(call, caller, account_id, environ)
        if fault:
            raise RefusedError(fault.code, fault.message, fault.status)
        return answer

    def _noted(
        self, call: AwsCall, caller: Caller | None, account_id: str, environ: dict[str, Any]
    ) -> AwsAnswer:
        """The answer, with the call in the event history, refused or not."""
        if caller is None:
            return self._work(call, caller, environ)
        try:
            answer = self._work(call, caller, environ)
        except RefusedError as refusal:
            self.history.note(call, caller, account_id, self._clock.now(), error=refusal.code)
            raise
        self.history.note(call, caller, account_id, self._clock.now(), body=answer.body)
        return answer

    def _authenticate(self, call: AwsCall) -> Caller | None:
        """The caller; None for the one call that AWS takes unsigned."""
        if call.access_key:
            return self._sessions.caller(call.access_key, call.session_token, self._clock.now())
        if call.operation == "AssumeRoleWithWebIdentity":
            return None
        raise RefusedError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)

    def _work(self, call: AwsCall, caller: Caller | None, environ: dict[str, Any]) -> AwsAnswer:
        now = self._clock.now()
        if caller is None:
            return self._sts.answer_web_identity(call, now)
        if call.service == "sts":
            return self._sts.answer(call, caller, now)
        self._content.prepare(call.service)
        self._authorize(call, caller)
        if call.service == "iam":
            return self._iam(call, caller, environ)
        if (call.service, call.operation) == ("cloudtrail", "LookupEvents"):
            return self.history.look_up(call, caller, now)
        return self._content.answer(call, caller) or self._store.forward(environ, caller.account_id)

    def _authorize(self, call: AwsCall, caller: Caller) -> None:
        context = permissions.context(caller, call.region, self._clock.now())
        context.update(self._content.context(call))
        for question in actions.questions(call, caller, self._store, context):
            permissions.require(caller, question, self._store)
            owner = question.resource.split(":")[4] if question.resource.count(":") >= 5 else ""
            if question.resource.startswith("arn:aws:s3:::"):
                bucket = question.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
                owner = self._store.bucket_owner(bucket) or ""
            if owner not in ("", "aws", caller.account_id):
                # Only a resource policy could allow this, and the sandbox has none.
                raise permissions.denied(caller, question, "because no resource-based policy allows it")

    def _iam(self, call: AwsCall, caller: Caller, environ: dict[str, Any]) -> AwsAnswer:
        strict.check(call, caller.account_id, self._store, self.roles_per_account)
        before = self._named(call, caller.account_id)
        self._store.set_quota(caller.account_id, self.roles_per_account)
        answer = self._store.forward(environ, caller.account_id)
        if answer.status != HTTPStatus.OK:
            return answer
        if call.operation in ("DeleteRole", "DeleteUser") and before:
            self._store.forget_principal(before.arn, before.unique_id)
        if call.operation == "CreateRole":
            return self._dated(answer, caller.account_id, call.parameters["RoleName"])
        return answer

    def _named(self, call: AwsCall, account_id: str) -> Entity | None:
        if "RoleName" in call.parameters:
            return self._store.role(account_id, call.parameters["RoleName"])
        return self._store.user(account_id, call.parameters.get("UserName", ""))

    def _dated(self, answer: AwsAnswer, account_id: str, name: str) -> AwsAnswer:
        """The answer with the sandbox's time instead of the machine's, for a role just created."""
        now = self._clock.now()
        self._store.created_at(account_id, name, now)
        date = f"<CreateDate>{now:%Y-%m-%dT%H:%M:%SZ}</CreateDate>"
        body = re.sub(rb"<CreateDate>[^<]*</CreateDate>", date.encode(), answer.body)
        return AwsAnswer(status=answer.status, body=body, headers=answer.headers)


def _account(call: AwsCall, caller: Caller | None) -> str:
    role = _ROLE_ACCOUNT.fullmatch(call.parameters.get("RoleArn", ""))
    if call.service == "sts" and role:
        return role[1]
    return caller.account_id if caller else ""


def _length(answer: AwsAnswer, call: AwsCall | None) -> str:
    """What a HEAD answer would have weighed, where moto said so."""
    given = next((value for name, value in answer.headers if name.lower() == "content-length"), None)
    return given if given and call and call.method == "HEAD" else str(len(answer.body))
