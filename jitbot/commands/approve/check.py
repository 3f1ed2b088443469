"""`jitbot check`."""

import re
from datetime import datetime
from pathlib import Path

import click

from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.model.codeowners import LOCATIONS
from jitbot.domain.model.documents import Finding, errors
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import REQUESTS, is_request
from jitbot.domain.setup.requests_page import PAGE
from jitbot.domain.text.amount import many
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import counted, findings_json, print_annotations, print_findings, print_json
from jitbot.terminal.paths import FolderTree, clone, is_folder, policy_paths, relative, root_of
from jitbot.usecases.pull_request.checking import Checker

# The folder of a policy's requests of a month.
_MONTH = re.compile(r"requests/[^/]+/([0-9]{4}-[0-9]{2})", re.ASCII)


def check(
    invocation: Invocation,
    *,
    files: tuple[str, ...],
    base: str | None,
    head: str | None,
    at: datetime | None,
    form: str,
) -> int:
    """Carry out `jitbot check`."""
    if "" in files:
        raise click.UsageError("the name of a file is empty")
    if (base is None) != (head is None) or (base is not None and files):
        raise click.UsageError("--base and --head go together, and without FILE")
    now = at or invocation.now
    checker = Checker(documents=documents, catalogue=ServiceAuthorizationReference(), when=now)
    if base is not None and head is not None:
        git = clone(invocation.folder, invocation.environ)
        one, other = git.resolve(base), git.resolve(head)
        findings = checker.change(git, base=one, head=other)
    else:
        root = root_of(files, invocation.folder)
        named = [relative(file, folder=invocation.folder, root=root) for file in files or (str(root),)]
        paths = [path for each in named for path in _meant(root, each, now.strftime("%Y-%m"))]
        tree = FolderTree(root=root)
        findings = checker.files(tree, paths)
        if PAGE in paths or not files:
            findings += checker.page(tree, policy_paths(root))
    return _print(findings, form)


def _meant(root: Path, path: str, month: str) -> list[str]:
    """The file at a path; of a folder what is checked in it, or the folder itself if that is nothing."""
    if not is_folder(root / path):
        return [path]
    dated = _MONTH.fullmatch(path)
    inside = [
        each
        for each in _all(root, dated[1] if dated else month)
        if path == "." or each.startswith(f"{path}/")
    ]
    return inside or [path]


def _all(root: Path, month: str) -> list[str]:
    """Every rule, and the requests of a month: what lies further back can no longer be merged anew."""
    rules = sorted(path for path in (root / "policies").rglob("*.yaml"))
    owners = [root / location for location in LOCATIONS if (root / location).is_file()][:1]
    requests = sorted((root / "requests").glob(f"*/{month}/*"))
    found = [path.relative_to(root).as_posix() for path in (*rules, *owners, *requests)]
    return [path for path in found if not path.startswith(REQUESTS) or is_request(path)]


def _print(findings: tuple[Finding, ...], form: str) -> int:
    wrong = errors(findings)
    if form == "json":
        print_json({"ok": not wrong, **findings_json(findings)})
    else:
        (print_annotations if form == "github" else print_findings)(findings)
        click.echo(counted(findings, many(len(wrong), "problem")))
    return ExitCode.REFUSED if wrong else ExitCode.DONE
