"""`jitbot import teams`."""

from jitbot.commands.imports.importing import ImportOptions, import_options, run_import
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.imports.sources import plan_teams


@import_options
def teams(invocation: Invocation, *, names: tuple[str, ...], options: ImportOptions) -> int:
    """Carry out `jitbot import teams`."""
    return run_import(invocation, options, lambda target: plan_teams(target, names))
