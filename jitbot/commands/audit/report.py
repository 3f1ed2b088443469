"""`jitbot audit report`."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from jitbot.commands.audit.job_summary import of_report
from jitbot.commands.audit.page import rendered
from jitbot.commands.audit.period_report import period_report_of
from jitbot.domain.audit.report.summary import rehearsed
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.step_files import add_to_summary


def report(
    invocation: Invocation,
    *,
    start: datetime,
    end: datetime,
    output: Path | None,
    keys_file: Path | None,
    online: bool,
) -> int:
    """Carry out `jitbot audit report`."""
    report = period_report_of(invocation, start=start, end=end, keys_file=keys_file, online=online)
    last = end - timedelta(seconds=1)  # the period ends before `end`, which is the day after the last one
    file = invocation.folder / (output or f"jitbot-report-{start:%Y%m%d}-{last:%Y%m%d}.html")
    text = rendered(report)
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InvalidError(f"{file} cannot be written: {error.strerror}") from None
    size = len(text.encode()) / 1_000_000
    click.echo(f"{file}: {many(len(report.records), 'item')}, {size:.1f} MB")
    summary = report.summary
    click.echo(
        f"{many(len(summary.exceptions), 'exception')}, {len(summary.doubts):,} unknown, "
        f"{len(summary.awaiting):,} break-glass awaiting review{escape.log(rehearsed(summary) + report.in_short)}"
    )
    add_to_summary(invocation.environ, of_report(report))
    for warning in report.source.warnings:
        click.echo(f"! {escape.log(warning)}", err=True)
    return ExitCode.UNSURE if report.in_doubt else ExitCode.DONE
