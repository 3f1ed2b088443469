"""What an audit finds, as values: a promise that was broken, something that could not be checked, or a note."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding means for the verdict, the most serious first."""

    BROKEN = "broken"  # a promise was not kept, or somebody tampered
    UNCHECKED = "unchecked"  # it may be fine; it is unknown here
    NOTE = "note"  # worth knowing, and nothing wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFinding:
    """One finding of an audit: what is wrong in a sentence, where, and what to do.

    `code` is stable kebab-case for machines. `event` is a path in the ledger, `commit` one of ledger or main.
    """

    code: str
    severity: Severity
    message: str
    hint: str
    event: str = ""
    commit: str = ""
    request: str = ""

    def as_json(self) -> dict[str, str]:
        """The finding for machines."""
        return {
            "code": self.code,
            "weight": self.severity,
            "message": self.message,
            "hint": self.hint,
            "event": self.event,
            "commit": self.commit,
            "request": self.request,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What findings are about, and where it lies. Their messages begin with its name, unless it has none."""

    name: str = ""
    event: str = ""
    commit: str = ""
    request: str = ""

    def problem(
        self, code: str, message: str, hint: str, severity: Severity = Severity.BROKEN
    ) -> AuditFinding:
        """One finding about it."""
        return AuditFinding(
            code=code,
            severity=severity,
            message=f"{self.name}: {message}" if self.name else message,
            hint=hint,
            event=self.event,
            commit=self.commit,
            request=self.request,
        )

    def rules_not_here(self, commit: str) -> AuditFinding:
        """That this clone lacks the rules at a commit of main, so that what rests on them cannot be checked."""
        return self.problem(
            "rules-not-here",
            f"this clone lacks rules of main at {commit[:10]}",
            "fetch main with all that it holds: `git fetch --refetch`, then verify again",
            Severity.UNCHECKED,
        )


def gravest_first(problems: Iterable[AuditFinding]) -> tuple[AuditFinding, ...]:
    """Each finding once: what is broken first, then what could not be checked, then the notes."""
    order = list(Severity)
    return tuple(sorted(dict.fromkeys(problems), key=lambda each: order.index(each.severity)))
