"""Whole processes and what they cost: seconds, CPU seconds, memory, and the calls they made of the sandbox."""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from jitbot.sandbox.organisation import Acme

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # the sandbox's time, in which everything happens
JITBOT = (  # the entry point itself, on the sandbox's clock
    "from datetime import datetime; from jitbot import cli;"
    f"cli.clock = lambda: datetime.fromisoformat('{NOW.isoformat()}'); cli.run()"
)

# The most memory a process had, by its own word: what wait4 tells counts the parent's, from before the exec.
PEAK = """
import atexit, os, pathlib, re
atexit.register(lambda: pathlib.Path(os.environ["BENCH_PEAK"]).write_text(
    re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process cost. The CPU time is its own and its children's (git), not the sandbox's."""

    seconds: float
    cpu_seconds: float
    megabytes: int  # the most it held at a time; 0 where there is no /proc
    aws: Mapping[str, int]
    github: Mapping[str, int]
    output: str

    def as_json(self) -> dict[str, object]:
        """Rounded, and without what was printed."""
        found = asdict(self) | {"seconds": round(self.seconds, 3), "cpu_seconds": round(self.cpu_seconds, 3)}
        del found["output"]
        return found


def run(acme: Acme, code: str, arguments: Sequence[str], job: Mapping[str, str]) -> Cost:
    """Run Python code as a process of its own, in a clone, as in that job. Exits where it fails."""
    clone = acme.clone()
    acme.aws.calls.clear()
    acme.github.calls.clear()
    with tempfile.TemporaryFile() as printed, tempfile.NamedTemporaryFile() as peak:
        command = [sys.executable, "-c", PEAK + code, *arguments]
        start = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=clone,
            env={**os.environ, **job, "BENCH_PEAK": peak.name},
            stdout=printed,
            stderr=printed,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        output = printed.read().decode()
        kilobytes = int(peak.read() or 0)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(arguments) or 'the script'} failed:\n{output[-2000:]}")
    return Cost(
        seconds=seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        megabytes=kilobytes // 1024,
        aws=dict(Counter(f"{service}:{operation}" for _, service, operation in acme.aws.calls)),
        github=dict(Counter(f"{method} {pattern}" for method, pattern in acme.github.calls)),
        output=output,
    )


def jitbot(acme: Acme, verb: str, **environ: str) -> Cost:
    """One verb in a job of its own workflow, whose environment may have more or other variables."""
    return run(acme, JITBOT, [verb], {**acme.job(f"{verb}.yml"), **environ})
