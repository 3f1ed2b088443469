"""Every figure of speed and size beside its floor and its bound: one command, a table, and JSON for machines.

    python tests/bench
    python tests/bench --quick --only startup grants --json figures.json

Takes some 25 minutes on two cores; `--quick` takes a few minutes, with small numbers. Exits with 1
where a bound is missed. Compile first (`python -m compileall`), unset PYTHONDONTWRITEBYTECODE, and leave the
machine alone meanwhile: ratios of paired runs bear some load, seconds do not.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import audit
import calls
import grants
import history
import imports
import job
import large
import startup
import sweeps
from rows import Row, finish

Part = Callable[[bool], list[Row]]
PARTS: Mapping[str, Part] = {
    "startup": lambda quick: startup.measure(3 if quick else 9),
    "history": lambda quick: history.measure(*((2000, 500, 3) if quick else (100_000, 20_000, 7))),
    "grants": lambda quick: grants.measure(*((3, 32) if quick else (9, 64)), 40, 80),
    "sweeps": lambda quick: sweeps.measure(
        (1, 20) if quick else (1, 100, 1000), 200 if quick else 10_000, 60
    ),
    "job": lambda quick: job.measure(1 if quick else 3),
    "calls": lambda _: calls.measure(),
    "large": lambda quick: large.measure(1 if quick else 3),
    "imports": lambda quick: imports.measure(*((60, 6) if quick else (300, 60))),
    "audit": lambda quick: (
        audit.measure(500) if quick else [*audit.measure(5000), *audit.measure(20_000, ["audit verify"])]
    ),
}


def main() -> None:
    """Measure all, print one table, and write JSON where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], prog="python tests/bench")
    parser.add_argument("--quick", action="store_true", help="small numbers, a few minutes")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), metavar="PART")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in arguments.only:
        print(f"… {name}", file=sys.stderr, flush=True)
        rows += PARTS[name](arguments.quick)
    how = {name: (sys.modules[name].__doc__ or "").partition("\n")[0] for name in arguments.only}
    for name, text in how.items():
        print(f"{name}: {text}")
    finish("jitbot's figures", rows, arguments.json, how=how)


if __name__ == "__main__":
    main()
