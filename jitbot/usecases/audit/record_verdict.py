"""`--record`: the outcome of a verification, as an attested event of the ledger that it is about."""

from collections import Counter
from datetime import datetime

from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.verify.online import AskedUntil
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.ledger.events import Event, EventType
from jitbot.domain.ledger.evidence import Evidence, RecordedOnline
from jitbot.domain.model.exit_code import ExitCode
from jitbot.usecases.context import Context, ensure_current, ensure_recordable
from jitbot.usecases.ledger.ledger import Ledger


def record(context: Context, verdict: AuditVerdict, mark: AskedUntil, now: datetime) -> Event:
    """Append the outcome to the ledger, once a day for each outcome. An outcome that is already recorded stays."""
    ensure_current(context)
    ensure_recordable(context)
    event = event_of(verdict, mark, now=now, run=context.run.url)
    Ledger(context, now).add([event])
    return event


def event_of(verdict: AuditVerdict, mark: AskedUntil, *, now: datetime, run: str) -> Event:
    """The event of a verification: the heads it looked at, how much it saw, the findings by code, and what GitHub was asked.

    `mark` is what the one before it recorded of that, and stays if this one asked nothing.
    """
    online = verdict.asked.as_json() if verdict.asked is not None else mark.as_json()
    codes = Counter(each.code for each in verdict.problems if each.severity is not Severity.NOTE)
    return Event(
        kind=EventType.VERIFIED,
        at=now,
        request="",
        cause="" if verdict.exit_code == ExitCode.DONE else verdict.in_words,
        evidence=Evidence.of(
            Evidence.head(verdict.head),
            Evidence.main(verdict.main),
            Evidence.exit_code(verdict.exit_code),
            Evidence.checked(dict(verdict.checked)),
            Evidence.findings(dict(sorted(codes.items()))),
            Evidence.online(RecordedOnline(online)),
        ),
        run=run,
    )
