"""`jitbot sweep`."""

import click

from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import format_option
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.runs.sweep import sweep as use_case
from jitbot.wiring.context import open_context


@click.command()
@click.option("--dry-run", is_flag=True, help="Look and plan; record and change nothing.")
@click.option(
    "--complete", is_flag=True, help="Read every role whole, for drift that a list does not show; once a day."
)
@format_option
@click.pass_obj
def sweep(invocation: Invocation, *, dry_run: bool, complete: bool, form: str) -> int:
    """End what must end, confirm what has ended, remove what is over; find orphans and drift.

    Runs in Actions. Access ends without it: AWS refuses from expiry on by itself.

    Example: jitbot sweep --dry-run
    """
    report = use_case(
        open_context(invocation, "sweep", purpose="sweep"), invocation.now, dry_run=dry_run, complete=complete
    )
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to end, nothing to remove")
    return report.exit_code
