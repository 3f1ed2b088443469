"""`--record`: the outcome of a verification, as an attested event of the ledger that it is about."""

from collections import Counter
from datetime import datetime

from jitbot.domain.audit.problems import Weight
from jitbot.domain.audit.verdict import Verdict
from jitbot.domain.events import Event, Kind
from jitbot.domain.exit_code import ExitCode
from jitbot.lifecycle import history as ledger
from jitbot.lifecycle.world import World, ensure_current, ensure_recordable


def record(world: World, verdict: Verdict, now: datetime) -> Event:
    """Append what was found, once a day for each outcome; what was there already stays as it is."""
    ensure_current(world)
    ensure_recordable(world)
    event = event_of(verdict, now=now, run=world.run.url)
    world.repository.fetch()
    ledger.add(world, now, [event])
    return event


def event_of(verdict: Verdict, *, now: datetime, run: str) -> Event:
    """The event of a verification: the heads it looked at, how much it saw, and the findings by code."""
    codes = Counter(each.code for each in verdict.problems if each.weight is not Weight.NOTE)
    return Event(
        kind=Kind.VERIFIED,
        at=now,
        request="",
        cause="" if verdict.exit_code == ExitCode.DONE else verdict.in_words,
        evidence={
            "head": verdict.head,
            "main": verdict.main,
            "exit_code": verdict.exit_code,
            "checked": dict(verdict.checked),
            "findings": dict(sorted(codes.items())),
        },
        run=run,
    )
