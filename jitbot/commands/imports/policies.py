"""`jitbot import policies`."""

import re
from collections.abc import Iterable, Mapping

import click

from jitbot.commands.imports.importing import target_of
from jitbot.commands.setup import templates
from jitbot.domain.model import codeowners
from jitbot.domain.model.documents import POLICIES
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import LOGIN
from jitbot.domain.setup import policy_library, scaffold
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_findings
from jitbot.terminal.paths import data_root
from jitbot.terminal.prompts import tell
from jitbot.usecases.imports.run_import import ImportTarget, refused_by_check
from jitbot.wiring.requester import open_client

_WHO = re.compile(rf"{LOGIN}|@{codeowners.TEAM}")
_WHERE = re.compile(r"@?[a-z][a-z0-9-]{0,62}")


def policies(
    invocation: Invocation,
    *,
    names: str,
    eligible: tuple[str, ...],
    account: tuple[str, ...],
    owner: tuple[str, ...],
) -> int:
    """Carry out `jitbot import policies`."""
    root, library = data_root(invocation.folder), templates.library()
    for option, given, shape in (
        ("--eligible", eligible, _WHO),
        ("--account", account, _WHERE),
        ("--owner", owner, _WHO),
    ):
        _must_be(option, given, shape)
    target = target_of(invocation, root, lambda: open_client(invocation, "import", None))
    place, text = _codeowners(target)
    owners = [each if each.startswith("@") else f"@{each}" for each in owner]
    owners = owners or list(codeowners.owners_of(codeowners.parse(text), f"{POLICIES}any.yaml"))
    reviewers = [each if "/" in each else each.removeprefix("@") for each in owners]
    new = {
        f"{POLICIES}{name}.yaml": scaffold.policy(library[name].text, eligible, account, reviewers)
        for name in policy_library.chosen(names, library)
    }
    files = {path: each.encode() for path, each in new.items()}
    if (edited := scaffold.with_owner_lines(text, new, owners)) != text:
        files[place] = edited.encode()
    if present := [path for path in new if (root / path).exists() or (root / path).is_symlink()]:
        raise InvalidError(f"nothing was written, since this exists already: {', '.join(present)}")
    if findings := refused_by_check(target, files):
        print_findings(findings)
        tell("nothing was written")
        return ExitCode.REFUSED
    for path, content in files.items():
        (root / path).write_bytes(content)
        tell(
            f"{path} is {'changed' if path == place else 'new'}: look at it with git diff, and have it merged"
        )
    return ExitCode.DONE


def _must_be(option: str, given: Iterable[str], shape: re.Pattern[str]) -> None:
    for each in given:
        if not shape.fullmatch(each):
            raise click.UsageError(
                f"{option} {escape.quoted(each)}: write a name, or @ and the name of a team or a group"
            )


def _codeowners(target: ImportTarget) -> tuple[str, str]:
    """Where CODEOWNERS lies, and its text. Raises InvalidError if there is none that reads."""
    found: Mapping[str, bytes] = target.tree.read(codeowners.LOCATIONS)
    for place in codeowners.LOCATIONS:
        if place in found:
            try:
                return place, found[place].decode()
            except UnicodeDecodeError:
                raise InvalidError(f"{place} is not UTF-8, so it cannot be changed") from None
    raise InvalidError(f"there is no {codeowners.LOCATIONS[0]}: `jitbot init` writes one")
