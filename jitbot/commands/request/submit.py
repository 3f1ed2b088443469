"""From a checked file to an open pull request, and to access: what `request` and `extend` have in common."""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import click

from jitbot.commands.request.asked_already import asked_already
from jitbot.domain.access.approvals.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.access.break_glass import MERGES, is_break_glass
from jitbot.domain.model.documents import Finding, Source
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.model.merge_facts import PullRequest
from jitbot.domain.request import new_request
from jitbot.domain.request.progress import ProgressStep, ProgressUpdate
from jitbot.domain.text import escape, timestamp
from jitbot.domain.views.approval_places import placed, rules_that_hold
from jitbot.domain.views.grant_preview import GrantPreview
from jitbot.domain.views.preview import Former
from jitbot.domain.views.request_summary import labelled
from jitbot.domain.views.wording import TERMINAL
from jitbot.terminal import prompts
from jitbot.terminal.output import in_file, print_findings, print_json
from jitbot.usecases.request.follow import follow
from jitbot.usecases.request.open_pull_request import free_branch, merge_when_approved, open_pull
from jitbot.usecases.request.requester_client import RequesterClient

_CODES = {
    ProgressStep.GRANTED: ExitCode.DONE,
    ProgressStep.REFUSED: ExitCode.REFUSED,
    ProgressStep.CLOSED: ExitCode.REFUSED,
    ProgressStep.ENDED: ExitCode.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOptions:
    """Options of a submission. `ask`: confirm first; `wait`: for how long; `former`: the request that it extends."""

    now: datetime
    ask: bool
    dry: bool
    wait: timedelta | None
    form: str
    former: Former | None = None


def check_and_open(client: RequesterClient, source: Source, submit_options: SubmitOptions) -> int:
    """Show what is asked for, check it as `jitbot check` does, open the pull request, and wait if wanted."""
    preview = client.verdict(source, submit_options.now, former=submit_options.former)
    grant_preview, findings = preview.grant_preview, preview.findings
    if grant_preview is not None and submit_options.form == "text":
        _preview(grant_preview, result=submit_options.dry)
    if findings or grant_preview is None:
        if submit_options.form == "json":
            print_json({"ok": False, "findings": [each.as_json() for each in findings]})
        else:
            print_findings(findings, where=partial(_typed, source, submit_options.former))
            prompts.tell("nothing was asked for")
        return ExitCode.REFUSED
    if submit_options.dry:
        if submit_options.form == "json":
            print_json(grant_preview.as_json())
        else:
            click.echo(f"\n{escape.log(source.path)}\n{_inert_lines(source.content.decode())}", nl=False)
            if submit_options.former is None:
                click.echo(f"\non GitHub's website:\n    {escape.log(_link(client, source))}")
        return ExitCode.DONE
    if not client.place.may_write:
        raise InvalidError(
            f"{client.place.actor.login} may not push to {client.place.repository}, so cannot ask there; "
            "an admin of the repository can give you write access"
        )
    if submit_options.former is None:
        for sentence in asked_already(client, grant_preview.request, submit_options.now):
            prompts.tell(f"! {sentence}")
    if submit_options.ask and not prompts.agreed("open the pull request?"):
        prompts.tell("nothing was asked for")
        return ExitCode.REFUSED
    return _open(client, grant_preview, source, submit_options)


def _typed(source: Source, former: Former | None, finding: Finding) -> str:
    """The place of a finding in what the person typed; its place in the file where that is not known."""
    if finding.file != source.path:
        return in_file(finding)
    if former is None:
        return new_request.option(source.content.decode(), finding.line) or in_file(finding)
    longer = finding.line == former.request.where["duration"].line
    return "the duration asked for" if longer else in_file(finding)


def _open(
    client: RequesterClient, grant_preview: GrantPreview, source: Source, submit_options: SubmitOptions
) -> int:
    if submit_options.former is None:
        proposal = new_request.ask(grant_preview, source.content)
    else:
        proposal = free_branch(
            client, new_request.extension(grant_preview, source.content, submit_options.former.request)
        )
    pull = open_pull(client, proposal)
    if submit_options.form == "text":
        click.echo(escape.log(pull.url))
    method, note = merge_when_approved(client, pull, grant_preview.requirement)
    glass = is_break_glass(grant_preview.policy)
    if glass:
        prompts.tell(
            f"jitbot needs no approval of a break-glass. {MERGES}{': by itself' if method else '. Then press Merge'}"
        )
    elif method:
        prompts.tell("auto-merge is on: once it is approved it merges, and the merge grants it")
    else:
        prompts.tell(f"auto-merge is off: {note}. Press Merge once it is approved")
    step = (
        None
        if submit_options.wait is None
        else _wait(client, pull, grant_preview, submit_options, submit_options.wait)
    )
    if submit_options.form == "json":
        print_json(
            {
                "request": source.path,
                "pull_request": pull.number,
                "url": pull.url,
                "branch": pull.head_branch,
                "auto_merge": method or None,
                "auto_merge_note": note or None,
                "state": step or ProgressStep.ASKED,
            }
        )
    return ExitCode.DONE if step is None else _CODES.get(step, ExitCode.UNSURE)


def _wait(
    client: RequesterClient,
    pull: PullRequest,
    grant_preview: GrantPreview,
    submit_options: SubmitOptions,
    patience: timedelta,
) -> ProgressStep:
    """Print each step once, until the request is finished. Returns the last step."""
    shown: set[str] = set()
    step = ProgressStep.ASKED
    try:
        for update in follow(
            client, pull, grant_preview.request.path, now=submit_options.now, patience=patience
        ):
            step = update.step
            for line in _lines(update, grant_preview, pull):
                if line not in shown:
                    prompts.tell(line)
                shown.add(line)
    except KeyboardInterrupt:
        prompts.tell(f"no longer waiting; the request goes on without you: {pull.url}")
        raise
    if step not in _CODES:
        prompts.tell(f"still {step}; `jitbot status` shows how it goes on")
    return step


def _lines(update: ProgressUpdate, grant_preview: GrantPreview, pull: PullRequest) -> list[str]:
    match update.step:
        case ProgressStep.ASKED:
            lines = [f"{context}: {state}" for context, state in sorted(update.statuses.items())]
            return [*lines, *_approval_lines(update.approvals, pull)]
        case ProgressStep.MERGED:
            return ["merged; waiting for the grant"]
        case ProgressStep.APPROVED:
            return ["approved, recorded; waiting for AWS", *(f"AWS: {reason}" for reason in update.reasons)]
        case ProgressStep.GRANTED:
            return _how_to_use(update, grant_preview)
        case ProgressStep.REFUSED:
            return [
                "refused, as the ledger records:",
                *(f"  {reason}" for reason in update.reasons),
                "ask anew: jitbot request --again " + str(pull.number),
            ]
        case ProgressStep.CLOSED:
            return ["the pull request was closed, not merged: nothing is granted"]
        case ProgressStep.ENDED:
            return ["granted, and ended early since, as the ledger records"]


def _approval_lines(approvals: PendingApprovals | NotKnown | None, pull: PullRequest) -> list[str]:
    if not isinstance(approvals, PendingApprovals):
        return [f"who approved is not known: {escape.log(approvals.why)}"] if approvals is not None else []
    names = ", ".join(each.person.login for each in approvals.approvals)
    lines = [f"{len(approvals.approvals)} of {approvals.required} approvals{f': {names}' if names else ''}"]
    if approvals.requirement.by_rules:
        where = placed(approvals.places, TERMINAL)
        lines = [f"{approvals.filled} of {approvals.required} approvals: {where}"]
    lines += [f"{person.login} asks for changes: {pull.url}" for person in approvals.objectors]
    lines += [
        f"not counted: {escape.log(each.review.user.login)} {escape.log(each.why)}"
        for each in approvals.ignored
        if each.review.state in ("APPROVED", "DISMISSED")
    ]
    return lines


def _how_to_use(update: ProgressUpdate, grant_preview: GrantPreview) -> list[str]:
    """How to use a grant. It is only known that the grant is recorded: the ledger was not verified here."""
    term = update.term
    if term is None:
        return []
    until = timestamp.show(term.window.expires_at)
    begins = f" from {timestamp.show(term.window.starts_at)}" if term.window.starts_at is not None else ""
    name = grant_preview.request.path.rpartition("/")[2]
    where = [f" --account {each.account}" for each in term.documents] if len(term.documents) > 1 else [""]
    return [
        f"granted{begins} until {until}, as the ledger records",
        *(f"  {each.account:<12} {each.role_arn}" for each in term.documents),
        *(f"use it: jitbot exec {name}{account} -- aws sts get-caller-identity" for account in where),
    ]


def _preview(grant_preview: GrantPreview, *, result: bool) -> None:
    """What is asked for, in the words of `explain`; a result only where nothing else comes of it."""
    rows = [
        ("why", grant_preview.request.reason),
        *grant_preview.request.optional,
        *((labelled(name), escape.literal(value)) for name, value in grant_preview.parameters),
        ("risk", grant_preview.risk.level.in_words),
        *(("", reason) for reason in grant_preview.risk.reasons),
        *([("access", access)] if (access := grant_preview.risk.access_in_words()) else []),
        ("approve", grant_preview.who_approves()),
        *([("", rules)] if (rules := _rules(grant_preview)) else []),
    ]
    stream = sys.stdout if result else sys.stderr
    click.echo(click.style(prompts.folded(grant_preview.in_words(), stream), bold=True), err=not result)
    for name, text in rows:
        label = f"{name}: " if name else ""
        click.echo(prompts.folded(f"{label:<10}{text}", stream, " " * 10), err=not result)


def _rules(grant_preview: GrantPreview) -> str:
    """The rules of approval that hold; empty of a policy that asks by a number."""
    requirement = grant_preview.requirement
    return rules_that_hold(requirement, TERMINAL) if requirement.by_rules else ""


def _inert_lines(text: str) -> str:
    return "".join(f"    {escape.log(line)}\n" for line in text.split("\n") if line)


def _link(client: RequesterClient, source: Source) -> str:
    """The page of the website on which this file, filled in, is one click away from its pull request."""
    place = client.place
    return new_request.web_link(
        place.url, branch=place.branch, path=source.path, text=source.content.decode()
    )
