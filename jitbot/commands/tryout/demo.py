"""`jitbot demo`."""

import click

from jitbot.commands.tryout.sandbox import needs_sandbox
from jitbot.terminal.invocation import Invocation


def demo(invocation: Invocation, *, step: bool, scene: int | None) -> int:
    """Carry out `jitbot demo`."""
    with needs_sandbox():
        from jitbot.sandbox.story.play import play

    from rich.console import Console

    console = Console(no_color=bool(invocation.environ.get("NO_COLOR")), highlight=False)
    if not console.is_terminal:
        columns = invocation.environ.get("COLUMNS", "")
        console.width = int(columns) if columns.isdecimal() and columns != "0" else 120

    def wait() -> None:
        click.prompt("\nEnter shows the next scene", default="", show_default=False, prompt_suffix="")

    return play(invocation.jitbot, console, only=scene or 0, after_scene=wait if step else None)
