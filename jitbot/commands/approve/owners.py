"""`jitbot owners`."""

from pathlib import Path

import click

from jitbot.domain.model import codeowners as domain
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import REQUESTS, any_request
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_findings, print_json
from jitbot.terminal.paths import FolderTree, data_root, is_folder, relative
from jitbot.wiring.kept_clone import in_clone


def owners(
    invocation: Invocation,
    *,
    paths: tuple[str, ...],
    codeowners: Path | None,
    repository: str | None,
    form: str,
) -> int:
    """Carry out `jitbot owners`."""
    typed_in = invocation.folder
    if codeowners is None:
        invocation = in_clone(invocation, repository, files=True)
    parsed = _read(invocation, codeowners)
    meant = {
        path: _file_in(_from_root(path, typed_in, invocation.folder), invocation.folder) for path in paths
    }
    owned = {path: list(domain.owners_of(parsed, file)) for path, file in meant.items()}
    if form == "json":
        print_json(owned)
    else:
        for path, names in owned.items():
            click.echo(escape.log(f"{path}  {' '.join(names) or 'nobody'}"))
        print_findings(parsed.findings)
    wrong = parsed.findings or not all(owned.values())
    return ExitCode.REFUSED if wrong else ExitCode.DONE


def _file_in(path: str, root: Path) -> str:
    """The path; of a folder, a file that could be new in it: CODEOWNERS is about files."""
    whole = path.rstrip("/")
    if path == whole and not is_folder(root / path):
        return path
    policy = whole.removeprefix(REQUESTS)
    return (
        any_request(policy)
        if policy != whole and "/" not in policy
        else f"{whole}/any.yaml".removeprefix("./")
    )


def _from_root(path: str, folder: Path, root: Path) -> str:
    """The path as CODEOWNERS has it, if it is written as seen from the folder: with dots in it, or as a whole."""
    if not Path(path).is_absolute() and {".", ".."}.isdisjoint(path.split("/")):
        return path
    return relative(path, folder=folder, root=root) + ("/" if path.endswith("/") else "")


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
