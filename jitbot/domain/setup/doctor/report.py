"""The result of one check, and the verdict of all of them."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from jitbot.domain.model.errors import DeniedError, UnavailableError
from jitbot.domain.model.exit_code import ExitCode

T = TypeVar("T")
_ACCOUNT = re.compile(r"[0-9]{12}")


class CheckVerdict(StrEnum):
    """How a check came out. What cannot be seen is never taken for fine."""

    OK = "ok"
    WARN = "warn"  # no promise depends on it
    UNKNOWN = "unknown"
    WRONG = "wrong"  # a promise would not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Stands for a fact that could not be read; `why` is the reason."""

    why: str


def tried(ask: Callable[[], T]) -> T | Unknown:
    """A fact, or the reason why it is unknown: a refusal and a missing answer are treated alike."""
    try:
        return ask()
    except (DeniedError, UnavailableError) as error:
        return Unknown(why=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing to look at, and then what was found. `code` is stable kebab-case; the texts are sentences for people.

    `impact` is the promise or the comfort that depends on it, `fix` what to run or where to click, `observed` what
    was found. `otherwise` is the verdict where it is not as it should be. Until it is answered it is unknown.
    """

    code: str
    group: str
    title: str
    impact: str
    fix: str
    otherwise: CheckVerdict = CheckVerdict.WRONG
    verdict: CheckVerdict = CheckVerdict.UNKNOWN
    observed: str = ""

    def ok(self, observed: str = "") -> "Check":
        """It is as it should be."""
        return replace(self, verdict=CheckVerdict.OK, observed=observed, fix="")

    def no(self, observed: str, *, fix: str = "") -> "Check":
        """It is not as it should be."""
        return replace(self, verdict=self.otherwise, observed=observed, fix=fix or self.fix)

    def unknown(self, why: str, *, fix: str = "") -> "Check":
        """It could not be seen."""
        return replace(self, verdict=CheckVerdict.UNKNOWN, observed=why, fix=fix or self.fix)

    def answer(self, fine: bool, observed: str, *, fix: str = "") -> "Check":
        """Fine, or not; `observed` is what was found wrong."""
        return self.ok() if fine else self.no(observed, fix=fix)


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """1 where a promise would not hold, 3 where something could not be seen, 0 otherwise; no check at all is unknown."""
    verdicts = {check.verdict for check in checks}
    if CheckVerdict.WRONG in verdicts:
        return ExitCode.REFUSED
    return ExitCode.UNSURE if CheckVerdict.UNKNOWN in verdicts or not verdicts else ExitCode.DONE


def count(checks: Iterable[Check], verdict: CheckVerdict) -> int:
    """How many checks came out like this."""
    return sum(check.verdict is verdict for check in checks)


def by_cause(checks: Iterable[Check]) -> tuple[tuple[Check, ...], ...]:
    """The checks in their order, those together that came out alike for one reason and are fixed alike.

    The number of an account is no reason of its own: the same refusal in 60 accounts is one cause.
    """
    found: dict[tuple[str, ...], list[Check]] = {}
    for check in checks:
        reason = _ACCOUNT.sub("", check.observed)
        alone = "" if reason else check.code  # without a reason nothing says that two are one
        found.setdefault((check.verdict, reason, check.fix, alone), []).append(check)
    return tuple(map(tuple, found.values()))


def as_json(checks: Sequence[Check]) -> dict[str, object]:
    """All checks for machines, in the order in which they are shown."""
    keys = {name: name for name in ("code", "group", "title", "verdict")}
    # The keys keep the names of older versions.
    keys |= {
        "says": "observed",
        "means": "impact",
        "mend": "fix",
    }
    return {
        "ok": exit_code(checks) == ExitCode.DONE,
        **{
            verdict.value: count(checks, verdict)
            for verdict in CheckVerdict
            if verdict is not CheckVerdict.OK
        },
        "checks": [{key: str(getattr(check, name)) for key, name in keys.items()} for check in checks],
    }


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in a sentence: the first few, and how many more."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
