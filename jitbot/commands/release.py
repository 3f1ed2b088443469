"""`jitbot release`."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import click

from jitbot.commands.desks import open_desk
from jitbot.commands.dialogue import tell
from jitbot.commands.fields import repo_option, timeout_option
from jitbot.commands.invocation import Invocation
from jitbot.commands.mine import meant_life, my_life
from jitbot.commands.options import format_option
from jitbot.commands.words import print_json
from jitbot.domain import escape, moments
from jitbot.domain.errors import DeniedError, InvalidError, UnavailableError
from jitbot.domain.life import Life
from jitbot.lifecycle.desk import Desk
from jitbot.lifecycle.following import ended, looks
from jitbot.lifecycle.remote_ledger import RemoteLedger

WORKFLOW = "revoke.yml"


@click.command()
@click.argument("request", required=False)
@click.option(
    "-r", "--reason", default="done", show_default=True, help="Why, in a few words; recorded for good."
)
@repo_option
@click.option(
    "--no-wait", is_flag=True, help="Start it, and do not wait until the ledger says that it ended."
)
@timeout_option
@format_option
@click.pass_obj
def release(
    invocation: Invocation,
    *,
    request: str | None,
    reason: str,
    repo: str | None,
    no_wait: bool,
    timeout: timedelta,
    form: str,
) -> int:
    """End your access now, in all its accounts, for good: starts the workflow revoke.yml, and waits for it.

    REQUEST is a path, a unique part of one, or a pull request's number; without it, your newest live one.

    Example: jitbot release
    """
    desk = open_desk(invocation, "release", repo)
    ledger, now = RemoteLedger(desk.personal), invocation.now
    life = my_life(desk, ledger, now) if request is None else meant_life(desk, ledger, request, now)
    _endable(life, now)
    _dispatch(desk, {"request": life.request, "reason": reason})
    tell(f"{life.request}: {WORKFLOW} is started")
    over = None if no_wait else _wait(desk, ledger, life.request, now, timeout)
    if form == "json":
        print_json({"request": life.request, "started": True, "ended": over is not None})
    elif over is not None:
        click.echo(escape.log(_told(over)))
    if over is None and not no_wait:
        raise UnavailableError(
            f"the ledger does not say yet that {life.request} ended; the run is among those of {WORKFLOW} in the "
            f"Actions of {desk.place.repository}, and running this again does no harm"
        )
    return 0


def _endable(life: Life, now: datetime) -> None:
    term = life.current
    if term is None:
        raise InvalidError(f"{life.request} was never approved, so there is nothing to end")
    if ended(life) or now >= term.window.expires_at:
        raise InvalidError(f"{life.request} is over already")


def _dispatch(desk: Desk, inputs: Mapping[str, str]) -> None:
    """Start the workflow. To start it twice does no harm, so a retry needs no care."""
    try:
        desk.personal.dispatch(WORKFLOW, desk.place.branch, inputs)
    except DeniedError as error:
        raise DeniedError(
            f"{WORKFLOW} could not be started ({error}): the token needs to write actions. You can start it on "
            "GitHub under Actions, or delete the request's file in a pull request"
        ) from error


def _wait(desk: Desk, ledger: RemoteLedger, request: str, now: datetime, patience: timedelta) -> Life | None:
    """The request once the ledger says that it ended everywhere; None if the patience ended first."""
    for waited in looks(desk, patience):
        life = ledger.lives(now + waited).get(request)
        if life is not None and ended(life):
            return life
    return None


def _told(life: Life) -> str:
    term = life.current
    ends = [life.holding(each.account_id).end for each in term.documents] if term is not None else []
    latest = max(moments.show(event.at) for event in ends if event is not None)
    where = " and ".join(each.account for each in term.documents) if term is not None else ""
    return f"{life.request} ended in {where} at {latest}, as the ledger records"
