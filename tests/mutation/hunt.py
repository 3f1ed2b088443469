"""Takes each guard out of one part of jitbot in turn, and says which of them no test detected.

    .venv/bin/python tests/mutation/hunt.py [MODULE…] [--part PART] [--tests PATH…] [--json FILE [--resume]] [--again FILE]

A part is a folder of `jitbot` with the folder of `tests` of the same name: domain (and tests/properties), usecases,
adapters, terminal, commands.
A file of tests runs first, to see which statements each test meets. Then each mutant meets the tests that meet its statement:
those of its module's own files, and if none of these detects it the others', the nearest first, up to so many seconds.
As soon as nothing is alive the other files are left out: a module whose own tests detect all costs no more. Tests of
the whole program detect more, but nobody who changes a line waits for them: so the part's own tests must be enough.
A hunt that is cut short has in FILE what it detected until then, and goes on from there with --resume.
A survivor is either listed in survivors.md, with the reason why nothing can go wrong there, or it is an error: exit 1.
"""

import argparse
import gc
import hashlib
import importlib
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import covering
import pytest
from covering import Ran
from hypothesis import HealthCheck, Phase, settings
from keeping import SURE, Keeper, Trial, World
from mutants import places
from swapping import Loaded

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "jitbot"
DOMAIN = PACKAGE / "domain"
# Modules whose functions remember values that jitbot made: those of the mutant are made anew.
FACTS = tuple(
    path.stem
    for at in ("domain/*.py", "domain/audit/*.py", "properties/*.py")
    for path in (ROOT / "tests").glob(at)
)
# Each part with the folders of tests that must be enough for it.
PARTS = {each: [f"tests/{each}"] for each in ("domain", "usecases", "adapters", "terminal", "commands")}
PARTS["domain"].append("tests/properties")
LISTED = Path(__file__).with_name("survivors.md")
OFTEN = 20  # seconds after which what is known is written again
EXAMPLES = 50  # of each property
SECONDS = 30.0  # of the tests that a mutant meets at most

Found = dict[str, object]  # a mutant: see `Prey.found`
Place = tuple[object, object, object]  # a module, its source in short, the number of a mutant in it


@dataclass(slots=True, kw_only=True)
class Prey:
    """A mutant, and how it goes."""

    file: str
    number: int
    line: int
    what: str
    where: covering.Where
    source: str = ""  # what the module's text hashes to
    seconds: float  # of tests that it may still meet
    met: int = 0
    killer: str = ""
    over: bool = False  # whether nothing is left that it could meet

    def found(self) -> Found:
        """What is said of it in JSON: by which test it was detected, or how many it met, and whether that is all."""
        return {
            "module": _module(Path(self.file)),
            "source": self.source,
            "number": self.number,
            "line": self.line,
            "what": self.what,
            "over": self.over or bool(self.killer),
            "killed": bool(self.killer),
            "by": self.killer,
            "met": self.met,
        }


@dataclass(slots=True, kw_only=True)
class Tests:
    """One file of tests: its keeper with all set up, one that sets up all for each mutant, and what is known of each test."""

    name: str
    keeper: Keeper
    cold: Keeper
    first: list[Ran] = field(default_factory=list)
    again: list[Ran] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long one of its tests takes."""
        return sum(each.seconds for each in self.again) / (len(self.again) or 1)


class Hunter:
    """Takes the place of pytest's own loop: the tests are collected once, and run in forks."""

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        jobs: int,
        seconds: float,
        only: set[tuple[str, str]] | None,
        kept: Path | None = None,
        earlier: Iterable[Mapping[str, object]] = (),
    ) -> None:
        self.prey: list[Prey] = []
        self._paths, self._jobs, self._seconds, self._only, self._kept = paths, jobs, seconds, only, kept
        self._earlier = earlier
        self._killers: dict[Place, str] = {}
        self._saving, self._saved = threading.Lock(), 0.0

    @property
    def found(self) -> list[Found]:
        """Each mutant, as far as is known."""
        return [each.found() for each in self.prey]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all once, then what meets each mutant: its own tests, the others, and those that meet it in a fixture."""
        items = {item.nodeid: item for item in session.items}
        for item in items.values():
            _shorten(item)
        sources = {str(path): path.read_text("utf-8") for path in self._paths}
        for path in self._paths:  # some are imported only when they are used
            importlib.import_module(_module(path).removesuffix(".__init__"))
        world = World(items=items, sources=sources, loaded=Loaded(PACKAGE, ("jitbot", *FACTS)))
        gc.freeze()
        self._killers = killers(self._earlier, items)
        self.prey = [each for file in sources for each in self._of(file, sources[file])]
        files = [
            Tests(name=name, keeper=Keeper(world, names), cold=Keeper(world, names))
            for name, names in _by_file(items).items()
        ]
        try:
            own = [each for each in files if any(covering.is_own(each.name, path) for path in self._paths)]
            self._each("tests met", own, _meet)
            own.sort(key=lambda each: each.seconds)
            self._each("own tests", own, lambda tests: self._try(tests, own=True))
            others = sorted((each for each in files if each not in own), key=self._distance)
            self._each("other tests", [*own, *others], self._try_others)
            for prey in self.prey:
                prey.over = True
            self._saved = 0.0
            self._save()
        finally:
            for tests in files:
                tests.keeper.close()
                tests.cold.close()
        for each in self.prey:
            if not each.killer:
                met = f"{each.met} tests" if each.met else "no test meets it"
                print(f"survives, {met}: {Path(each.file).relative_to(ROOT)}:{each.line}: {each.what}")
        return True

    def _of(self, file: str, source: str) -> Iterable[Prey]:
        module, short = _module(Path(file)), hashlib.sha256(source.encode()).hexdigest()[:16]
        for number, (line, what) in enumerate(places(source)):
            where = covering.where(source, line)  # what runs once, no fork can take out
            if not where.once and (self._only is None or (module, what) in self._only):
                yield Prey(
                    file=file,
                    number=number,
                    line=line,
                    what=what,
                    where=where,
                    source=short,
                    seconds=self._seconds,
                    killer=self._killers.get((module, short, number), ""),
                )

    def _each(self, title: str, files: Sequence[Tests], work: Callable[[Tests], object]) -> None:
        """Each file of tests in one of the threads; how far it is goes to standard error."""
        began = time.monotonic()
        with ThreadPoolExecutor(self._jobs) as pool:
            for number, _ in enumerate(pool.map(work, files), 1):
                if number % 10 == 0 or number == len(files):
                    alive = sum(not each.killer for each in self.prey)
                    seconds = time.monotonic() - began
                    print(f"{title}: {number}/{len(files)}, {seconds:.0f} s, {alive} alive", file=sys.stderr)

    def _try(self, tests: Tests, *, own: bool) -> None:
        prey = [each for each in self.prey if covering.is_own(tests.name, Path(each.file)) is own]
        self._meet(
            prey, tests.keeper, lambda each: covering.meeting(tests.again, each.file, each.where.lines)
        )

    def _distance(self, tests: Tests) -> int:
        """How many folders a file of tests lies away from the nearest module, as `tests` mirrors the package."""
        folder = "/".join(Path(tests.name).parent.parts[1:]) or "."
        ways = (os.path.relpath(folder, path.parent.relative_to(PACKAGE)) for path in self._paths)
        return min(len(Path(way).parts) for way in ways)

    def _try_others(self, tests: Tests) -> None:
        """All that is alive yet meets this file, too; where nothing is, it does not even run."""
        if all(each.killer for each in self.prey):
            return
        if not tests.first:
            _meet(tests)
        self._try(tests, own=False)
        self._try_cold(tests)

    def _try_cold(self, tests: Tests) -> None:
        """What ran in a fixture alone, or once for all."""

        def meeting(each: Prey) -> list[Ran]:
            if covering.meeting(tests.again, each.file, each.where.lines):
                return []
            return covering.meeting(tests.first, each.file, each.where.lines)[:1]

        self._meet(self.prey, tests.cold, meeting)

    def _meet(self, prey: Iterable[Prey], keeper: Keeper, meeting: Callable[[Prey], list[Ran]]) -> None:
        for some in _chunks((each for each in prey if not each.killer), SURE):
            trials = [(each, _trial(each, meeting(each))) for each in some if not each.killer]
            wanted = [(each, trial) for each, trial in trials if trial.tests]
            for (each, _), red in zip(wanted, keeper.red([trial for _, trial in wanted]), strict=True):
                each.killer = red or each.killer
            self._save()

    def _save(self) -> None:
        """What is known so far; not more often than anybody looks."""
        with self._saving:
            if self._kept is not None and time.monotonic() - self._saved > OFTEN:
                self._saved = time.monotonic()
                whole = self._kept.with_name(
                    f"{self._kept.name}.new"
                )  # whoever ends the hunt now leaves the last one
                whole.write_text(json.dumps(self.found, indent=1), "utf-8")
                whole.replace(self._kept)


def killers(earlier: Iterable[Mapping[str, object]], tests: Container[str]) -> dict[Place, str]:
    """Which of these tests detected what, in a hunt that was cut short."""
    return {
        (each["module"], each["source"], each["number"]): str(each["by"])
        for each in earlier
        if each["killed"] and each["by"] in tests
    }


def _meet(tests: Tests) -> None:
    tests.first, tests.again = tests.keeper.met()
    again = {each.test for each in tests.again if each.green}
    if red := [each.test for each in tests.first if each.test not in again]:
        print(f"left out, for they are red without any change: {len(red)} as {red[0]}", flush=True)


def _trial(prey: Prey, tests: Iterable[Ran]) -> Trial:
    """As many of these tests as the mutant has time for."""
    chosen: list[str] = []
    for each in tests:
        if each.seconds > prey.seconds and prey.met:
            break
        chosen.append(each.test)
        prey.seconds -= each.seconds
        prey.met += 1
    return Trial(file=prey.file, number=prey.number, place=prey.where.function, tests=chosen)


def _shorten(item: pytest.Item) -> None:
    """Have a property tried with no more than `EXAMPLES`."""
    function = getattr(item, "obj", None)
    given = getattr(function, "_hypothesis_internal_use_settings", None)
    if given is not None and given.max_examples > EXAMPLES:
        vars(function)["_hypothesis_internal_use_settings"] = settings(given, max_examples=EXAMPLES)


def _by_file(names: Iterable[str]) -> dict[str, list[str]]:
    files: dict[str, list[str]] = {}
    for name in names:
        files.setdefault(name.partition("::")[0], []).append(name)
    return files


def _chunks(prey: Iterable[Prey], size: int) -> Iterable[list[Prey]]:
    each = iter(prey)
    while some := list(itertools.islice(each, size)):
        yield some


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


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
    parser.add_argument("--part", choices=PARTS, default="domain")
    parser.add_argument("--tests", action="append", help="meet these, and not the part's own")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of tests that a mutant meets at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write what was found, as far as it is")
    parser.add_argument("--resume", action="store_true", help="go on from what --json has, if it is there")
    parser.add_argument("--again", type=Path, help="only what survived there")
    given = parser.parse_args()
    paths = [each.resolve() for each in given.modules] or sorted((PACKAGE / given.part).rglob("*.py"))
    only = None
    if given.again:
        earlier = json.loads(given.again.read_text("utf-8"))
        only = {(each["module"], each["what"]) for each in earlier if not each["killed"]}
    if given.resume and not given.json:
        parser.error("--resume needs --json FILE: what the hunt before it wrote")
    earlier = json.loads(given.json.read_text("utf-8")) if given.resume and given.json.exists() else ()
    hunter = Hunter(
        paths, jobs=given.jobs, seconds=given.seconds, only=only, kept=given.json, earlier=earlier
    )
    if _collected(hunter, given.tests or PARTS[given.part]) != 0:
        sys.exit("the tests cannot be collected; run pytest to see why")
    used = sum(os.times()[:4])
    print(f"{used:.0f} CPU seconds, {used / (len(hunter.prey) or 1):.2f} for each mutant", file=sys.stderr)
    return told(hunter.found)


def _collected(hunter: Hunter, tests: Sequence[str]) -> int:
    os.chdir(ROOT)
    settings.register_profile(
        "hunt",  # the same examples each time; one that fails is enough, however long it is
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    options = [
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-o",
        "filterwarnings=",
        "--hypothesis-profile=hunt",
    ]
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
