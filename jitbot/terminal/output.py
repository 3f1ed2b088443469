"""Prints findings, decisions and changes for people: plain lines, safe on any terminal and in any log."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import click

from jitbot.domain.access import too_large
from jitbot.domain.enforce.changes import word_of
from jitbot.domain.ledger.commit_message import sentence
from jitbot.domain.ledger.events import EndReason, Event
from jitbot.domain.model import bounds
from jitbot.domain.model.documents import Finding, FindingLevel, errors
from jitbot.domain.text import escape
from jitbot.domain.text.amount import many
from jitbot.domain.text.packed import plain
from jitbot.domain.views.finding_causes import Cause, by_cause, urgent_first
from jitbot.usecases.runs.report import Report

_COLUMNS, _ROOM = 80, 36  # of a terminal, and the lines that findings may take there; a verdict comes below
_MARKS = {"approved": ("✓", "green"), "refused": ("✗", "red"), "undecided": ("?", "yellow")}


def print_json(value: object) -> None:
    """The one way machines are answered."""
    click.echo(json_text(value))


def json_text(value: object) -> str:
    """JSON that is safe in any terminal and log.

    ASCII alone, so that nothing in it moves a cursor; and `##[` is a command to GitHub's runner, wherever it stands.
    """
    return json.dumps(value, indent=2, default=plain).replace("##[", "#\\u0023[")


def progress(text: str) -> None:
    """A progress line. It may name files and roles, so it is escaped here for every caller."""
    click.echo(f"… {escape.log(text)}", err=True)


def in_file(finding: Finding) -> str:
    """The place of a finding, as compilers write it."""
    return f"{finding.file}:{finding.line}:{finding.column}" if finding.line else finding.file


def print_findings(findings: Iterable[Finding], *, where: Callable[[Finding], str] = in_file) -> None:
    """One cause a line, as compilers do, with the other places and what to do about it below.

    `where` says the place of each. More than fits on a screen is counted: machines get each by `--format json`.
    """
    causes, shown, room = by_cause(findings), set[Cause](), _ROOM
    for cause in urgent_first(causes):
        room -= sum(-(-len(line) // _COLUMNS) for line in click.unstyle(_lines(cause, where)).split("\n"))
        if shown and room < 0:
            break
        shown.add(cause)
    for cause in causes:
        if cause in shown:
            click.echo(_lines(cause, where))
    left = Counter(each.code for cause in causes if cause not in shown for each in cause)
    if left:
        kinds = bounds.some([f"{number} {code}" for code, number in left.most_common()])
        click.echo(escape.log(f"and {left.total()} more: {kinds}"))


def _lines(cause: Cause, where: Callable[[Finding], str]) -> str:
    """A cause, inert: the first of its findings whole, where the others are, and what to do."""
    first, *others = cause
    level = "" if first.level is FindingLevel.ERROR else f"{first.level}: "
    more = [f"also {bounds.some([where(each) for each in others], most=3)}"] if others else []
    below = [click.style(f"    {escape.log(text)}", dim=True) for text in (*more, first.hint) if text]
    return "\n".join([escape.log(f"{where(first)}: {level}{first.message} [{first.code}]"), *below])


def print_annotations(findings: Iterable[Finding]) -> None:
    """One workflow command a finding: GitHub shows it at its line of the pull request.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
    """
    for finding in findings:
        place = {"file": finding.file}
        if finding.line:
            place |= {"line": str(finding.line), "col": str(finding.column)}
        place["title"] = finding.code
        text = f"{finding.message}; {finding.hint}" if finding.hint else finding.message
        click.echo(_annotation(finding.level, place, text))


def counted(findings: Sequence[Finding], wrong: str) -> str:
    """How many findings there are of each level: `1 problem, 2 warnings`; `all good` where nothing is wrong.

    `wrong` says how many errors there are, if there are any.
    """
    levels = [finding.level for finding in findings]
    warnings, notices = levels.count(FindingLevel.WARNING), levels.count(FindingLevel.NOTICE)
    parts = [wrong if errors(findings) else "all good"]
    parts += [many(warnings, "warning")] if warnings else []
    parts += [f"{notices} acknowledged"] if notices else []
    return ", ".join(parts)


def findings_json(findings: Sequence[Finding]) -> dict[str, object]:
    """`findings` are those that keep something from happening. Warnings and acknowledged ones have keys of their own, if there are any."""
    keys = {
        FindingLevel.ERROR: "findings",
        FindingLevel.WARNING: "warnings",
        FindingLevel.NOTICE: "acknowledged",
    }
    shown = {
        name: [each.as_json() for each in findings if each.level is level] for level, name in keys.items()
    }
    return {name: listed for name, listed in shown.items() if listed or name == "findings"}


def _annotation(level: FindingLevel, place: Mapping[str, str], text: str) -> str:
    properties = ",".join(f"{name}={escape.annotation_property(value)}" for name, value in place.items())
    return f"::{level} {properties}::{escape.annotation_data(text)}"


def print_report(report: Report, *, nothing: str) -> None:
    """What a run did: decisions with their reasons, what was planned or recorded, and what failed."""
    for each in report.decided:
        mark, colour = _MARKS[each.decision.verdict]
        glass = " (break-glass)" if each.event is not None and each.event.evidence.is_break_glass else ""
        line = f"{mark} {each.decision.verdict}{glass}: {escape.log(each.change.path)}"
        click.echo(click.style(line, fg=colour))
        for finding in each.decision.reasons:
            line = f"line {finding.line}: " if finding.line else ""
            click.echo(f"    {line}{escape.log(finding.message)} [{finding.code}]")
            click.echo(click.style(f"      {escape.log(finding.hint)}", dim=True))
    for finding in map(too_large.finding, report.refused):
        click.echo(click.style(f"✗ refused: {escape.log(finding.message)} [{finding.code}]", fg="red"))
        click.echo(click.style(f"      {escape.log(finding.hint)}", dim=True))
    if report.dry:
        for change in report.planned:
            what, where = word_of(change), change.account or change.account_id
            click.echo(escape.log(f"would {what} {change.role_name} in {where}"))
    for event in report.recorded:
        click.echo(_line(event))
    for failure in report.failures:
        click.echo(
            click.style(escape.log(f"✗ account {failure.account_id}: {failure.message}"), fg="red"), err=True
        )
    for finding in report.warnings:
        click.echo(click.style(f"! {escape.log(finding.message)}", fg="yellow"), err=True)
    for finding in report.alarms:
        click.echo(click.style(f"! {escape.log(finding.message)}", fg="red"), err=True)
        click.echo(click.style(f"    {escape.log(finding.hint)}", dim=True), err=True)
    if report.doubt:
        click.echo(click.style(f"? nothing was changed: {escape.log(report.doubt)}", fg="yellow"), err=True)
    elif report.idle:
        click.echo(nothing)


def _line(event: Event) -> str:
    text = escape.log(sentence(event))
    return (
        click.style(f"! {text}", fg="red")
        if event.why in (EndReason.DRIFT, EndReason.ORPHAN)
        else f"• {text}"
    )


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Plain aligned columns, one line for each row, for pipes and files: at a terminal a row would be cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(escape.log(cell)) for cell in row))
    Console(width=400).print(table)  # nobody looks: wrapping would only hurt grep
