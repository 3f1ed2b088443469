"""`jitbot grant`."""

from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.runs.grant import grant as use_case
from jitbot.wiring.context import open_context


def grant(invocation: Invocation, *, dry_run: bool, form: str) -> int:
    """Carry out `jitbot grant`."""
    report = use_case(open_context(invocation, "grant", purpose="grant"), invocation.now, dry_run=dry_run)
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to decide, nothing to grant")
    return report.exit_code
