"""Takes each guard out of one part of jitbot in turn, and says which of them no test detected.

    .venv/bin/python tests/mutation/hunt.py [MODULE…] [--part PART] [--tests PATH…] [--json FILE] [--again FILE]

A part is a folder of `jitbot` with the folder of `tests` of the same name: domain, usecases, adapters, commands. Its
tests run once, to see which functions each of them meets. Then each mutant meets, in a process of its own, the tests
that meet its function: its module's own first, the quickest next, up to so many seconds. Tests of the whole program
detect more, but nobody who changes a line waits for them: so the part's own tests must be enough.
A survivor is either listed in survivors.md, with the reason why nothing can go wrong there, or it is an error: exit 1.
"""

import argparse
import functools
import gc
import importlib
import itertools
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import covering
import pytest
from covering import Ran
from mutants import Mutant, count, mutant
from swapping import Loaded

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "jitbot"
DOMAIN = PACKAGE / "domain"
PARTS = ("domain", "usecases", "adapters", "commands")
LISTED = Path(__file__).with_name("survivors.md")
SECONDS = 90.0  # of the tests that a mutant meets at most
LONGEST = 30  # CPU seconds more than those that a mutant may take: one that never ends is found, too
EXAMPLES = "50"  # of each property

Found = dict[str, object]  # a mutant: module, line, what, killed
Task = tuple[Path, int]  # a module, and which of its mutants
_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every process of the hunt has from the one that loaded it all."""

    items: Mapping[str, pytest.Item]
    sources: Mapping[Path, str]
    loaded: Loaded
    seconds: float


_world: list[World] = []  # one, set before any process is begun
_ran: list[Ran] = []  # what is known of each test, likewise


@dataclass(slots=True)
class Met:
    """The tests that the mutants of one function meet, and how many of the first are known to be green without any."""

    tests: list[str]
    green: int = 0


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
        sources = {path: path.read_text("utf-8") for path in self._paths}
        for path in self._paths:  # some are imported only when they are used
            importlib.import_module(_module(path).removesuffix(".__init__"))
        loaded = Loaded(PACKAGE, "jitbot")
        _world[:] = [World(items=items, sources=sources, loaded=loaded, seconds=self._seconds)]
        gc.freeze()
        files: dict[str, list[str]] = {}
        for name in items:
            files.setdefault(name.partition("::")[0], []).append(name)
        for some in self._all("tests met", _cover, list(files.values())):
            _ran.extend(each for each in some if each.green)
            if red := [each.test for each in some if not each.green]:
                print(f"left out, for they are red without any change: {len(red)} as {red[0]}", flush=True)
        tasks = [(path, number) for path, source in sources.items() for number in range(count(source))]
        if self._only is not None:
            tasks = [task for task in tasks if (_module(task[0]), _mutant(task).what) in self._only]
        self.found = list(self._all("mutants", _try, tasks))
        return True

    def _all(self, title: str, work: Callable[[_In], _Out], tasks: Sequence[_In]) -> Iterable[_Out]:
        """Each task in one of the processes; how far it is goes to standard error."""
        began = time.monotonic()
        with ProcessPoolExecutor(self._jobs, mp_context=get_context("fork")) as pool:
            for number, done in enumerate(pool.map(work, tasks), 1):
                if number % 50 == 0 or number == len(tasks):
                    seconds = time.monotonic() - began
                    print(f"{title}: {number}/{len(tasks)}, {seconds:.0f} s", file=sys.stderr)
                yield done


def _cover(names: Sequence[str]) -> list[Ran]:
    """Run the tests of one file, and see what each of them meets."""
    told = _forked(
        lambda: [asdict(each) for each in covering.measured(_items(names), PACKAGE, _world[0].loaded.forget)]
    )
    if told is None:
        return [Ran(test=name, seconds=0, green=False, lines={}) for name in names]
    return [Ran(**each) for each in told]


def _try(task: Task) -> Found:
    """One mutant against the tests that meet it. A test is believed if it is green without the change."""
    path, found = task[0], _mutant(task)
    met = _met(path, covering.span(_world[0].sources[path], found.line))
    red = _first_red(met.tests, task)
    while red is not None and not _believed(met, red):
        del met.tests[red]
        red = _first_red(met.tests, task)
    if red is None:
        where = f"{path.relative_to(ROOT)}:{found.line}"
        print(f"survives {len(met.tests)} tests: {where}: {found.what}", flush=True)
    return {"module": _module(path), "line": found.line, "what": found.what, "killed": red is not None}


@functools.cache
def _met(path: Path, lines: covering.Span) -> Met:
    return Met(tests=covering.nearest(_ran, path, lines, seconds=_world[0].seconds))


def _first_red(tests: Sequence[str], task: Task | None) -> int | None:
    """The place of the first test that this mutant (None: no change at all) turns red; their number if it never ends."""
    wanted = set(tests)
    seconds = LONGEST + int(3 * sum(each.seconds for each in _ran if each.test in wanted))
    told = _forked(lambda: _reds(tests, task), seconds=seconds)
    return len(tests) if told is None else told[0] if told else None


def _believed(met: Met, red: int) -> bool:
    """Whether a red test is green without any change, after all that ran before it."""
    if red < met.green or red == len(met.tests):
        return True
    if _first_red(met.tests[: red + 1], None) is not None:
        return False
    met.green = red + 1
    return True


def _reds(tests: Sequence[str], task: Task | None) -> list[int]:
    """The first red test, or none. Changes this process for good."""
    if task is not None:
        path, found = task[0], _mutant(task)
        if not _world[0].loaded.put(path, _world[0].sources[path], found.tree):
            raise LookupError(f"{path}:{found.line}: no function that is loaded has it: {found.what}")
    reds = (place for place, green in enumerate(covering.run(_items(tests))) if not green)
    return list(itertools.islice(reds, 1))


def _items(names: Sequence[str]) -> list[pytest.Item]:
    return [_world[0].items[name] for name in names]


def _forked(work: Callable[[], object], *, seconds: int | None = None) -> Any:
    """What some work gives, as JSON, done in a fork of so many CPU seconds at most; None if it did not live to tell.

    Raises RuntimeError where the work itself goes wrong: what tests raise ends in pytest.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            _quiet()
            if seconds is not None:
                resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
                signal.alarm(10 * seconds)  # what waits for ever uses no CPU
            answer = {"gives": work()}
        except BaseException:  # noqa: BLE001 - nothing may come back into the parent's code
            answer = {"wrong": traceback.format_exc()}
        with os.fdopen(writing, "w") as told:
            json.dump(answer, told)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    answer = json.loads(said or '{"gives": null}')
    if "wrong" in answer:
        raise RuntimeError(answer["wrong"])
    return answer["gives"]


def _quiet() -> None:
    """Tell nobody how the tests of a fork go."""
    session = next(iter(_world[0].items.values())).session
    session.config.pluginmanager.unregister(name="terminalreporter")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _mutant(task: Task) -> Mutant:
    path, number = task
    return mutant(_world[0].sources[path], number)


def listed() -> set[str]:
    """The survivors that are known, as `module: what`."""
    lines = LISTED.read_text("utf-8").splitlines() if LISTED.is_file() else []
    return {line.removeprefix("- ").partition(" — ")[0] for line in lines if line.startswith("- ")}


def main() -> int:
    """Hunt through the modules named, or all of a part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", type=Path)
    parser.add_argument("--part", choices=PARTS, default=PARTS[0])
    parser.add_argument("--tests", action="append", help="meet these, and not the part's own")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of tests that a mutant meets at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write what was found")
    parser.add_argument("--again", type=Path, help="only what survived there")
    given = parser.parse_args()
    paths = [each.resolve() for each in given.modules] or sorted((PACKAGE / given.part).rglob("*.py"))
    only = None
    if given.again:
        earlier = json.loads(given.again.read_text("utf-8"))
        only = {(each["module"], each["what"]) for each in earlier if not each["killed"]}
    hunter = Hunter(paths, jobs=given.jobs, seconds=given.seconds, only=only)
    if _collected(hunter, given.tests or [f"tests/{given.part}"]) != 0:
        sys.exit("the tests cannot be collected; run pytest to see why")
    if given.json:
        given.json.write_text(json.dumps(hunter.found, indent=1), "utf-8")
    return told(hunter.found)


def _collected(hunter: Hunter, tests: Sequence[str]) -> int:
    os.chdir(ROOT)
    os.environ["HYPOTHESIS_MAX_EXAMPLES"] = EXAMPLES
    options = ["-q", "-n", "0", "-p", "no:cacheprovider", "-o", "filterwarnings="]
    return int(pytest.main([*options, *tests], plugins=[hunter]))


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
