"""`jitbot approve`."""

import sys
from dataclasses import replace

import click

from jitbot.commands.approve.explain import show
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.request.approving import what_it_does
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation, in_job
from jitbot.terminal.output import print_findings
from jitbot.terminal.prompts import sure, tell
from jitbot.usecases.request.approving import look, submit
from jitbot.wiring.kept_clone import in_clone
from jitbot.wiring.requester import person_review, token_of


def approve(invocation: Invocation, *, number: int, repository: str | None, short: bool) -> int:
    """Carry out `jitbot approve`."""
    _must_be_a_person(invocation)
    environ = {**invocation.environ, "GITHUB_TOKEN": token_of(invocation.environ)}
    invocation = in_clone(replace(invocation, environ=environ), repository)
    from jitbot.wiring.context import open_context

    context = open_context(invocation, "approve")
    ground = look(context, number, invocation.now)
    show(ground.summaries, head=ground.pull.head, short=short or bool(ground.why_not))
    print_findings(ground.findings)
    if ground.why_not:
        raise InvalidError(ground.why_not)
    if ground.pull.is_open:
        for sentence in what_it_does(ground.pull, ground.summaries):
            tell(sentence)
    head, who = ground.pull.head[:10], ground.access.actor.login
    if not sure(f"approve #{number} at {head} as {escape.terminal(who)}?"):
        tell("nothing was approved")
        return ExitCode.REFUSED
    came_between = submit(context, person_review(invocation, ground.access.repository), ground)
    click.echo(escape.log(f"#{number} is approved at {head} by {who}: {ground.pull.url}"))
    if came_between:
        tell(f"! {came_between}; your approval is not of that, and does not count for it")
        return ExitCode.REFUSED
    return ExitCode.DONE


def _must_be_a_person(invocation: Invocation) -> None:
    """Raise InvalidError in a job of Actions, and UsageError where nobody can answer."""
    if in_job(invocation.environ):
        raise InvalidError("an approval is a person's act; a job of Actions must never give one")
    if not sys.stdin.isatty():
        raise click.UsageError(
            "an approval is a person's act: run this at a terminal, or approve on the website"
        )
