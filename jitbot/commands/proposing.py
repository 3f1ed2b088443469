"""From a checked file to an open pull request, and to access: what `request` and `extend` have in common."""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from jitbot.commands import dialogue
from jitbot.commands.words import print_findings, print_json
from jitbot.domain import asking, escape, moments
from jitbot.domain.briefing import labelled
from jitbot.domain.errors import InvalidError
from jitbot.domain.exit_code import ExitCode
from jitbot.domain.model import Source
from jitbot.domain.outlook import Outlook
from jitbot.domain.pending_approvals import NotKnown, PendingApprovals
from jitbot.domain.ports import Pull
from jitbot.domain.progress import Sight, Step
from jitbot.domain.testimony import finding_json
from jitbot.lifecycle.desk import Desk
from jitbot.lifecycle.following import follow
from jitbot.lifecycle.opening import free_branch, merge_when_approved, open_pull

_CODES = {
    Step.GRANTED: ExitCode.DONE,
    Step.REFUSED: ExitCode.REFUSED,
    Step.CLOSED: ExitCode.REFUSED,
    Step.ENDED: ExitCode.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to go about it. `ask`: have it confirmed; `wait`: for how long; `former`: the file it extends, whose
    first term `began` then.
    """

    now: datetime
    ask: bool
    dry: bool
    wait: timedelta | None
    form: str
    former: bytes | None = None
    began: datetime | None = None


def check_and_open(desk: Desk, source: Source, manner: Manner) -> int:
    """Show what is asked for, check it as `jitbot check` does, open the pull request, and wait if wanted."""
    outlook, findings = desk.verdict(source, manner.now, former=manner.former, began=manner.began)
    if outlook is not None and manner.form == "text":
        _preview(outlook, result=manner.dry)
    if findings or outlook is None:
        if manner.form == "json":
            print_json({"ok": False, "findings": [finding_json(each) for each in findings]})
        else:
            print_findings(findings)
            dialogue.tell("nothing was asked for")
        return ExitCode.REFUSED
    if manner.dry:
        if manner.form == "json":
            print_json(outlook.as_json())
        else:
            click.echo(f"\n{escape.log(source.path)}\n{_inert_lines(source.content.decode())}", nl=False)
            if manner.former is None:
                click.echo(f"\non GitHub's website:\n    {escape.log(_link(desk, source))}")
        return ExitCode.DONE
    if not desk.place.may_write:
        raise InvalidError(
            f"{desk.place.actor.login} may not push to {desk.place.repository}, so cannot ask there; "
            "an admin of the repository can give you write access"
        )
    if manner.ask and not dialogue.agreed("open the pull request?"):
        dialogue.tell("nothing was asked for")
        return ExitCode.REFUSED
    return _open(desk, outlook, source, manner)


def _open(desk: Desk, outlook: Outlook, source: Source, manner: Manner) -> int:
    if manner.former is None:
        proposal = asking.ask(outlook, source.content)
    else:
        before = desk.parse(Source(path=source.path, content=manner.former))
        proposal = free_branch(desk, asking.extension(outlook, source.content, before))
    pull = open_pull(desk, proposal)
    if manner.form == "text":
        click.echo(escape.log(pull.url))
    method, note = merge_when_approved(desk, pull, outlook.policy.approvals)
    if method:
        dialogue.tell("auto-merge is on: once it is approved it merges, and the merge grants it")
    else:
        dialogue.tell(f"auto-merge is off: {note}. Press Merge once it is approved")
    step = None if manner.wait is None else _wait(desk, pull, outlook, manner, manner.wait)
    if manner.form == "json":
        print_json(
            {
                "request": source.path,
                "pull_request": pull.number,
                "url": pull.url,
                "branch": pull.branch,
                "auto_merge": method or None,
                "auto_merge_note": note or None,
                "state": step or Step.ASKED,
            }
        )
    return ExitCode.DONE if step is None else _CODES.get(step, ExitCode.UNSURE)


def _wait(desk: Desk, pull: Pull, outlook: Outlook, manner: Manner, patience: timedelta) -> Step:
    """Tell each thing that happens, once, until it is over; gives the last step seen."""
    told: set[str] = set()
    step = Step.ASKED
    try:
        for sight in follow(desk, pull, outlook.request.path, now=manner.now, patience=patience):
            step = sight.step
            for line in _lines(sight, outlook, pull):
                if line not in told:
                    dialogue.tell(line)
                told.add(line)
    except KeyboardInterrupt:
        dialogue.tell(f"no longer waiting; the request goes on without you: {pull.url}")
        raise
    if step not in _CODES:
        dialogue.tell(f"still {step}; `jitbot status` shows how it goes on")
    return step


def _lines(sight: Sight, outlook: Outlook, pull: Pull) -> list[str]:
    match sight.step:
        case Step.ASKED:
            lines = [f"{context}: {state}" for context, state in sorted(sight.statuses.items())]
            return [*lines, *_approval_lines(sight.approvals, pull)]
        case Step.MERGED:
            return ["merged; waiting for the grant"]
        case Step.APPROVED:
            return ["approved, recorded; waiting for AWS", *(f"AWS: {reason}" for reason in sight.reasons)]
        case Step.GRANTED:
            return _how_to_use(sight, outlook)
        case Step.REFUSED:
            return [
                "refused, as the ledger records:",
                *(f"  {reason}" for reason in sight.reasons),
                "ask anew: jitbot request --again " + str(pull.number),
            ]
        case Step.CLOSED:
            return ["the pull request was closed, not merged: nothing is granted"]
        case Step.ENDED:
            return ["granted, and ended early since, as the ledger records"]


def _approval_lines(approvals: PendingApprovals | NotKnown | None, pull: Pull) -> list[str]:
    if not isinstance(approvals, PendingApprovals):
        return [f"who approved is not known: {escape.log(approvals.why)}"] if approvals is not None else []
    names = ", ".join(each.person.login for each in approvals.approvals)
    lines = [f"{len(approvals.approvals)} of {approvals.required} approvals{f': {names}' if names else ''}"]
    lines += [f"{person.login} asks for changes: {pull.url}" for person in approvals.objectors]
    lines += [
        f"not counted: {escape.log(each.review.user.login)} {escape.log(each.why)}"
        for each in approvals.ignored
        if each.review.state in ("APPROVED", "DISMISSED")
    ]
    return lines


def _how_to_use(sight: Sight, outlook: Outlook) -> list[str]:
    """What to do with a grant. That it is recorded is all that is known here: nobody has verified the ledger."""
    term = sight.term
    if term is None:
        return []
    until = moments.show(term.window.expires_at)
    begins = f" from {moments.show(term.window.starts_at)}" if term.window.starts_at is not None else ""
    return [
        f"granted{begins} until {until}, as the ledger records",
        *(f"  {each.account:<12} {each.role_arn}" for each in term.documents),
        f"use it: jitbot exec {outlook.request.path.rpartition('/')[2]} -- aws sts get-caller-identity",
    ]


def _preview(outlook: Outlook, *, result: bool) -> None:
    """What is asked for, in the words of `explain`; a result only where nothing else comes of it."""
    rows = [
        ("why", outlook.request.reason),
        *([("ticket", outlook.request.ticket)] if outlook.request.ticket is not None else []),
        *((labelled(name), escape.literal(value)) for name, value in outlook.parameters),
        ("risk", outlook.risk.level.in_words),
        *(("", reason) for reason in outlook.risk.reasons),
        *([("access", access)] if (access := outlook.risk.access_in_words()) else []),
        ("approve", outlook.who_approves()),
    ]
    stream = sys.stdout if result else sys.stderr
    click.echo(click.style(dialogue.folded(outlook.in_words(), stream), bold=True), err=not result)
    for name, text in rows:
        label = f"{name}: " if name else ""
        click.echo(dialogue.folded(f"{label:<10}{text}", stream, " " * 10), err=not result)


def _inert_lines(text: str) -> str:
    return "".join(f"    {escape.log(line)}\n" for line in text.split("\n") if line)


def _link(desk: Desk, source: Source) -> str:
    """The page of the website on which this file, filled in, is one click away from its pull request."""
    place = desk.place
    return asking.web_link(place.url, branch=place.branch, path=source.path, text=source.content.decode())
