"""From a plan to files or a pull request: what the imports have in common at the terminal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.imports.plan import ImportPlan
from jitbot.domain.model.documents import Finding
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text import escape
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import print_findings
from jitbot.terminal.paths import FolderTree, data_root, policy_paths
from jitbot.terminal.prompts import tell
from jitbot.usecases.collect.collect_case import Tree
from jitbot.usecases.imports.run_import import ImportTarget, ReadyImport, open_import, prepare
from jitbot.usecases.request.requester_client import RequesterClient
from jitbot.wiring.requester import open_client

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What is done with the changes: shown, written here, or proposed."""

    check: bool
    pull_request: bool
    removals: int | None
    repo: str | None


def import_options(command: F) -> F:
    """Take the options of every import as one `options`."""

    @wraps(command)
    def wrapped(
        *args: Any, only: bool, pull_request: bool, removals: int | None, repo: str | None, **others: Any
    ) -> Any:
        if only and pull_request:
            raise click.UsageError("--check changes nothing: leave out --pull-request")
        options = ImportOptions(check=only, pull_request=pull_request, removals=removals, repo=repo)
        return command(*args, options=options, **others)

    return wrapped  # type: ignore[return-value]  # the caller names the options one by one


def run_import(
    invocation: Invocation,
    options: ImportOptions,
    planned: Callable[[ImportTarget], ImportPlan | Iterable[Finding]],
) -> int:
    """Plan, show, and do what was asked for."""
    client = cache(lambda: open_client(invocation, "import", options.repo))
    root = None if options.pull_request else data_root(invocation.folder)
    target = target_of(invocation, root, client)
    plan = planned(target)
    if not isinstance(plan, ImportPlan):
        return _refused(plan)
    for line in plan.lines:
        click.echo(click.style(escape.log(line), fg={"+": "green", "-": "red"}.get(line[0])))
    for note in plan.notes:
        tell(f"! {note}")
    if not plan.changes:
        tell("nothing changes")
        return ExitCode.DONE
    ready = prepare(target, plan, options.removals)
    if not isinstance(ready, ReadyImport):
        return _refused(ready)
    for each in ready.live:
        tell(f"! this ends live access: {each}", bold=True)
    if options.check:
        tell(f"{', '.join(ready.files)} would change")
        return ExitCode.REFUSED
    if root is None:
        click.echo(escape.log(open_import(client(), ready, invocation.now).url))
    else:
        _write(root, ready)
    return ExitCode.DONE


def target_of(
    invocation: Invocation, root: Path | None, client: Callable[[], RequesterClient]
) -> ImportTarget:
    """The files that are changed: those of this folder, or where there is none, those of main on GitHub."""
    tree: Tree
    if root is None:
        tree, policies = client().rules_tree, client().policy_paths()
    else:
        tree, policies = FolderTree(root=root), policy_paths(root)
    return ImportTarget(
        tree=tree,
        policies=tuple(policies),
        documents=documents,
        catalogue=ServiceAuthorizationReference(),
        client=client,
        at=invocation.now,
    )


def _refused(findings: Iterable[Finding]) -> int:
    print_findings(findings)
    tell("nothing was imported")
    return ExitCode.REFUSED


def _write(root: Path, ready: ReadyImport) -> None:
    for path, content in ready.files.items():
        (root / path).write_bytes(content)
        tell(f"{path} is changed: look at it with git diff, and have it merged")
