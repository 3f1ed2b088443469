"""What the start of each verb takes, beside `import boto3`: whole processes, ratios of medians over paired runs.

    python tests/bench/startup.py
    python tests/bench/startup.py --runs 15 --json startup.json

The figures are CPU seconds, of the process and its children: other work on the machine changes them little.

Each round runs `import boto3`, `jitbot --help` and every `jitbot VERB --help` one after the other, so that all
of them meet the same load. What is imported is compiled first: an uncompiled import takes three times as long.
"""

import argparse
import compileall
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rows import Row, finish, paired

from jitbot.cli import VERBS

BOUND = 0.6  # of `import boto3`, that the help of a verb may take
FLOOR = "import boto3"
HELP = "jitbot --help"
BARE = "bare Python"


def main() -> None:
    """Measure, print a table, and write JSON where it is asked for. Exits with 1 where the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9, help="of everything, one round after the other")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    arguments = parser.parse_args()
    finish(f"whole processes, medians of {arguments.runs} rounds", measure(arguments.runs), arguments.json)


def measure(runs: int) -> list[Row]:
    """Every verb's start beside `import boto3`."""
    for package in ("jitbot", "boto3", "botocore", "click"):
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or ()) if found else ():
            compileall.compile_dir(folder, quiet=2)
    seconds = _measured(max(runs, 1))
    return [
        paired(
            name, took, seconds[FLOOR], against=FLOOR, note=f"slowest {1000 * max(took):.0f} ms",
            bound=BOUND if name.endswith("--help") else None,
        )
        for name, took in seconds.items()
    ]  # fmt: skip


def _measured(runs: int) -> dict[str, list[float]]:
    """The seconds of every run, by what ran. A first round, which nobody counts, fills the disk's cache."""
    jitbot = [sys.executable, "-m", "jitbot"]
    commands: dict[str, Sequence[str]] = {
        BARE: [sys.executable, "-c", ""],
        FLOOR: [sys.executable, "-c", FLOOR],
        HELP: [*jitbot, "--help"],
    }
    commands |= {f"jitbot {verb} --help": [*jitbot, verb, "--help"] for verb in VERBS}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            took = _seconds(command)
            if number:
                seconds[name].append(took)
    return seconds


def _seconds(command: Sequence[str]) -> float:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
