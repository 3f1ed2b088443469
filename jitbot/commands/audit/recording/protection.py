"""`jitbot audit protection`."""

import click

from jitbot.domain.audit.protection.looks import Sight
from jitbot.domain.audit.protection.safeguards import BY_CODE
from jitbot.domain.ledger.commit_message import sentence
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape, timestamp
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json
from jitbot.usecases.setup.record_protection import SeenProtection, look_at_protection, record_statement
from jitbot.wiring.context import open_context

_MARKS = {Sight.HELD: "✓", Sight.NOT_HELD: "✗", Sight.NO_RULE: "?", Sight.NOT_SEEN: "?"}


def protection(invocation: Invocation, *, dry_run: bool, statement: str | None, form: str) -> int:
    """Carry out `jitbot audit protection`."""
    if statement is not None and dry_run:
        raise click.UsageError("--statement records, and --dry-run does not: give one of them")
    context = open_context(invocation, "audit protection")
    if statement is not None:
        event = record_statement(context, statement, invocation.now)
        if form == "json":
            print_json({"recorded": True, "by": event.evidence.by, "safeguards": event.evidence.safeguards})
        else:
            click.echo(escape.log(sentence(event)))
        return ExitCode.DONE
    found = look_at_protection(context, invocation.now, dry_run=dry_run)
    if form == "json":
        print_json(found.as_json())
    else:
        _print(found)
    for trouble in found.troubles:
        click.echo(f"! {escape.log(trouble)}", err=True)
    return found.exit_code


def _print(found: SeenProtection) -> None:
    for code, sight in found.look.sights.items():
        click.echo(escape.log(f"{_MARKS[sight]} {BY_CODE[code].title}: {sight}"))
    if found.why:
        click.echo(f"not seen: {escape.log(found.why)}")
    for each in found.lost:
        click.echo(f"lost: {escape.log(each.safeguard.title)}, since {timestamp.show(each.loss.since)}")
        click.echo(f"    fix: {escape.log(each.check.fix)}")
    click.echo("recorded" if found.recorded else "not recorded")
