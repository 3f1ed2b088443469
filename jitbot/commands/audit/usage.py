"""`jitbot audit usage`."""

import click

from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import format_option
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.usage.record_use import record_use
from jitbot.wiring.context import open_context
from jitbot.wiring.trails import open_trails


@click.command()
@click.option("--dry-run", is_flag=True, help="Ask CloudTrail, and record nothing.")
@format_option
@click.pass_obj
def usage(invocation: Invocation, *, dry_run: bool, form: str) -> int:
    """Record, once for each grant that is over, whether and how often its role was entered, as CloudTrail has it.

    Runs in Actions, four times a day. What AWS refuses or does not answer is asked again for three days, and then
    recorded as not seen. With a trail of your own in settings.yaml it also counts calls by service.

    Example: jitbot audit usage --dry-run
    """
    context = open_context(invocation, "audit usage")
    trails, call_log = open_trails(invocation, context.settings)
    report = record_use(context, trails, call_log, invocation.now, dry_run=dry_run)
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="no grant is over whose use is not recorded")
    return report.exit_code
