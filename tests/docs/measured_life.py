"""What each step in a request's life asks and writes, as it was counted, and what an hour and a month hold by that.

`tests/usecases/runs/test_life_calls.py` plays the life and compares each figure. The guide is made of them.
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
    "grant": Step(rest=4, graphql=4, points=4, aws=8, writes={"commit": 2, "comment": 1}),
    "show the grant": Step(rest=1, graphql=1, points=1, writes={"edit of a comment": 1}),
    "grant, idle": Step(rest=1, graphql=0, points=0),
    "sweep, idle": Step(rest=1, graphql=0, points=0, aws=6),
    "show, idle": Step(rest=1, graphql=1, points=1),
    "sweep, the end": Step(rest=1, graphql=1, points=1, aws=11, writes={"commit": 1}),
    "show the end": Step(rest=2, graphql=1, points=1, writes={"edit of a comment": 1}),
    "sweep, the removal": Step(rest=1, graphql=1, points=1, aws=14, writes={"commit": 1}),
    "show the removal": Step(rest=1, graphql=1, points=1),
    "record the use": Step(rest=1, graphql=1, points=1, aws=8, writes={"commit": 1}),
    "show the use": Step(rest=2, graphql=1, points=1, writes={"edit of a comment": 1}),
    "grant, many": Step(rest=22, graphql=4, points=16, aws=62, writes={"commit": 2, "comment": MANY}),
    "show many": Step(rest=MANY, graphql=1, points=1, writes={"edit of a comment": MANY}),
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
    """What one limit is charged with: by each request, by each run of grant, and by the other runs of an hour."""

    request: float
    run: float
    hour: float

    def requests(self, limit: int, together: int) -> int:
        """How many requests fit into an hour's limit if so many are merged in each run of grant."""
        return int((limit - self.hour) / (self.request + self.run / together))


def load(of: Of) -> Load:
    """What a limit is charged with, by the difference between one request in a run and many."""
    grant = (of(STEPS["grant, many"]) - of(STEPS["grant"])) / (MANY - 1)
    shown = (of(STEPS["show many"]) - of(STEPS["show the grant"])) / (MANY - 1)
    idle = of(STEPS["show, idle"])
    later = sum(of(STEPS[name]) - idle for name in ("show the end", "show the use"))
    run = of(STEPS["grant"]) + of(STEPS["show the grant"]) - grant - shown
    # In a busy hour a sweep ends and removes, and the use of grants is recorded: each is one run for all requests.
    swept = max(of(STEPS[name]) for name in ("sweep, the end", "sweep, the removal"))
    return Load(
        request=of(STEPS["check"]) + grant + shown + later,
        run=run,
        hour=swept + idle + of(STEPS["record the use"]),
    )


def total(of: Of, steps: Iterable[str]) -> int:
    """What several steps come to."""
    return sum(of(STEPS[name]) for name in steps)


# Of Actions, by the workflow files: tests/proofs/workflows/test_minutes.py calculates them with GitHub's own evaluator.
MINUTES_OF_A_REQUEST, MINUTES_OF_THE_SCHEDULES = 2, 1695
# Of the ledger, before git packs it: `git rev-list --disk-usage` of all that one life adds. A signature differs by a few bytes.
KILOBYTES_OF_A_REQUEST = 18
