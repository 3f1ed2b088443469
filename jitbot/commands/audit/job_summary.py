"""What an audit's run shows on its page in Actions: verdict, figures, and a timeline of who held what.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
"""

import re
from datetime import datetime, timedelta
from itertools import groupby

from jitbot.domain.audit.report.summary import rehearsed
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.text.amount import many
from jitbot.usecases.audit.period_report import PeriodReport
from jitbot.usecases.issues.alert_issue import listed

_BARS = 40  # the longest timeline that is still read
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


def of_verdict(verdict: AuditVerdict) -> str:
    """The verdict, how much was checked, and what was found."""
    head = f"## Verification\n\n**{verdict.in_words}**\n\nChecked: {verdict.checked_in_words}. Ledger `{verdict.head[:10]}`.\n"
    if verdict.asked is not None:
        head += f"\n{verdict.asked.in_words}.\n"
    found = listed(verdict)
    return f"{head}\n{found}\n" if found else head


def of_report(report: PeriodReport) -> str:
    """The figures of the period, and its grants as a timeline."""
    summary = report.summary
    outcomes = ", ".join(f"{count:,} {name}" for name, count in summary.outcomes.items() if count)
    return (
        f"## {report.start:%F} to {report.end - timedelta(seconds=1):%F}\n\n"
        f"{many(summary.records, 'item')} of {many(summary.people, 'person', 'people')}{rehearsed(summary)} ({outcomes or 'none'}); "
        f"{many(len(summary.exceptions), 'exception')}, {len(summary.doubts):,} unknown, "
        f"{len(summary.awaiting):,} break-glass awaiting review{report.in_short}.\n\n{timeline(report)}"
    )


def timeline(report: PeriodReport) -> str:
    """The period's grants as a Mermaid gantt, the latest first to stay; only what is a plain token is named."""
    held = [(record, *span) for record in report.records if (span := _span(record, report)) is not None]
    if not held:
        return "Nobody held access.\n"
    shown = sorted(held, key=lambda each: each[1])[-_BARS:]
    shown.sort(key=lambda each: (_token(each[0].requester), each[1]))
    lines = ["```mermaid", "gantt", "    dateFormat YYYY-MM-DD HH:mm:ss", "    axisFormat %d %b %H:%M"]
    for who, bars in groupby(shown, key=lambda each: _token(each[0].requester)):
        lines.append(f"    section {who}")
        lines += [_bar(*each) for each in bars]
    more = f"\nOnly the latest {_BARS} of {len(held):,} are drawn.\n" if len(held) > _BARS else ""
    return "\n".join([*lines, "```", more])


def _span(record: GrantRecord, report: PeriodReport) -> tuple[datetime, datetime] | None:
    """The part of the period in which access was held; None if it was not held."""
    if record.held_from is None:
        return None
    begin = max(record.held_from, report.start)
    end = min(record.held_until or report.judged_at, report.judged_at, report.end)
    return (begin, end) if begin <= end else None


def _bar(record: GrantRecord, begin: datetime, end: datetime) -> str:
    # It begins with a fixed word, so that no policy's name is read as a keyword of Mermaid.
    tag = "crit, " if record.exceptions else ""
    return f"    use of {_token(record.policy)} in {_token(record.account)} :{tag}{begin:%F %T}, {end:%F %T}"


def _token(name: str) -> str:
    return name if _TOKEN.fullmatch(name) else "unnamed"
