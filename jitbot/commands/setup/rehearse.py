"""`jitbot doctor --rehearse`: its ports, its progress and its report."""

import sys
from dataclasses import dataclass, replace
from datetime import timedelta

import click

from jitbot.adapters.git.process import GitProcess
from jitbot.adapters.local import aws_config
from jitbot.adapters.local.notebook_file import NotebookFile
from jitbot.commands.setup import templates
from jitbot.commands.use.assume_role import ambient
from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.setup import scaffold
from jitbot.domain.setup.rehearsal.assumption import Assumption, RehearsalVerdict, as_json, exit_code
from jitbot.domain.setup.rehearsal.record import RehearsalStep
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, progress
from jitbot.terminal.paths import data_root
from jitbot.terminal.prompts import folded, tell
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.usecases.setup import rehearse
from jitbot.usecases.setup.rehearsal_request import NoPolicyError
from jitbot.wiring.context import aws_endpoint, open_context
from jitbot.wiring.requester import open_client, token_of

_VERB = "doctor"
_AGAIN = "jitbot doctor --rehearse"
_MARKS = {
    RehearsalVerdict.HELD: ("✓", "green"),
    RehearsalVerdict.FAILED: ("✗", "red"),
    RehearsalVerdict.UNSEEN: ("?", "magenta"),
}
_PLAN = (
    "A rehearsal is an ordinary request for one harmless read. A second person approves it; then nobody has anything "
    "to do. It takes about 80 minutes from the merge: 15 minutes of access, one hour until no session can be alive, "
    "and the runs in between. Ctrl-C stops the watching and nothing else."
)
_ADD = """Add these two in a pull request that the owners of policies/ approve:

# policies/access/rehearsal.yaml
{policy}
# .github/CODEOWNERS, above the lines of /policies/ and /.github/: who approves a rehearsal, and is not you
/requests/rehearsal/  @LOGIN-OF-A-SECOND-PERSON

If EC2 is not among the services that grants may use, run `jitbot bootstrap` again and update its stacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalOptions:
    """What the command line says of a rehearsal."""

    account: str | None
    profile: str | None
    timeout: timedelta
    form: str


def run(invocation: Invocation, options: RehearsalOptions) -> int:
    """Rehearse, show how it goes on stderr, and print what was seen."""
    invocation = replace(
        invocation, environ={**invocation.environ, "GITHUB_TOKEN": token_of(invocation.environ)}
    )
    client = open_client(invocation, _VERB, None)
    tell(_PLAN)
    try:
        ports = _ports(invocation, client, options.profile)
        report = rehearse.rehearse(ports, account=options.account, patience=options.timeout)
    except NoPolicyError as error:
        _print_policy(client)
        raise InvalidError(f"{error}: add it as printed, then run this again") from error
    except KeyboardInterrupt:
        tell(
            f"no longer watching. Nothing else stops: AWS ends the access, a sweep removes the role. Go on with: {_AGAIN}"
        )
        raise
    except JitbotError:
        tell(f"what is merged ends by itself. Go on with: {_AGAIN}")
        raise
    code = _code(report)
    if options.form == "json":
        print_json(_json(report, code))
    else:
        _print(report, code)
    return code


def _ports(invocation: Invocation, client: RequesterClient, profile: str | None) -> rehearse.RehearsalPorts:
    from jitbot.adapters.aws.harmless_calls import HarmlessCalls

    environ, root = invocation.environ, data_root(invocation.folder)
    own = profile or aws_config.own_profile(environ)
    how = aws_config.as_variables(aws_config.how_to_call(environ, own), environ)
    git = GitProcess(root, timeout=10, environ=environ)
    folder = git.ask("rev-parse", "--absolute-git-dir").decode().strip()
    return rehearse.RehearsalPorts(
        context=open_context(invocation, _VERB),
        client=client,
        person=ambient(invocation, profile),
        calls=HarmlessCalls({**environ, **how}, endpoint=aws_endpoint(environ)),
        notebook=NotebookFile(root / folder),
        clock=invocation.clock,
        say=progress,
    )


def _code(report: rehearse.RehearsalReport) -> ExitCode:
    """1 also for a request that was refused or closed; 3 also for a rehearsal that is not over."""
    if report.step in (RehearsalStep.CLOSED, RehearsalStep.REFUSED):
        return ExitCode.REFUSED
    code = exit_code(report.assumptions)
    unfinished = report.step is not RehearsalStep.REMOVED
    return ExitCode.UNSURE if unfinished and code is ExitCode.DONE else code


def _json(report: rehearse.RehearsalReport, code: ExitCode) -> dict[str, object]:
    return {
        "ok": code is ExitCode.DONE,
        "request": report.record.request,
        "pull_request": report.record.pull.number,
        "url": report.record.pull.url,
        "state": report.step,
        "assumptions": as_json(report.assumptions),
    }


def _print(report: rehearse.RehearsalReport, code: ExitCode) -> None:
    """Each assumption with what was seen, and the question in the list of what is unproven that it answers."""
    for group in dict.fromkeys(each.group for each in report.assumptions):
        click.echo(click.style(escape.log(group), bold=True))
        for each in report.assumptions:
            if each.group == group:
                _print_one(each)
    counted = ", ".join(
        f"{sum(each.verdict is verdict for each in report.assumptions)} {verdict}"
        for verdict in RehearsalVerdict
    )
    end = f"pull request {report.record.pull.number} is {report.step}: {counted}"
    click.echo(click.style(f"\n{escape.log(end)}", bold=True))
    if report.step is not RehearsalStep.REMOVED and code is ExitCode.UNSURE:
        tell(f"it is not over; go on with: {_AGAIN}")


def _print_one(each: Assumption) -> None:
    mark, colour = _MARKS[each.verdict]
    seen = f": {each.observed}" if each.observed else ""
    text = folded(f"  {mark} {each.verdict}: {each.title}{seen}", sys.stdout, "      ")
    click.echo(click.style(text, fg=colour))
    if each.verdict is not RehearsalVerdict.UNSEEN:
        click.echo(click.style(folded(f"      answers: {each.line}", sys.stdout, "      "), dim=True))


def _print_policy(client: RequesterClient) -> None:
    """What to add to main, filled in for this person."""
    accounts = client.rules("").accounts.value or {}
    template = templates.starters()["policies/access/rehearsal.yaml"]
    policy = scaffold.policy(template, [client.person.login], accounts)
    for line in _ADD.format(policy=policy).split("\n"):
        click.echo(escape.log(line))
