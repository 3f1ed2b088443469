"""`jitbot audit verify`."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from jitbot.commands.audit.inputs import load_inputs
from jitbot.commands.audit.job_summary import of_verdict
from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.online import AskedUntil, ToAsk, asked, last_mark
from jitbot.domain.audit.verify.verdict import AuditVerdict
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json
from jitbot.terminal.step_files import add_to_summary
from jitbot.usecases.audit.compare_aws import compare
from jitbot.usecases.audit.compare_github import fetch_heads, read_again
from jitbot.usecases.audit.record_verdict import record as record_verdict
from jitbot.usecases.audit.verify_ledger import (
    RECORDED,
    AuditInputs,
    approvals_since_asked,
    approvals_to_ask,
    mark,
)
from jitbot.usecases.audit.verify_ledger import verify as use_case
from jitbot.usecases.context import Context, ensure_recordable
from jitbot.usecases.issues.alert_issue import keep_issue, keep_stopped

_MARKS = {Severity.BROKEN: ("✗", "red"), Severity.UNCHECKED: ("?", "yellow"), Severity.NOTE: ("•", "white")}
_SHOWN = 200  # findings; --format json has all


def verify(
    invocation: Invocation,
    *,
    keys_file: Path | None,
    expect: tuple[str, ...],
    since: str | None,
    online: bool,
    online_since: str | None,
    against_aws: bool,
    record: bool,
    at: datetime | None,
    form: str,
) -> int:
    """Carry out `jitbot audit verify`."""
    _go_together(at, record=record, online=online, online_since=online_since)
    now = at or invocation.now
    context = _context(invocation) if online or against_aws or record else None
    try:
        inputs = load_inputs(invocation, keys_file=keys_file, online=online or record)
        begin = None if since is None else mark(inputs, since)
        wanted = _wanted(inputs, online_since, begin) if online else None
        unanswered: set[str] = set()
        verdict = use_case(
            inputs,
            now,
            expect=[_expected(inputs, each) for each in expect],
            since=begin,
            more=_outside(inputs, context, now, wanted, unanswered, against_aws=against_aws),
        )
        if wanted is not None:
            answers = asked(wanted, unanswered, verdict.head, inputs.git.commits_of)
            verdict = replace(verdict, asked=answers)
    except JitbotError as error:
        if context is not None and record:
            _report_stop(context, error, now)
        raise
    if verdict.exit_code == ExitCode.DONE:
        inputs.git.remember(inputs.history.head)
    if form == "json":
        print_json(verdict.as_json())
    else:
        _print(verdict)
    issue_kept = (
        context is None or not record or _keep_issue(context, verdict, last_mark(inputs.history), now)
    )
    # Last: a page that cannot be written hides no issue.
    add_to_summary(invocation.environ, of_verdict(verdict))
    return verdict.exit_code if issue_kept else verdict.exit_code or ExitCode.UNSURE


def _go_together(at: datetime | None, *, record: bool, online: bool, online_since: str | None) -> None:
    if record and at is not None:
        raise click.UsageError("what is recorded is recorded now: --record and --at do not go together")
    if online_since and not online:
        raise click.UsageError("--online-since says what --online reads: give both")


def _outside(
    inputs: AuditInputs,
    context: Context | None,
    now: datetime,
    wanted: ToAsk | None,
    unanswered: set[str],
    *,
    against_aws: bool,
) -> list[AuditFinding]:
    """What GitHub and AWS say otherwise, where they are to be asked."""
    if context is None:
        return []
    decisions = wanted.decisions if wanted is not None else ()
    heads = fetch_heads(context.git, decisions)
    return [
        *heads,
        *read_again(context.github, decisions, unanswered),
        *(compare(context, inputs, now) if against_aws else ()),
    ]


def _wanted(inputs: AuditInputs, online_since: str | None, begin: Sha | None) -> ToAsk:
    """The approvals to read again. As long as nothing was verified, `--online-since recorded` means all of them."""
    if online_since == RECORDED:
        return approvals_since_asked(inputs)
    return approvals_to_ask(inputs, begin if online_since is None else mark(inputs, online_since))


def _report_stop(context: Context, error: JitbotError, now: datetime) -> None:
    """Say in the one issue that there is no verdict. The run fails in any case."""
    try:
        keep_stopped(context, str(error), now)
    except JitbotError as trouble:
        click.echo(f"! the issue about the record could not be kept: {escape.log(str(trouble))}", err=True)


def _keep_issue(context: Context, verdict: AuditVerdict, last: AskedUntil, now: datetime) -> bool:
    """Keep the one issue, then record. The issue comes first, since it must also report a ledger that cannot be written.

    Returns whether both succeeded.
    """
    ensure_recordable(context)
    issue_kept = True
    try:
        keep_issue(context, verdict, now)
    except JitbotError as error:
        issue_kept = False
        click.echo(f"! the issue about the record could not be kept: {escape.log(str(error))}", err=True)
    record_verdict(context, verdict, last, now)
    return issue_kept


def _context(invocation: Invocation) -> Context:
    from jitbot.wiring.context import (
        open_context,  # with GitHub's and AWS's clients, which offline nobody needs
    )

    return open_context(invocation, "audit")


def _expected(inputs: AuditInputs, name: str) -> Sha:
    """The commit that was expected. A full commit id is accepted even if this clone does not have it any more."""
    try:
        return inputs.git.resolve(name)
    except InvalidError:
        if re.fullmatch(r"[0-9a-f]{40}", name):
            return Sha(name)
        raise


def _print(verdict: AuditVerdict) -> None:
    for problem in verdict.problems[:_SHOWN]:
        sign, colour = _MARKS[problem.severity]
        click.echo(click.style(f"{sign} {escape.log(problem.message)} [{problem.code}]", fg=colour))
        places = [
            f"event {escape.log(problem.event)}" if problem.event else "",
            f"commit {problem.commit}" if problem.commit else "",
        ]
        if place := ", ".join(each for each in places if each):
            click.echo(click.style(f"    {place}", dim=True))
        click.echo(click.style(f"    {escape.log(problem.hint)}", dim=True))
    if len(verdict.problems) > _SHOWN:
        click.echo(f"… and {len(verdict.problems) - _SHOWN} more; --format json has them all")
    if verdict.passed_over:
        click.echo(f"passed over: {many(verdict.passed_over, 'finding')} before --since")
    click.echo(f"checked: {escape.log(verdict.checked_in_words)}")
    if verdict.asked is not None:
        click.echo(escape.log(verdict.asked.in_words))
    click.echo(f"ledger {verdict.head}\nmain   {verdict.main}")
    click.echo(
        click.style(verdict.in_words, fg="green" if verdict.exit_code == ExitCode.DONE else "red", bold=True)
    )
