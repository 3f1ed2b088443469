"""`jitbot revoke`."""

import click

from jitbot.commands.invocation import Invocation
from jitbot.commands.options import format_option
from jitbot.commands.places import meant
from jitbot.commands.words import print_json, print_report
from jitbot.commands.worlds import open_world, recorded_requests
from jitbot.domain.errors import InvalidError, UnavailableError
from jitbot.lifecycle.history import read
from jitbot.lifecycle.revoking import revoke as use_case


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
    world = open_world(invocation, "revoke", purpose="sweep")
    history = read(world, invocation.now)
    try:
        path = meant(request, recorded_requests(history))
    except InvalidError:
        if history.doubt:
            raise UnavailableError(history.doubt) from None  # it may lie in what cannot be checked
        raise
    report = use_case(world, path, reason=reason, now=invocation.now)
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to end")
    return report.exit_code
