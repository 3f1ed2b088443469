"""`jitbot audit sessions`."""

from collections.abc import Sequence
from pathlib import Path

import click

from jitbot.adapters.aws.trail import AwsTrails
from jitbot.commands.audit.inputs import load_inputs
from jitbot.domain.access.request_state import pull_requests
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.request.request_reference import resolve
from jitbot.domain.text import escape, timestamp
from jitbot.domain.usage.role_usage import Usage, summed
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_json, progress
from jitbot.usecases.usage.sessions import used
from jitbot.wiring.context import aws_endpoint, aws_identity

_SHOWN = 40  # operations; --format json has all


def sessions(
    invocation: Invocation, *, request: str, keys_file: Path | None, regions: tuple[str, ...], form: str
) -> int:
    """Carry out `jitbot audit sessions`."""
    inputs = load_inputs(invocation, keys_file=keys_file)
    path = resolve(request, pull_requests(inputs.history.events))
    identity = aws_identity(invocation.environ, inputs.settings, "audit")
    found = used(
        AwsTrails(identity, endpoint=aws_endpoint(invocation.environ)),
        inputs.history.by_request[path],
        regions=regions,
        now=invocation.now,
        say=progress,
    )
    if form == "json":
        print_json({"request": path, "roles": [usage.as_json() for usage in found]})
    else:
        _print(path, found)
    return ExitCode.DONE


def _print(path: str, found: Sequence[Usage]) -> None:
    click.echo(click.style(escape.log(path), bold=True))
    for usage in found:
        click.echo("\n" + escape.log(f"{usage.documents.role_arn} ({usage.documents.account})"))
        click.echo(f"  looked in {escape.log(', '.join(usage.regions))} from {_when(usage)}")
        times = usage.times
        if times is None:
            click.echo(click.style("  never used, as far as CloudTrail knows", bold=True))
        else:
            click.echo(f"  first use {timestamp.show(times[0])}, last use {timestamp.show(times[1])}")
        for opening in usage.openings:
            how = "in the console" if not opening.key else "with keys"
            who = f"{escape.log(opening.by)} as {escape.log(opening.session)}"
            click.echo(
                f"  entered   {timestamp.show(opening.at)} {how} by {who} from {escape.log(opening.address)}"
            )
        for (service, name), (count, denied) in list(summed(usage.calls).items())[:_SHOWN]:
            line = f"  {count:>7} × {escape.log(service.removesuffix('.amazonaws.com'))}:{escape.log(name)}"
            click.echo(line + (click.style(f", {denied} denied", fg="red") if denied else ""))
        if usage.cut:
            click.echo(click.style(f"  ? {escape.log(usage.cut)}", fg="yellow"))


def _when(usage: Usage) -> str:
    return f"{timestamp.show(usage.period.start)} to {timestamp.show(usage.period.end)}"
