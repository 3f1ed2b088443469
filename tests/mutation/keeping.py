"""Processes in which the tests of one file wait, with all that they need set up, for mutants to meet them.

To open acme, or to make a clone, takes longer than most tests. So each file of tests has a process, its keeper: it runs
the tests once, keeps what their fixtures opened, and lets each mutant meet them in a fork of itself. What a fork changes
in memory ends with it. What it changes on the disk stays: so a test that turned red is asked again without any change.
"""

import json
import os
import resource
import shutil
import signal
import socketserver
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import covering
import pytest
from covering import Ran
from mutants import mutant
from swapping import Loaded

LEAST = 3  # CPU seconds that a test may always take: one that a mutant keeps from ending is stopped
TIMES = 5  # and so many times what it takes without a mutant
UNKNOWN = 10.0  # what that is where nobody has seen it
WAITS = 20  # seconds for each of them: what waits for ever uses no CPU
SURE = 40  # mutants after which the tests that turned red are asked without any change

_open: list[int] = []  # this process's ends of the pipes of all keepers
_serving: list[socketserver.BaseServer] = []  # the servers that answer in threads of this process


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every process of the hunt has from the one that loaded it all."""

    items: Mapping[str, pytest.Item]
    sources: Mapping[str, str]
    loaded: Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A mutant (`number` of `file`, in a function that starts at `place`), and tests of one file that meet it."""

    file: str
    number: int
    place: int
    tests: Sequence[str]


class Keeper:
    """One file of tests in a process of its own."""

    def __init__(self, world: World, names: Sequence[str]) -> None:
        """Begin the process; nothing runs there until it is asked."""
        asks, self._asks = os.pipe()
        self._answers, answers = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            for each in (*_open, self._asks, self._answers):
                os.close(each)
            _serve(world, names, asks, answers)
        os.close(asks)
        os.close(answers)
        _open.extend((self._asks, self._answers))
        self._writing, self._reading = os.fdopen(self._asks, "w"), os.fdopen(self._answers)

    def met(self) -> tuple[list[Ran], list[Ran]]:
        """Run all tests twice: what each meets while all has to be set up, and what now that it is."""
        first, again = self._asked("met", None)
        return [Ran(**each) for each in first], [Ran(**each) for each in again]

    def red(self, trials: Sequence[Trial]) -> list[str | None]:
        """For each mutant the test that detects it, or None. Before `met`, each mutant has all set up anew."""
        return list(self._asked("red", [asdict(each) for each in trials]))

    def close(self) -> None:
        """End the process, when it has put away what it opened."""
        with suppress(BrokenPipeError):
            self._writing.close()
        self._reading.close()
        os.waitpid(self._process, 0)
        _open.remove(self._asks)
        _open.remove(self._answers)

    def _asked(self, verb: str, what: object) -> Any:
        self._writing.write(json.dumps([verb, what]) + "\n")
        self._writing.flush()
        return _given(self._reading.readline() or '{"wrong": "a keeper died"}')


class _Kept:
    """What a keeper keeps, in its own process."""

    def __init__(self, world: World, names: Sequence[str], folder: Path) -> None:
        self._world, self._names, self._folder = world, names, folder
        self._kills: Counter[tuple[str, str]] = Counter()  # by function and test
        self._unsure: set[str] = set()  # tests that were red without any change
        self._seconds: dict[str, float] = {}  # of each test
        self._halted: list[socketserver.BaseServer] = []

    def met(self, _: None) -> list[list[dict[str, Any]]]:
        """See `Keeper.met`."""
        first = self._measured(self._names)
        self._seconds = {each["test"]: each["seconds"] for each in first}
        if not any(map(_shares, self._items(self._names))):
            return [first, first]
        self._halted = list(_serving)
        for each in self._halted:  # a fork has one thread alone: it starts them again
            vars(each)["server_close"] = lambda: None  # some close their socket with their thread
            each.shutdown()
        green = [each["test"] for each in first if each["green"]]
        return [first, self._forked(lambda: self._measured(green), self._limit(green)) or []]

    def red(self, trials: Sequence[Mapping[str, Any]]) -> list[str | None]:
        """See `Keeper.red`."""
        reds = [self._first_red(**each) for each in trials]
        while wrong := self._red_without_change({each for each in reds if each is not None}):
            self._unsure |= wrong
            reds = [
                self._first_red(**trial) if red in wrong else red
                for trial, red in zip(trials, reds, strict=True)
            ]
        return reds

    def _red_without_change(self, names: set[str]) -> set[str]:
        """Which of these tests detect nothing: they are red by themselves, or one of them ended the fork."""
        tests = sorted(names)
        told = self._forked(lambda: self._reds(tests), self._limit(tests)) if tests else []
        return set(tests if told is None else told)

    def put_away(self) -> None:
        """Have the fixtures close what they opened."""
        session = self._world.items[self._names[0]].session
        with suppress(Exception):
            session._setupstate.teardown_exact(None)

    def _measured(self, names: Sequence[str]) -> list[dict[str, Any]]:
        found = covering.measured(self._items(names), self._world.sources, self._world.loaded.forget)
        return [asdict(each) for each in found]

    def _limit(self, tests: Iterable[str]) -> int:
        """The CPU seconds that these tests may take."""
        return sum(LEAST + TIMES * int(self._seconds.get(each, UNKNOWN)) for each in tests)

    def _first_red(self, file: str, number: int, place: int, tests: Sequence[str]) -> str | None:
        tests = [each for each in tests if each not in self._unsure]
        tests.sort(key=lambda name: -self._kills[f"{file}:{place}", name])
        if not tests:
            return None
        told = self._forked(lambda: self._changed_reds(file, number, tests), self._limit(tests))
        red: str | None = tests[0] if told is None else told[0] if told else None
        if red is not None:
            self._kills[f"{file}:{place}", red] += 1
        return red

    def _changed_reds(self, file: str, number: int, tests: Sequence[str]) -> list[str]:
        """The first test that a mutant turns red, or none. Changes this process for good."""
        source = self._world.sources[file]
        found = mutant(source, number)
        if not self._world.loaded.put(Path(file), source, found.tree):
            raise LookupError(f"{file}:{found.line}: no function that is loaded has it: {found.what}")
        running = covering.run(self._items(tests))
        for name in tests:
            most = int(time.process_time()) + self._limit([name])
            resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
            if not next(running):
                return [name]
        return []

    def _reds(self, tests: Sequence[str]) -> list[str]:
        """All of them that are red."""
        self._world.loaded.forget()
        ran = zip(tests, covering.run(self._items(tests)), strict=True)
        return [name for name, green in ran if not green]

    def _items(self, names: Sequence[str]) -> list[pytest.Item]:
        return [self._world.items[name] for name in names]

    def _forked(self, work: Callable[[], object], seconds: int) -> Any:
        """What some work gives in a fork of so many CPU seconds at most; None if it did not live to tell.

        Raises RuntimeError where the work itself goes wrong: what tests raise ends in pytest.
        """
        folder = self._folder / "fork"
        folder.mkdir()
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
            signal.alarm(WAITS * seconds)
            _put_files_in(folder, self._world)
            for each in self._halted:
                del vars(each)["server_close"]
                threading.Thread(target=each.serve_forever, daemon=True).start()
            with os.fdopen(writing, "w") as told:
                told.write(_answer(work))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as told:
            said = told.read()
        os.waitpid(child, 0)
        shutil.rmtree(folder)
        return _given(said or '{"gives": null}')


def _serve(world: World, names: Sequence[str], asks: int, answers: int) -> None:
    """Answer until nobody asks any more, then end the process."""
    folder = Path(tempfile.mkdtemp(prefix="jitbot-hunt-"))
    try:
        _quiet(world)
        _put_files_in(folder, world)
        _note_servers()
        kept = _Kept(world, names, folder)
        with os.fdopen(asks) as reading, os.fdopen(answers, "w") as writing:
            for line in reading:
                verb, what = json.loads(line)
                writing.write(_answer(lambda verb=verb, what=what: getattr(kept, verb)(what)) + "\n")  # type: ignore[misc]
                writing.flush()
        kept.put_away()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def _answer(work: Callable[[], object]) -> str:
    try:
        return json.dumps({"gives": work()})
    except BaseException:  # noqa: BLE001 - nothing may come back into the code that forked
        return json.dumps({"wrong": traceback.format_exc()})


def _given(answer: str) -> Any:
    answered = json.loads(answer)
    if "wrong" in answered:
        raise RuntimeError(answered["wrong"])
    return answered["gives"]


def _shares(item: pytest.Item) -> bool:
    """Whether a test has something set up by its own fixtures that others have, too."""
    info: Any = getattr(item, "_fixtureinfo", None)
    fixtures = [each for found in info.name2fixturedefs.values() for each in found] if info else []
    return any(each.scope != "function" and each.baseid not in ("", "tests") for each in fixtures)


def _quiet(world: World) -> None:
    """Tell nobody how the tests of this process go."""
    session = next(iter(world.items.values())).session
    session.config.pluginmanager.unregister(name="terminalreporter")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _put_files_in(folder: Path, world: World) -> None:
    """Have all temporary files of this process made in a folder that somebody deletes."""
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    config: Any = next(iter(world.items.values())).config
    config._tmp_path_factory._basetemp = folder / "pytest"
    (folder / "pytest").mkdir()


def _note_servers() -> None:
    """From now on `_serving` holds each server that answers in a thread of this process."""
    serve = socketserver.BaseServer.serve_forever

    def noted(self: socketserver.BaseServer, poll_interval: float = 0.5) -> None:
        _serving.append(self)
        try:
            serve(self, poll_interval)
        finally:
            _serving.remove(self)

    socketserver.BaseServer.serve_forever = noted  # type: ignore[method-assign]
