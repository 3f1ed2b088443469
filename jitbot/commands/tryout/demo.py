"""`jitbot demo`."""

import click

from jitbot.commands.tryout.sandbox import needs_sandbox
from jitbot.terminal.invocation import Invocation


@click.command()
@click.pass_obj
def demo(invocation: Invocation) -> int:
    """Show the whole life of a request with the real commands, on an embedded GitHub and AWS.

    Needs git and the extra `sandbox`; reaches nothing outside this machine; leaves nothing behind.

    Example: jitbot demo
    """
    with needs_sandbox():
        from jitbot.sandbox.story.play import play

    from rich.console import Console

    console = Console(no_color="NO_COLOR" in invocation.environ or None, highlight=False)
    if not console.is_terminal:
        console.width = 120
    return play(invocation.jitbot, console)
