"""What a sweep of many accounts costs: seconds, calls and memory of whole processes, and grants a second.

    python tests/bench/accounts.py --accounts 1000

The sandbox runs in this process, jitbot in its own: the seconds include waiting for the sandbox, which does
the work of a thousand AWS endpoints on the same machine. `--latency` makes AWS's answers as slow as real ones.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

from rich.console import Console

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage


def main() -> None:
    """Measure, and print a line for people and JSON for machines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--grants", type=int, default=50)
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds before each answer of AWS")
    arguments = parser.parse_args()
    more = {f"a{number:04}": f"{400000000000 + number}" for number in range(arguments.accounts - 3)}
    with Acme(Clock(datetime(2026, 11, 23, 9, tzinfo=UTC)), more_accounts=more) as acme:
        if arguments.latency:
            acme.aws.faults = lambda *_: time.sleep(arguments.latency / 1000)
        sweep = _job(acme, "sweep")
        _ask(acme, arguments.grants)
        grant = _job(acme, "grant")
    print(
        f"sweep of {arguments.accounts} accounts, nothing due: {sweep['seconds']} s, {sweep['megabytes']} MB"
    )
    rate = arguments.grants / float(str(grant["seconds"]))
    print(
        f"{arguments.grants} grants in one run: {grant['seconds']} s, {rate:.1f} a second, {grant['megabytes']} MB"
    )
    print(json.dumps({"sweep": sweep, "grant": grant}, indent=2))


def _ask(acme: Acme, number: int) -> None:
    """One merged and approved pull request with this many requests."""
    stage = Stage(acme=acme, jitbot=lambda *_: 0, console=Console(quiet=True))
    asked = (
        stage.request("alice", "orders-db-read", f"n{each}", parameters={"table": "orders"})
        for each in range(number)
    )
    pull = stage.propose("alice", "Many", dict(asked))
    stage.must(stage.review("bob", pull))
    stage.must(stage.merge("alice", pull))


def _job(acme: Acme, verb: str) -> dict[str, object]:
    """Run one verb as a whole process, as in its job."""
    clone = acme.clone()
    acme.aws.calls.clear()
    acme.github.calls.clear()
    job = {**os.environ, **acme.job(f"{verb}.yml")}
    code = (
        "import os, sys; from datetime import datetime, UTC; from pathlib import Path; from jitbot.cli import main;"
        f"sys.exit(main(['{verb}'], now=datetime(2026, 11, 23, 9, tzinfo=UTC), environ=dict(os.environ), folder=Path.cwd()))"
    )
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=clone, env=job, capture_output=True, text=True, check=False
    )
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        raise SystemExit(f"{verb} failed: {result.stdout[-1000:]}{result.stderr[-2000:]}")
    aws = Counter(f"{service}:{operation}" for _, service, operation in acme.aws.calls)
    github = Counter(f"{method} {pattern}" for method, pattern in acme.github.calls)
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
        "megabytes": after.ru_maxrss // 1024,  # the most of any process so far
        "aws": dict(aws),
        "github": dict(github),
    }


if __name__ == "__main__":
    main()
