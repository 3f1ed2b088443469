"""`jitbot plan`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

import click

from jitbot.adapters import documents
from jitbot.adapters.git import GitRepository
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.ledger.attestation import blob_name
from jitbot.domain.ledger.batches import AddedEntry
from jitbot.domain.model.codeowners import LOCATIONS
from jitbot.domain.model.documents import PLAIN, Sha, errors
from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.rule_effects.compare import RuleEffects
from jitbot.domain.rule_effects.findings import newly_wrong, with_new
from jitbot.domain.rule_effects.review_section import at_a_terminal
from jitbot.domain.rule_effects.rule_report import HEADS, RuleReport, headline, notes, rows
from jitbot.domain.text import escape
from jitbot.domain.views.wording import TERMINAL
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import counted, findings_json, print_findings, print_json
from jitbot.terminal.paths import FolderTree, clone, data_root
from jitbot.usecases.context import Context
from jitbot.usecases.pull_request.checking import Checker, read_proposed
from jitbot.usecases.pull_request.proposed_rules import (
    FOLDERS,
    ProposedRules,
    listed_at,
    merged_rules,
    of_rules,
    too_many_rules,
)
from jitbot.usecases.pull_request.request_summary import brief
from jitbot.usecases.pull_request.rule_report import files_report, proposed_rules, rule_report, uncompared


def plan(
    invocation: Invocation,
    *,
    pull: int | None,
    base: str | None,
    head: str | None,
    at: datetime | None,
    form: str,
) -> int:
    """Carry out `jitbot plan`."""
    if pull is not None and (base is not None or head is not None):
        raise click.UsageError("a pull request has its own --base and --head")
    now = at or invocation.now
    report = (
        _of_pull(invocation, pull, now)
        if pull is not None
        else _of_change(invocation, _Change(base=base, head=head, at=now))
    )
    shown = report or RuleReport(effects=RuleEffects())
    wrong = errors(shown.findings)
    if form == "json":
        print_json({"ok": not wrong, **shown.as_json(), **findings_json(shown.findings)})
    elif report is None:
        click.echo("the rules stay as they are")
    else:
        _print(report)
    return ExitCode.REFUSED if wrong else ExitCode.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is compared: revisions, where they are named, and the moment of the merge."""

    base: str | None
    head: str | None
    at: datetime


def _of_pull(invocation: Invocation, number: int, now: datetime) -> RuleReport | None:
    """What an open pull request does to the rules; None if it changes none."""
    from jitbot.wiring.context import open_context

    context = open_context(invocation, "plan")
    pull = context.github.pull(number)
    if not pull.is_open:
        raise InvalidError(f"#{number} is not open: `jitbot audit report` shows what was merged")
    return brief(context, pull, now).rules


def _of_change(invocation: Invocation, change: _Change) -> RuleReport | None:
    """What a commit or the files in the folder do to the rules of the base; None if they change none."""
    git = clone(invocation.folder, invocation.environ)
    context = _context(invocation, git)
    base = _base(git, change.base)
    catalogue = ServiceAuthorizationReference()
    checker = Checker(documents=documents, catalogue=catalogue, when=change.at)
    if change.head is not None:
        proposed = read_proposed(git, base=base, head=git.resolve(change.head))
        rules = proposed_rules(git, documents, proposed)
        if isinstance(rules, tuple):
            return uncompared((*proposed.unread, *rules))
        findings = checker.together(git, proposed, (), rules)
    else:
        root = data_root(invocation.folder)
        files = _of_folder(git, root, base)
        if too_many := too_many_rules(files.changed):
            return uncompared(too_many)
        rules = files.rules()
        found = checker.files(FolderTree(root=root), files.present)
        findings = with_new(found, newly_wrong(rules.base, rules.head, change.at))
    if rules.base.files == rules.head.files:
        return None
    if context is None:
        return files_report(rules, change.at, catalogue, findings)
    return rule_report(context, rules, change.at, findings=findings)


def _context(invocation: Invocation, git: GitRepository) -> Context | None:
    """GitHub and the ledger, if this clone has a remote with both. Without them, only requests are not looked at."""
    if not git.has("refs/remotes/origin/ledger"):
        return None
    from jitbot.wiring.context import open_context

    try:
        return open_context(invocation, "plan")
    except JitbotError as error:
        click.echo(f"! only files are compared: {escape.log(str(error))}", err=True)
        return None


def _base(git: GitRepository, named: str | None) -> Sha:
    if named is not None:
        return git.resolve(named)
    known = next((each for each in ("refs/remotes/origin/main", "refs/heads/main") if git.has(each)), None)
    if known is None:
        raise InvalidError("this clone has no main: name what to compare with by --base")
    return git.resolve(known)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folder:
    """The files of the rules in a folder, those of the branch's start and of the base, by path."""

    git: GitRepository
    fork: Mapping[str, AddedEntry]
    base: Mapping[str, AddedEntry]
    head: Mapping[str, AddedEntry]
    contents: Mapping[Sha, bytes | None]

    @property
    def changed(self) -> list[str]:
        """The files that differ from the branch's start, those that are gone among them."""
        every = dict.fromkeys((*self.fork, *self.head))
        return sorted(path for path in every if self.fork.get(path) != self.head.get(path))

    @property
    def present(self) -> list[str]:
        """Those of them that are there."""
        return [path for path in self.changed if path in self.head]

    def rules(self) -> ProposedRules:
        """The rules on both sides."""
        return merged_rules(self.git, documents, fork=self.fork, base=self.base, head=self.head, contents=self.contents)  # fmt: skip


def _of_folder(git: GitRepository, root: Path, base: Sha) -> _Folder:
    """The files of the folder, and what its branch started from. What is not read there, such as code, is taken as committed."""
    head = git.resolve("HEAD")
    fork = git.merge_base(base, head)
    unread = [path for path in of_rules(git.touched(fork, head) or ()) if not _is_read(path)]
    before, ours, committed = (listed_at(git, each, unread) for each in (fork, base, head))
    files, contents = _files_in(root, before)
    theirs = {**{path: committed[path] for path in unread if path in committed}, **files}
    return _Folder(git=git, fork=before, base=ours, head=theirs, contents=contents)


def _is_read(path: str) -> bool:
    """Whether `_files_in` reads this file of the rules. It reads neither code nor what lies deeper than its folders."""
    return path in LOCATIONS or f"{PurePosixPath(path).parent}/" in FOLDERS


def _files_in(
    root: Path, before: Mapping[str, AddedEntry]
) -> tuple[Mapping[str, AddedEntry], Mapping[Sha, bytes | None]]:
    """The files of the rules in a folder, as git would take them up, with their bytes."""
    there = [each for folder in FOLDERS for each in sorted((root / folder).glob("*")) if not each.is_dir()]
    paths = [each.relative_to(root).as_posix() for each in there]
    tree, paths = FolderTree(root=root), [*paths, *(each for each in LOCATIONS if (root / each).exists())]
    odd, contents = tree.others(paths), tree.read(paths)
    entries: dict[str, AddedEntry] = {}
    for path in paths:
        was = before.get(path)
        if path not in odd:
            entries[path] = AddedEntry(path=path, mode=PLAIN, blob=blob_name(contents[path]))
        elif was is not None and was.mode == odd[path]:
            entries[path] = was
        else:
            entries[path] = AddedEntry(path=path, mode=odd[path], blob=Sha(""))
    return entries, {blob_name(content): content for content in contents.values()}


def _print(report: RuleReport) -> None:
    first, named = headline(report, TERMINAL)
    if first:
        click.echo(click.style(escape.log(first), bold=True))
    for line in at_a_terminal(report.reviews):
        click.echo(escape.log(line))
    for direction, head in HEADS.items():
        lines, more = rows(report, direction, TERMINAL, excluding=named)
        if lines or more:
            click.echo(f"\n{escape.log(head)}:")
        for line in lines:
            click.echo(f"  {escape.log(line)}")
        if more:
            click.echo(f"  and {escape.log(str(more))} more: --format json has all")
    for note in notes(report, TERMINAL):
        click.echo(f"\n{escape.log(note)}")
    if report.findings:
        click.echo()
        print_findings(report.findings)
        click.echo(counted(report.findings, f"{len(errors(report.findings))} to fix"))
