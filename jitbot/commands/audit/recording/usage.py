"""`jitbot audit usage`."""

from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.usage.record_use import record_use
from jitbot.wiring.context import open_context
from jitbot.wiring.trails import open_trails


def usage(invocation: Invocation, *, dry_run: bool, form: str) -> int:
    """Carry out `jitbot audit usage`."""
    context = open_context(invocation, "audit usage")
    trails, call_log = open_trails(invocation, context.settings)
    report = record_use(context, trails, call_log, invocation.now, dry_run=dry_run)
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="no grant is over whose use is not recorded")
    return report.exit_code
