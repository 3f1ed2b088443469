"""`jitbot revoke`."""

from jitbot.domain.model.errors import InvalidError, UnavailableError
from jitbot.domain.request.request_reference import resolve
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.runs.revoke import revoke as use_case
from jitbot.wiring.context import open_context, recorded_requests


def revoke(invocation: Invocation, *, request: str, reason: str, form: str) -> int:
    """Carry out `jitbot revoke`."""
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
