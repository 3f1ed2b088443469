"""The outcome of an audit: how much was checked, and every finding, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass

from jitbot.domain.audit.history.findings import AuditFinding, Severity
from jitbot.domain.audit.verify.online import OnlineAnswers
from jitbot.domain.model.documents import Sha
from jitbot.domain.model.exit_code import ExitCode
from jitbot.domain.text.amount import many

_ONE = {"commits": "commit", "batches": "batch", "merges": "merge"}  # the other names are kinds of event


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """The outcome of one verification of the ledger at `head` against main at `main`.

    `checked` says for each question how many were asked; `passed_over` how many findings lie before `--since`.
    """

    head: Sha
    main: Sha
    checked: Mapping[str, int]
    problems: tuple[AuditFinding, ...]
    passed_over: int = 0
    asked: OnlineAnswers | None = None  # at GitHub; None: it was not asked

    def of(self, severity: Severity) -> tuple[AuditFinding, ...]:
        """The findings of this weight."""
        return tuple(each for each in self.problems if each.severity is severity)

    @property
    def exit_code(self) -> ExitCode:
        """1 if a promise was broken, else 3 if something could not be checked, else 0."""
        if self.of(Severity.BROKEN):
            return ExitCode.REFUSED
        return ExitCode.UNSURE if self.of(Severity.UNCHECKED) else ExitCode.DONE

    @property
    def checked_in_words(self) -> str:
        """How much was checked: `5 commits, 1 merge, 2 approved`."""
        return ", ".join(
            f"{count:,} {_ONE.get(name, name) if count == 1 else name}"
            for name, count in self.checked.items()
        )

    @property
    def in_words(self) -> str:
        """One sentence."""
        broken, unchecked = len(self.of(Severity.BROKEN)), len(self.of(Severity.UNCHECKED))
        if broken:
            rest = f", {unchecked} not to be checked here" if unchecked else ""
            return f"verification failed: {many(broken, 'violation')} found{rest}"
        if unchecked:
            return f"nothing wrong was found, but {unchecked} could not be checked here"
        return "the record is whole, and every grant was rightly given"

    def as_json(self) -> dict[str, object]:
        """The verdict for machines."""
        return {
            "ok": self.exit_code == ExitCode.DONE,
            "exit_code": self.exit_code,
            "head": self.head,
            "main": self.main,
            "checked": dict(self.checked),
            "passed_over": self.passed_over,
            **({} if self.asked is None else {"online": self.asked.as_json()}),
            "findings": [each.as_json() for each in self.problems],
        }
