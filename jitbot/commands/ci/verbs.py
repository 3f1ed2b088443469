"""Run by Actions: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

import click

from jitbot.terminal.lazy_group import verb
from jitbot.terminal.option_types import PullNumber, format_option

reason_option = click.option("--reason", required=True, help="Why, in a few words; recorded for good.")


@verb("jitbot.commands.ci.comment")
@click.argument("pulls", nargs=-1, type=PullNumber(), metavar="[PULL]…")
@format_option
def comment() -> None:
    """Bring title, comment and statuses of pull requests up to date, and annotate what is wrong with them.

    Without PULL: the pull request of the event; in a run of grant, sweep or revoke, those of which this run
    recorded something. A sweep that the clock started also closes, with the reason, open requests that can give
    nothing any more: too old a path, a window that is over, an extension of what has ended. Outside Actions nothing is written: the comment is printed.

    Example: jitbot comment 7
    """


@verb("jitbot.commands.ci.grant")
@click.option("--dry-run", is_flag=True, help="Decide and plan; record and change nothing.")
@format_option
def grant() -> None:
    """Decide what was merged, record it, and grant what is approved.

    Runs in Actions. Safe to run twice, late, at once with another run, or after one that was stopped.

    Example: jitbot grant --dry-run
    """


@verb("jitbot.commands.ci.sweep")
@click.option("--dry-run", is_flag=True, help="Look and plan; record and change nothing.")
@click.option(
    "--complete", is_flag=True, help="Read every role whole, for drift that a list does not show; once a day."
)
@format_option
def sweep() -> None:
    """End what must end, confirm what has ended, remove what is over; find orphans and drift.

    Runs in Actions. Access ends without it: AWS refuses from expiry on by itself.

    Example: jitbot sweep --dry-run
    """


@verb("jitbot.commands.ci.revoke")
@click.argument("request")
@reason_option
@format_option
def revoke() -> None:
    """End a grant now, in all its accounts, for good.

    REQUEST is a path, a unique part of one, or a pull request's number. Allowed to the requester, to the
    owners of the request, and to the owners of policies/.

    Example: jitbot revoke 23-alice-refunds --reason "the incident is over"
    """


@verb("jitbot.commands.ci.stop")
@click.option("--person", metavar="LOGIN", default="", help="Stop this person: everything they ask for.")
@click.option("--policy", metavar="NAME", default="", help="Stop this policy: everything asked for under it.")
@click.option(
    "--lift", is_flag=True, help="Lift the stop before its 7 days are over; what it ended stays ended."
)
@reason_option
@format_option
def stop() -> None:
    """Refuse every request of a person or under a policy, and end what is live of theirs, now, for 7 days.

    Requests that are merged already are refused too. Allowed to the owners of policies/ alone, in a run of the
    workflow revoke.yml. Who is stopped lifts no stop.

    Example: jitbot stop --person mallory --reason "the laptop was stolen"
    """


@verb("jitbot.commands.ci.notify")
@click.option(
    "--test",
    "channel",
    metavar="CHANNEL",
    help="Send one message to this channel, to see whether it arrives.",
)
def notify() -> None:
    """Send to chat what this run recorded, to the channels of policies/notify.yaml.

    Runs in Actions, in a job of its own, which the job that records hands its notifications. The channels' addresses
    are in JITBOT_CHANNELS, an object of JSON: {"CHANNEL": "https://…"}. Each message is sent once.

    Example: jitbot notify --test payments
    """
