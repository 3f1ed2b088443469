"""The rules of approval of a policy: what a request needs, by its accounts, its duration and its parameters.

All rules that hold apply together, so their order means nothing, and asking for more never needs less.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from jitbot.domain.text import duration


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCondition:
    """When a rule holds: all that it names must be so. What is None, or an empty mapping, is not asked about."""

    accounts: tuple[str, ...] | None = None  # aliases, and groups as "@production": one is in the request
    duration_over: timedelta | None = None  # the file's whole duration is longer
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # each value is one of these

    def in_words(self) -> str:
        """`in @production for over 2h with table refunds`."""
        return " ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        if self.accounts is not None:
            yield f"in {_either(self.accounts)}"
        if self.duration_over is not None:
            yield f"for over {duration.show(self.duration_over)}"
        if self.parameters:
            named = (f"{name} {_either(values)}" for name, values in self.parameters.items())
            yield f"with {' and '.join(named)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """One rule: `need` approvals, at least one of them of each of these teams. Without `when` it always holds."""

    need: int
    teams: tuple[str, ...] = ()  # as "@organisation/team"
    when: RuleCondition | None = None
    field: str = field(default="approvals", compare=False)  # its place in the file: `approvals.1`

    def in_words(self) -> str:
        """`2 (1 of @acme/payments-leads, 1 of @acme/security) in @production for over 2h`, or `1 always`."""
        teams = f" ({', '.join(f'1 of {team}' for team in self.teams)})" if self.teams else ""
        return f"{self.need}{teams} {self.when.in_words() if self.when is not None else 'always'}"


def _either(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
