"""Takes each guard out of the domain in turn, and says which of them no test missed.

    .venv/bin/python tests/mutation/hunt.py [MODULE…] [--tests tests/domain] [--part 1/4] [--json FILE] [--again FILE]

All tests run once, to see which functions each of them meets. Then each mutant meets, in a process of its own, the
tests that meet its function: its module's own first, the domain's next, the quickest next, up to so many seconds.
A survivor is either listed in survivors.md, with the reason why nothing can go wrong there, or it is an error: exit 1.
"""

import argparse
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import covering
import pytest
from covering import Ran
from mutants import count, mutant
from swapping import Loaded

ROOT = Path(__file__).resolve().parents[2]
DOMAIN = ROOT / "jitbot" / "domain"
LISTED = Path(__file__).with_name("survivors.md")
SECONDS = 90.0  # of the tests that a mutant meets at most
LONGEST = 30  # CPU seconds more than those that a mutant may take: one that never ends is found, too
EXAMPLES = "50"  # of each property
_ELSEWHERE = (
    "mutation",
    "workflows",
    "fuzz",
    "bench",
)  # tests that run no domain in their own process, or all of it
_NOWHERE, _ASTRAY = (
    77,
    70,
)  # exit codes of a fork that had nothing to change, and of one that this program failed in

Found = dict[str, object]  # a mutant: module, line, what, killed
Task = tuple[Path, int]  # a module, and which of its mutants
_In, _Out = TypeVar("_In"), TypeVar("_Out")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every process of the hunt has from the one that loaded it all."""

    items: Mapping[str, pytest.Item]
    loaded: Loaded
    seconds: float


_world: list[World] = []  # one, set before any process is begun
_ran: list[Ran] = []  # what is known of each test, likewise


class Hunter:
    """Takes the place of pytest's own loop: the tests are collected once, and run in forks."""

    def __init__(
        self, paths: Sequence[Path], *, jobs: int, seconds: float, only: set[tuple[str, str]] | None
    ) -> None:
        self.found: list[Found] = []
        self._paths, self._jobs, self._seconds, self._only = paths, jobs, seconds, only

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all once, then what meets each mutant."""
        items = {item.nodeid: item for item in session.items}
        for path in self._paths:
            importlib.import_module(
                _module(path).removesuffix(".__init__")
            )  # some are imported when they are used
        _world[:] = [World(items=items, loaded=Loaded(DOMAIN, "jitbot"), seconds=self._seconds)]
        gc.freeze()
        files: dict[str, list[str]] = {}
        for name in items:
            files.setdefault(name.partition("::")[0], []).append(name)
        for some in self._all("tests met", _cover, list(files.values())):
            _ran.extend(each for each in some if each.green)
            for each in some:
                if not each.green:
                    print(f"left out, for it is red without any change: {each.test}", flush=True)
        tasks = [(path, number) for path in self._paths for number in range(count(path.read_text("utf-8")))]
        if self._only is not None:
            tasks = [task for task in tasks if (_module(task[0]), _what(task)) in self._only]
        self.found = list(self._all("mutants", _try, tasks))
        return True

    def _all(self, title: str, work: Callable[[_In], _Out], tasks: Sequence[_In]) -> Iterable[_Out]:
        """Each task in one of the processes; how far it is goes to standard error."""
        began = time.monotonic()
        with ProcessPoolExecutor(self._jobs, mp_context=get_context("fork")) as pool:
            for number, done in enumerate(pool.map(work, tasks), 1):
                if number % 50 == 0 or number == len(tasks):
                    print(
                        f"{title}: {number}/{len(tasks)}, {time.monotonic() - began:.0f} s", file=sys.stderr
                    )
                yield done


def _cover(names: Sequence[str]) -> list[Ran]:
    """Run the tests of one file, in a process that is no longer ours."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with _never_back(), os.fdopen(writing, "w") as told:
            _quiet()
            ran = covering.measured([_world[0].items[name] for name in names], DOMAIN)
            json.dump([[each.test, each.seconds, each.green, each.lines] for each in ran], told)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    if not said:
        return [Ran(test=name, seconds=0, green=False, lines={}) for name in names]
    return [Ran(test=test, seconds=s, green=green, lines=lines) for test, s, green, lines in json.loads(said)]


def _try(task: Task) -> Found:
    """One mutant against the tests that meet it."""
    path, number = task
    source = path.read_text("utf-8")
    found = mutant(source, number)
    tests = covering.nearest(_ran, path, covering.span(source, found.line), seconds=_world[0].seconds)
    allowed = LONGEST + int(3 * sum(each.seconds for each in _ran if each.test in set(tests)))
    child = os.fork()
    if child == 0:
        with _never_back():
            resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed))
            signal.alarm(10 * allowed)  # one that waits for ever uses no CPU
            _quiet()
            if _world[0].loaded.put(path, source, found.tree):
                os._exit(not all(covering.run([_world[0].items[name] for name in tests])))
            os._exit(_NOWHERE)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code in (_NOWHERE, _ASTRAY):
        why = "no function that is loaded has it" if code == _NOWHERE else "it could not be tried"
        raise RuntimeError(f"{path}:{found.line}: {why}: {found.what}")
    dead = code != 0
    if not dead:
        print(f"survives {len(tests)} tests: {path.relative_to(ROOT)}:{found.line}: {found.what}", flush=True)
    return {"module": _module(path), "line": found.line, "what": found.what, "killed": dead}


@contextmanager
def _never_back() -> Iterator[None]:
    """A fork ends here, whatever is raised in it."""
    try:
        yield
    except BaseException:  # noqa: BLE001 - what tests raise ends in pytest; this is our own
        os._exit(_ASTRAY)
    os._exit(0)


def _quiet() -> None:
    """Tell nobody how the tests of a fork go."""
    session = next(iter(_world[0].items.values())).session
    session.config.pluginmanager.unregister(name="terminalreporter")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _module(path: Path) -> str:
    return "jitbot.domain." + ".".join(path.relative_to(DOMAIN).with_suffix("").parts)


def _what(task: Task) -> str:
    return mutant(task[0].read_text("utf-8"), task[1]).what


def listed() -> set[str]:
    """The survivors that are known, as `module: what`."""
    lines = LISTED.read_text("utf-8").splitlines() if LISTED.is_file() else []
    return {line.removeprefix("- ").partition(" — ")[0] for line in lines if line.startswith("- ")}


def _part(text: str) -> tuple[int, int]:
    number, _, parts = text.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 0 < int(number) <= int(parts)):
        raise argparse.ArgumentTypeError(f"{text} is no part; write 1/4")
    return int(number), int(parts)


def main() -> int:
    """Hunt through the modules named, or all of the domain."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", type=Path)
    parser.add_argument("--tests", action="append", default=[], help="meet these alone")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of tests that a mutant meets at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", type=_part, default=(1, 1), metavar="N/M", help="this one of so many parts")
    parser.add_argument("--json", type=Path, help="write what was found")
    parser.add_argument("--again", type=Path, help="only what survived there")
    given = parser.parse_args()
    number, parts = given.part
    paths = ([each.resolve() for each in given.modules] or sorted(DOMAIN.rglob("*.py")))[number - 1 :: parts]
    only = None
    if given.again:
        earlier = json.loads(given.again.read_text("utf-8"))
        only = {(each["module"], each["what"]) for each in earlier if not each["killed"]}
    hunter = Hunter(paths, jobs=given.jobs, seconds=given.seconds, only=only)
    if _collected(hunter, given.tests) != 0:
        sys.exit("the tests cannot be collected; run pytest to see why")
    if given.json:
        given.json.write_text(json.dumps(hunter.found, indent=1), "utf-8")
    return told(hunter.found)


def _collected(hunter: Hunter, tests: Sequence[str]) -> int:
    os.chdir(ROOT)
    os.environ["HYPOTHESIS_MAX_EXAMPLES"] = EXAMPLES
    left_out = [f"--ignore=tests/{name}" for name in _ELSEWHERE]
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-o", "filterwarnings="]
    return int(pytest.main([*options, *left_out, *tests], plugins=[hunter]))


def told(found: Sequence[Mapping[str, object]]) -> int:
    """A line for each module, and what is not as survivors.md has it; 1 where anything is not."""
    hunted = {str(each["module"]) for each in found}
    known = {name for name in listed() if name.partition(": ")[0] in hunted}
    alive = {f"{each['module']}: {each['what']}" for each in found if not each["killed"]}
    for module in sorted(hunted):
        own = [each for each in found if each["module"] == module]
        left = [name for name in alive if name.partition(": ")[0] == module]
        unexplained = len(set(left) - known)
        print(f"{module}: {len(own)} mutants, {len(left)} survive, {unexplained} of them unexplained")
    for name in sorted(alive - known):
        print(f"unexplained: {name}")
    for name in sorted(known - alive):
        print(f"listed, and survives no more: {name}")
    print(f"{len(found):,} mutants, {len(alive):,} survive, {len(alive - known):,} unexplained")
    return int(alive != known)


if __name__ == "__main__":
    sys.exit(main())
