"""`jitbot audit`: what an auditor reads, proves and hands over. Each part is imported when it is used."""

from importlib import import_module

import click

PARTS = {
    "log": "Who had what, when, why, approved by whom; as a table, JSON or CSV.",
    "verify": "Is the record whole and true, and was every grant rightly given?",
    "sessions": "What was done with a grant, as CloudTrail has it.",
    "report": "The verdicts, who held what, and every grant down to its evidence; one HTML file.",
    "export": "The evidence pack: population, sample, evidence, controls, digests.",
}


class Parts(click.Group):
    """A group that knows its commands' names and one-line helps without importing them."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The parts, in the order in which an auditor needs them."""
        return list(PARTS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the part's module, and give its command."""
        if cmd_name not in PARTS:
            return None
        command = getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the parts from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(PARTS.items()))


@click.group(cls=Parts, epilog="Start with: jitbot audit verify")
def audit() -> None:
    """Read, prove and hand over what the ledger holds, from a clone alone.

    Example: jitbot audit verify
    """
