"""Ask for access, and follow it: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

import click

from jitbot.terminal.lazy_group import verb
from jitbot.terminal.option_types import (
    Length,
    Moment,
    Named,
    PullNumber,
    dry_option,
    format_option,
    repo_option,
    timeout_option,
    wait_option,
)


@verb("jitbot.commands.request.request")
@click.argument("policy", required=False)
@click.option(
    "-a", "--account", "accounts", multiple=True, help="Where; several with commas, or given again."
)
@click.option("-d", "--duration", type=Length(), help="How long: 90m, 2h, 1h30m, 2d.")
@click.option("-r", "--reason", help="Why, in one line, for the approver and the record.")
@click.option(
    "-p", "--parameter", "parameters", type=Named(), multiple=True, help="An answer to the policy's question."
)
@click.option("--ticket", help="The ticket behind it, as in INC-1234.")
@click.option("--starts-at", type=Moment(), help="When it begins, in UTC; otherwise at the merge.")
@click.option("--again", metavar="REQUEST", help="Ask for the same as this request once more, in a new file.")
@repo_option
@wait_option
@timeout_option
@dry_option
@format_option
def request() -> None:
    """Ask for access: open the pull request that asks under POLICY, in GitHub alone. Needs no clone.

    At a terminal it asks for what is missing. The token is yours: GITHUB_TOKEN, GH_TOKEN, or the one of
    `gh auth login`.

    Example: jitbot request orders-db-read -a prod -d 2h -p table=orders
    """


@verb("jitbot.commands.request.status")
@click.option("--person", help="Only what this login asked for.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Everybody's, and what has ended or was refused too, of the last 21 days.",
)
@click.option("--ended", is_flag=True, help="What has ended or was refused too, of the last 21 days.")
@click.option(
    "--at", type=Moment(), help="Show the grants as of this time, past or future; without open requests."
)
@click.option(
    "--to-approve",
    "alone",
    is_flag=True,
    help="Only what waits for your approval or your review.",
)
@repo_option
@format_option
def status() -> None:
    """Show what is asked for, and waits for whom; what is granted, and until when.

    Yours, if the token is of somebody in policies/people.yaml, with what waits for you, and what of yours was
    refused in the last 7 days; everybody's otherwise. In a clone the ledger is read with git and every entry of it is
    verified; with --repo, or without a clone, it is read through the API, and nothing is verified.

    Example: jitbot status
    """


@verb("jitbot.commands.request.extend")
@click.argument("words", nargs=-1, metavar="[REQUEST] [DURATION]")
@click.option("--by", type=Length(), help="How much longer than it is now, instead of DURATION.")
@repo_option
@wait_option
@timeout_option
@dry_option
@format_option
def extend() -> None:
    """Ask for more time: open the pull request that changes a request's duration, and nothing else.

    DURATION is the whole, from the first start on. REQUEST is a path, a unique part of one, or a pull
    request's number; without it, your newest live one. The former grant stays until the new one is approved.

    Example: jitbot extend --by 1h
    """


@verb("jitbot.commands.request.withdraw")
@click.argument("number", type=PullNumber(), metavar="[PULL]", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@repo_option
def withdraw() -> None:
    """Close a pull request of yours that asks for access and is not merged: nothing is granted by it then.

    PULL is its number; without it, the only one of yours that waits. An extension that is withdrawn leaves the grant
    as it is. To end what is granted already: jitbot release.

    Example: jitbot withdraw 7
    """


@verb("jitbot.commands.request.release")
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
def release() -> None:
    """End access now, in all its accounts, for good: yours, or one that you own. Starts the workflow revoke.yml.

    REQUEST is a path, a unique part of one, or a pull request's number; without it, your live one. The
    workflow is started whatever the ledger says, since here nobody has verified it: the job decides.

    Example: jitbot release
    """
