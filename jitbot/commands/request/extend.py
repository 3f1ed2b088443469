"""`jitbot extend`."""

from datetime import datetime, timedelta

import click

from jitbot.commands.request.resolve_request import UNVERIFIED, LedgerAnswer, ask_ledger, which
from jitbot.commands.request.submit import SubmitOptions, check_and_open
from jitbot.domain.model.documents import Source
from jitbot.domain.model.errors import InvalidError
from jitbot.domain.request import new_request
from jitbot.domain.text import duration as lengths
from jitbot.domain.text import timestamp
from jitbot.domain.views.preview import Former
from jitbot.terminal.invocation import Invocation
from jitbot.terminal.prompts import tell
from jitbot.usecases.ledger.remote_ledger import UnverifiedLedger
from jitbot.wiring.requester import open_client


def extend(
    invocation: Invocation,
    *,
    words: tuple[str, ...],
    by: timedelta | None,
    repo: str | None,
    wait: bool,
    timeout: timedelta,
    dry_run: bool,
    form: str,
) -> int:
    """Carry out `jitbot extend`."""
    named, whole = _words(words, by)
    now = invocation.now
    client = open_client(invocation, "extend", repo)
    ledger = UnverifiedLedger(client.github)
    answer = ask_ledger(ledger, now)
    path = which(client, answer, named, now)
    state = answer.state(path)
    _extendable(answer, path, now)
    content, old = client.read_request(state.request)
    wanted = whole if whole is not None else old.duration + (by or timedelta())
    if wanted <= old.duration:
        raise InvalidError(
            f"{lengths.show(wanted)} is not longer than the {lengths.show(old.duration)} it has; "
            "to end it early: jitbot release"
        )
    content = new_request.longer(content, old.where["duration"].line, lengths.show(wanted))
    submit_options = SubmitOptions(
        now=now,
        ask=False,
        dry=dry_run,
        wait=timeout if wait else None,
        form=form,
        former=Former(request=old, began=state.began),
    )
    return check_and_open(client, Source(path=state.request, content=content), submit_options)


def _words(words: tuple[str, ...], by: timedelta | None) -> tuple[str | None, timedelta | None]:
    """The request, if one was named, and the whole duration, if it was said."""
    if len(words) > 2 or (len(words) == 2 and by is not None) or (not words and by is None):
        raise click.UsageError("say how long: DURATION for the whole, or --by for how much longer")
    if by is not None:
        return (words[0] if words else None), None
    try:
        whole = lengths.parse(words[-1])
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    return (words[0] if len(words) == 2 else None), whole


def _extendable(answer: LedgerAnswer, path: str, now: datetime) -> None:
    """Raise InvalidError for what can no longer be extended. An early end that is not verified only prints a warning."""
    until = answer.until(path)
    if answer.trouble:
        raise InvalidError(answer.trouble)
    if until is None:
        raise InvalidError(f"{path} was never approved, so there is nothing to extend; {UNVERIFIED}")
    if now >= until:
        raise InvalidError(
            f"{path} ended at {timestamp.show(until)}; ask anew: jitbot request --again {path}"
        )
    if answer.state(path).ended_early:
        tell(
            f"the ledger records, unverified, that {path} ended early; if that is so, this will be refused: "
            f"ask anew with jitbot request --again {path}"
        )
