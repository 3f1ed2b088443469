"""Which tests run which statements, and how long each takes: what a mutant needs to meet, and no more."""

import ast
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import coverage
import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One test as it ran: its id, its CPU seconds, whether it was green, and the lines of each file that it met."""

    test: str
    seconds: float
    green: bool
    lines: Mapping[str, Sequence[int]]


class _Same:
    """What pytest takes for the test that follows: one of the same file, whose fixtures are kept."""

    def __init__(self, item: pytest.Item) -> None:
        self._chain = item.listchain()[:-1]

    def listchain(self) -> list[Any]:
        """The session, the folders, the file."""
        return self._chain


def run(items: Sequence[pytest.Item]) -> Iterator[bool]:
    """Run tests as pytest would, one after another, and keep what the last one's file has set up; whether each was green."""
    for item, following in zip_longest(items, items[1:]):
        failed = item.session.testsfailed
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following or _Same(item))
        yield item.session.testsfailed == failed


def measured(items: Sequence[pytest.Item], files: Iterable[str], forget: Callable[[], None]) -> list[Ran]:
    """Run tests, and see which lines of these files each of them meets, with nothing remembered of the others."""
    tracer = coverage.Coverage(data_file=None, include=list(files), config_file=False)
    tracer.set_option("run:disable_warnings", ["no-data-collected"])  # some tests meet nothing of it
    tracer.start()
    outcomes, before = [], _seconds()
    running = run(items)
    for item in items:
        forget()
        tracer.switch_context(item.nodeid)
        green = next(running)
        now = _seconds()
        outcomes.append((item.nodeid, now - before, green))
        before = now
    tracer.stop()
    met: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    data = tracer.get_data()
    for file in data.measured_files():
        for line, tests in data.contexts_by_lineno(file).items():
            for test in tests:
                met[test][file].append(line)
    return [
        Ran(test=test, seconds=seconds, green=green, lines={file: tuple(lines) for file, lines in met[test].items()})
        for test, seconds, green in outcomes
    ]  # fmt: skip


def _seconds() -> float:
    """CPU seconds of this process and of those it waited for: others at work do not change them."""
    return sum(os.times()[:4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a mutant is: the lines that run with it, and the first line of its outermost function.

    `once`: it runs when its module is loaded, and never again.
    """

    lines: frozenset[int]
    function: int
    once: bool = False


def where(source: str, line: int) -> Where:
    """The place of a line: the innermost statement around it, without the statements within that one."""
    around = [node for node in _statements(source) if node.lineno <= line <= _last(node)]
    inside = [node for node in ast.walk(around[-1]) if isinstance(node, ast.stmt) and node is not around[-1]]
    lines = set(range(around[-1].lineno, _last(around[-1]) + 1))
    for node in inside:
        lines -= set(range(node.lineno, _last(node) + 1))
    function = next((node.lineno for node in around if isinstance(node, ast.FunctionDef)), 0)
    within = (node for node in _functions(source) if node.lineno <= line <= (node.end_lineno or node.lineno))
    return Where(lines=frozenset(lines), function=function, once=next(within, None) is None)


@lru_cache(1)
def _statements(source: str) -> list[ast.stmt]:
    """Outer ones come before inner ones."""
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)]


@lru_cache(1)
def _functions(source: str) -> list[ast.FunctionDef | ast.Lambda]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.Lambda)]


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def meeting(ran: Iterable[Ran], file: str, lines: frozenset[int]) -> list[Ran]:
    """The green tests that meet one of these lines, the quickest first."""
    met = [each for each in ran if each.green and not lines.isdisjoint(each.lines.get(file, ()))]
    return sorted(met, key=lambda each: each.seconds)


def is_own(tests: str, file: Path) -> bool:
    """Whether a file of tests is the one of this module, by its name."""
    return Path(tests).name.startswith((f"test_{file.stem}", f"test_{file.parent.name}_{file.stem}"))
