"""Which tests run which functions, and how long each takes: what a mutant needs to meet, and no more."""

import ast
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import coverage
import pytest

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One test as it ran: its id, its seconds, whether it was green, and the lines of each file that it met."""

    test: str
    seconds: float
    green: bool
    lines: Mapping[str, Sequence[int]]


def run(items: Sequence[pytest.Item]) -> Iterator[bool]:
    """Run tests as pytest would, one after another; whether each was green."""
    for item, following in zip_longest(items, items[1:]):
        failed = item.session.testsfailed
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        yield item.session.testsfailed == failed


def measured(items: Sequence[pytest.Item], folder: Path, forget: Callable[[], None]) -> list[Ran]:
    """Run tests, and see which lines of this folder's files each of them meets, with nothing remembered of the others."""
    tracer = coverage.Coverage(data_file=None, include=[f"{folder}/*"], config_file=False)
    tracer.set_option("run:disable_warnings", ["no-data-collected"])  # some tests meet nothing of it
    tracer.start()
    outcomes, before = [], time.perf_counter()
    running = run(items)
    for item in items:
        forget()
        tracer.switch_context(item.nodeid)
        green = next(running)
        now = time.perf_counter()
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


def span(source: str, line: int) -> Span:
    """The lines that run when what stands on this line may run: its outermost function's, or its statement's."""
    tree = ast.parse(source)
    blocks: list[ast.stmt] = list(tree.body)
    for node in blocks:
        if isinstance(node, ast.ClassDef):
            blocks.extend(node.body)
    inside = [node for node in blocks if node.lineno <= line <= (node.end_lineno or node.lineno)]
    for node in inside:
        if isinstance(node, ast.FunctionDef):
            return node.body[0].lineno, node.end_lineno or node.lineno
    return inside[-1].lineno, inside[-1].end_lineno or inside[-1].lineno


def nearest(ran: Iterable[Ran], file: Path, lines: Span, *, seconds: float) -> list[str]:
    """The tests to meet: those of the module first, then the quickest files', while time lasts."""
    first, last = lines
    met = [each for each in ran if any(first <= line <= last for line in each.lines.get(str(file), ()))]
    costs: dict[str, float] = defaultdict(float)
    for each in met:
        costs[_file(each)] += each.seconds

    def place(each: Ran) -> tuple[bool, float, str, float]:
        name = _file(each)
        own = Path(name).name.startswith((f"test_{file.stem}", f"test_{file.parent.name}_{file.stem}"))
        return not own, costs[name], name, each.seconds

    chosen: list[str] = []
    for each in sorted(met, key=place):
        seconds -= each.seconds
        if seconds < 0 and chosen:
            break
        chosen.append(each.test)
    return chosen


def _file(ran: Ran) -> str:
    return ran.test.partition("::")[0]
