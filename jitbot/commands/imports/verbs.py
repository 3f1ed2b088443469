"""Import: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TypeVar

import click

from jitbot.terminal.lazy_group import verb
from jitbot.terminal.option_types import Number, profile_option, repo_option

F = TypeVar("F", bound=Callable[..., object])


def import_options(declared: F) -> F:
    """Declare the options of every import."""
    options = (
        click.option(
            "--check", "only", is_flag=True, help="Change nothing; end with 1 if something would change."
        ),
        click.option(
            "--pull-request",
            is_flag=True,
            help="Open a pull request on main, as you, instead of writing here.",
        ),
        click.option(
            "--removals",
            type=Number(min=0),
            help="So many may be removed: exactly as many as there are.",
        ),
        repo_option,
    )
    return reduce(lambda found, option: option(found), reversed(options), declared)


@verb("jitbot.commands.imports.people")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option(
    "--identity-store",
    "store",
    metavar="D-…",
    help="Check each user name in this identity store of Identity Center.",
)
@profile_option
@import_options
def people() -> None:
    """Import people: one row for each, with the columns login, and identity_center or iam_user, and github_id.

    A row joins a GitHub login with a user name of Identity Center or an IAM user's ARN: nothing else does, no
    profile's e-mail address either. GitHub gives the id of each login; a login whose id has changed is refused
    unless the row names the new one. A row without a principal is somebody who approves and never asks.

    Example: jitbot import people people.csv --identity-store d-1234567890 --check
    """


@verb("jitbot.commands.imports.teams")
@click.argument("names", nargs=-1, metavar="[ORGANISATION/TEAM]…")
@import_options
def teams() -> None:
    """Import teams as GitHub has them, members of child teams included; your token needs read:org.

    Without a name: every team that a policy or CODEOWNERS names, and those imported before. Entries with dates
    are a person's, and stay. All members must be in policies/people.yaml.

    Example: jitbot import teams acme/payments-leads --check
    """


@verb("jitbot.commands.imports.accounts")
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="PARENT/CHILD",
    help="Groups of these units and those in them alone. Repeatable.",
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="KEY",
    help="A group for each value of this tag of accounts. Repeatable.",
)
@profile_option
@import_options
def accounts() -> None:
    """Import accounts from AWS Organizations, and a group for each organisational unit, nested units followed.

    The alias of a new account is made of its name, and never changes again. The management account, and accounts
    that are not active, are left out. Run it as a reader of the organisation.

    Example: jitbot import accounts --unit Workloads --tag environment --check
    """


@verb("jitbot.commands.imports.policies")
@click.argument("names", metavar="NAME[,NAME]")
@click.option("--eligible", multiple=True, required=True, help="Who may ask: LOGIN or @ORG/TEAM. Repeatable.")
@click.option("--account", multiple=True, required=True, help="Where: ALIAS or @GROUP. Repeatable.")
@click.option(
    "--owner",
    multiple=True,
    help="Who approves, or reviews: LOGIN or @ORG/TEAM. Default: who owns policies/.",
)
def policies() -> None:
    """Write policies of the library into the repository in this folder, with a line of CODEOWNERS for each.

    No file is overwritten, and a line that CODEOWNERS has for a policy stays as it is. Have the change reviewed
    like any other change of the rules.

    Example: jitbot import policies sqs-redrive --eligible @acme/payments --account prod --owner @acme/leads
    """
