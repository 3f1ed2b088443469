"""From the push to the grant, inside the job: the real grant.yml, step by step, with a cold cache and with a warm one.

    python tests/bench/job.py
    python tests/bench/job.py --runs 5 --json job.json

act runs the workflow file against the sandbox, with stand-ins for GitHub's own actions: what a hosted runner does
around the job (waiting for a machine, restoring a cache over the network) is not in it. Cold: uv's cache is empty,
and every package that the lock names is fetched, checked and compiled; a package index must be reachable for that.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from statistics import median
from time import monotonic

from rich.console import Console
from rows import Row, finish

sys.path += [str(Path(__file__).resolve().parents[1] / name) for name in ("proofs/workflows", "judge")]
from acting import ROOT, Runner
from office import Office

from jitbot.cli import main as command
from jitbot.sandbox.clock import Clock
from jitbot.sandbox.organisation import Acme
from jitbot.sandbox.story.stage import Stage

BIN = Path(sys.executable).parent


def main() -> None:
    """Measure, print the table, and write JSON where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="of each kind")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures for machines too")
    arguments = parser.parse_args()
    finish("grant.yml under act, from push to granted", measure(arguments.runs), arguments.json)


def measure(runs: int) -> list[Row]:
    """What the job installs, and what each of its steps takes, cold and warm."""
    with tempfile.TemporaryDirectory(prefix="jitbot-bench-") as name, Acme(Clock()) as acme:
        folder = Path(name)
        packages, megabytes = _installed(folder)
        stage = Stage(acme=acme, jitbot=command, console=Console(file=StringIO()))
        runner = Runner(
            acme=acme, act=str(BIN / "act"), folder=folder, packages=folder / "cache-of-uv", offline=False
        )
        office = Office(stage=stage, runner=runner)
        office.move_in()
        cold = [_run(office, number, "cold") for number in range(runs)]
        office.runner = replace(runner, offline=True)
        warm = [_run(office, number, "warm") for number in range(runs)]
        return [
            Row(what="packages that the job installs", figure=packages, unit=""),
            Row(what="compiled, on disk", figure=megabytes, unit="MB"),
            *_rows("cold", cold),
            *_rows("warm", warm),
        ]


def _run(office: Office, number: int, kind: str) -> dict[str, float]:
    """One request, asked, approved, merged and granted; the seconds of each step of its job, and of all."""
    if kind == "cold":
        shutil.rmtree(office.runner.packages, ignore_errors=True)
    pull = office.propose("alice", f"{kind}-{number}")
    office.approve("bob", pull)
    office.merge(pull)
    begin = monotonic()
    ran = office.on_main("grant.yml")
    took = monotonic() - begin
    if not ran.green or "granted: alice" not in ran.output:
        raise SystemExit(f"the job granted nothing:\n{ran.output[-3000:]}")
    return {**ran.seconds, "whole, with act's own start": took}


def _rows(kind: str, runs: list[dict[str, float]]) -> Iterator[Row]:
    for step in runs[0]:
        yield Row(
            what=f"{kind}: {step[:60]}",
            figure=median(run[step] for run in runs),
            note=f"median of {len(runs)}",
        )


def _installed(folder: Path) -> tuple[int, float]:
    """How many packages the lock has for a job, and how many MB they are, compiled."""
    place = folder / "installed"
    environ: Mapping[str, str] = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(place),
        "UV_COMPILE_BYTECODE": "1",
    }
    options = (
        "--quiet",
        "--project",
        str(ROOT),
        "--locked",
        "--no-dev",
        "--no-build",
        "--no-install-project",
    )
    subprocess.run([str(BIN / "uv"), "sync", *options], env=environ, check=True)
    site = next(place.glob("lib/python*/site-packages"))
    size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
    return len(list(site.glob("*.dist-info"))), size / 1e6


if __name__ == "__main__":
    main()
