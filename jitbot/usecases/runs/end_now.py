"""Ends access at once, for `revoke` and `stop`. The decision was recorded before, if the ledger takes records.

If it could not be recorded, because others keep writing, GitHub refuses or its issuer does not answer, access ends
anyway. Then the decision is tried again with its outcome, and the run fails if that cannot be recorded either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jitbot.domain.access.request_state import RequestState
from jitbot.domain.enforce import plan
from jitbot.domain.enforce.changes import Deny
from jitbot.domain.ledger.events import EndReason, Event, EventType
from jitbot.domain.ledger.stops import subject_of
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.errors import JitbotError
from jitbot.domain.text.amount import many
from jitbot.usecases.apply.apply import ApplyResult, apply
from jitbot.usecases.context import ensure_recordable
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.ledger.ledger_view import LedgerView
from jitbot.usecases.runs.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyEndDecision:
    """A revocation or a stop, and why it could not be recorded (empty: it is). `again` is the verb to run again."""

    event: Event
    trouble: str
    again: str


def denials(state: RequestState, now: datetime) -> tuple[Deny, ...]:
    """A denial for each account of a revoked or stopped request whose end is not recorded yet, and that is not over."""
    decision = state.end_decision
    if decision is None or state.current is None or now >= state.current.window.expires_at:
        return ()
    every = plan.denials(state, (decision.why or EndReason.REVOKED, decision.cause))
    return tuple(each for each in every if state.account_state(each.account_id).end is None)


def carry_out(
    ledger: Ledger, history: LedgerView, changes: Sequence[Deny], decision: EarlyEndDecision
) -> Report:
    """Make these denials in AWS, and record them."""
    outcome = apply(ledger.context, tuple(changes), ledger.at)
    report = Report(
        planned=tuple(changes),
        recorded=() if decision.trouble else (decision.event,),
        failures=outcome.failures,
        warnings=history.ignored,
    )
    return _with_outcome(ledger, report, outcome, decision)


def _with_outcome(ledger: Ledger, report: Report, outcome: ApplyResult, decision: EarlyEndDecision) -> Report:
    """Record what was done, and the decision too where it could not be before."""
    late = (decision.event,) if decision.trouble else ()
    new = (*late, *outcome.to_record(now=ledger.at, run=ledger.context.run.url))
    if not new:
        return report
    try:
        if decision.trouble:
            ensure_recordable(ledger.context)
        ledger.add(new)
    except JitbotError as error:
        why = decision.trouble or str(error)
        return replace(report, alarms=(_unrecorded(decision, why, done=outcome.events),))
    return replace(report, recorded=report.recorded + new)


def _unrecorded(decision: EarlyEndDecision, why: str, *, done: tuple[Event, ...]) -> Finding:
    event = decision.event
    said = f"denied in {many(len(done), 'account')}" if done else "nothing was denied"
    what = event.request
    if event.kind is EventType.STOPPED:
        said = f"denied: {many(len(done), 'role')}" if done else said
        what = f"every request of {subject_of(event).in_words}"
    more = ", and what is merged now is not refused" if decision.trouble and not event.request else ""
    return Finding(
        code="not-recorded",
        message=f"{what} was to end now: {said}, and it could not be recorded{more}: {why}",
        file=event.request or "ledger",
        hint=f"run `jitbot {decision.again}` again: what is denied stays denied, and only the record is missing",
    )
