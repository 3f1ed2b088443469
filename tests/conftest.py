"""What every test stands on: no network but this machine's own loopback, and an embedded GitHub that speaks as GitHub does.

What takes long to load is loaded where it is needed: not by the process that only distributes the tests, and not
for the tests of the domain.
"""

import gc
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from in_memory import place
from pytest_socket import socket_allow_hosts
from starting import APART, PROOFS, git_alone
from tally import PROPERTY, total

if TYPE_CHECKING:
    from jitbot.sandbox.github.server import GitHubExchange

# Tests are compiled once, and so is jitbot, not in each of some hundred processes, whatever the shell says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# What Hypothesis would load for itself: trio, that selenium brings, whose random numbers no test draws.
os.environ.setdefault("HYPOTHESIS_NO_PLUGINS", "1")

TESTS = Path(__file__).parent
_seen: set[object] = set()
_told: list[str] = []


@cache
def _place(path: Path) -> str:
    """A file of tests, as its path from here; its first part is the folder that says what is tested, of proofs too."""
    return path.relative_to(TESTS).as_posix().removeprefix(f"{PROOFS}/")


def _observe(exchange: "GitHubExchange") -> None:
    """Hold an exchange against GitHub's description; those of a shape seen before were."""
    from described import key, objections, shape

    asked, answered = shape(exchange.asked), shape(exchange.answered)
    kind = (key(exchange.method, exchange.rule), exchange.status, frozenset(exchange.query), asked, answered)
    if kind not in _seen:
        _seen.add(kind)
        _told.extend(objections(exchange))


# Tests that call the domain alone: they speak to nobody and wait for nothing.
PURE = ("domain", "properties")
# The files that take longest, in this order: one that begins last would keep all but one processor waiting.
LONGEST = (
    "played/hostility/test_noninterference",
    "workflows/",
    "docs/",
    "played/",
    "fuzz/",
    "browser/",
    "commands/",
    "adapters/",
)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: a seventh of the time in tests is waiting. Each more collects all tests for itself.

    Tests of the domain wait for nothing.
    """
    asked = [Path(config.invocation_params.dir, each.partition("::")[0]).resolve() for each in config.args]
    waits = not all(any(each.is_relative_to(TESTS / pure) for pure in PURE) for each in asked)
    return (os.cpu_count() or 1) + waits


def begun_elsewhere(worker: int, workers: int) -> list[str]:
    """All that is collected, from a place of this worker's own on.

    In a new clone pytest compiles each file of tests, and keeps what it compiled. Workers that begin at the same place
    would all compile the same files at the same time.
    """
    left_out = {"__pycache__", *APART}
    found = sorted(
        str(each)
        for each in TESTS.iterdir()
        if (each.is_dir() and each.name not in left_out) or each.match("test_*.py")
    )
    at = len(found) * worker // workers
    return [*found[at:], *found[:at]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, in the same order in each worker."""

    @cache
    def order(path: Path) -> int:
        return next((at for at, name in enumerate(LONGEST) if _place(path).startswith(name)), len(LONGEST))

    items.sort(key=lambda item: (order(item.path), _place(item.path)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """A worker does not tell the process that prints what nobody sees: that a test began, or was set up as it should be.

    Half of what the two say to each other would be that.
    """
    hooks = session.config.hook
    for impl in (
        *hooks.pytest_runtest_logstart.get_hookimpls(),
        *hooks.pytest_runtest_logreport.get_hookimpls(),
    ):
        if type(impl.plugin).__name__ == "WorkerInteractor":
            impl.function = partial(_told_if_seen, impl.function)  # type: ignore[misc]  # pluggy calls what stands here


def _told_if_seen(tell: Callable[..., object], *said: Any) -> None:
    """A report is told, except of what went well around a test and holds nothing; that a test begins never."""
    report = said[0]
    if isinstance(report, pytest.TestReport) and (
        report.when == "call" or not report.passed or report.user_properties
    ):
        if report.passed:
            report.keywords = {}  # the names of folders, marks and values: nobody asks for them
        tell(*said)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The process that only distributes loads Hypothesis to tell what failed, or its statistics; else it has no use for it."""
    config = session.config
    asked = session.testsfailed or config.getoption("--hypothesis-show-statistics", None)
    plugin = config.pluginmanager.get_plugin("hypothesispytest")
    if plugin is not None and _distributes(config) and not asked:
        config.pluginmanager.unregister(plugin)


# Hooks, and no fixtures that every test has: pytest's own work for each of them is seconds of each run.
@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """What all tests of a process need: no connection to another machine, no other program than git, an observed GitHub."""
    if _distributes(session.config):
        return (yield)
    socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)  # no connection leaves this machine
    with pytest.MonkeyPatch.context() as patch, _of_file:
        git_alone(patch, Path(session.config.option.basetemp or tempfile.gettempdir()).resolve())
        if any(_speaks(item) for item in session.items):
            import_module("described")  # before a test changes what loading it would need
            from worked_out_once import vendors_work_out_once

            from jitbot.sandbox.github.server import OBSERVERS

            OBSERVERS.append(_observe)
            vendors_work_out_once(patch)
        return (yield)


def _distributes(config: pytest.Config) -> bool:
    return config.getoption("dist", "no") != "no" and not hasattr(config, "workerinput")


def _speaks(item: pytest.Item) -> bool:
    """Whether a test may speak to an embedded GitHub or AWS; in the domain nobody speaks to anybody."""
    return _place(item.path).partition("/")[0] not in PURE


def _what_is_loaded_stays() -> None:
    """So the collector of garbage need not look at it again and again; while it was loaded, there was no garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Fail the test in which the embedded GitHub, or its client, first speaks otherwise than GitHub describes."""
    try:
        yield
    finally:
        told = list(_told)
        _told.clear()
    assert told == []


# Tests whose subject is neither git nor what goes over a socket.
QUICK = (
    "adapters/github/test_pull_queries",
    "browser/",
    "commands/",
    "judge/",
    "pictures/",
    "played/",
    "setups/",
    "usecases/",
)


_of_file = ExitStack()  # what the tests of one file stand on
_begun: list[Path] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """git's plumbing in this process, in the tests whose subject is not git, and in what they stand on.

    `JITBOT_GIT=real` leaves all to git, and so does the mark of a file or a test.
    """
    if not _begun:  # and not before: the hunt for mutants looks for what is loaded
        _what_is_loaded_stays()
    if item.path not in _begun:
        _of_file.close()
        _begun[:] = [item.path]
        module = item.getparent(pytest.Module)
        if _is_quick(item) and (module is None or module.get_closest_marker("real_git") is None):
            from answering import answered_here

            answered_here(_of_file.enter_context(pytest.MonkeyPatch.context()))
    if not _is_quick(item) or item.get_closest_marker("real_git") is None:
        return (yield)
    from answering import left_to_git

    with left_to_git():
        return (yield)


def _is_quick(item: pytest.Item) -> bool:
    return _place(item.path).startswith(QUICK)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Where temporary files are, before pytest looks; and the profiles of Hypothesis, before its own plugin chooses.

    The process that only distributes may need no profile.
    """
    memory = place(os.environ)
    if memory is not None:
        os.environ["TMPDIR"] = tempfile.tempdir = str(memory)
    if _distributes(config) and not config.getoption("--hypothesis-profile", None):
        return
    if hasattr(config, "workerinput") and config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        worker = int(config.workerinput["workerid"].removeprefix("gw"))
        config.args = begun_elsewhere(worker, config.workerinput["workercount"])
    gc.disable()  # until all tests are collected
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile("default", deadline=None)  # other tests of this machine may take the time
    settings.load_profile("default")
    settings.register_profile(
        "soak",
        max_examples=int(os.environ.get("JITBOT_GAMES", "100")),
        stateful_step_count=40,
        deadline=None,
        phases=[
            Phase.explicit,
            Phase.reuse,
            Phase.generate,
        ],  # to make a game shorter takes longer than to play it
        suppress_health_check=list(HealthCheck),
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was asked and tried beyond single tests, and how much of it was not as promised."""
    for told in _properties(terminalreporter, "any order"):  # recorded after the last game, if all held
        moves = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in sorted(told.items()))
        terminalreporter.write_line(f"any order: {sum(told.values()):,} moves played, 0 violations: {moves}")
    for number in _properties(terminalreporter, "bad input"):
        terminalreporter.write_line(
            f"bad input: {number:,} spoilt files, each with the findings it must give"
        )
    if faults := _properties(terminalreporter, "faults"):
        tried, wrong = (sum(column) for column in zip(*faults, strict=True))
        terminalreporter.write_line(f"faults: {tried:,} tried, one at a time, {wrong:,} violations")
    if combined := _properties(terminalreporter, "combinations"):
        kinds = sum((Counter(told) for told, _ in combined), Counter[str]())
        wrong, each = (
            sum(one for _, one in combined),
            ", ".join(f"{name} {kinds[name]:,}" for name in sorted(kinds)),
        )
        terminalreporter.write_line(
            f"rules in combination: {kinds.total():,} answers held against a model, {wrong:,} violations: {each}"
        )
    found = _properties(terminalreporter, PROPERTY)
    for line in total(found).lines() if found else ():
        terminalreporter.write_line(line)


def _properties(terminalreporter: pytest.TerminalReporter, wanted: str) -> list[Any]:
    """What tests recorded under this name, in whatever process they ran."""
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    return [
        value
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties
        if name == wanted
    ]
