"""Makes the report of a period for the parts of `jitbot audit` that show or export one."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jitbot.adapters import documents
from jitbot.commands.audit.inputs import load_inputs
from jitbot.domain.audit.history.access_reviews import AccessReviews
from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.history.ledger_history import LedgerHistory
from jitbot.domain.audit.history.limits import DECIDED_WITHIN
from jitbot.domain.audit.report.overview.completeness_answer import completeness_of
from jitbot.domain.audit.verify.completeness import not_followed
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.audit.access_reviews import read_access_reviews
from jitbot.usecases.audit.period_report import (
    PeriodReport,
    ReportSource,
    changed_rules,
    entitled,
    period_report,
)
from jitbot.usecases.audit.verify_ledger import AuditInputs

_UNANCHORED = "nobody vouches for the issuer's keys: give --keys, ask with --online, or keep them in policies/issuer-keys.json"


def period_report_of(
    invocation: Invocation,
    *,
    start: datetime,
    end: datetime,
    keys_file: Path | None,
    online: bool,
) -> PeriodReport:
    """The report of a period, judged as of its end, or of now, if that is earlier: the page and the pack say the same.

    Raises InvalidError for a period that is empty, or all to come.
    """
    if start >= end:
        raise InvalidError("the period is empty: --to must come after --from")
    if start > invocation.now:
        raise InvalidError("the period has not begun yet")
    inputs = load_inputs(invocation, keys_file=keys_file, online=online)
    unread = [each.message for each in not_followed(inputs.not_followed)]
    warnings, doubt = _objections(inputs.history, unread)
    judged_at = min(end, invocation.now)
    return period_report(
        inputs.history.events,
        source=ReportSource(
            repository=inputs.settings.repository,
            main=inputs.main,
            ledger=inputs.history.head,
            warnings=warnings,
            doubt=doubt,
            completeness=completeness_of(
                inputs.history,
                inputs.merges,
                unread=unread,
                start=start,
                end=end,
                now=min(invocation.now, end + DECIDED_WITHIN),
            ),
        ),
        start=start,
        end=end,
        now=judged_at,
        made_at=invocation.now,
        absences=inputs.gone.absences,
        unread=inputs.history.in_doubt.requests,
        rule_changes=changed_rules(
            inputs.git, inputs.main, inputs.history.events, start, end, invocation.now
        ),
        entitlements=entitled(inputs.git, documents, judged_at),
        access_reviews=_reviews(inputs, judged_at, invocation.now),
    )


def _reviews(inputs: AuditInputs, judged_at: datetime, now: datetime) -> AccessReviews:
    """The access reviews as of a moment. Of what is judged now nothing is left out, whatever date its commit has."""
    until = judged_at if judged_at < now else None
    events = inputs.history.events
    return read_access_reviews(inputs.git, documents, inputs.main, events, judged_at, until=until)


def _objections(history: LedgerHistory, unread: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """What lies in the ledger beside the record, and why the record may not be whole; `unread`: of main."""
    unchecked = [each.message for each in history.problems if each.severity is Severity.UNCHECKED]
    unchecked += unread
    doubt = "; ".join([*unchecked[:3], *([] if history.anchored else [_UNANCHORED])])
    warnings = tuple(each.message for each in history.problems if each.severity is not Severity.UNCHECKED)
    return (*warnings, *unchecked), doubt
