"""Approve: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

from pathlib import Path

import click

from jitbot.terminal.lazy_group import verb
from jitbot.terminal.option_types import (
    PullNumber,
    format_option,
    merged_at_option,
    named_option,
    repo_option,
)


@verb("jitbot.commands.approve.check")
@click.argument("files", nargs=-1, metavar="[FILE]…")
@click.option("--base", help="With --head: check a change as git has it, under this revision's rules.")
@click.option("--head", help="With --base: the revision that would be merged.")
@merged_at_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="For people, machines, or as annotations on a pull request.",
)
def check() -> None:
    """Give the verdict that a merge would meet, with the file and the line of each finding.

    Without FILE: all of policies/, CODEOWNERS, this month's requests, and requests/README.md if jitbot made it, in
    the working tree; of a folder, those in it. The rules are those beside the files, wherever this is run. What is
    wrong in many files is shown once, and no more than fits on a screen; --format json has each finding.

    Example: jitbot check requests/orders-db-read/2026-11/23-alice-refunds.yaml
    """


@verb("jitbot.commands.approve.explain")
@click.argument("request")
@merged_at_option
@named_option
@click.option("--short", is_flag=True, help="Without the documents.")
@format_option
def explain() -> None:
    """Show who gets what, where, until when, how dangerous that is, who must approve, and the exact documents.

    REQUEST is a file, a unique part of its path, or the number of a pull request. A file is read from the
    working tree, and an open pull request from GitHub. What was granted, and the requester's earlier grants,
    are read from the ledger.

    Example: jitbot explain 23-alice-refunds
    """


@verb("jitbot.commands.approve.approve")
@click.argument("number", type=PullNumber(), metavar="PULL")
@named_option
@click.option("--short", is_flag=True, help="Show it without the documents.")
def approve() -> None:
    """Approve a request, at exactly the commit that is shown: show what `explain` shows, ask, and send your review.

    PULL is the number of an open pull request, or of a merged break-glass, which the website does not let anybody
    approve. Nothing is sent if it changed since it was shown, or if your approval would not count. It takes a person
    at a terminal: there is no option that answers for you, and it refuses to run in a job of Actions.

    Example: jitbot approve 7
    """


@verb("jitbot.commands.approve.plan")
@click.argument("pull", required=False, type=PullNumber(), metavar="[PULL]")
@click.option(
    "--base", help="The revision that the change would be merged into; main as it is known here if left out."
)
@click.option("--head", help="The revision that would be merged; the files in this folder if left out.")
@merged_at_option
@format_option
def plan() -> None:
    """Show what a change of rules does: who may newly ask or approve, what a grant may newly do, and what ends.

    PULL is the number of an open pull request. Without it: the files as they are in this folder, against main. What
    counts is what the merge would make of the rules, so what main changed meanwhile is no part of it.

    Example: jitbot plan --base main --head wider-access
    """


@verb("jitbot.commands.approve.review_rules")
@click.option("--policy", "names", multiple=True, metavar="NAME", help="Only this policy. Repeatable.")
@click.option(
    "--due", is_flag=True, help="Only policies whose review is overdue by their date, or that have no date."
)
@click.option("--dry-run", is_flag=True, help="Show which pull requests would be opened, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@repo_option
@format_option
def review_rules() -> None:
    """Ask for access reviews: open a pull request that moves the dates of policies, for each set of owners, as you.

    Its comment shows what an owner needs to sign. It counts as a review once another owner of the policies has
    approved it and it is merged; this command reviews nothing. A policy that an open one asks about is left out.

    Example: jitbot review-rules --due
    """


@verb("jitbot.commands.approve.owners")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--codeowners", type=click.Path(path_type=Path), help="Another CODEOWNERS file than the repository's."
)
@named_option
@format_option
def owners() -> None:
    """Say who owns each PATH, by the last line of CODEOWNERS that matches it; of a folder, who owns a new file in it.

    Example: jitbot owners requests/orders-db-read/2026-11/23-alice-refunds.yaml
    """
