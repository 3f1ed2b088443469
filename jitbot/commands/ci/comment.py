"""`jitbot comment`."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from jitbot.adapters.github.client import ACTIONS
from jitbot.domain.model.documents import errors
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError, UnavailableError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.domain.views.merged_comment import touched_by
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import counted, findings_json, print_annotations, print_findings, print_json
from jitbot.terminal.step_files import add_to_summary
from jitbot.usecases.context import Context
from jitbot.usecases.ledger.ledger_view import read
from jitbot.usecases.pull_request.commenting import (
    edited_together,
    of_over,
    of_pull,
    of_undecided,
    put,
    with_comments,
)
from jitbot.usecases.pull_request.kept_comment import Shown, of_merged
from jitbot.wiring.context import open_context

# A scheduled run looks again at what was recorded since, should a comment have failed.
_AGAIN = timedelta(hours=2)
_SWEEPS = "/sweep.yml@"  # the one workflow whose scheduled runs close what is over: once an hour is enough
_GRANTS = "/grant.yml@"
_MOST = 50  # pull requests that one run brings up to date


def comment(invocation: Invocation, *, pulls: tuple[int, ...], form: str) -> int:
    """Carry out `jitbot comment`."""
    environ = invocation.environ
    context = open_context(invocation, "comment", renamed=True)
    numbers = pulls or _of_event(environ)
    if numbers:
        shown = [of_pull(context, number, invocation.now) for number in numbers]
    else:
        shown = _affected(context, invocation)
    in_actions = environ.get("GITHUB_ACTIONS") == "true"
    written, trouble = _put(shown, context, environ) if in_actions else ({}, ())
    if form == "json":
        print_json([_json(each, written=written.get(each.number, False)) for each in shown])
    else:
        _print(shown, written, in_actions=in_actions)
    for error in trouble:
        click.echo(f"! {escape.log(str(error))}", err=True)
    if any(isinstance(error, UnavailableError) for error in trouble):
        return ExitCode.UNSURE
    return ExitCode.REFUSED if any(errors(each.findings) for each in shown) else ExitCode.DONE


def _of_event(environ: Mapping[str, str]) -> tuple[int, ...]:
    """The pull request that started this run, if one did. Raises InvalidError for an event that cannot be read."""
    path = environ.get("GITHUB_EVENT_PATH", "")
    if not path or not environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request"):
        return ()
    try:
        event: Any = json.loads(Path(path).read_text("utf-8"))
        return (int(event["pull_request"]["number"]),)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidError(f"the event at GITHUB_EVENT_PATH names no pull request: {error!r}") from error


def _affected(context: Context, invocation: Invocation) -> list[Shown]:
    """What the pull requests should show of which this run recorded something, or that it left undecided.

    Nothing while the ledger is in doubt.
    """
    history = read(context, invocation.now)
    if history.doubt:
        raise UnavailableError(history.doubt)
    # The clock starts runs with its job's token, so as GitHub's own account.
    by_clock = ("workflow_dispatch", ACTIONS)
    scheduled = (
        tuple(invocation.environ.get(f"GITHUB_{each}") for each in ("EVENT_NAME", "ACTOR")) == by_clock
    )
    since = invocation.now - _AGAIN if scheduled else None
    numbers = touched_by(history.events, run=context.run.url, since=since)
    shown = [of_merged(context, history, number, invocation.now) for number in numbers[:_MOST]]
    workflow = invocation.environ.get("GITHUB_WORKFLOW_REF", "")
    if _GRANTS in workflow:  # another run may know less than the run of `grant` that decides just now
        try:
            shown += of_undecided(context, history, numbers, invocation.now)
        except JitbotError as error:
            click.echo(f"! what is undecided is not said: {escape.log(str(error))}", err=True)
    if scheduled and _SWEEPS in workflow:
        try:
            shown += of_over(context, history, invocation.now)
        except JitbotError as error:
            click.echo(f"! what is over is not closed: {escape.log(str(error))}", err=True)
    return shown


def _put(
    shown: list[Shown], context: Context, environ: Mapping[str, str]
) -> tuple[dict[int, bool], tuple[JitbotError, ...]]:
    """Write each; if the token may not (a fork's run), show it in the job's summary instead."""
    written: dict[int, bool] = {}
    trouble: list[JitbotError] = []
    ready, edited = edited_together(context, with_comments(context, shown))
    for each in ready:
        try:
            written[each.number] = put(context, each, run=context.run.url) or each.number in edited
        except DeniedError as error:
            trouble.append(_summarised(each, environ, error))
        except UnavailableError as error:
            trouble.append(error)
    return written, tuple(trouble)


def _summarised(shown: Shown, environ: Mapping[str, str], why: DeniedError) -> JitbotError:
    """Show in the job's summary what may not be written on GitHub. Returns what to say of it."""
    try:
        if shown.body and shown.begin:
            add_to_summary(environ, shown.body)
    except UnavailableError as error:
        return UnavailableError(f"#{shown.number} is not brought up to date: {why}; and {error}")
    return DeniedError(f"#{shown.number} is shown in the summary instead: {why}")


def _print(shown: list[Shown], written: Mapping[int, bool], *, in_actions: bool) -> None:
    if not shown:
        click.echo("no pull request to bring up to date")
    for each in shown:
        if not in_actions:
            click.echo(each.body)
        (print_annotations if in_actions else print_findings)(each.findings)
        verdict = counted(each.findings, f"{len(errors(each.findings))} to fix")
        if in_actions:
            changed = ", brought up to date" if written.get(each.number) else ""
            click.echo(f"#{each.number}: {verdict}{changed}")


def _json(shown: Shown, *, written: bool) -> Mapping[str, object]:
    return {
        "number": shown.number,
        "ok": not errors(shown.findings),
        "title": shown.title,
        "comment": shown.body,
        "statuses": {
            context: {"state": status.state.value, "description": status.description}
            for context, status in shown.statuses
        },
        **findings_json(shown.findings),
        "written": written,
    }
