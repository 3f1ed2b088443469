"""`jitbot explain`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import click

from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws.risk import Level
from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.model import duration, escape
from jitbot.domain.model.documents import Finding, Request, Source
from jitbot.domain.model.errors import InvalidError, JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import is_request, policy_of
from jitbot.domain.views.preview import Preview, preview_grant
from jitbot.domain.views.request_summary import (
    LOOKS_BACK,
    TERMINAL,
    Proposed,
    RequestSummary,
    before,
    held,
    labelled,
    more,
    owning,
    stands,
    waiting,
    worst_first,
)
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.options import format_option
from jitbot.terminal.output import json_text, print_findings, print_json
from jitbot.terminal.paths import FolderTree, Moment, clone, data_root, find_file
from jitbot.usecases.collect.collect_case import read_rules
from jitbot.usecases.ledger.ledger import LedgerView, read
from jitbot.usecases.pull_request.checking import Checker
from jitbot.usecases.pull_request.request_summary import brief, recorded

_COLOURS = {Level.LOW: "green", Level.MEDIUM: "yellow"}  # all else is red
_NUMBER = re.compile(r"#?([1-9][0-9]{0,9})", re.ASCII)


@click.command()
@click.argument("request")
@click.option("--at", type=Moment(), help="As if merged at this time, such as 2026-11-24T09:00:00Z.")
@format_option
@click.pass_obj
def explain(invocation: Invocation, *, request: str, at: datetime | None, form: str) -> int:
    """Show who gets what, where, until when, how dangerous that is, who must approve, and the exact documents.

    REQUEST is a file, a unique part of its path, or the number of a pull request. A file is read as it
    lies here, an open pull request from GitHub, what was granted from the ledger, and so what the requester
    had before.

    Example: jitbot explain 23-alice-refunds
    """
    now = at or invocation.now
    number = _NUMBER.fullmatch(request)
    told = _of_pull(invocation, int(number[1]), now) if number else _of_file(invocation, request, now)
    summaries, findings = worst_first(told.summaries), told.findings
    outlooks = [summary.outlook for summary in summaries if summary.outlook is not None]
    if not outlooks:
        print_findings(findings)
        raise InvalidError(f"{escape.log(request)} cannot be explained before this is mended")
    if form == "json":
        if len(outlooks) > 1:
            raise InvalidError(f"{request} has {len(outlooks)} requests: explain one by its path, or in text")
        print_json(outlooks[0].as_json())
        return ExitCode.REFUSED if findings else ExitCode.DONE
    for summary in summaries:
        if summary.outlook is not None:
            _print(summary, summary.outlook)
            if told.head:
                _line("commit", [escape.log(told.head)])  # an approval of any other is not one of this
            _print_documents(summary.outlook)
    print_findings(findings)
    return ExitCode.REFUSED if findings else ExitCode.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explained:
    """What is explained, and of an open pull request the head it was read at."""

    summaries: tuple[RequestSummary, ...]
    findings: tuple[Finding, ...] = ()
    head: str = ""


def _of_pull(invocation: Invocation, number: int, now: datetime) -> _Explained:
    """What a pull request asks for, by its head on GitHub and main's rules, with its reviews."""
    from jitbot.adapters.github import GitHubConversation
    from jitbot.wiring.context import github_client, open_context

    context = open_context(invocation, "explain")
    client = github_client(invocation.environ, context.settings.repository, "jitbot (explain)")
    page = GitHubConversation(client).page(number)
    if not page.is_open:
        if granted := recorded(context, number, now):
            return _Explained(summaries=granted)
        raise InvalidError(f"#{number} is closed, and nothing was granted for it; its comment says why")
    told = brief(context, page.pull, now)
    if not told.summaries:
        raise InvalidError(f"#{number} touches no request")
    if all(each.proposed is Proposed.END for each in told.summaries):
        raise InvalidError(f"#{number} only ends access: it deletes {told.summaries[0].path}")
    return _Explained(summaries=told.summaries, findings=told.findings, head=page.pull.head)


def _of_file(invocation: Invocation, text: str, now: datetime) -> _Explained:
    """What a file asks for, as it lies here and under the rules beside it."""
    root = data_root(invocation.folder)
    tree, catalogue = FolderTree(root=root), ServiceAuthorizationReference()
    path = find_file(text, folder=invocation.folder, root=root)
    content = tree.read([path]).get(path)
    if content is None or not is_request(path):
        raise InvalidError(f"{path} is no request: an ordinary file under requests/")
    parsed = documents.parse_request(Source(path=path, content=content))
    findings = Checker(documents=documents, catalogue=catalogue, when=now).files(tree, [path])
    if parsed.value is None:
        return _Explained(summaries=(), findings=findings)
    history = _history(invocation, parsed.value.requester)
    life = history.lives.get(path) if history is not None else None
    rules = read_rules(tree, documents, policy_of(path))
    outlook = preview_grant(parsed.value, rules, now, catalogue, life)
    told = _briefing(parsed.value, outlook, history, life)
    told = replace(told, statuses=grant_statuses([life] if life else [], now))
    return _Explained(summaries=(told,), findings=findings)


def _briefing(
    request: Request, outlook: Preview | None, history: LedgerView | None, life: RequestState | None
) -> RequestSummary:
    former = life.current if life is not None else None
    if former is not None and former.ask.get("duration") == duration.show(request.duration):
        former = None  # it is as it was approved: nothing is extended
    known = history is not None and not history.doubt_of(request.path)
    return RequestSummary(
        path=request.path,
        proposed=Proposed.ASK if former is None else Proposed.EXTEND,
        request=request,
        outlook=outlook,
        former=former,
        held=held(history.lives.values(), request.requester, but_for=request.path)
        if known and history is not None
        else None,
    )


def _history(invocation: Invocation, requester: str) -> LedgerView | None:
    """The ledger, if it can be had from here: without it all but the past can be explained."""
    if not clone(invocation.folder, invocation.environ).has("refs/remotes/origin/main"):
        return None  # no clone of anything: GitHub's client is not even imported
    from jitbot.wiring.context import open_context

    try:
        context = open_context(invocation, "explain")
        return read(context, invocation.now, since=invocation.now - LOOKS_BACK, requester=requester)
    except JitbotError as error:
        click.echo(f"! the ledger could not be read: {escape.log(str(error))}", err=True)
        return None


def _print(summary: RequestSummary, outlook: Preview) -> None:
    level, request = outlook.risk.level, outlook.request
    click.echo(click.style(escape.log(outlook.in_words()), bold=True))
    _line("what", [escape.log(outlook.policy.description)])
    _line("why", [escape.log(request.reason)])
    if request.ticket is not None:
        _line("ticket", [escape.log(request.ticket)])
    for name, value in outlook.parameters:
        _line(labelled(name), [escape.log(escape.literal(value))])
    if changes := more(summary, TERMINAL):
        _line("change", [changes])
    _line("state", stands(summary, TERMINAL))
    dangers = [escape.log(reason) for reason in outlook.risk.reasons]
    _line("risk", [click.style(level.in_words, fg=_COLOURS.get(level, "red")), *dangers])
    if access := outlook.risk.access_in_words():
        _line("access", [access])
    known = [] if is_break_glass(outlook.policy) else [owning(outlook, TERMINAL)]
    if summary.awaiting is not None:
        known = list(waiting(summary.awaiting, TERMINAL))
    _line("approve", [escape.log(outlook.who_approves()), *known])
    _line("before", [before(summary, TERMINAL)])


def _line(name: str, texts: Iterable[str]) -> None:
    """A name and what there is to say of it, the first beside it and the rest below."""
    for index, text in enumerate(texts):
        click.echo(f"{'' if index else escape.log(name) + ': ':<10}{text}")


def _print_documents(outlook: Preview) -> None:
    for grant in outlook.grants:
        click.echo("\n" + click.style(escape.log(grant.role_arn), bold=True))
        click.echo(f"boundary: {escape.log(grant.permissions_boundary)}")
        for arn in grant.managed_policies:
            click.echo(f"managed:  {escape.log(arn)}")
        for title, document in (("trust", grant.trust_policy), ("permission", grant.permission_policy)):
            click.echo(f"{escape.log(title)} policy:\n{json_text(document)}")
