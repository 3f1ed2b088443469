"""What the judge was asked in a whole run, from the reports of its tests, and in words.

Each test of the judge carries its counts in its report, so that they arrive whatever process it ran in.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PROPERTY = "judge"  # of a test's report


@dataclass(slots=True)
class Tally:
    """Evaluations and wrong ones by kind; attempts are calls that nobody should be able to make."""

    evaluations: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    attempts: set[str] = field(default_factory=set)  # each different one
    tried: int = 0
    got_in: int = 0

    def as_property(self) -> dict[str, object]:
        """Plain values, as a report carries them."""
        return {
            "evaluations": dict(self.evaluations),
            "wrong": dict(self.wrong),
            "attempts": sorted(self.attempts),
            "tried": self.tried,
            "got_in": self.got_in,
        }

    def lines(self) -> list[str]:
        """For people: how much was asked, by kind, how much of it was wrong, and which attempts were refused."""
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self.evaluations.items()))
        wrong = "" if not self.wrong.total() else f": {', '.join(sorted(+self.wrong))}"
        return [
            f"judge: {self.evaluations.total():,} evaluations, {self.wrong.total():,} wrong{wrong}",
            f"  by kind: {kinds}",
            f"  escalation and entering with a wrong token: {self.tried:,} attempts, {len(self.attempts):,} of them"
            f" different, {self.tried - self.got_in:,} refused",
        ]


def total(properties: Iterable[Mapping[str, object]]) -> Tally:
    """The sum of all reports."""
    found = Tally()
    for each in properties:
        counted = Tally(**each)  # type: ignore[arg-type]  # written by as_property
        found.evaluations.update(counted.evaluations)
        found.wrong.update(counted.wrong)
        found.attempts |= set(counted.attempts)
        found.tried += counted.tried
        found.got_in += counted.got_in
    return found
