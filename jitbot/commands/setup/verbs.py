"""Set up: what may be typed after each verb, and its help. What a verb does is imported when it runs."""

from pathlib import Path

import click

from jitbot.terminal.lazy_group import verb
from jitbot.terminal.option_types import Length, Number, format_option


@verb("jitbot.commands.setup.init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option("--repository", help="The access repository on GitHub, as owner/name.")
@click.option("--repository-id", type=Number(min=1), help="Its number. Default: GitHub is asked.")
@click.option(
    "--owner", "owners", multiple=True, help="Who owns rules and approves: LOGIN, or LOGIN:ID. Repeatable."
)
@click.option("--account", "accounts", multiple=True, help="An AWS account, as ALIAS=ID. Repeatable.")
@click.option(
    "--policies",
    help="What may be asked for: all, starter, or names of the library with commas. Default: it asks, else starter.",
)
@click.option("--issuer", help="Who signs the job's tokens. Default: GitHub.")
@click.option(
    "--namespace",
    help="What names its roles in AWS: another for each access repository in the same accounts. Default: jit.",
)
@click.option("--release", help="The full commit of the jitbot to pin. Default: the one that runs, if known.")
@click.option("--upstream", help="Where that commit is, as owner/name. Default: likewise.")
@click.option("--apply", "apply", is_flag=True, help="Set GitHub up for the repository that lies here.")
@click.option("--yes", is_flag=True, help="With --apply: do not ask.")
@click.option(
    "--requests-page",
    "anew",
    is_flag=True,
    help="Write requests/README.md anew, from the rules that lie here.",
)
def init() -> None:
    """Write the files of a new access repository, which holds data alone and pins jitbot by commit.

    Nothing that exists is overwritten, except requests/README.md with --requests-page. With --apply nothing is
    written: the settings of the repository that lies here are made on GitHub, each only where it differs, with the
    GITHUB_TOKEN of an admin.

    Example: jitbot init access --repository acme/access --owner bob
    """


@verb("jitbot.commands.setup.bootstrap")
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json", "terraform"]),
    default="yaml",
    help="How to print the template; terraform wraps it in the resources that roll it out.",
)
@click.option("--owner-id", type=Number(min=1), help="GitHub's number of the repository's owner.")
@click.option(
    "--services", help="The most that grants may use, as in dynamodb,s3. Default: what policies use."
)
@click.option("--managed-policies", help="What grants may carry, as in ReadOnlyAccess. Default: likewise.")
@click.option("--existing-provider", is_flag=True, help="The accounts know GitHub's issuer already.")
@click.option(
    "--no-pin", is_flag=True, help="For another issuer than GitHub's own: trust by the subject alone."
)
@click.option(
    "--requesters", "which", flag_value="requesters", help="What requesters need on their own side."
)
@click.option("--stackset", "which", flag_value="stackset", help="The commands that roll the template out.")
@click.option(
    "--region",
    metavar="REGION",
    default="us-east-1",  # what the stacks make is global
    show_default=True,
    help="With --stackset or terraform: where the stacks are, as your organisation's policies allow.",
)
def bootstrap() -> None:
    """Print what prepares AWS accounts for jitbot, from policies/settings.yaml and policies/access/.

    Nothing is called and nothing is changed: an administrator reads it, and rolls it out.

    Example: jitbot bootstrap --owner-id 9000 > jitbot.yaml
    """


@verb("jitbot.commands.setup.doctor")
@click.option("--no-github", is_flag=True, help="Look at the files of main alone.")
@click.option("--no-aws", is_flag=True, help="Do not enter the AWS accounts.")
@click.option("--all", "every", is_flag=True, help="Show what is fine, line by line, too.")
@click.option(
    "--rehearse",
    is_flag=True,
    help="Instead: play a harmless request for real, and say which assumptions held.",
)
@click.option(
    "--record",
    is_flag=True,
    help="Have audit.yml record in the ledger what you, an admin, see of the safeguards of main and ledger.",
)
@click.option("--account", help="With --rehearse: in which account, where the policy has several.")
@click.option("--profile", help="With --rehearse: the AWS profile that is you.")
@click.option(
    "--timeout",
    type=Length(),
    default="4h",
    show_default=True,
    help="With --rehearse: how long to watch at most.",
)
@format_option
def doctor() -> None:
    """Check that GitHub and AWS are configured safely, and say how to fix each problem.

    Reads main, GitHub and jitbot's own roles in AWS, and changes nothing. GitHub shows some settings to admins
    alone: with GITHUB_TOKEN of one (gh auth token) all can be seen; what cannot is unknown. Ends with 1 where
    a promise would not hold, 3 where it is unknown.

    With --rehearse it asks, as you, for one harmless read under the policy `rehearsal`, which a second person
    approves, and watches it for about 80 minutes: AWS's refusal at the end, and the removal, too. It can be stopped,
    and run again to go on. Ends with 1 where an assumption did not hold, 3 where one was not seen.

    With --record it also starts audit.yml, which records what you saw of main's and the ledger's safeguards. The
    report shows it as your word.

    Example: jitbot doctor --no-aws
    """


@verb("jitbot.commands.setup.completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion() -> None:
    """Print the script that makes a shell complete jitbot's verbs, options, policies and requests.

    Put it where the shell looks, once: for bash ~/.local/share/bash-completion/completions/jitbot, for zsh a
    file _jitbot in a folder of $fpath, for fish ~/.config/fish/completions/jitbot.fish.

    Example: jitbot completion bash
    """
