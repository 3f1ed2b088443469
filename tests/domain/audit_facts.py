"""One good life as jitbot itself records it, event by event, and the item that auditors make of events."""

from collections.abc import Mapping
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
from jitbot.domain.audit.protection.looks import Look, Sight, look_event, statement_event
from jitbot.domain.audit.protection.safeguards import SAFEGUARDS
from jitbot.domain.audit.report.overview.completeness_answer import Completeness
from jitbot.domain.audit.report.population import population
from jitbot.domain.audit.report.rules.protection_rows import safeguard_rows
from jitbot.domain.audit.report.summary import summary
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence
from jitbot.domain.model.documents import GithubId, Login
from jitbot.domain.model.merge_facts import Actor, Case
from jitbot.domain.setup.doctor.report import CheckVerdict
from jitbot.domain.text import timestamp
from jitbot.usecases.audit.period_report import PeriodReport, ReportSource

LATER = EXPIRES_AT + 30 * DAY
WEEK = 7 * DAY
OLIVIA = Actor(login=Login("olivia"), github_id=GithubId(1010))
SEEN = {each.code: Sight.HELD if each.branch else Sight.NOT_SEEN for each in SAFEGUARDS}
SAID = {each.code: CheckVerdict.OK for each in SAFEGUARDS}
WHOLE = Completeness(
    merged=1, due=0, missing=0, commits=5, attested=5, anchored=True, left_out=0, unchecked=0,
    verified=1, failed=0, last_verified=NOW,
)  # fmt: skip


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
        judged_at=LATER,
        source=ReportSource(
            repository="acme/access", main=sha("main"), ledger=sha("ledger"), completeness=WHOLE
        ),
        records=records,
        summary=summary(records, LATER),
        rule_changes=(),
        entitlements=(),
        protection=safeguard_rows(
            map(a_look_event, weekly(3, NOW - WEEK)), NOW - DAY, NOW + DAY, max(LATER, NOW + DAY)
        ),
    )


def a_look(at: datetime = NOW, **sights: Sight) -> Look:
    """All that readers see holds; with other answers by codes whose dashes are underlines."""
    return Look(at=at, sights={**SEEN, **{code.replace("_", "-"): each for code, each in sights.items()}})


def a_look_event(look: Look | None = None, why: str = "") -> Event:
    """The event of a look."""
    return look_event(look or a_look(), why=why, run="https://github.com/acme/access/actions/runs/1")


def a_statement_event(
    words: Mapping[str, CheckVerdict] | None = None, by: Actor = OLIVIA, at: datetime = NOW
) -> Event:
    """The event of olivia's word that all is as it should be."""
    return statement_event(words or SAID, by, at=at, run="")


def weekly(number: int, start: datetime = NOW, **sights: Sight) -> list[Look]:
    """So many looks, one a week."""
    return [a_look(start + count * WEEK, **sights) for count in range(number)]


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
