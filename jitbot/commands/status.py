"""`jitbot status`."""

from collections.abc import Sequence
from datetime import datetime

import click

from jitbot.commands.invocation import Invocation
from jitbot.commands.places import Moment
from jitbot.commands.words import print_json, print_table
from jitbot.commands.worlds import open_world
from jitbot.domain import duration, moments
from jitbot.domain.standing import Standing, State, standings
from jitbot.lifecycle.history import read


@click.command()
@click.option("--person", help="Only what this login asked for.")
@click.option("--all", "everything", is_flag=True, help="What has ended too, of the last 21 days.")
@click.option("--at", type=Moment(), help="As it stood, or will stand, at this time.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or machines."
)
@click.pass_obj
def status(
    invocation: Invocation, *, person: str | None, everything: bool, at: datetime | None, form: str
) -> int:
    """Show what is granted and until when, as the ledger has it.

    Example: jitbot status --person alice
    """
    now = at or invocation.now
    history = read(open_world(invocation, "status"), invocation.now)
    found = [
        each
        for each in standings(history.lives.values(), now)
        if (everything or each.state is not State.ENDED) and person in (None, each.requester)
    ]
    if form == "json":
        print_json([_json(each) for each in found])
    else:
        _print(found)
    if history.doubt:
        click.echo(f"? this may be incomplete: {history.doubt}", err=True)
    return 3 if history.doubt else 0


def _print(found: Sequence[Standing]) -> None:
    if not found:
        click.echo("nothing is granted")
        return
    rows = [
        (
            each.requester,
            each.request.removeprefix("requests/"),
            each.account,
            _state(each),
            moments.show(each.expires_at),
        )
        for each in found
    ]
    print_table(("who", "request", "account", "state", "until"), rows)


def _state(each: Standing) -> str:
    mark = f", break-glass, {each.review}" if each.review else ""
    left = "" if each.state is State.ENDED else f", {duration.show(each.left)} left"
    return f"{each.why or each.state}{left}{mark}"


def _json(each: Standing) -> dict[str, object]:
    return {
        "request": each.request,
        "requester": each.requester,
        "account": each.account,
        "account_id": each.account_id,
        "role_arn": each.role_arn,
        "state": each.state,
        "why": each.why or None,
        **({"break_glass": each.review} if each.review else {}),
        "expires_at": moments.show(each.expires_at),
        "seconds_left": int(each.left.total_seconds()),
    }
