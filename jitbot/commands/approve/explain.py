"""`jitbot explain`."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import click

from jitbot.adapters import documents
from jitbot.adapters.iam_reference import ServiceAuthorizationReference
from jitbot.domain.access.break_glass import is_break_glass
from jitbot.domain.access.request_state import RequestState
from jitbot.domain.aws.risk import Level
from jitbot.domain.enforce.grant_status import grant_statuses
from jitbot.domain.model.documents import Finding, Request, Source
from jitbot.domain.model.errors import DeniedError, InvalidError, JitbotError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.grammar import is_request
from jitbot.domain.model.merge_facts import ChangeKind
from jitbot.domain.request.request_reference import pull_number, resolve
from jitbot.domain.text import duration, escape
from jitbot.domain.text.amount import many
from jitbot.domain.views.grant_preview import GrantPreview
from jitbot.domain.views.other_requests import OtherRequests, by_ledger, others_in_words
from jitbot.domain.views.request_summary import (
    LOOKS_BACK,
    RequestSummary,
    acknowledged,
    before,
    grant_lines,
    grouped,
    headline,
    held,
    labelled,
    membership,
    more,
    owning,
    waiting,
    worst_first,
)
from jitbot.domain.views.wording import TERMINAL
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.output import json_text, print_findings, print_json
from jitbot.terminal.paths import FolderTree, clone, has_data_root, relative, root_of
from jitbot.usecases.ledger.ledger_view import LedgerView, read
from jitbot.usecases.pull_request.checking import Checker
from jitbot.usecases.pull_request.request_summary import brief, recorded
from jitbot.wiring.kept_clone import in_clone

_COLOURS = {Level.LOW: "green", Level.MEDIUM: "yellow"}  # all else is red


def explain(
    invocation: Invocation,
    *,
    request: str,
    at: datetime | None,
    repository: str | None,
    short: bool,
    form: str,
) -> int:
    """Carry out `jitbot explain`."""
    now = at or invocation.now
    number = pull_number(request)
    if repository is not None or not has_data_root(
        Path(os.path.normpath(invocation.folder / request)).parent
    ):
        invocation = in_clone(invocation, repository, files=number is None)
    shown = _of_file(invocation, request, now) if number is None else _of_pull(invocation, number, now)
    summaries, findings = shown.summaries, shown.findings
    previews = [summary.grant_preview for summary in summaries if summary.grant_preview is not None]
    if not previews:
        print_findings(findings)
        raise InvalidError(f"{escape.log(request)} cannot be explained before this is fixed")
    if form == "json":
        if len(previews) > 1:
            raise InvalidError(
                f"{request} has {many(len(previews), 'request')}: explain one by its path, or in text"
            )
        print_json(previews[0].as_json())
        return ExitCode.REFUSED if findings else ExitCode.DONE
    show(summaries, head=shown.head, short=short)
    print_findings(findings)
    return ExitCode.REFUSED if findings else ExitCode.DONE


def show(summaries: Iterable[RequestSummary], *, head: str = "", short: bool = False) -> None:
    """Print each request, most dangerous first; `head` is the commit of a pull request, `short` leaves the documents out."""
    for summary in worst_first(summaries):
        if summary.grant_preview is not None:
            _print(summary, summary.grant_preview)
            if head:
                _line("commit", [escape.log(head)])  # an approval of another commit does not count
            if not short:
                _print_documents(summary.grant_preview)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explained:
    """What is explained, and of an open pull request the head it was read at."""

    summaries: tuple[RequestSummary, ...]
    findings: tuple[Finding, ...] = ()
    head: str = ""


def _of_pull(invocation: Invocation, number: int, now: datetime) -> _Explained:
    """What a pull request asks for, by its head on GitHub and main's rules, with its reviews."""
    from jitbot.wiring.context import open_context

    context = open_context(invocation, "explain")
    try:
        pull = context.github.pull(number)
    except DeniedError as error:
        raise DeniedError(f"pull request {number}: {error}") from error
    if not pull.is_open:
        return _Explained(summaries=recorded(context, read(context, now), str(number), now))
    shown = brief(context, pull, now)
    if not shown.summaries:
        raise InvalidError(f"#{number} touches no request")
    if all(each.kind is ChangeKind.DELETED for each in shown.summaries):
        raise InvalidError(f"#{number} only ends access: it deletes {shown.summaries[0].path}")
    return _Explained(summaries=shown.summaries, findings=shown.findings, head=pull.head)


def _of_file(invocation: Invocation, text: str, now: datetime) -> _Explained:
    """What a file in the working tree asks for, under the rules of the same tree; of no file there, what was granted."""
    root = root_of([text], invocation.folder)
    tree, catalogue = FolderTree(root=root), ServiceAuthorizationReference()
    try:
        path = _find_file(text, folder=invocation.folder, root=root)
    except InvalidError:
        if not clone(root, invocation.environ).has("refs/remotes/origin/main"):
            raise
        return _of_record(invocation, text, now)
    invocation = replace(invocation, folder=root)
    content = tree.read([path]).get(path)
    if content is None or not is_request(path):
        raise InvalidError(f"{path} is no request: an ordinary file under requests/")
    checker = Checker(documents=documents, catalogue=catalogue, when=now)
    preview = checker.request(tree, Source(path=path, content=content))
    if preview.request is None:
        return _Explained(summaries=(), findings=preview.findings)
    history = _history(invocation, preview.request.requester)
    state = history.states.get(path) if history is not None else None
    # Judged as a first request: what the file says is explained, also after it was granted, from its first start.
    grant_preview = replace(preview, so_far=state).grant_preview
    summary = _summary(preview.request, grant_preview, history, state, now)
    summary = replace(summary, statuses=grant_statuses([state] if state else [], now))
    return _Explained(summaries=(summary,), findings=preview.findings)


def _of_record(invocation: Invocation, text: str, now: datetime) -> _Explained:
    """What was granted, by the ledger, of a request whose file is not here: main may be ahead, and files are deleted."""
    from jitbot.wiring.context import open_context

    context = open_context(invocation, "explain")
    return _Explained(summaries=recorded(context, read(context, now), text, now))


def _find_file(text: str, *, folder: Path, root: Path) -> str:
    """The request file a person means: a file's name from here, or a unique part of a request's path."""
    for start in (folder, root):
        if _is_file(start / text):
            return relative(text, folder=start, root=root)
    known = (file.relative_to(root).as_posix() for file in (root / "requests").glob("*/*/*.yaml"))
    return resolve(text, dict.fromkeys(known, ()))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for any file
        return False


def _summary(
    request: Request,
    grant_preview: GrantPreview | None,
    history: LedgerView | None,
    state: RequestState | None,
    now: datetime,
) -> RequestSummary:
    former = state.current if state is not None else None
    if former is not None and former.ask.duration == duration.show(request.duration):
        former = None  # it is as it was approved: nothing is extended
    if history is not None and history.doubt_of(request.path):
        history = None  # what it says of this requester may lack something
    return RequestSummary(
        path=request.path,
        kind=ChangeKind.ADDED if former is None else ChangeKind.MODIFIED,
        request=request,
        grant_preview=grant_preview,
        former=former,
        held=held(history.states.values(), request.requester, excluding=request.path)
        if history is not None
        else None,
        others=_others(request, grant_preview, history, now),
    )


def _others(
    request: Request, grant_preview: GrantPreview | None, history: LedgerView | None, now: datetime
) -> OtherRequests | None:
    """The requester's other requests by the ledger, under a policy whose rules see one request."""
    if grant_preview is None or not grant_preview.requirement.by_rules:
        return None
    doubt = "open pull requests are not looked at for a file"
    if history is None:
        return OtherRequests(doubt=f"the ledger could not be read, and {doubt}")
    return OtherRequests(found=by_ledger(history.states.values(), request, now), doubt=doubt)


def _history(invocation: Invocation, requester: str) -> LedgerView | None:
    """The ledger, if there is a clone of it here. Without it, only the requester's earlier grants are missing."""
    if not clone(invocation.folder, invocation.environ).has("refs/remotes/origin/main"):
        return None  # no clone of anything: GitHub's client is not even imported
    from jitbot.wiring.context import open_context

    try:
        context = open_context(invocation, "explain")
        return read(context, invocation.now, since=invocation.now - LOOKS_BACK, requester=requester)
    except JitbotError as error:
        click.echo(f"! the ledger could not be read: {escape.log(str(error))}", err=True)
        return None


def _print(summary: RequestSummary, grant_preview: GrantPreview) -> None:
    level, request = grant_preview.risk.level, grant_preview.request
    click.echo(click.style(escape.log(headline(summary, grant_preview)), bold=True))
    _line("what", [escape.log(grant_preview.policy.description)])
    _line("why", [escape.log(request.reason)])
    for name, value in request.optional:
        _line(name, [escape.log(value)])
    for name, value in grant_preview.parameters:
        _line(labelled(name), [escape.log(escape.literal(value))])
    _line("accounts", filter(None, [grouped(grant_preview, TERMINAL)]))
    _line("member", filter(None, [membership(grant_preview, TERMINAL)]))
    if changes := more(summary, TERMINAL):
        _line("change", [changes])
    _line("state", grant_lines(summary, TERMINAL))
    dangers = [escape.log(reason) for reason in grant_preview.risk.reasons]
    _line("risk", [click.style(level.in_words, fg=_COLOURS.get(level, "red")), *dangers])
    if access := grant_preview.risk.access_in_words():
        _line("access", [access])
    known = [] if is_break_glass(grant_preview.policy) else [owning(grant_preview, TERMINAL)]
    if summary.awaiting is not None:
        known = list(waiting(summary.awaiting, TERMINAL))
    _line("approve", [escape.log(grant_preview.who_approves()), *known])
    _line("before", [before(summary, TERMINAL)])
    if summary.others is not None:
        _line("others", others_in_words(request, summary.others, TERMINAL))
    _line("known", map(escape.log, acknowledged(grant_preview.policy)))


def _line(name: str, texts: Iterable[str]) -> None:
    """A label and its texts: the first text follows the label, the others are below it."""
    for index, text in enumerate(texts):
        click.echo(f"{'' if index else escape.log(name) + ': ':<10}{text}")


def _print_documents(grant_preview: GrantPreview) -> None:
    for grant in grant_preview.grants:
        click.echo("\n" + click.style(escape.log(grant.role_arn), bold=True))
        click.echo(f"boundary: {escape.log(grant.permissions_boundary)}")
        for arn in grant.managed_policies:
            click.echo(f"managed:  {escape.log(arn)}")
        for title, document in (("trust", grant.trust_policy), ("permission", grant.permission_policy)):
            click.echo(f"{escape.log(title)} policy:\n{json_text(document)}")
