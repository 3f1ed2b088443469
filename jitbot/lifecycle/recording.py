"""Records what happened, whoever else writes meanwhile."""

from datetime import datetime

from jitbot.domain.events import Event
from jitbot.lifecycle import history as ledger
from jitbot.lifecycle.carrying import Outcome, failed_event
from jitbot.lifecycle.world import World


def record(world: World, outcome: Outcome, now: datetime) -> tuple[Event, ...]:
    """Record outcomes and failures, whoever else writes meanwhile: what happened stays true."""
    failed = [failed_event(failure, now=now, run=world.run.url) for failure in outcome.failures]
    new = (*outcome.events, *(event for event in failed if event is not None))
    world.repository.fetch()
    return ledger.add(world, now, new).events
