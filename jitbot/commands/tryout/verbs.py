"""Try: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

import click

from jitbot.terminal.lazy_group import verb
from jitbot.terminal.option_types import Number


@verb("jitbot.commands.tryout.demo")
@click.option("--step", is_flag=True, help="Wait for Enter after each scene.")
@click.option("--scene", type=Number(1, 15), help="Show this scene alone; those before it are played unseen.")
def demo() -> None:
    """Show the whole life of a request with the real commands, on an embedded GitHub and AWS.

    Needs git and the extra `sandbox`; reaches nothing outside this machine; leaves nothing behind.

    Example: jitbot demo --step
    """


@verb("jitbot.commands.tryout.sandbox")
@click.option(
    "--as", "login", default="alice", show_default=True, help="Whose AWS credentials and token to print."
)
@click.option(
    "--workflows/--no-workflows",
    default=True,
    help="Whether pushes, pull requests and dispatches start acme's workflows, as on GitHub; without them, the "
    "terminal can run them by hand.",
)
def sandbox() -> None:
    """Start an embedded GitHub and AWS with the example organisation acme, until Ctrl-C.

    Prints one line to type in another terminal, where jitbot, git and the aws command line then work against
    it, and shows here what the workflows do and what they write to chat. Pull requests have a page at the address that `request` prints.

    Example: jitbot sandbox --as bob
    """
