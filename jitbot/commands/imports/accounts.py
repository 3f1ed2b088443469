"""`jitbot import accounts`."""

from jitbot.commands.imports.importing import ImportOptions, import_options, run_import
from jitbot.domain.imports.accounts import GroupSource
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.imports.sources import plan_accounts
from jitbot.wiring.directory import directory_of


@import_options
def accounts(
    invocation: Invocation,
    *,
    units: tuple[str, ...],
    tags: tuple[str, ...],
    profile: str | None,
    options: ImportOptions,
) -> int:
    """Carry out `jitbot import accounts`."""
    directory = directory_of(invocation.environ, profile)
    source = GroupSource(units=units, tags=tags)
    return run_import(invocation, options, lambda target: plan_accounts(target, directory, source))
