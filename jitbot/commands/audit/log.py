"""`jitbot audit log`."""

import csv
import io
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from jitbot.adapters import documents
from jitbot.commands.audit.inputs import load_inputs
from jitbot.domain.access.request_state import pull_requests
from jitbot.domain.audit.history.findings import Severity
from jitbot.domain.audit.report.columns import as_json
from jitbot.domain.audit.report.log_rows import (
    NAMES,
    LogFilter,
    LogRow,
    as_cells,
    asked_for,
    kept_for_rows,
    rows,
)
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.request.request_reference import resolve
from jitbot.domain.text import escape
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, print_table
from jitbot.terminal.prompts import folded
from jitbot.usecases.audit.access_reviews import dates_moved
from jitbot.usecases.audit.verify_ledger import AuditInputs


def log(
    invocation: Invocation,
    *,
    keys_file: Path | None,
    person: str,
    policy: str,
    account: str,
    request_: str,
    outcome: str | None,
    start: datetime | None,
    end: datetime | None,
    form: str,
) -> int:
    """Carry out `jitbot audit log`."""
    # Which request is meant, all of the ledger's events decide together.
    inputs = load_inputs(
        invocation, keys_file=keys_file, keep=kept_for_rows, person="" if request_ else person
    )
    wanted = LogFilter(
        person=person,
        policy=policy,
        account=account,
        outcome=outcome or "",
        request=resolve(request_, pull_requests(inputs.history.events)) if request_ else "",
        start=start,
        end=end,
    )
    recorded = inputs.history.recorded
    moved = dates_moved(inputs.git, documents, inputs.history.events)
    found = [row for row in rows(recorded, asked_for(recorded), moved) if wanted.includes(row)]
    if form == "json":
        print_json([as_json(row) for row in found])
    elif form == "csv":
        _print_csv(found)
    else:
        _print(found)
    return _warn(inputs)


def _print_csv(found: Sequence[LogRow]) -> None:
    written = io.StringIO()
    writer = csv.DictWriter(written, NAMES, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows(as_cells(row) for row in found)
    click.echo(written.getvalue(), nl=False)


def _print(found: Sequence[LogRow]) -> None:
    if not found:
        click.echo("nothing is recorded that fits")
        return
    if sys.stdout.isatty():
        _print_blocks(found)
        return
    head = ("when", "what", "who", "policy", "where", "until", "approved or ended by", "why", "commit")
    print_table(head, (_cells(row) for row in found))


def _print_blocks(found: Sequence[LogRow]) -> None:
    """At a terminal: one event below the other, folded to its width, so that nothing is cut."""
    for row in found:
        when, what, who, policy, where, until, by, why, commit = _cells(row)
        of = f": {policy or 'a role'} of {who or 'nobody known'}" if policy or where else ""
        place = f" in {where}" if where else ""
        click.secho(folded(f"{when}  {what}{of}{place}", sys.stdout), bold=True)
        named = (("until", until), ("by", by), ("commit", commit))
        click.echo(folded("  " + ", ".join(f"{name} {value}" for name, value in named if value), sys.stdout))
        if why:
            click.echo(folded(f"  {why}", sys.stdout))


def _cells(row: LogRow) -> tuple[str, ...]:
    return (
        row.at,
        f"{row.event} ({row.why})" if row.why and row.why != row.event else row.event,
        row.requester,
        row.policy,
        ", ".join(account.partition(" ")[0] for account in row.accounts),
        row.expires_at,
        row.by or ", ".join(row.approved_by),
        row.reason or ", ".join(row.codes),
        row.ledger_commit,
    )


def _warn(inputs: AuditInputs) -> int:
    """Print on stderr why the list may be incomplete. Returns 3 if it may be, otherwise 0."""
    history = inputs.history
    left_out = len({each.commit for each in history.problems if each.severity is Severity.BROKEN})
    unread = [each for each in history.problems if each.severity is Severity.UNCHECKED]
    if history.passed_over:
        click.echo(
            f"· {history.passed_over} of {history.commits} commits of the ledger cannot concern this person and were not "
            "checked: `jitbot audit verify` checks all",
            err=True,
        )
    if left_out:
        of = f"{many(left_out, 'commit')} of the ledger {'is' if left_out == 1 else 'are'} odd"
        click.echo(f"! {of}: `jitbot audit verify` says how", err=True)
    for each in unread:
        click.echo(f"? this may be incomplete: {escape.log(each.message)}", err=True)
    if not history.anchored:
        click.echo("? nobody vouches for the issuer's keys here: give them with --keys", err=True)
    return ExitCode.UNSURE if unread else ExitCode.DONE
