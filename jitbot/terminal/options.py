"""The options that several verbs share, said once: the same words everywhere."""

import click

format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="For people or machines."
)
wait_option = click.option("--wait", is_flag=True, help="Show how it goes, until it is granted or refused.")
dry_option = click.option("--dry-run", is_flag=True, help="Show what would be asked for, and write nothing.")
