"""Requests of which an attested event cannot be read: what is missing of them may be there, and nothing else is in doubt."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from jitbot.domain.audit.history.findings import AuditFinding, Severity

# What an event that nobody could read may explain. Anything else that is wrong is wrong whatever that event says.
EXPLAINED = frozenset(
    {
        *("no-decision", "granted-without-approval", "no-outcome"),
        *("no-end", "late-end", "late-confirmation", "no-removal", "role-not-ended"),
        *("wrong-approval", "wrong-refusal"),  # decided again on a life that lacks an event
    }
)
WHY = "part of its record cannot be read"


def softened(problems: Iterable[AuditFinding], unread: Collection[str]) -> Iterator[AuditFinding]:
    """The findings, where those that an unread event may explain could not be checked, and are not known to be broken."""
    for each in problems:
        if each.request in unread and each.severity is Severity.BROKEN and each.code in EXPLAINED:
            yield replace(each, severity=Severity.UNCHECKED, message=f"{each.message}; but {WHY}")
        else:
            yield each
