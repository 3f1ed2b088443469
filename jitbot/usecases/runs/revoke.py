"""`jitbot revoke`: who may end a grant early, the record of it, and the end itself.

A revocation is recorded before AWS is changed, so that it is final even if the run stops. If it cannot be recorded,
because others keep writing, GitHub refuses or its issuer does not answer, access ends anyway.
"""

from dataclasses import replace
from datetime import datetime

from jitbot.domain.access import may_end
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce import plan
from jitbot.domain.enforce.changes import Deny
from jitbot.domain.ledger.ask import Ask
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.bounds import TEXT_WRITTEN
from jitbot.domain.model.documents import Finding, GithubId, Login, Person, Sha
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.grammar import policy_of
from jitbot.domain.model.merge_facts import Actor
from jitbot.usecases.apply.apply import ApplyResult, apply
from jitbot.usecases.collect.collect_case import CommitTree, read_rules
from jitbot.usecases.context import Context, ensure_current, ensure_recordable
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.report import Report


def revoke(ledger: Ledger, request: str, *, reason: str) -> Report:
    """Record that a request is revoked, for good, then end it in every account.

    Raises DeniedError unless this run's actor is the requester, an owner of the request, or of policies/,
    and InvalidError for a request that was never approved.
    """
    context, now = ledger.context, ledger.at
    ensure_current(context)
    if context.run.rerun:
        raise DeniedError(
            "a re-run acts in the name of the person who started the first attempt; start revoke anew"
        )
    history = ledger.read()
    state = _known(history, request)
    event = state.revoked or _revocation(context, state, reason=reason, now=now)
    trouble = ""
    if state.revoked is None:
        try:
            history, event = _recorded(ledger, event)
            state = history.states[request]
        except JitbotError as error:
            trouble = str(error)
    changes = _denials(replace(state, revoked=event), now)
    outcome = apply(context, changes, now)
    report = Report(
        planned=changes,
        recorded=() if trouble else (event,),
        failures=outcome.failures,
        warnings=history.ignored,
    )
    return _with_outcome(ledger, report, outcome, event, trouble)


def _with_outcome(ledger: Ledger, report: Report, outcome: ApplyResult, event: Event, trouble: str) -> Report:
    """Record what was done, and the revocation too where it could not be before."""
    late = (event,) if trouble else ()
    if not (late or outcome.events or outcome.failures):
        return report
    try:
        if trouble:
            ensure_recordable(ledger.context)
        new = ledger.add((*late, *outcome.to_record(now=ledger.at, run=ledger.context.run.url)))
    except JitbotError as error:
        return replace(report, alarms=(_unrecorded(event, trouble or str(error), done=outcome.events),))
    return replace(report, recorded=report.recorded + new)


def _unrecorded(event: Event, why: str, *, done: tuple[Event, ...]) -> Finding:
    said = f"denied in {len(done)} accounts" if done else "nothing was denied"
    return Finding(
        code="not-recorded",
        message=f"{event.request} was to end now: {said}, and it could not be recorded: {why}",
        file=event.request,
        hint="run `jitbot revoke` again: what is denied stays denied, and only the record is missing",
    )


def _known(history: LedgerView, request: str) -> RequestState:
    """The request, if it was ever approved. Other events in doubt do not prevent its end."""
    state = history.states.get(request)
    if state is None or state.current is None:
        if why := history.doubt_of(request):
            raise UnavailableError(why)
        raise InvalidError(f"{request} was never approved, so there is nothing to revoke")
    return state


def _recorded(ledger: Ledger, event: Event) -> tuple[LedgerView, Event]:
    """Record the decision; one recorded meanwhile is the one that counts."""
    ensure_recordable(ledger.context)

    def build(known: LedgerView) -> tuple[Event, ...]:
        return () if known.states[event.request].revoked is not None else (event,)

    found, _ = ledger.transact(build)
    return found, found.states[event.request].revoked or event


def _revocation(context: Context, state: RequestState, *, reason: str, now: datetime) -> Event:
    ask = state.current.ask if state.current is not None else Ask()
    person = _entitled(context, state.request, ask.github_id, now)
    return Event(
        kind=EventType.REVOKED,
        at=now,
        request=state.request,
        commit=state.current.commit if state.current is not None else Sha(""),
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
    tree = CommitTree(git=context.git, commit=context.git.main())
    rules = read_rules(tree, context.documents, policy_of(request))
    actor = Actor(login=Login(context.run.actor), github_id=GithubId(context.run.actor_id))
    return may_end.entitled(actor, request, requester_id, rules, now)


def _denials(state: RequestState, now: datetime) -> tuple[Deny, ...]:
    """A denial for each account of a revoked request whose end is not recorded yet, and that is not over."""
    revoked = state.revoked
    if revoked is None or state.current is None or now >= state.current.window.expires_at:
        return ()
    every = plan.denials(state, (revoked.why or EndReason.REVOKED, revoked.cause))
    return tuple(each for each in every if state.account_state(each.account_id).end is None)
