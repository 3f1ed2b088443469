"""`jitbot doctor`."""

from collections.abc import Sequence

import click

from jitbot.adapters import documents
from jitbot.adapters.github import GitHubReader
from jitbot.commands.setup import templates
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup.doctor.report import Check, CheckVerdict, as_json, count, exit_code
from jitbot.domain.text import escape
from jitbot.domain.text.addresses import GITHUB_API, server
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import format_option
from jitbot.terminal.output import print_json
from jitbot.terminal.paths import clone
from jitbot.usecases.context import settings_at_main
from jitbot.usecases.setup.run_doctor import DoctorTarget, run_doctor
from jitbot.wiring.context import audit_cloud, github_client

_AGENT = "jitbot (doctor)"
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


@click.command()
@click.option("--no-github", is_flag=True, help="Look at the files of main alone.")
@click.option("--no-aws", is_flag=True, help="Do not enter the AWS accounts.")
@click.option("--all", "every", is_flag=True, help="Show what is fine, line by line, too.")
@format_option
@click.pass_obj
def doctor(invocation: Invocation, *, no_github: bool, no_aws: bool, every: bool, form: str) -> int:
    """Check that GitHub and AWS are configured safely, and say how to fix each problem.

    Reads main, GitHub and jitbot's own roles in AWS, and changes nothing. GitHub shows some settings to admins
    alone: with GITHUB_TOKEN of one (gh auth token) all can be seen; what cannot is unknown. Ends with 1 where
    a promise would not hold, 3 where it is unknown.

    Example: jitbot doctor --no-aws
    """
    environ = invocation.environ
    git = clone(invocation.folder, environ)
    git.fetch_main()
    settings = settings_at_main(git, documents)
    target = DoctorTarget(
        git=git,
        documents=documents,
        github=GitHubReader(github_client(environ, settings.repository, _AGENT)),
        api_url=environ.get("GITHUB_API_URL", GITHUB_API),
        page=f"{server(environ)}/{settings.repository}",
        shipped=templates.workflows(),
        at=invocation.now,
        cloud=audit_cloud(invocation, settings, _AGENT),
    )
    checks = run_doctor(target, github=not no_github, aws=not no_aws)
    if form == "json":
        print_json(as_json(checks))
    else:
        _print(checks, every=every)
    return exit_code(checks)


def _print(found: Sequence[Check], *, every: bool) -> None:
    """Group by group; what is fine is counted, and what is not is shown with its fix. The verdict comes last."""
    for group in dict.fromkeys(check.group for check in found):
        checks = [check for check in found if check.group == group]
        fine = [check for check in checks if check.verdict is CheckVerdict.OK]
        fine_of_all = f"{len(fine)} of {len(checks)} fine"
        click.echo(click.style(escape.log(group), bold=True) + click.style(f"  {fine_of_all}", dim=True))
        for check in checks:
            if every or check.verdict is not CheckVerdict.OK:
                _print_check(check)
    counted = ", ".join(f"{count(found, verdict)} {verdict}" for verdict in CheckVerdict)
    text, colour = _ENDS[exit_code(found)]
    click.echo(click.style(f"\n{text}", fg=colour, bold=True) + click.style(f"  ({counted})", dim=True))


def _print_check(check: Check) -> None:
    mark, colour = _MARKS[check.verdict]
    observed = f": {check.observed}" if check.observed else ""
    click.echo(f"  {click.style(mark, fg=colour)} {escape.log(check.title + observed)}")
    if check.verdict is not CheckVerdict.OK:
        click.echo(click.style(f"      {escape.log(check.impact)}", dim=True))
        click.echo(f"      fix: {escape.log(check.fix)}")
