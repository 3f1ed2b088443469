"""`jitbot audit report`."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from jitbot.commands.audit.inputs import keys_option
from jitbot.commands.audit.job_summary import of_survey
from jitbot.commands.audit.page import rendered
from jitbot.commands.audit.period_report import survey_of
from jitbot.domain.audit.report.rule_rows import in_short
from jitbot.domain.audit.report.summary import rehearsed
from jitbot.domain.audit.report.use_rows import in_short as use_in_short
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import Day
from jitbot.terminal.step_files import add_to_summary


@click.command()
@click.option("--from", "start", type=Day(), required=True, help="The first day (UTC), or a moment.")
@click.option("--to", "end", type=Day(last=True), required=True, help="The last day (UTC), or a moment.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write. Default: jitbot-report-FROM-TO.html in this folder.",
)
@keys_option
@click.option("--online", is_flag=True, help="Ask the issuer for its keys.")
@click.pass_obj
def report(
    invocation: Invocation,
    *,
    start: datetime,
    end: datetime,
    output: Path | None,
    keys_file: Path | None,
    online: bool,
) -> int:
    """Write a period into one HTML file that needs no network: a page of answers, timeline, every grant's evidence.

    Ends with 0 however the verdicts are; with 3 if something of the ledger could not be checked.

    Example: jitbot audit report --from 2026-01-01 --to 2026-12-31 --output 2026.html
    """
    survey = survey_of(invocation, start=start, end=end, keys_file=keys_file, online=online)
    last = end - timedelta(seconds=1)  # the period ends before `end`, which is the day after the last one
    file = invocation.folder / (output or f"jitbot-report-{start:%Y%m%d}-{last:%Y%m%d}.html")
    text = rendered(survey)
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise InvalidError(f"{file} cannot be written: {error.strerror}") from None
    size = len(text.encode()) / 1_000_000
    click.echo(
        f"{file}: {len(survey.records):,} item{'' if len(survey.records) == 1 else 's'}, {size:.1f} MB"
    )
    summary = survey.summary
    click.echo(
        f"{len(summary.exceptions):,} exceptions, {len(summary.doubts):,} unknown, "
        f"{len(summary.awaiting):,} break-glass awaiting review{escape.log(rehearsed(summary))}"
        f"{escape.log(in_short(survey.rule_changes))}{escape.log(use_in_short(survey.use))}"
    )
    add_to_summary(invocation.environ, of_survey(survey))
    for warning in survey.source.warnings:
        click.echo(f"! {escape.log(warning)}", err=True)
    return ExitCode.UNSURE if survey.in_doubt else ExitCode.DONE
