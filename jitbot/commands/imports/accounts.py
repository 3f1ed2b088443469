"""`jitbot import accounts`."""

import click

from jitbot.commands.imports.importing import ImportOptions, import_options, run_import
from jitbot.domain.imports.accounts import GroupSource
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.imports.sources import plan_accounts
from jitbot.wiring.directory import directory_of


@click.command()
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="PARENT/CHILD",
    help="Groups of these units and those in them alone. Repeatable.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY",
    help="A group for each value of this tag of accounts. Repeatable.",
)
@click.option("--profile", help="Your AWS profile; without it, what is in the environment.")
@import_options
@click.pass_obj
def accounts(
    invocation: Invocation,
    *,
    units: tuple[str, ...],
    tags: tuple[str, ...],
    profile: str | None,
    options: ImportOptions,
) -> int:
    """Import accounts from AWS Organizations, and a group for each organisational unit, nested units followed.

    The alias of a new account is made of its name, and never changes again. The management account, and accounts
    that are not active, are left out. Run it as a reader of the organisation.

    Example: jitbot import accounts --unit Workloads --tag environment --check
    """
    directory = directory_of(invocation.environ, profile)
    source = GroupSource(units=units, tags=tags)
    return run_import(invocation, options, lambda target: plan_accounts(target, directory, source))
