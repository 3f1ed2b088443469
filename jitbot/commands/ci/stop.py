"""`jitbot stop`."""

import re

import click

from jitbot.domain.ledger.stops import StopSubject
from jitbot.domain.model.documents import Login, policy_path
from jitbot.domain.model.grammar import LOGIN, parse_policy_path
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import format_option
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.runs.stop import lift as lift_stop
from jitbot.usecases.runs.stop import stop as use_case
from jitbot.wiring.context import open_context

_LOGIN = re.compile(LOGIN, re.ASCII)


@click.command()
@click.option("--person", metavar="LOGIN", default="", help="Stop this person: everything they ask for.")
@click.option("--policy", metavar="NAME", default="", help="Stop this policy: everything asked for under it.")
@click.option(
    "--lift", is_flag=True, help="Lift the stop before its 7 days are over; what it ended stays ended."
)
@click.option("--reason", required=True, help="Why, in a few words; recorded for good.")
@format_option
@click.pass_obj
def stop(invocation: Invocation, *, person: str, policy: str, lift: bool, reason: str, form: str) -> int:
    """Refuse every request of a person or under a policy, and end what is live of theirs, now, for 7 days.

    Requests that are merged already are refused too. Allowed to the owners of policies/ alone, in a run of the
    workflow revoke.yml. Who is stopped lifts no stop.

    Example: jitbot stop --person mallory --reason "the laptop was stolen"
    """
    wanted = _wanted(person, policy)
    ledger = Ledger(open_context(invocation, "stop", purpose="sweep"), invocation.now)
    report = (lift_stop if lift else use_case)(ledger, wanted, reason=reason)
    if form == "json":
        print_json(report.as_json())
    else:
        print_report(report, nothing="nothing to stop")
    return report.exit_code


def _wanted(person: str, policy: str) -> StopSubject:
    """The person or the policy that was named, exactly one of them."""
    if bool(person) == bool(policy):
        raise click.UsageError("name either --person LOGIN or --policy NAME")
    if person and not _LOGIN.fullmatch(person):
        raise click.UsageError(f"{person[:40]!r} is no GitHub login")
    if policy and not isinstance(parse_policy_path(policy_path(policy)), str):
        raise click.UsageError(f"{policy[:40]!r} is no policy's name")
    return StopSubject(login=Login(person), policy=policy)
