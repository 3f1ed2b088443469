"""Records what happened, whoever else writes meanwhile."""

from datetime import datetime

from jitbot.domain.errors import BranchMovedError, UnavailableError
from jitbot.domain.events import Event
from jitbot.lifecycle import history as ledger
from jitbot.lifecycle.carrying import Outcome, failed_event
from jitbot.lifecycle.world import World

ATTEMPTS = 8  # at a ledger that others write too


def record(world: World, outcome: Outcome, now: datetime) -> tuple[Event, ...]:
    """Record outcomes and failures, whoever else writes meanwhile: what happened stays true."""
    failed = [failed_event(failure, now=now, run=world.run.url) for failure in outcome.failures]
    new = (*outcome.events, *(event for event in failed if event is not None))
    for _ in range(ATTEMPTS):
        world.repository.fetch()
        try:
            ledger.append(world, ledger.read(world, now), new, now)
        except BranchMovedError:
            continue
        return new
    raise UnavailableError("the ledger keeps moving; the next run records what was done")
