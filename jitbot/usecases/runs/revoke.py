"""`jitbot revoke`: who may end a grant early, the record of it, and the end itself.

A revocation is recorded before AWS is changed, so that it is final even if the run stops. If it cannot be recorded,
because others keep writing, GitHub refuses or its issuer does not answer, access ends anyway.
"""

from dataclasses import replace
from datetime import datetime

from jitbot.domain.access import may_end
from jitbot.domain.access.request_state import ApprovedTerm, RequestState
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import TEXT_WRITTEN
from jitbot.domain.model.documents import Person
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.usecases.collect.collect_case import rules_at_main
from jitbot.usecases.context import Context, ensure_current, ensure_first_attempt, ensure_recordable
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.announce import announced
from jitbot.usecases.runs.end_now import EarlyEndDecision, carry_out, denials
from jitbot.usecases.runs.report import Report


def revoke(ledger: Ledger, request: str, *, reason: str) -> Report:
    """Record that a request is revoked, for good, then end it in every account.

    Raises DeniedError unless this run's actor is the requester, an owner of the request, or of policies/,
    and InvalidError for a request that was never approved.
    """
    context, now = ledger.context, ledger.at
    ensure_current(context)
    ensure_first_attempt(context, "revoke")
    history = ledger.read()
    state, term = _known(history, request)
    event = state.revoked or _revocation(context, request, term, reason=reason, now=now)
    trouble = ""
    if state.revoked is None:
        try:
            history, event = _recorded(ledger, event)
            state = history.states[request]
        except JitbotError as error:
            trouble = str(error)
    changes = denials(replace(state, revoked=event), now)
    decision = EarlyEndDecision(event=event, trouble=trouble, again="revoke")
    with announced(ledger):
        return carry_out(ledger, history, changes, decision)


def _known(history: LedgerView, request: str) -> tuple[RequestState, ApprovedTerm]:
    """The request with its term, if it was ever approved. Other events in doubt do not prevent its end."""
    state = history.state(request)
    if state.current is None:
        if why := history.doubt_of(request):
            raise UnavailableError(why)
        raise InvalidError(f"{request} was never approved, so there is nothing to revoke")
    return state, state.current


def _recorded(ledger: Ledger, event: Event) -> tuple[LedgerView, Event]:
    """Record the decision; one recorded meanwhile is the one that counts."""
    ensure_recordable(ledger.context)

    def build(known: LedgerView) -> tuple[Event, ...]:
        return () if known.states[event.request].revoked is not None else (event,)

    found, _ = ledger.transact(build)
    return found, found.states[event.request].revoked or event


def _revocation(context: Context, request: str, term: ApprovedTerm, *, reason: str, now: datetime) -> Event:
    ask = term.ask
    person = _entitled(context, request, ask.github_id, now)
    return Event(
        kind=EventType.REVOKED,
        at=now,
        request=request,
        commit=term.commit,
        why=EndReason.RELEASED if person.github_id == ask.github_id else EndReason.REVOKED,
        cause=f"by {person.login}",
        ask=Ask.of(Ask.requester(ask.requester)),
        evidence=Evidence.of(
            Evidence.by(person.login),
            Evidence.github_id(person.github_id),
            Evidence.reason(reason[:TEXT_WRITTEN]),
        ),
        run=context.run.url,
    )


def _entitled(context: Context, request: str, requester_id: object, now: datetime) -> Person:
    """The person who runs this, if they may revoke the request; by GitHub id, under the rules at main's tip."""
    if not context.run.actor_id:
        raise DeniedError(
            f"no run of Actions says who revokes: on your own machine use `jitbot release {request}`, "
            "which starts the workflow"
        )
    rules = rules_at_main(context, policy_of(request))
    return may_end.entitled(context.run.person, request, requester_id, rules, now)
