"""Audit: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

from pathlib import Path

import click

from jitbot.domain.ledger.events import EndReason, EventType
from jitbot.terminal.lazy_group import verb
from jitbot.terminal.option_types import Day, Moment, Number, format_option

_OUTCOMES = list(dict.fromkeys(str(each) for each in (*EventType, *EndReason)))

keys_option = click.option(
    "--keys",
    "keys_file",
    type=click.Path(path_type=Path),
    help="The issuer's keys, as you fetched and kept them: a JSON Web Key Set.",
)


@verb("jitbot.commands.audit.log")
@keys_option
@click.option("--person", default="", help="What this login asked for, approved or ended.")
@click.option("--policy", default="", help="Only of this policy.")
@click.option("--account", default="", help="Only in this account, by alias or id.")
@click.option(
    "--request", "request_", default="", help="One request: a path, a unique part, or a pull request."
)
@click.option("--outcome", type=click.Choice(_OUTCOMES), help="Only such events, or such ends.")
@click.option("--from", "start", type=Day(), help="From this day or moment on (UTC).")
@click.option(
    "--to", "end", type=Day(last=True), help="Until the end of this day, or until this moment (UTC)."
)
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table")
def log() -> None:
    """Show who had what, when, why, and approved by whom, from this clone: a row for each attested event.

    Asks nobody. What is not attested is left out, and counted; `jitbot audit verify` says what it is.

    Example: jitbot audit log --person alice --from 2026-11-01 --format csv
    """


@verb("jitbot.commands.audit.verify")
@keys_option
@click.option(
    "--expect", multiple=True, metavar="COMMIT", help="The ledger must hold this commit; repeatable."
)
@click.option(
    "--since", metavar="COMMIT", help="Pass over what is wrong before this commit, or before `recorded`."
)
@click.option("--online", is_flag=True, help="Fetch, and read reviews and the issuer's keys again.")
@click.option(
    "--online-since",
    metavar="COMMIT",
    help="With --online: read only approvals after this commit again; `recorded`: those not asked about yet, and a sample.",
)
@click.option("--against-aws", is_flag=True, help="Compare the roles that exist now, too.")
@click.option(
    "--record",
    is_flag=True,
    help="Record the outcome in the ledger, and keep one issue while it is not good (in Actions).",
)
@click.option("--at", type=Moment(), help="As if verified at this time, such as 2026-11-24T09:00:00Z.")
@format_option
def verify() -> None:
    """Check the whole record from this clone: attestations, additions only, every decision made again, every end.

    Works offline without --online, --against-aws or --record. Remembers the head that it found good, in the
    clone's refs/jitbot/verified, so that a rewritten history is detected. Exits with 1 if a promise was broken,
    with 3 if something could not be checked.

    Example: jitbot audit verify --keys github-keys.json
    """


@verb("jitbot.commands.audit.sessions")
@click.argument("request")
@keys_option
@click.option(
    "--region", "regions", multiple=True, help="Where to look; without, where the policy's statements say."
)
@format_option
def sessions() -> None:
    """Show what was done with a grant, by CloudTrail: when entered, what was called, denied, or never used.

    REQUEST is a path, a unique part of one, or a pull request's number. CloudTrail keeps management events for
    90 days; reading or writing data, such as a table's rows, is not among them. Needs cloudtrail:LookupEvents in
    the account; asks twice a second in each region.

    Example: jitbot audit sessions 23-alice-refunds --region eu-west-1
    """


@verb("jitbot.commands.audit.recording.usage")
@click.option("--dry-run", is_flag=True, help="Ask CloudTrail, and record nothing.")
@format_option
def usage() -> None:
    """Record, once for each grant that is over, whether and how often its role was entered, as CloudTrail has it.

    Runs in Actions, four times a day. What AWS refuses or does not answer is asked again for three days, and then
    recorded as not seen. With a trail of your own in settings.yaml it also counts calls by service.

    Example: jitbot audit usage --dry-run
    """


@verb("jitbot.commands.audit.recording.protection")
@click.option("--dry-run", is_flag=True, help="Look, and record nothing.")
@click.option(
    "--statement", help="Record what an admin says, instead of a look: `jitbot doctor --record` starts it."
)
@format_option
def protection() -> None:
    """Record how GitHub protects main and ledger, as a job's token is shown it.

    Runs in Actions, once a week, and keeps one issue open while a safeguard is lost that was seen before. Ends with 1
    then, and with 3 if something could not be seen or recorded. What a job's token is not shown is recorded as not seen.

    Example: jitbot audit protection --dry-run
    """


@verb("jitbot.commands.audit.report")
@click.option("--from", "start", type=Day(), required=True, help="The first day (UTC), or a moment.")
@click.option("--to", "end", type=Day(last=True), required=True, help="The last day (UTC), or a moment.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write. Default: jitbot-report-FROM-TO.html in this folder.",
)
@keys_option
@click.option("--online", is_flag=True, help="Ask the issuer for its keys.")
def report() -> None:
    """Write a period into one HTML file that needs no network: a page of answers, timeline, every grant's evidence.

    Ends with 0 however the verdicts are; with 3 if something of the ledger could not be checked.

    Example: jitbot audit report --from 2026-01-01 --to 2026-12-31 --output 2026.html
    """


@verb("jitbot.commands.audit.export")
@click.option("--from", "start", type=Day(), required=True, help="The first day (UTC), or a moment.")
@click.option("--to", "end", type=Day(last=True), required=True, help="The last day (UTC), or a moment.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder to write; new, or empty.",
)
@click.option(
    "--sample",
    "size",
    type=Number(1, 10_000),
    default=25,
    show_default=True,
    help="How many grants, and how many removals, to draw.",
)
@click.option(
    "--seed",
    help="What the draw depends on: the same seed draws the same. Choose it after the period. Default: the ledger's head.",
)
@click.option(
    "--online",
    is_flag=True,
    help="Ask GitHub for requests that were withdrawn, or never merged, and the issuer for its keys.",
)
@keys_option
def export() -> None:
    """Write the evidence pack of a period: population, sample, evidence of each item, verdicts, controls, digests.

    The same ledger and arguments give the same bytes. What is open is judged as of the end of the period, or
    of now, if that is earlier: then another day gives another pack.

    Example: jitbot audit export --from 2026-01-01 --to 2026-06-30 --output pack --sample 25 --seed 2026-H1
    """


@verb("jitbot.commands.audit.keys")
def keys() -> None:
    """Print the public keys that the issuer of tokens publishes now, and those that main keeps: a JSON Web Key Set.

    An auditor keeps them for `audit verify --keys`. Code owners who want them to count whatever the issuer
    publishes later put them on main, as policies/issuer-keys.json.

    Example: jitbot audit keys > github-keys.json
    """
