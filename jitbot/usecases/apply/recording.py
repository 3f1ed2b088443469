"""Records what happened, whoever else writes meanwhile."""

from datetime import datetime

from jitbot.domain.ledger.events import Event
from jitbot.usecases.apply.apply import ApplyResult, failed_event
from jitbot.usecases.context import Context
from jitbot.usecases.ledger import ledger


def record(context: Context, outcome: ApplyResult, now: datetime) -> tuple[Event, ...]:
    """Record outcomes and failures, whoever else writes meanwhile: what happened stays true."""
    failed = [failed_event(failure, now=now, run=context.run.url) for failure in outcome.failures]
    new = (*outcome.events, *(event for event in failed if event is not None))
    context.repository.fetch()
    return ledger.add(context, now, new).events
