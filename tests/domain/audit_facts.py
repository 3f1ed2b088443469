"""One good life as jitbot itself records it, event by event, and the item that auditors make of events."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from acme_facts import DAY, EXPIRES_AT, MINUTE, NOW, PATH, sha
from builders import a_case, an_outcome
from catalogue_facts import the_catalogue

from jitbot.domain.access.approval import decide
from jitbot.domain.access.decision_event import of_decision
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.audit.history.ledger_history import AttestedCommit, LedgerHistory, RecordedEvent
from jitbot.domain.audit.report.population import population
from jitbot.domain.audit.report.summary import summary
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.merge_facts import Case
from jitbot.domain.text import timestamp
from jitbot.usecases.audit.period_report import PeriodReport, ReportSource

LATER = EXPIRES_AT + 30 * DAY


def approval(**evidence: Any) -> Event:
    """The record that jitbot itself makes of alice's approved request; parts of its evidence can be others."""
    event = decided(a_case())
    return replace(event, evidence=Evidence({**event.evidence.json, **evidence}))


def decided(case: Case, now: datetime = NOW, so_far: RequestState | None = None) -> Event:
    """The record of what is decided of a case at this time."""
    decision = decide(case, so_far or RequestState(request=PATH), now)
    return of_decision(case.change, case, decision, now=now, run="run", catalogue=the_catalogue())


def granted(**changes: Any) -> Event:
    """AWS gave it a minute after the decision."""
    return an_outcome(EventType.GRANTED, at=NOW + MINUTE, **changes)


def ended(**changes: Any) -> Event:
    """Seen to be over, ten minutes after the expiry."""
    evidence = {"effective_at": timestamp.show(EXPIRES_AT), "seen": "as recorded"}
    return an_outcome(EventType.ENDED, **{"at": EXPIRES_AT + 10 * MINUTE, "evidence": evidence, **changes})


def removed(**changes: Any) -> Event:
    """Gone, an hour and a half after the expiry."""
    given = {"at": EXPIRES_AT + 90 * MINUTE, "evidence": {"verified_absent": True}, **changes}
    return an_outcome(EventType.REMOVED, **given)


def a_record(*events: Event, now: datetime = LATER) -> GrantRecord:
    """The one item that these events make."""
    (found,) = population(events, now)
    return found


def a_period_report(*records: GrantRecord) -> PeriodReport:
    """The report on the days around these items."""
    return PeriodReport(
        start=NOW - DAY,
        end=NOW + DAY,
        now=LATER,
        source=ReportSource(repository="acme/access", main=sha("main"), ledger=sha("ledger")),
        records=records,
        summary=summary(records, LATER),
        rule_changes=(),
        entitlements=(),
    )


def a_recorded(event: Event, order: int = 0, **batch: Any) -> RecordedEvent:
    """An event in an attested batch of this number."""
    found = AttestedCommit(
        commit=sha(f"batch {order}"), order=order, at=NOW, issued_at=NOW, workflow="", run=""
    )
    return RecordedEvent(event=event, batch=replace(found, **batch), path=event.path)


def a_ledger(*recorded: RecordedEvent, **changes: Any) -> LedgerHistory:
    """The ledger that holds these, and nothing that is suspicious."""
    found = LedgerHistory(
        head=sha("head"), recorded=recorded, batches=(), signers={}, anchored=True, problems=()
    )
    return replace(found, **changes)
