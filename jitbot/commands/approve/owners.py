"""`jitbot owners`."""

from pathlib import Path

import click

from jitbot.domain.model import codeowners as domain
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.option_types import format_option
from jitbot.terminal.output import print_findings, print_json
from jitbot.terminal.paths import FolderTree, data_root


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--codeowners", type=click.Path(path_type=Path), help="Another CODEOWNERS file than the repository's."
)
@format_option
@click.pass_obj
def owners(invocation: Invocation, *, paths: tuple[str, ...], codeowners: Path | None, form: str) -> int:
    """Say who owns each PATH, by the last line of CODEOWNERS that matches it.

    Example: jitbot owners requests/orders-db-read/2026-11/23-alice-refunds.yaml
    """
    parsed = _read(invocation, codeowners)
    owned = {path: list(domain.owners_of(parsed, path)) for path in paths}
    if form == "json":
        print_json(owned)
    else:
        for path, names in owned.items():
            click.echo(escape.log(f"{path}  {' '.join(names) or 'nobody'}"))
    if parsed.findings and form == "text":
        print_findings(parsed.findings)
    wrong = parsed.findings or not all(owned.values())
    return ExitCode.REFUSED if wrong else ExitCode.DONE


def _read(invocation: Invocation, file: Path | None) -> domain.CodeOwners:
    if file is not None:
        try:
            return domain.parse((invocation.folder / file).read_bytes().decode(errors="replace"), str(file))
        except OSError as error:
            raise InvalidError(f"{file}: {error.strerror}") from None
    contents = FolderTree(root=data_root(invocation.folder)).read(domain.LOCATIONS)
    for location in domain.LOCATIONS:
        if location in contents:
            return domain.parse(contents[location].decode(errors="replace"), location)
    raise InvalidError("there is no CODEOWNERS file; add .github/CODEOWNERS")
