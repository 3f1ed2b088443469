"""`jitbot audit`: what an auditor reads, proves and hands over."""

from types import MappingProxyType

import click

from jitbot.terminal.lazy_group import LazyGroup

PARTS = {
    "log": (
        "jitbot.commands.audit.verbs",
        "Who had what, when, why, approved by whom; as a table, JSON or CSV.",
    ),
    "verify": (
        "jitbot.commands.audit.verbs",
        "Is the record whole and true, and was every grant rightly given?",
    ),
    "sessions": ("jitbot.commands.audit.verbs", "What was done with a grant, as CloudTrail has it."),
    "usage": (
        "jitbot.commands.audit.verbs",
        "Record what was done with each grant that is over (in Actions).",
    ),
    "protection": (
        "jitbot.commands.audit.verbs",
        "Record how GitHub protects main and ledger (in Actions).",
    ),
    "report": (
        "jitbot.commands.audit.verbs",
        "The verdicts, who held what, and every grant down to its evidence; one HTML file.",
    ),
    "export": (
        "jitbot.commands.audit.verbs",
        "The evidence pack: population, sample, evidence, controls, digests.",
    ),
    "keys": ("jitbot.commands.audit.verbs", "The issuer's public keys as they are now, to keep."),
}


class Parts(LazyGroup):
    """All parts, in the order in which an auditor needs them."""

    groups = MappingProxyType({"Commands": PARTS})


@click.group(cls=Parts, epilog="Start with: jitbot audit verify")
def audit() -> None:
    """Read, prove and hand over what the ledger holds, from a clone alone.

    Example: jitbot audit verify
    """
