"""One check, its verdict, and all of them together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jitbot.domain.model.exit_code import ExitCode


class CheckVerdict(StrEnum):
    """How a check came out. What cannot be seen is never taken for fine."""

    OK = "ok"
    WARN = "warn"  # no promise hangs on it
    UNKNOWN = "unknown"
    WRONG = "wrong"  # a promise would not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """In the place of a fact that could not be read: why."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at. `code` is stable kebab-case; the rest are sentences for people.

    `says` is what was found, `means` which promise or comfort hangs on it, `mend` what to run or where to click.
    """

    code: str
    group: str
    title: str
    verdict: CheckVerdict
    says: str = ""
    means: str = ""
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A check before its answer. `otherwise` is the verdict where the answer is no."""

    code: str
    group: str
    title: str
    means: str
    mend: str
    otherwise: CheckVerdict = CheckVerdict.WRONG

    def ok(self, says: str = "") -> Check:
        """It is as it should be."""
        return Check(
            code=self.code,
            group=self.group,
            title=self.title,
            verdict=CheckVerdict.OK,
            says=says,
            means=self.means,
        )

    def no(self, says: str, *, mend: str = "") -> Check:
        """It is not as it should be."""
        return self._other(self.otherwise, says, mend)

    def unknown(self, why: str, *, mend: str = "") -> Check:
        """Nobody can tell."""
        return self._other(CheckVerdict.UNKNOWN, why, mend)

    def answer(self, fine: bool, says: str, *, mend: str = "") -> Check:
        """Fine, or not; `says` is what was found wrong."""
        return self.ok() if fine else self.no(says, mend=mend)

    def _other(self, verdict: CheckVerdict, says: str, mend: str) -> Check:
        return Check(
            code=self.code,
            group=self.group,
            title=self.title,
            verdict=verdict,
            says=says,
            means=self.means,
            mend=mend or self.mend,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorReport:
    """All checks, in the order in which they are shown."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> ExitCode:
        """1 where a promise would not hold, 3 where nobody can tell, 0 otherwise; nothing looked at is unknown."""
        verdicts = {check.verdict for check in self.checks}
        if CheckVerdict.WRONG in verdicts:
            return ExitCode.REFUSED
        return ExitCode.UNSURE if CheckVerdict.UNKNOWN in verdicts or not verdicts else ExitCode.DONE

    def count(self, verdict: CheckVerdict) -> int:
        """How many checks came out like this."""
        return sum(check.verdict is verdict for check in self.checks)

    def groups(self) -> Mapping[str, Sequence[Check]]:
        """The checks by what they look at."""
        found: dict[str, list[Check]] = {}
        for check in self.checks:
            found.setdefault(check.group, []).append(check)
        return found

    def as_json(self) -> dict[str, object]:
        """For machines."""
        return {
            "ok": self.exit_code == ExitCode.DONE,
            **{
                verdict.value: self.count(verdict)
                for verdict in CheckVerdict
                if verdict is not CheckVerdict.OK
            },
            "checks": [_json(check) for check in self.checks],
        }


def _json(check: Check) -> dict[str, str]:
    return {
        "code": check.code,
        "group": check.group,
        "title": check.title,
        "verdict": check.verdict.value,
        "says": check.says,
        "means": check.means,
        "mend": check.mend,
    }


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in a sentence: the first few, and how many more."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
