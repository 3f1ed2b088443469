"""`jitbot grant`."""

import click

from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import format_option
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.runs.grant import grant as use_case
from jitbot.wiring.context import open_context


@click.command()
@click.option("--dry-run", is_flag=True, help="Decide and plan; record and change nothing.")
@format_option
@click.pass_obj
def grant(invocation: Invocation, *, dry_run: bool, form: str) -> int:
    """Decide what was merged, record it, and grant what is approved.

    Runs in Actions. Safe to run twice, late, at once with another run, or after one that was stopped.

    Example: jitbot grant --dry-run
    """
    report = use_case(open_context(invocation, "grant", purpose="grant"), invocation.now, dry_run=dry_run)
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to decide, nothing to grant")
    return report.exit_code
