"""Coverage-guided fuzzing of what strangers' bytes reach first: documents, durations, CODEOWNERS, the ledger's events.

    python tests/fuzz/fuzz.py
    python tests/fuzz/fuzz.py durations events --seconds 60

Each target runs in a process of its own, under atheris (https://github.com/google/atheris), for so many seconds,
with a bound on memory and on the time that one input may take. An input that breaks a claim is written to the
folder of the target below `--corpus` and named; the exit code is then 1.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

NAMES = ("documents", "durations", "codeowners", "events")
MEMORY = 1024  # MB that a target may hold
SLOWEST = 10  # seconds that one input may take
LONGEST = 20_000  # bytes of an input; a larger one is refused by its size


def main() -> int:
    """Fuzz each target in turn, and say how much was tried."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--seconds", type=int, default=300, help="for each target")
    parser.add_argument("--corpus", type=Path, help="folder to keep what was found interesting")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments, more = parser.parse_known_args()
    if arguments.alone:
        return _alone(arguments.targets[0], more)
    if unknown := set(arguments.targets) - set(NAMES):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    with tempfile.TemporaryDirectory() as name:
        corpus = arguments.corpus or Path(name)
        codes = [run(target, arguments.seconds, corpus) for target in arguments.targets or NAMES]
    return int(any(codes))


def run(target: str, seconds: int, corpus: Path) -> int:
    """Fuzz one target in a process of its own; prints what it tried, and the input where it broke."""
    folder = corpus / target
    (folder / "seeds").mkdir(parents=True, exist_ok=True)
    options = (
        f"-max_total_time={seconds}", f"-rss_limit_mb={MEMORY}", f"-timeout={SLOWEST}", f"-max_len={LONGEST}",
        f"-artifact_prefix={folder}/broken-", "-print_final_stats=1", str(folder / "seeds"),
    )  # fmt: skip
    command = [sys.executable, __file__, target, "--alone", *options]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    tried = re.search(r"stat::number_of_executed_units:\s+(\d+)", ran.stderr)
    print(f"{target}: {int(tried[1]) if tried else 0:,} inputs tried in {seconds} s", flush=True)
    if ran.returncode != 0 or not tried:
        print(ran.stdout[-2000:], ran.stderr[-3000:], sep="\n", flush=True)
        for file in sorted(folder.glob("broken-*")):
            print(f"broken by {file.read_bytes()[:200]!r}", flush=True)
    return ran.returncode or int(not tried)


def _alone(target: str, options: Sequence[str]) -> int:
    """This process is the target's: what it runs through is instrumented, and libFuzzer never returns."""
    import atheris

    with atheris.instrument_imports(include=["jitbot", "yaml", "json"]):
        import targets

    folder = Path(options[-1])
    for number, seed in enumerate(targets.seeds(target)):
        (folder / f"seed-{number:03}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *options], targets.TARGETS[target])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
