"""The figures in the guide of what one repository carries: from what was counted, and from GitHub's own limits."""

from math import ceil

from measured_life import (
    KILOBYTES_OF_A_REQUEST,
    LIFE,
    MANY,
    MINUTES_OF_A_REQUEST,
    MINUTES_OF_THE_SCHEDULES,
    PERSON,
    STEPS,
    Of,
    cpu_of_sweep,
    load,
    total,
)
from tables import table

from jitbot.domain.model.bounds import ACCOUNTS_AT_ONCE
from jitbot.usecases.runs.announce import MOST as NOTIFIED

HOURS, DAYS, MONTHS = 8, 365, 12  # of work a day, of a year
# An assumption, as in tests/bench: how long AWS takes for an answer.
AWS_ANSWERS = 0.06
OWN_ACCOUNTS = 3  # that acme has, and in which the idle sweep was counted
# What GitHub allows a job's token in one repository, and somebody who creates much:
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
# https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
LIMITS: tuple[tuple[str, int, Of], ...] = (
    ("calls of REST", 1000, lambda step: step.rest),
    ("points of GraphQL", 1000, lambda step: step.points),
    ("writes", 500, lambda step: step.written),
)
_NAMES = {
    PERSON: "`jitbot request`, with the person's own token",
    "check": "`check.yml`, when it is opened",
    "check, again": "the same, where nothing has changed",
    "grant": "`grant.yml`: decided and granted in one account",
    "show the grant": "its comment",
    "grant, idle": "`grant.yml` with nothing to do",
    "sweep, idle": f"`sweep.yml` with nothing to do, {OWN_ACCOUNTS} accounts",
    "show, idle": "its comment, where nothing changed",
    "sweep, the end": "`sweep.yml` after the end",
    "show the end": "its comment",
    "sweep, the removal": "`sweep.yml` one session length later",
    "show the removal": "its comment",
    "record the use": "`audit.yml`: what was done with it",
    "show the use": "the comment of the sweep after that",
    "grant, many": f"`grant.yml`, {MANY} that were merged at once",
    "show many": "their comments",
    "sweep, many ends": f"`sweep.yml` after {MANY} ends",
    "show many ends": "their comments",
    "record many uses": f"`audit.yml`: what was done with {MANY}",
    "show many uses": "the comments of the sweep after that",
}


def life() -> str:
    """Every step that was counted, and the sum of a life."""
    rows = [
        [_NAMES[name], *map(str, (step.rest, step.graphql, step.points, step.aws)), _written(step.writes)]
        for name, step in STEPS.items()
    ]
    sums = [
        total(of, LIFE) for of in (lambda s: s.rest, lambda s: s.graphql, lambda s: s.points, lambda s: s.aws)
    ]
    written = total(lambda step: step.written, LIFE)
    rows.append(["**one life, alone, by jobs**", *(f"**{each}**" for each in sums), f"**{written}**"])
    return table(("step", "REST", "GraphQL", "points", "AWS", "writes on GitHub"), rows)


def _written(writes: object) -> str:
    found = writes if isinstance(writes, dict) else {}
    return ", ".join(f"{number} × {kind}" if number > 1 else kind for kind, number in found.items())


def hour() -> str:
    """What each limit of an hour is charged with, and how many requests it holds."""
    rows = []
    for name, limit, of in LIMITS:
        charged = load(of)
        each = [f"{amount:.3g}" for amount in (charged.alone, charged.together, charged.hour)]
        held = [str(charged.requests(limit, alone=alone)) for alone in (True, False)]
        rows.append([f"{limit:,} {name}", *each, *held])
    apart, together = (
        min(load(of).requests(limit, alone=alone) for _, limit, of in LIMITS) for alone in (True, False)
    )
    sure = min(load(of).requests(limit, alone=True) for name, limit, of in LIMITS if name != "writes")
    head = (
        "an hour's limit",
        "a request, merged alone",
        f"one of {MANY} in a run",
        "other runs",
        "requests, each alone",
        f"requests, {MANY} in a run",
    )
    return f"""{table(head, rows)}
By the calls, an hour holds {sure} requests. If every write counts as one that creates content, it holds {apart}, or {together} where {MANY} are merged for each run: {HOURS * apart} to {HOURS * together} in a day of {HOURS} hours.

Up to {NOTIFIED} requests may be merged for one run before it notifies of no more.
"""


def month() -> str:
    """Minutes of Actions, and how the ledger grows, by requests a day."""
    rows = [
        [
            str(a_day),
            f"{MINUTES_OF_THE_SCHEDULES + MINUTES_OF_A_REQUEST * a_day * DAYS / MONTHS:,.0f}",
            f"{KILOBYTES_OF_A_REQUEST * a_day * DAYS / 1000:,.0f} MB",
        ]
        for a_day in (10, 50, 100, 400)
    ]
    said = (
        f"Minutes are {MINUTES_OF_A_REQUEST} for a request and {MINUTES_OF_THE_SCHEDULES:,} for a month of schedules. "
        f"A request's whole life adds {KILOBYTES_OF_A_REQUEST} KB to the ledger.\n"
    )
    return f"{table(('requests a day', 'minutes of Actions a month', 'ledger, a year'), rows)}\n{said}"


def waiting() -> str:
    """How much later the last of many has access, and how long a sweep of many accounts takes."""
    grants = (STEPS["grant, many"].aws - STEPS["grant"].aws) / (MANY - 1)
    answered = f"at {1000 * AWS_ANSWERS:.0f} ms each"
    rows = [
        [
            f"{number} request{'s' if number > 1 else ''}, one account",
            f"{grants * number:.0f}",
            f"{grants * number * AWS_ANSWERS:.1f} s",
        ]
        for number in (1, 10, 50)
    ]
    return f"{table(('what', 'calls of AWS in a row', answered), rows)}\n{_sweeps(answered)}"


def _sweeps(answered: str) -> str:
    """What a sweep waits for and computes. The waiting of all accounts overlaps, and one core computes for all."""
    each = STEPS["sweep, idle"].aws / OWN_ACCOUNTS
    rows = []
    for number in (1, 100, 1000):
        answers = ceil(number / ACCOUNTS_AT_ONCE) * each * AWS_ANSWERS
        own = cpu_of_sweep(number)
        rows.append([
            f"sweep, {number:,} account{'s' if number > 1 else ''}",
            f"{each:.0f} in each, {ACCOUNTS_AT_ONCE} accounts at a time",
            f"{answers:.1f} s",
            f"{own:.1f} s",
            f"{max(answers, own):.1f} to {answers + own:.1f} s",
        ])  # fmt: skip
    head = ("what", "calls of AWS", answered, "CPU of jitbot", "together")
    end, removal = (
        STEPS[name].aws - STEPS["sweep, idle"].aws for name in ("sweep, the end", "sweep, the removal")
    )
    said = (
        f"Each end that a sweep confirms adds {end} calls in its account, and each role that it removes {removal}. A grant "
        "that lives adds none: the list of roles has its window.\n"
    )
    return f"{table(head, rows)}\n{said}"


PARTS = {"capacity-life": life, "capacity-hour": hour, "capacity-month": month, "capacity-waiting": waiting}
