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

from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme


def main() -> None:
    """Measure, and print a line for people and JSON for machines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds before each answer of AWS")
    arguments = parser.parse_args()
    more = {f"a{number:04}": f"{400000000000 + number}" for number in range(arguments.accounts - 3)}
    with Acme(Clock(datetime(2026, 11, 23, 9, tzinfo=UTC)), more_accounts=more) as acme:
        if arguments.latency:
            acme.aws.faults = lambda *_: time.sleep(arguments.latency / 1000)
        figures = _sweep(acme)
    print(
        f"sweep of {arguments.accounts} accounts, nothing due: {figures['seconds']:.1f} s, {figures['megabytes']:.0f} MB"
    )
    print(json.dumps(figures, indent=2))


def _sweep(acme: Acme) -> dict[str, object]:
    clone = acme.clone()
    acme.aws.calls.clear()
    before = time.monotonic()
    job = {**os.environ, **acme.job("sweep.yml")}
    code = (
        "import sys; from datetime import datetime, UTC; from pathlib import Path; import os; from jitbot.cli import main;"
        "sys.exit(main(['sweep'], now=datetime(2026,11,23,9,tzinfo=UTC), environ=dict(os.environ), folder=Path.cwd()))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=clone, env=job, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - before
    if result.returncode != 0:
        raise SystemExit(f"the sweep failed: {result.stderr[-2000:]}")
    calls = Counter(f"{service}:{operation}" for _, service, operation in acme.aws.calls)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
        "megabytes": used.ru_maxrss / 1024,
        "calls": dict(calls),
        "said": result.stdout.strip(),
    }


if __name__ == "__main__":
    main()
