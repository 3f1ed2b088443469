"""`jitbot import people`."""

from pathlib import Path

from jitbot.commands.imports.importing import ImportOptions, import_options, run_import
from jitbot.domain.imports.people import MOST_BYTES, read_csv
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.imports.sources import plan_people
from jitbot.wiring.directory import directory_of


@import_options
def people(
    invocation: Invocation, *, file: Path, store: str | None, profile: str | None, options: ImportOptions
) -> int:
    """Carry out `jitbot import people`."""
    try:
        with (invocation.folder / file).open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidError(f"{file}: {error.strerror}") from None
    directory = directory_of(invocation.environ, profile) if store is not None else None
    rows = read_csv(str(file), content)
    return run_import(invocation, options, lambda target: plan_people(target, rows, store or "", directory))
