"""`jitbot revoke`."""

import click

from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.request.request_reference import resolve
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import format_option
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.runs.revoke import revoke as use_case
from jitbot.wiring.context import open_context, recorded_requests


@click.command()
@click.argument("request")
@click.option("--reason", required=True, help="Why, in a few words; recorded for good.")
@format_option
@click.pass_obj
def revoke(invocation: Invocation, *, request: str, reason: str, form: str) -> int:
    """End a grant now, in all its accounts, for good.

    REQUEST is a path, a unique part of one, or a pull request's number. Allowed to the requester, to the
    owners of the request, and to the owners of policies/.

    Example: jitbot revoke 23-alice-refunds --reason "the incident is over"
    """
    ledger = Ledger(open_context(invocation, "revoke", purpose="sweep"), invocation.now)
    history = ledger.read()
    try:
        path = resolve(request, recorded_requests(history))
    except InvalidError:
        if history.doubt:
            raise UnavailableError(history.doubt) from None  # it may lie in what cannot be checked
        raise
    report = use_case(ledger, path, reason=reason)
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to end")
    return report.exit_code
