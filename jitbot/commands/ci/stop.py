"""`jitbot stop`."""

import re

import click

from jitbot.domain.ledger.stops import StopSubject
from jitbot.domain.model.documents import Login, policy_path
from jitbot.domain.model.grammar import LOGIN, parse_policy_path
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, print_report
from jitbot.usecases.ledger.ledger import Ledger
from jitbot.usecases.runs.stop import lift as lift_stop
from jitbot.usecases.runs.stop import stop as use_case
from jitbot.wiring.context import open_context

_LOGIN = re.compile(LOGIN, re.ASCII)


def stop(invocation: Invocation, *, person: str, policy: str, lift: bool, reason: str, form: str) -> int:
    """Carry out `jitbot stop`."""
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
