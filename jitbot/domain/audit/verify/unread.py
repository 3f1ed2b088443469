"""Requests of which an attested event cannot be read: what is missing of them may be there, and nothing else is in doubt."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from jitbot.domain.audit.history.findings import AuditFinding, Severity

# Findings that an unreadable event may explain. Every other finding is wrong whatever that event says.
EXPLAINED = frozenset(
    {
        *("no-decision", "granted-without-approval", "no-outcome"),
        *("no-end", "late-end", "late-confirmation", "no-removal", "role-not-ended"),
        *("wrong-approval", "wrong-refusal"),  # decided again on a state that lacks an event
    }
)
WHY = "part of its record cannot be read"


def softened(problems: Iterable[AuditFinding], unread: Collection[str]) -> Iterator[AuditFinding]:
    """The findings, where those that an unread event may explain become "could not be checked" instead of "broken"."""
    for each in problems:
        if each.request in unread and each.severity is Severity.BROKEN and each.code in EXPLAINED:
            yield replace(each, severity=Severity.UNCHECKED, message=f"{each.message}; but {WHY}")
        else:
            yield each
