"""`jitbot import`: what an admin takes over from elsewhere, with their own credentials."""

from types import MappingProxyType

import click

from jitbot.terminal.lazy_group import LazyGroup

PARTS = {
    "people": (
        "jitbot.commands.imports.verbs",
        "People by a CSV file, checked against GitHub and Identity Center.",
    ),
    "teams": ("jitbot.commands.imports.verbs", "Teams, with the members that GitHub shows."),
    "accounts": ("jitbot.commands.imports.verbs", "Accounts and their groups by AWS Organizations."),
    "policies": ("jitbot.commands.imports.verbs", "Policies of the library that jitbot ships."),
}


class Imports(LazyGroup):
    """All imports, in the order in which they build on each other."""

    groups = MappingProxyType({"Commands": PARTS})


@click.group(cls=Imports, epilog="Start with: jitbot import people people.csv --check")
def imports() -> None:
    """Take over people, teams, accounts and policies from where they are kept, on your machine, with your own credentials.

    Only entries that carry `source:` belong to an import; all others stay as they are, and so do comments and
    order. Policies are only added. Nothing is written that `jitbot check` would refuse.

    Example: jitbot import accounts --check
    """
