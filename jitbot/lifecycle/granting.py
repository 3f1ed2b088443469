"""`jitbot grant`: decide, record, grant, read back, record. Safe to stop anywhere and to run twice."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from jitbot.domain import plan
from jitbot.domain.changes import Deny
from jitbot.domain.errors import BranchMovedError, UnavailableError
from jitbot.domain.events import Event, Kind
from jitbot.lifecycle import history as ledger
from jitbot.lifecycle.carrying import Outcome, carry_out, failed_event
from jitbot.lifecycle.deciding import Decided, decide_all
from jitbot.lifecycle.ending import ends_at_main
from jitbot.lifecycle.gathering import Gatherer
from jitbot.lifecycle.history import History
from jitbot.lifecycle.recording import ATTEMPTS
from jitbot.lifecycle.report import Report
from jitbot.lifecycle.reviewing import with_reviews
from jitbot.lifecycle.world import MEMORY, World, ensure_current, ensure_recordable


def grant(world: World, now: datetime, *, dry_run: bool = False) -> Report:
    """Decide every new change of a request, and carry out what the ledger says is approved and not granted."""
    ensure_current(world)
    if not dry_run:
        ensure_recordable(world)
    history, decided = _decide(world, now, dry_run=dry_run)
    report = Report(decided=decided, warnings=history.ignored, doubt=history.doubt, dry=dry_run)
    if history.doubt:
        return report  # what cannot be checked may hold an end: nothing is given
    report = _carried_out(world, history, report, now)
    return with_reviews(world, report, history, now, late_fails=False)


def _carried_out(world: World, history: History, report: Report, now: datetime) -> Report:
    """Do what the ledger says is approved and not granted, and record it."""
    changes = plan.to_grant(history.lives.values(), ends_at_main(world, history, now), now)
    recorded = tuple(each.event for each in report.decided if each.event is not None and not report.dry)
    report = replace(report, planned=changes, recorded=recorded)
    if report.dry or not changes:
        return report
    outcome = carry_out(world, changes, now)
    final = _record(world, history, outcome, now)
    return replace(report, recorded=recorded + final.events, failures=outcome.failures + final.failures)


def _decide(world: World, now: datetime, *, dry_run: bool) -> tuple[History, tuple[Decided, ...]]:
    """Decide and record the decisions, on a ledger that nobody moved meanwhile."""
    gatherer = Gatherer(world=world)
    for _ in range(ATTEMPTS):
        history = ledger.read(world, now)
        if history.doubt:
            return history, ()
        decided = decide_all(gatherer, world.repository.changes(now - MEMORY), history, now)
        new = [each.event for each in decided if each.event is not None]
        if not new or dry_run:
            return _with(history, new), decided
        try:
            return ledger.append(world, history, new, now), decided
        except BranchMovedError:
            world.repository.fetch()
    raise UnavailableError("the ledger keeps moving; the next run decides")


def _record(world: World, history: History, outcome: Outcome, now: datetime) -> Outcome:
    """Record what was granted, unless its end was recorded meanwhile: then end it here and now, and record that."""
    failed = [failed_event(failure, now=now, run=world.run.url) for failure in outcome.failures]
    granted = [*outcome.events, *(event for event in failed if event is not None)]
    ended = Outcome()
    for _ in range(ATTEMPTS):
        history = ledger.read_again(world, history, now)
        denials = _overtaken(world, granted, history, now)
        if denials:
            more = carry_out(world, denials, now)
            ended = Outcome(events=ended.events + more.events, failures=ended.failures + more.failures)
            gone = {(denial.request, denial.account_id) for denial in denials}
            granted = [event for event in granted if (event.request, event.account_id) not in gone]
        new = (*granted, *ended.events)
        try:
            ledger.append(world, history, new, now)
        except BranchMovedError:
            continue
        return replace(ended, events=new)
    raise UnavailableError("the ledger keeps moving; the next run records what was granted")


def _overtaken(world: World, granted: Iterable[Event], history: History, now: datetime) -> tuple[Deny, ...]:
    """The grants just made that must end at once: revoked, deleted or offboarded while they were being made."""
    ends = ends_at_main(world, history, now)
    denials = []
    for event in granted:
        life = history.lives.get(event.request)
        due = ends.of(life, life.holding(event.account_id)) if life is not None else None
        if event.kind is Kind.GRANTED and due is not None:
            denials.append(
                Deny(
                    request=event.request, commit=event.commit, account=event.account, account_id=event.account_id,
                    role_name=event.role_name, why=due[0], detail=due[1], window=event.window,
                )
            )  # fmt: skip
    return tuple(denials)


def _with(history: History, new: Iterable[Event]) -> History:
    """The history as it will read once these events are in it."""
    return replace(history, events=(*history.events, *new))
