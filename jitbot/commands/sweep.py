"""`jitbot sweep`."""

import click

from jitbot.commands.invocation import Invocation
from jitbot.commands.options import format_option
from jitbot.commands.words import print_json, print_report
from jitbot.commands.worlds import open_world
from jitbot.lifecycle.sweeping import sweep as use_case


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
        open_world(invocation, "sweep", purpose="sweep"), invocation.now, dry_run=dry_run, complete=complete
    )
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to end, nothing to remove")
    return report.exit_code
