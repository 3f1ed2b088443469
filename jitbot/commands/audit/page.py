"""A report as the page that an auditor opens: all texts on it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from jitbot import __version__
from jitbot.adapters.local.page import page
from jitbot.commands.audit.page_overview import Text, overview
from jitbot.domain.access_review.entitlements import Entitlement
from jitbot.domain.audit.history.limits import CONFIRMED_WITHIN, ENDED_WITHIN, REMOVED_WITHIN
from jitbot.domain.audit.report import page_rows
from jitbot.domain.audit.report.overview.answer import beside_grants
from jitbot.domain.audit.report.overview.waiting_times import FEWEST
from jitbot.domain.audit.report.rules import protection_page, review_page
from jitbot.domain.audit.report.rules.rule_rows import CONTROL, RuleRow, exceptions
from jitbot.domain.audit.report.summary import Summary
from jitbot.domain.audit.report.use_rows import UseFigures
from jitbot.domain.audit.verify.grant_record import GrantRecord
from jitbot.domain.ledger.stops import Stop
from jitbot.domain.text import duration, escape, timestamp
from jitbot.domain.text.amount import many
from jitbot.domain.text.escape import inert
from jitbot.usecases.audit.period_report import PeriodReport

SCRIPTS = tuple(f"report/{name}.js" for name in ("data", "timeline", "evidence", "table"))
_MOST = 25  # exceptions that are listed on top; all are in the table
_SHOWN_PATHS = 6
_SHOWN_UNSEEN = 25
_SHOWN_ACCOUNTS = 4  # more are counted, and listed when opened
_SHOWN_WARNINGS = 25


def rendered(report: PeriodReport) -> str:
    """The whole page, in one file."""
    exceptional = sorted(
        (record for record in report.records if record.exceptions or record.doubts), key=_gravity
    )
    return page(
        "report/page.html",
        style="report/page.css",
        scripts=SCRIPTS,
        content={**page_rows.content(report.records), **_period(report)},
        version=__version__,
        source=report.source,
        warnings=[escape.terminal(each) for each in report.source.warnings[:_SHOWN_WARNINGS]],
        warnings_left_out=max(len(report.source.warnings) - _SHOWN_WARNINGS, 0),
        first_day=_day(report.start),
        last_day=_day(report.end - timedelta(seconds=1)),
        verdict=_verdict(report),
        fewest=FEWEST,
        tallies=report.summary.tallies,
        exceptions=[_exception(record) for record in exceptional[:_MOST]],
        exceptions_left_out=max(len(exceptional) - _MOST, 0),
        use=_use(report.use),
        stops=[_stop(each) for each in report.stops],
        rule_changes=[_rule_change(each) for each in report.rule_changes],
        rules_control=CONTROL,
        protection=protection_page.section(
            report.protection, report.start, min(report.end, report.judged_at)
        ),
        reviews=review_page.section(report.reviews),
        entitlements=[_entitlement(each) for each in report.entitlements],
        ended_within=duration.show(ENDED_WITHIN),
        confirmed_within=duration.show(CONFIRMED_WITHIN),
        removed_within=duration.show(REMOVED_WITHIN),
        judged_at=timestamp.show(report.judged_at),
        **overview(report),
    )


def _period(report: PeriodReport) -> Mapping[str, object]:
    named = {"start": report.start, "end": report.end, "now": report.judged_at}
    return {name: int(moment.timestamp()) for name, moment in named.items()}


def _verdict(report: PeriodReport) -> Text:
    summary = report.summary
    others = beside_grants(report.answers)
    against, unknown = len(summary.exceptions) + others[0], len(summary.doubts) + others[1]
    if against:
        title = many(against, "exception")
        return _banner("bad", title, "Each is in its section below, with its reason.")
    if not summary.records and not unknown:
        return _banner("warn", "Nothing to judge", "No request lies in this period.")
    if unknown or report.in_doubt:
        title = f"{many(unknown, 'item')} that the record does not explain"
        return _banner("warn", title, "Nothing was found wrong, but not everything could be checked.")
    return _banner("good", "No exception was found in this period", _answered(summary))


def _answered(summary: Summary) -> str:
    """How the questions were answered where no answer is "no" or "unknown"."""
    parts = [
        'answered with "yes"',
        *(["not due yet"] if any(each.open for each in summary.tallies) else []),
        *(["not required of break-glass"] if any(each.not_required for each in summary.tallies) else []),
    ]
    waits = (
        f" {many(len(summary.awaiting), 'break-glass grant')} awaiting review." if summary.awaiting else ""
    )
    return f"Every question about a grant was {', or is '.join(parts)}.{waits}"


def _banner(mark: str, title: str, text: str) -> Text:
    return {"mark": mark, "title": title, "text": text}


def _gravity(record: GrantRecord) -> int:
    """The order of exceptions: access that nobody else approved, then too long, then late, then unknown."""
    graver = ("approved_before_grant", "separation_of_duties", "within_max", "removed_on_time")
    return min(
        (graver.index(name) if name in graver else len(graver) for name in record.exceptions), default=9
    )


def _exception(record: GrantRecord) -> Text:
    against = [record.judgements[name].why for name in (record.exceptions or record.doubts)]
    return inert(
        id=record.id,
        who=record.requester or "unknown",
        policy=record.policy or "no policy",
        account=record.account or record.account_id,
        why="; ".join(against),
    )


def _stop(each: Stop) -> Text:
    lifted = f", lifted by {each.lifted_by}: {each.lifted.evidence.reason}" if each.lifted is not None else ""
    return inert(
        at=timestamp.show(each.event.at),
        of=each.subject.in_words,
        by=each.event.evidence.by,
        why=each.event.evidence.reason,
        until=f"{timestamp.show(each.until)}{lifted}",
    )


def _rule_change(row: RuleRow) -> Text:
    shown = row.paths[:_SHOWN_PATHS]
    left_out = (row.paths_count or 0) - len(shown)
    more = f" and {left_out:,} more" if left_out > 0 else ""
    number = f"#{row.pull_request} of {row.author}" if row.pull_request is not None else ""
    return inert(
        at=timestamp.show(row.at),
        commit=row.commit,
        subject=row.subject,
        paths="more files than are read" if row.paths_count is None else ", ".join(shown) + more,
        pull_request=number,
        review=row.in_words,
        mark="exception" if exceptions([row]) else "",
    )


def _use(figures: UseFigures) -> Mapping[str, object]:
    """The section on what was done with the access."""
    return {
        "over": figures.over,
        "rows": [
            {"state": state, "count": f"{count:,}", "means": means} for state, count, means in figures.rows
        ],
        "out_of_sight": [
            inert(what=what, count=many(count, "grant"))
            for what, count in figures.out_of_sight[:_SHOWN_UNSEEN]
        ],
        "more": max(len(figures.out_of_sight) - _SHOWN_UNSEEN, 0),
        "with_denied": figures.with_denied,
    }


def _entitlement(each: Entitlement) -> Text:
    after = f"nobody before; afterwards reviewed by {_listed(each.reviewers)}"
    return inert(
        policy=each.policy,
        description=each.description,
        eligible=_listed(each.eligible),
        named=_summed(each.named, len(each.eligible), "can ask"),
        accounts=_listed(each.accounts),
        accounts_named=many(len(each.accounts), "account") if len(each.accounts) > _SHOWN_ACCOUNTS else "",
        max_duration=each.max_duration,
        approvals="" if each.approvals is None else "; ".join(each.rules) or str(each.approvals),
        approvers=_listed(each.approvers),
        owners=after if each.reviewers else _summed(each.owners, len(each.approvers), "can approve"),
        owner_rule=each.owner_rule,
        problem=each.problem,
    )


def _summed(names: Iterable[str], number: int, can: str) -> str:
    """The teams and logins as they are written, and for how many people they stand."""
    return f"{_listed(names)}: {many(number, 'person', 'people')} {can}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
