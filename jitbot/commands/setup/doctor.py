"""`jitbot doctor`."""

import sys
from collections.abc import Sequence
from datetime import timedelta

import click

from jitbot.adapters import documents
from jitbot.adapters.github import GitHubReader, GitHubWriter
from jitbot.commands.setup import rehearse as rehearsal
from jitbot.commands.setup import templates
from jitbot.commands.setup.rehearse import RehearsalOptions
from jitbot.domain.audit.protection.checks import WORKFLOW
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, as_json, by_cause, count, exit_code, listed
from jitbot.domain.text import escape
from jitbot.domain.text.addresses import GITHUB_API, server
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json
from jitbot.terminal.paths import clone
from jitbot.terminal.prompts import folded, tell
from jitbot.usecases.context import settings_at_main
from jitbot.usecases.setup.record_protection import say_protection
from jitbot.usecases.setup.run_doctor import DoctorTarget, run_doctor
from jitbot.wiring.context import audit_cloud, github_client

_AGENT = "jitbot (doctor)"
_TITLES = 3  # of the checks of one cause, so many are named
_MARKS = {
    CheckVerdict.OK: ("✓", "green"),
    CheckVerdict.WARN: ("!", "yellow"),
    CheckVerdict.UNKNOWN: ("?", "magenta"),
    CheckVerdict.WRONG: ("✗", "red"),
}
_ENDS = {
    ExitCode.DONE: ("every promise can hold", "green"),
    ExitCode.REFUSED: ("a promise would not hold: fix what is marked ✗", "red"),
    ExitCode.UNSURE: ("not all of it could be seen: nothing that is marked ? counts as fine", "magenta"),
}


def doctor(
    invocation: Invocation,
    *,
    no_github: bool,
    no_aws: bool,
    every: bool,
    rehearse: bool,
    record: bool,
    account: str | None,
    profile: str | None,
    timeout: timedelta,
    form: str,
) -> int:
    """Carry out `jitbot doctor`."""
    if record and (no_github or rehearse):
        raise click.UsageError("--record is about what GitHub shows: leave --no-github and --rehearse out")
    if rehearse:
        options = RehearsalOptions(account=account, profile=profile, timeout=timeout, form=form)
        return rehearsal.run(invocation, options)
    if account is not None or profile is not None:
        raise click.UsageError("--account and --profile belong to --rehearse")
    target, writer = _target(invocation)
    checks = run_doctor(target, github=not no_github, aws=not no_aws)
    if form == "json":
        print_json(as_json(checks))
    else:
        print_checks(checks, every=every)
    if record:
        said = say_protection(writer, checks)
        tell(
            f"{WORKFLOW} is started, to record what you saw of {many(len(said), 'safeguard')}: {target.page}/actions"
        )
    return exit_code(checks)


def _target(invocation: Invocation) -> tuple[DoctorTarget, GitHubWriter]:
    """What is examined, with main just fetched; and the way to write to its repository."""
    environ = invocation.environ
    git = clone(invocation.folder, environ)
    git.fetch_main()
    settings = settings_at_main(git, documents)
    client = github_client(environ, settings.repository, _AGENT)
    target = DoctorTarget(
        git=git,
        documents=documents,
        github=GitHubReader(client),
        api_url=environ.get("GITHUB_API_URL", GITHUB_API),
        page=f"{server(environ)}/{settings.repository}",
        shipped=templates.workflows(),
        at=invocation.now,
        cloud=audit_cloud(invocation, settings, _AGENT),
    )
    return target, GitHubWriter(client)


def print_checks(found: Sequence[Check], *, every: bool) -> None:
    """Group by group; what is fine is counted, and what is not is shown with its fix. The verdict comes last."""
    for group in dict.fromkeys(check.group for check in found):
        checks = [check for check in found if check.group == group]
        fine = [check for check in checks if check.verdict is CheckVerdict.OK]
        fine_of_all = f"{len(fine)} of {len(checks)} fine"
        click.echo(click.style(escape.log(group), bold=True) + click.style(f"  {fine_of_all}", dim=True))
        shown = [check for check in checks if every or check.verdict is not CheckVerdict.OK]
        for cause in by_cause(shown):
            _print_cause(cause)
    counted = ", ".join(f"{count(found, verdict)} {verdict}" for verdict in CheckVerdict)
    text, colour = _ENDS[exit_code(found)]
    click.echo(click.style(f"\n{text}", fg=colour, bold=True) + click.style(f"  ({counted})", dim=True))


def _print_cause(checks: Sequence[Check]) -> None:
    """One finding, or several of one cause: what was found once, then what it concerns, and the fix once."""
    first, more = checks[0], len(checks) - 1
    mark, colour = _MARKS[first.verdict]
    what = first.title if not more else many(len(checks), "check")
    observed = f": {first.observed}" if first.observed else ""
    _echo(f"  {mark} {what}{observed}", colour=colour)
    if more:
        _echo(f"      {listed((check.title for check in checks), most=_TITLES)}")
    if first.verdict is not CheckVerdict.OK:
        for impact in list(dict.fromkeys(check.impact for check in checks))[:_TITLES]:
            _echo(f"      {impact}", dim=True)
        _echo(f"      fix: {first.fix}")


def _echo(text: str, *, colour: str | None = None, dim: bool = False) -> None:
    """A line, inert, and folded where there is a terminal."""
    click.echo(click.style(folded(text, sys.stdout, "      "), fg=colour, dim=dim))
