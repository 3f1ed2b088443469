"""What each step in a request's life asks and writes, as it was counted, and what an hour and a month hold by that.

`tests/played/runs/test_life_calls.py` plays the life and compares each figure. The guide is made of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

MANY = 10  # requests that are merged at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The calls of one step: of REST, of GraphQL and what they cost of its budget, and of AWS; and the writes on GitHub."""

    rest: int
    graphql: int
    points: int
    aws: int = 0
    writes: Mapping[str, int] = field(default_factory=dict)

    @property
    def written(self) -> int:
        """How many writes there are on GitHub."""
        return sum(self.writes.values())


PERSON = "ask"  # the step that a person's own token pays for
STEPS: Mapping[str, Step] = {
    PERSON: Step(
        rest=7, graphql=6, points=6, writes={"branch": 1, "commit": 1, "pull request": 1, "auto-merge": 1}
    ),
    "check": Step(rest=4, graphql=2, points=2, writes={"status": 2, "comment": 1}),
    "check, again": Step(rest=1, graphql=1, points=1),
    "grant": Step(rest=3, graphql=5, points=5, aws=8, writes={"commit": 2, "new comments with edits": 1}),
    "show the grant": Step(rest=0, graphql=1, points=1),
    "grant, idle": Step(rest=1, graphql=0, points=0),
    "sweep, idle": Step(rest=1, graphql=0, points=0, aws=6),
    "show, idle": Step(rest=1, graphql=1, points=1),
    "sweep, the end": Step(rest=1, graphql=1, points=1, aws=11, writes={"commit": 1}),
    "show the end": Step(rest=2, graphql=1, points=1, writes={"edit of a comment": 1}),
    "sweep, the removal": Step(rest=1, graphql=1, points=1, aws=14, writes={"commit": 1}),
    "show the removal": Step(rest=1, graphql=1, points=1),
    "record the use": Step(rest=1, graphql=1, points=1, aws=8, writes={"commit": 1}),
    "show the use": Step(rest=2, graphql=1, points=1, writes={"edit of a comment": 1}),
    "grant, many": Step(
        rest=12, graphql=6, points=18, aws=62, writes={"commit": 2, "new comments with edits": 2}
    ),
    "show many": Step(rest=0, graphql=1, points=1),
    "sweep, many ends": Step(rest=1, graphql=1, points=1, aws=47, writes={"commit": 1}),
    "show many ends": Step(rest=1, graphql=2, points=2, writes={"edit of comments": 1}),
    "record many uses": Step(rest=1, graphql=1, points=1, aws=62, writes={"commit": 1}),
    "show many uses": Step(rest=1, graphql=2, points=2, writes={"edit of comments": 1}),
}
# The steps in the life of one request that goes well, and those of an hour in which nothing has to be done.
LIFE = (
    *("check", "grant", "show the grant", "sweep, the end", "show the end"),
    *("sweep, the removal", "show the removal", "record the use", "show the use"),
)
IDLE = ("sweep, idle", "show, idle")

Of = Callable[[Step], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one limit is charged with: by a request that is merged alone, by one of many in a run, and by the other runs of an hour."""

    alone: float
    together: float
    hour: float

    def requests(self, limit: int, *, alone: bool) -> int:
        """How many requests fit into an hour's limit."""
        return int((limit - self.hour) / (self.alone if alone else self.together))


def load(of: Of) -> Load:
    """What a limit is charged with in a busy hour, in which each sweep and each record of use is of many requests."""

    def steps(*names: str) -> int:
        return total(of, names)

    idle = steps("show, idle")
    later = (steps("show many ends", "show many uses") - 2 * idle) / MANY
    check, many = steps("check"), steps("grant, many", "show many") / MANY
    return Load(
        alone=check + steps("grant", "show the grant") + later,
        together=check + many + later,
        hour=max(steps("sweep, many ends"), steps("sweep, the removal")) + idle + steps("record many uses"),
    )


def total(of: Of, steps: Iterable[str]) -> int:
    """What several steps come to."""
    return sum(of(STEPS[name]) for name in steps)


# Of Actions, by the workflow files: tests/proofs/workflows/test_minutes.py calculates them with GitHub's own evaluator.
MINUTES_OF_A_REQUEST, MINUTES_OF_THE_SCHEDULES = 2, 1695
# Of the ledger, before git packs it: `git rev-list --disk-usage` of all that one life adds. A signature differs by a few bytes.
KILOBYTES_OF_A_REQUEST = 18


def cpu_of_sweep(accounts: int) -> float:
    """The CPU seconds of jitbot itself in a sweep with nothing due, the start of the process included.

    They were measured on an idle machine of two cores. `python tests/bench --only sweeps` measures them again, and
    has a bound by this.
    """
    return 1.3 + 0.0056 * accounts
