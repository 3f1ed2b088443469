"""`jitbot import people`."""

from pathlib import Path

import click

from jitbot.commands.imports.importing import ImportOptions, import_options, run_import
from jitbot.domain.imports.people import MOST_BYTES, read_csv
from jitbot.domain.model.errors import InvalidError
from jitbot.terminal.invocation import Invocation
from jitbot.usecases.imports.sources import plan_people
from jitbot.wiring.directory import directory_of


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option(
    "--identity-store",
    "store",
    metavar="D-…",
    help="Check each user name in this identity store of Identity Center.",
)
@click.option("--profile", help="Your AWS profile; without it, what is in the environment.")
@import_options
@click.pass_obj
def people(
    invocation: Invocation, *, file: Path, store: str | None, profile: str | None, options: ImportOptions
) -> int:
    """Import people: one row for each, with the columns login, and identity_center or iam_user, and github_id.

    A row joins a GitHub login with a user name of Identity Center or an IAM user's ARN: nothing else does, no
    profile's e-mail address either. GitHub gives the id of each login; a login whose id has changed is refused
    unless the row names the new one. A row without a principal is somebody who approves and never asks.

    Example: jitbot import people people.csv --identity-store d-1234567890 --check
    """
    try:
        with (invocation.folder / file).open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidError(f"{file}: {error.strerror}") from None
    directory = directory_of(invocation.environ, profile) if store is not None else None
    rows = read_csv(str(file), content)
    return run_import(invocation, options, lambda target: plan_people(target, rows, store or "", directory))
