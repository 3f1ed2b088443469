"""Which calls of GitHub, AWS and the issuer each step in a request's life makes; and so what an hour and a month hold.

    python tests/bench/calls.py
    python tests/bench/calls.py --a-day 200 --json calls.json

Every step is a whole process against the sandbox, which counts what it is asked, by name. Two limits follow: how
many requests an hour fit into what GitHub lets a workflow's token call, and how many minutes of Actions a month
takes, with the workflow files as they are. What is assumed for that is printed beside it.
"""

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from processes import JITBOT, NOW, run
from rich.console import Console
from rich.table import Table
from rows import Row

sys.path += [
    str(Path(__file__).resolve().parents[1] / name) for name in ("proofs/workflows", "judge", "docs")
]
from acting import WORKFLOWS
from github_says import github_says
from measured_life import load
from minutes import Minutes, month

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

AN_HOUR = 1000  # calls of REST that GITHUB_TOKEN may make for one repository
TEN = "grant, ten merged at once"
MOST = {  # calls of GitHub in one run; all notifications of ten are one of them
    "grant": 8,
    TEN: 16 + 1,
}
AT_LEAST = 80  # requests an hour
WRITES = 8  # to GitHub in one request's life, by the token of its jobs
READINGS = 2  # of the whole ledger in one revoke
_CHANGES = {"POST", "PATCH", "PUT", "DELETE"}
_COUNTED = """
import atexit
from jitbot.usecases.ledger.ledger_view import LedgerReader
begin, begun = LedgerReader._begin, []
LedgerReader._begin = lambda self, keys: (begun.append(1), begin(self, keys))[1]
atexit.register(lambda: print(f"readings of the ledger: {len(begun)}"))
"""
MINUTES = 5000  # of Actions a month
ENDS = "sweep, two to confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What one step asked, by whom it asked."""

    rest: Mapping[str, int]
    graphql: int
    writes: int  # by REST and by GraphQL
    git: int
    issuer: int
    aws: Mapping[str, int]
    seconds: float
    readings: int | None = None  # of the whole ledger, where they are counted


def main() -> None:
    """Count, print the tables, and write JSON where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--a-day", type=int, default=50, help="requests, for the minutes of a month")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    arguments = parser.parse_args()
    steps = played()
    hour, spent = _hour(), _month(arguments.a_day)
    if arguments.json:
        figures = {
            "steps": {name: asdict(each) for name, each in steps.items()},
            "hour": hour,
            "month": spent,
        }
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    _show(steps, hour, spent, arguments.a_day)


def played() -> dict[str, Calls]:
    """What each step of a request's life asked."""
    with Acme(Clock(NOW)) as acme:
        return _life(Stage(acme=acme, jitbot=lambda *_: 0, console=Console(quiet=True)))


def measure(a_day: int = 50) -> list[Row]:
    """The calls of GitHub that each step makes, by name, and what follows for an hour and a month."""
    steps = played()
    rows = [
        Row(
            what=f"{name}: calls of GitHub", figure=_rest(each) + each.graphql, unit="", note=_named(each),
            bound=MOST.get(name),
        )
        for name, each in steps.items()
    ]  # fmt: skip
    hour, spent, wrote = _hour(), _month(a_day), load(lambda step: step.written)
    return [
        *rows,
        Row(
            what=f"calls of one request's life, of the {AN_HOUR} that an hour holds",
            figure=hour["calls_of_a_request"],
            unit="",
            bound=(AN_HOUR - hour["calls_of_the_schedules"]) / AT_LEAST,
            note=f"{hour['requests']} requests an hour",
        ),
        Row(
            what="writes on GitHub in a request's life, among others",
            figure=wrote.together,
            unit="",
            bound=WRITES,
            note=f"{wrote.alone:.0f} for one that is alone in each run",
        ),
        Row(
            what="readings of the whole ledger by revoke",
            figure=steps["revoke"].readings or 0,
            unit="",
            bound=READINGS,
        ),
        Row(
            what=f"minutes of Actions a month, {a_day} requests a day",
            figure=spent["all"],
            unit="",
            bound=MINUTES,
        ),
    ]


def _named(each: Calls) -> str:
    calls = {**each.rest, **each.aws}
    shown = (f"{number} × {call}" if number > 1 else call for call, number in sorted(calls.items()))
    return ", ".join(shown) or "none"


def _life(stage: Stage) -> dict[str, Calls]:
    """Play the life of one request, and of one that is revoked; gives what each step asked."""
    acme, steps = stage.acme, {}
    asks = ["request", "orders-db-read", "-a", "prod", "-d", "1h", "-p", "table=orders", "-r", "INC-1"]
    steps["request (the person's token)"] = _ran(acme, asks, _person(acme, "alice"))
    pull = max(acme.github._site.repository(acme.repository).pulls)
    opened = acme.job("check.yml", event="pull_request")
    steps["comment, first"] = _ran(acme, ["comment", str(pull)], opened)
    steps["comment, unchanged"] = _ran(acme, ["comment", str(pull)], opened)
    stage.must(stage.review("bob", pull))  # which merges it: auto-merge is on
    if not acme.github._site.repository(acme.repository).pulls[pull].is_merged:
        stage.must(stage.merge("alice", pull))
    grants, sweeps = acme.job("grant.yml"), acme.job("sweep.yml")
    steps["grant"] = _ran(acme, ["grant"], grants)
    steps["comment after grant"] = _ran(acme, ["comment"], grants)
    steps["grant, nothing due"] = _ran(acme, ["grant"], acme.job("grant.yml"))
    steps["sweep, nothing due"] = _ran(acme, ["sweep"], sweeps)
    steps["comment after sweep"] = _ran(acme, ["comment"], sweeps)
    path, text = stage.request("dave", "orders-db-read", "revoked", parameters={"table": "orders"})
    pull = stage.propose("dave", "revoked", {path: text})
    _ran(acme, ["comment", str(pull)], opened)
    stage.must(stage.review("bob", pull))
    reviewed = acme.job("check.yml", event="pull_request_review")
    steps["comment, approved"] = _ran(acme, ["comment", str(pull)], reviewed)
    stage.must(stage.merge("dave", pull))
    _ran(acme, ["grant"], acme.job("grant.yml"))
    revokes = acme.job("revoke.yml", actor="dave")
    steps["revoke"] = _ran(acme, ["revoke", path, "--reason", "done"], revokes, before=_COUNTED)
    steps["comment after revoke"] = _ran(acme, ["comment"], revokes)
    later = NOW + timedelta(hours=2)
    acme.clock.set(later)
    ends = acme.job("sweep.yml")
    steps[ENDS] = _ran(acme, ["sweep"], ends, now=later)
    steps["comment after the end"] = _ran(acme, ["comment"], ends, now=later)
    for number in range(10):
        path, text = stage.request(
            "alice", "orders-db-read", f"of-ten-{number}", parameters={"table": "orders"}
        )
        pull = stage.propose("alice", f"of-ten-{number}", {path: text})
        stage.must(stage.review("bob", pull))
        stage.must(stage.merge("alice", pull))
    steps[TEN] = _ran(acme, ["grant"], acme.job("grant.yml"), now=later)
    return steps


def _person(acme: Acme, login: str) -> dict[str, str]:
    return {
        "GITHUB_TOKEN": acme.token(login),
        "GITHUB_API_URL": acme.github.api_url,
        "JITBOT_REPOSITORY": acme.repository,
    }


def _ran(
    acme: Acme, arguments: list[str], environ: Mapping[str, str], *, now: datetime = NOW, before: str = ""
) -> Calls:
    cost = run(acme, before + JITBOT.replace(NOW.isoformat(), now.isoformat()), arguments, environ)
    counted = re.search(r"readings of the ledger: (\d+)", cost.output)
    kinds: dict[str, Counter[str]] = {kind: Counter() for kind in ("rest", "graphql", "git", "issuer")}
    for name, number in cost.github.items():
        kinds[_kind(name)][
            name.replace("/repos/{owner}/{name}", "").replace("/repos/{owner}/{repo}", "")
        ] += number
    return Calls(
        rest=dict(kinds["rest"]),
        graphql=kinds["graphql"].total(),
        writes=sum(
            number
            for name, number in cost.github.items()
            if name.partition(" ")[0] in _CHANGES and _kind(name) in ("rest", "graphql")
        ),
        git=kinds["git"].total(),
        issuer=kinds["issuer"].total(),
        aws=cost.aws,
        seconds=round(cost.seconds, 2),
        readings=int(counted[1]) if counted else None,
    )


def _kind(name: str) -> str:
    if "git-upload-pack" in name or "info/refs" in name:
        return "git"
    if "/_oidc/" in name or "/_actions/" in name:
        return "issuer"
    return "graphql" if "/graphql" in name else "rest"


def _rest(calls: Calls) -> int:
    return sum(calls.rest.values())


def _hour() -> dict[str, int]:
    """What an hour holds of requests that are merged one by one, by the figures that the guide is made of.

    GraphQL and git have limits of their own, which are far away. A test holds the figures: test_life_calls.py.
    """
    charged = load(lambda step: step.rest)
    return {
        "calls_of_the_schedules": int(charged.hour),
        "calls_of_a_request": round(charged.alone),
        "requests": charged.requests(AN_HOUR, alone=True),
    }


def _month(a_day: int) -> dict[str, float]:
    """Minutes of Actions in a month, from the workflow files: every job counts as the minute it began."""
    found = month(Minutes(folder=WORKFLOWS, says=github_says(os.environ)), a_day)
    return {name: round(each) for name, each in found.items()}


def _show(
    steps: Mapping[str, Calls], hour: Mapping[str, int], spent: Mapping[str, float], a_day: int
) -> None:
    console = Console(width=120)
    title = f"calls, of whole processes; load {os.getloadavg()[0]:.1f}"
    table = Table("step", "REST", "GraphQL", "writes", "git", "issuer", "AWS", "seconds", title=title)
    for name, each in steps.items():
        numbers = (_rest(each), each.graphql, each.writes, each.git, each.issuer, sum(each.aws.values()))
        table.add_row(name, *(str(number) for number in numbers), f"{each.seconds:.2f}")
    console.print(table)
    named = Table("step", "calls by name", show_lines=True)
    for name, each in steps.items():
        named.add_row(name, _named(each))
    console.print(named)
    console.print(
        f"An hour of GITHUB_TOKEN ({AN_HOUR:,} calls of REST for one repository) holds about {hour['requests']} requests: "
        f"the hourly runs make {hour['calls_of_the_schedules']} calls, and one request's life "
        f"{hour['calls_of_a_request']}: opened, approved and merged, granted, and the comment after each, after the end "
        "and with its use. Those of `jitbot request` count against the person's own token."
    )
    console.print(
        f"A month of Actions at {a_day} requests a day takes about {spent['all']:,} minutes: {spent['requests']:,} for "
        f"requests (check when opened, grant at the push) and {spent['schedules']:,} for the schedules with what the clock "
        "starts. Assumed: auto-merge is on and one approval is enough, nothing edited, each merge a push of its own, no "
        "early end, no chat, every job under a minute and counted as one, the weekly audit as five, GitHub dropping no "
        "scheduled run, jitbot's own ci.yml and nightly.yml left out. Each push to the branch, each approval without "
        "auto-merge or beside another, and each message to chat adds a minute, an extension as much as a request, a "
        "release one."
    )


if __name__ == "__main__":
    main()
