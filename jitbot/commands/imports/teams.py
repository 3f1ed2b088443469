"""`jitbot import teams`."""

import click

from jitbot.commands.imports.importing import ImportOptions, import_options, run_import
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.imports.sources import plan_teams


@click.command()
@click.argument("names", nargs=-1, metavar="[ORGANISATION/TEAM]…")
@import_options
@click.pass_obj
def teams(invocation: Invocation, *, names: tuple[str, ...], options: ImportOptions) -> int:
    """Import teams as GitHub has them, members of child teams included; your token needs read:org.

    Without a name: every team that a policy or CODEOWNERS names, and those imported before. Entries with dates
    are a person's, and stay. All members must be in policies/people.yaml.

    Example: jitbot import teams acme/payments-leads --check
    """
    return run_import(invocation, options, lambda target: plan_teams(target, names))
