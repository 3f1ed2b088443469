"""`jitbot sandbox`."""

import shlex
import signal
import threading
from types import FrameType

import click

from jitbot.commands.extras import needs_sandbox


@click.command()
@click.option(
    "--as", "login", default="alice", show_default=True, help="Whose AWS credentials and token to print."
)
def sandbox(*, login: str) -> int:
    """Start an embedded GitHub and AWS with the example organisation acme, until Ctrl-C.

    Prints what to export so that jitbot, git and the aws command line work against it.

    Example: jitbot sandbox --as bob
    """
    with needs_sandbox():
        from jitbot.sandbox.clock import Clock
        from jitbot.sandbox.organisation import Acme

    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with Acme(Clock()) as acme:
        if login not in acme.people:
            raise click.UsageError(f"acme has no {login}; it has: {', '.join(acme.people)}")
        clone = acme.workplace(login)
        exports = acme.shell(login)
        click.echo("# acme is running. In another terminal:\n")
        for name, value in exports.items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo(f"cd {shlex.quote(str(clone))}\n")
        click.echo("# GitHub tokens, to act as somebody else:")
        for person in acme.people:
            click.echo(f"#   {person:<10}{acme.token(person)}")
        click.echo("\n# then for example: jitbot check; git pull; aws sts get-caller-identity; jitbot grant")
        click.echo("# Ctrl-C here stops it; nothing is left behind.")
        while not stopped.wait(timeout=1):
            pass
    click.echo("stopped", err=True)
    return 0
