"""`jitbot sweep`."""

from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.runs.sweep import sweep as use_case
from jitbot.wiring.context import open_context


def sweep(invocation: Invocation, *, dry_run: bool, complete: bool, form: str) -> int:
    """Carry out `jitbot sweep`."""
    report = use_case(
        open_context(invocation, "sweep", purpose="sweep"), invocation.now, dry_run=dry_run, complete=complete
    )
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to end, nothing to remove")
    return report.exit_code
