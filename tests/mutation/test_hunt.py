"""The hunt itself: what it takes out and puts in, which tests it meets, what it makes of the outcome; and its list."""

import functools
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import cast

import covering
import hunt
import pytest
from covering import Ran
from keeping import Keeper
from mutants import Mutant, mutant, places
from swapping import Loaded

SOURCE = """
def checked(found, limit):
    if found is None:
        raise ValueError("none")
    kept = [each for each in found if each and each < limit]
    return kept[0] if kept or limit else None


def told(found):
    yield found


def counted(found, seen):
    "What it says is no code."
    number = 0
    for each in found:
        seen.append(each)
        number += 1
    return number


class Later(dict):
    def clear(self):
        super().clear()
        ...
"""


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module."""
    return [mutant(source, number) for number, _ in enumerate(places(source))]


def test_every_kind_of_guard_is_taken_out() -> None:
    """Conditions, raised errors, filters, parts of a condition, comparisons, told findings, calls, additions: each once."""
    assert sorted(each.what for each in mutants(SOURCE)) == sorted([
        "without `yield found`",
        "without `seen.append(each)`",
        "without `number += 1`",
        "without `super().clear()`",
        "`found is None` taken for True",
        "`found is None` taken for False",
        "without `raise ValueError('none')`",
        "`kept or limit` taken for True",
        "`kept or limit` taken for False",
        "`found is None` with its comparison turned",
        "without the filter `each and each < limit`",
        "`kept` taken out of `kept or limit`",
        "`limit` taken out of `kept or limit`",
        "`each` taken out of `each and each < limit`",
        "`each < limit` taken out of `each and each < limit`",
        "`each < limit` with its comparison turned",
    ])  # fmt: skip


def test_a_mutant_differs_in_its_one_place() -> None:
    """Each mutant runs, and does not what the guard did."""
    changed = {each.what: each.tree for each in mutants(SOURCE)}
    place: dict[str, object] = {}
    exec(compile(changed["`each < limit` with its comparison turned"], "mutant", "exec"), place)  # noqa: S102 - our own few lines
    assert place["checked"]([1, 2], 2) == 1  # type: ignore[operator]
    exec(compile(changed["without `raise ValueError('none')`"], "mutant", "exec"), place)  # noqa: S102 - our own few lines
    with pytest.raises(TypeError):
        place["checked"](None, 2)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("what", "number", "seen"),
    [("without `seen.append(each)`", 2, []), ("without `number += 1`", 0, ["a", "b"])],
)
def test_what_is_there_for_its_effect_has_none(what: str, number: int, seen: list[str]) -> None:
    """And the statements beside it run."""
    changed = {each.what: each.tree for each in mutants(SOURCE)}
    place: dict[str, object] = {}
    exec(compile(changed[what], "mutant", "exec"), place)  # noqa: S102 - our own few lines
    met: list[str] = []
    assert place["counted"](["a", "b"], met) == number  # type: ignore[operator]
    assert met == seen


@pytest.mark.parametrize(
    ("source", "what", "left"),
    [
        ("(None or 0)", "`0` taken out of `None or 0`", None),
        ("(0 or None)", "`0` taken out of `0 or None`", None),
        ("(2 and 3)", "`3` taken out of `2 and 3`", 2),
        ("(2 and 3 and 4)", "`3` taken out of `2 and 3 and 4`", 4),
    ],
)
def test_a_part_that_is_taken_out_leaves_the_others(source: str, what: str, left: object) -> None:
    """Not True or False in its place: a default that is gone leaves None."""
    changed = {each.what: each.tree for each in mutants(f"left = {source}")}
    place: dict[str, object] = {}
    exec(compile(changed[what], "mutant", "exec"), place)  # noqa: S102 - our own few lines
    assert place["left"] == left


@pytest.mark.parametrize(
    ("line", "killed", "code"),
    [
        ("- a.b: `x` — why", False, 0),
        ("- a.b: `x` — why", True, 1),
        ("- a.b: `y` — why", False, 1),
        ("", False, 1),
        ("", True, 0),
        ("- a.c: `x` — why", True, 0),
    ],
)
def test_the_list_is_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, killed: bool, code: int
) -> None:
    """A survivor that is not listed is an error, and so is a listed one that no longer survives."""
    monkeypatch.setattr(hunt, "LISTED", tmp_path / "survivors.md")
    hunt.LISTED.write_text(f"# Survivors\n\n{line}\n")
    assert hunt.told([{"module": "a.b", "line": 1, "what": "`x`", "killed": killed}]) == code


@functools.cache
def _guards(source: Path) -> frozenset[str]:
    return frozenset(what for _, what in places(source.read_text("utf-8")))


def test_what_is_listed_is_there() -> None:
    """Each survivor that is explained is a guard of a module that exists, with a reason beside it."""
    for line in hunt.LISTED.read_text("utf-8").splitlines():
        if not line.startswith("- "):
            continue
        name, _, why = line.removeprefix("- ").partition(" — ")
        module, _, what = name.partition(": ")
        source = hunt.ROOT / (module.replace(".", "/") + ".py")
        assert what in _guards(source), line
        assert why, line


def test_what_was_looked_at_by_hand_is_explained() -> None:
    """Each guard of another layer that nothing hangs on is in a file that exists, outside the domain, with a reason."""
    root = Path(__file__).parents[2]
    by_hand = [line for line in hunt.LISTED.read_text("utf-8").splitlines() if line.startswith("* ")]
    assert by_hand
    for line in by_hand:
        name, _, why = line.removeprefix("* ").partition(" — ")
        file, _, what = name.partition(": ")
        assert (root / file).is_file(), line
        assert not file.startswith("jitbot/domain/"), line
        assert what, line
        assert why, line


LOADED = """
import functools

def once(function):
    @functools.wraps(function)
    def wrapped(*given):
        return function(*given)
    return wrapped

@functools.cache
def few(number):
    return number < 3

def counting(most):
    seen = []
    def step(number):
        if number < most:
            seen.append(number)
            step(number + 1)
        return seen
    return step

class Box(dict):
    def clear(self):
        super().clear()

    @property
    def full(self):
        return bool([each for each in (1, 2) if each > 1])

    @once
    def holds(self, number):
        if number > 2:
            raise ValueError(number)
        return number

small = lambda number: number < 5
"""


@pytest.fixture
def loaded(tmp_path: Path) -> Iterator[ModuleType]:
    """A module as it was loaded, before anything is taken out of it."""
    file = tmp_path / "boxes.py"
    file.write_text(LOADED)
    spec = importlib.util.spec_from_file_location("boxes", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["boxes"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["boxes"]


def _put(module: ModuleType, what: str) -> int:
    file = Path(str(module.__file__))
    found = {each.what: each.tree for each in mutants(LOADED)}[what]
    return Loaded(file.parent, ("boxes",)).put(file, LOADED, found)


def test_a_mutant_is_put_where_its_function_went(loaded: ModuleType) -> None:
    """Into what was imported by name before, decorated, a property, a lambda; each alone."""
    box, holds, small = loaded.Box(), loaded.Box.holds, loaded.small
    assert _put(loaded, "`number < 5` with its comparison turned") == 1
    assert (small(5), box.full) == (True, True)
    with pytest.raises(ValueError, match="3"):
        holds(box, 3)
    assert _put(loaded, "without `raise ValueError(number)`") == 1
    assert holds(box, 3) == 3


def test_what_a_call_left_behind_stays_as_it_was(loaded: ModuleType) -> None:
    """The next call has the mutant, of which a variable that it takes from that call may be gone."""
    left = loaded.counting(2)
    assert _put(loaded, "`number < most` taken for False") == 1
    assert (left(0), loaded.counting(2)(0)) == ([0, 1], [])


def test_a_call_that_is_gone_leaves_its_variables(loaded: ModuleType) -> None:
    """Of an outer call or of the class, too: the function is still the one that was loaded."""
    box, left = loaded.Box(of=1), loaded.counting(2)
    assert _put(loaded, "without `super().clear()`") == 1
    box.clear()
    assert box == {"of": 1}
    assert _put(loaded, "without `seen.append(number)`") == 2
    assert left(0) == []


def test_what_was_remembered_is_forgotten(loaded: ModuleType) -> None:
    """An answer in a cache would be the one of before."""
    assert not loaded.few(3)
    assert _put(loaded, "`number < 3` with its comparison turned") == 1
    assert loaded.few(3)


BOX = "/d/audit/box.py"
RUNS = [
    Ran(test="test_a.py::slow", seconds=5, green=True, lines={BOX: (3, 9)}),
    Ran(test="test_a.py::quick", seconds=1, green=True, lines={BOX: (4,)}),
    Ran(test="test_a.py::red", seconds=1, green=False, lines={BOX: (4,)}),
    Ran(test="test_a.py::elsewhere", seconds=1, green=True, lines={BOX: (9,)}),
    Ran(test="test_a.py::other", seconds=1, green=True, lines={"/d/audit/other.py": (4,)}),
]


def test_a_mutant_meets_what_meets_its_lines() -> None:
    """The green ones alone, the quickest first."""
    met = covering.meeting(RUNS, BOX, frozenset({3, 4}))
    assert [each.test for each in met] == ["test_a.py::quick", "test_a.py::slow"]


@pytest.mark.parametrize(("seconds", "number"), [(6, 2), (5, 1), (1, 1), (0.5, 1)])
def test_a_mutant_meets_tests_while_it_has_time(seconds: float, number: int) -> None:
    """And one at least."""
    where = covering.Where(lines=frozenset({3, 4}), function=2)
    prey = hunt.Prey(file=BOX, number=0, line=3, what="`x`", where=where, seconds=seconds)
    trial = hunt._trial(prey, covering.meeting(RUNS, BOX, where.lines))
    assert (len(trial.tests), prey.met) == (number, number)


@pytest.mark.parametrize(
    ("tests", "own"),
    [
        ("tests/audit/test_box.py", True),
        ("tests/audit/test_box_more.py", True),
        ("tests/test_audit_box.py", True),
        ("tests/audit/test_other.py", False),
    ],
)
def test_whose_tests_come_first(tests: str, *, own: bool) -> None:
    """Those in files that have the module's name, with its folder's before it or not."""
    assert covering.is_own(tests, Path(BOX)) is own


def test_no_test_is_no_red_one() -> None:
    """What meets no test survives."""
    assert list(covering.run([])) == []


def test_what_runs_with_a_line() -> None:
    """Its innermost statement, without what stands in it; and which function that is in, if in any."""
    lines = LOADED.splitlines()
    inner = 1 + lines.index("        return function(*given)")
    once = 1 + lines.index("def once(function):")
    assert covering.where(LOADED, inner) == covering.Where(lines=frozenset({inner}), function=once)
    checks = 1 + lines.index("        if number > 2:")
    holds = 1 + lines.index("    def holds(self, number):")
    assert covering.where(LOADED, checks) == covering.Where(lines=frozenset({checks}), function=holds)
    assert covering.where(LOADED, len(lines)).function == 0
    split = "def f(a):\n    return (a\n        if a\n        else 1)\n"
    assert covering.where(split, 3) == covering.Where(lines=frozenset({2, 3, 4}), function=1)


def test_what_runs_once_is_not_hunted() -> None:
    """A fork has the module loaded already: nothing that it changes there would run again."""
    source = "few = [a for a in (1, 2) if a]\nmore = lambda a: a or 1\n\ndef most(a):\n    return a and 1\n"
    hunter = hunt.Hunter([], jobs=1, seconds=1, only=None)
    assert {each.line for each in hunter._of(str(ESCAPE), source)} == {2, 5}
    assert {line for line, _ in places(source)} == {1, 2, 5}


ESCAPE = hunt.DOMAIN / "text" / "escape.py"


@pytest.mark.parametrize(
    ("change", "left"),
    [({}, 1), ({"killed": False}, 0), ({"source": "other"}, 0), ({"by": "test_a.py::gone"}, 0)],
)
def test_what_changed_since_is_hunted_anew(change: dict[str, object], left: int) -> None:
    """What was detected counts for the same source, and while that test is there."""
    where = covering.Where(lines=frozenset({3, 4}), function=2)
    prey = hunt.Prey(
        file=str(ESCAPE),
        number=4,
        line=3,
        what="`x`",
        where=where,
        source="same",
        seconds=1,
        killer=RUNS[0].test,
    )
    killers = hunt.killers([prey.found() | change], {each.test for each in RUNS})
    assert [each for each in killers if each[1] == "same"] == [
        ("jitbot.domain.text.escape", "same", 4)
    ] * left


class Untouched:
    """A keeper that nobody may ask."""

    def met(self) -> object:
        """Fail."""
        raise LookupError("it was asked")


NOBODY = cast("Keeper", Untouched())


@pytest.mark.parametrize(
    ("tests", "away"),
    [
        ("tests/domain/text/test_other.py", 0),
        ("tests/domain/text/more/test_other.py", 1),
        ("tests/domain/test_other.py", 1),
        ("tests/domain/model/test_other.py", 2),
        ("tests/test_other.py", 2),
    ],
)
def test_the_nearest_tests_come_first(tests: str, away: int) -> None:
    """By the folders that they mirror."""
    hunter = hunt.Hunter([ESCAPE], jobs=1, seconds=1, only=None)
    assert hunter._distance(hunt.Tests(name=tests, keeper=NOBODY, cold=NOBODY)) == away


def test_where_nothing_is_alive_no_other_test_runs() -> None:
    """Not even to see what it meets."""
    hunter = hunt.Hunter([ESCAPE], jobs=1, seconds=1, only=None)
    where = covering.Where(lines=frozenset({3}), function=2)
    prey = hunt.Prey(
        file=BOX, number=0, line=3, what="`x`", where=where, source="x", seconds=1, killer="test_box.py::test"
    )
    other = hunt.Tests(name="tests/audit/test_other.py", keeper=NOBODY, cold=NOBODY)
    hunter.prey = [prey]
    hunter._try_others(other)
    prey.killer = ""
    with pytest.raises(LookupError, match="it was asked"):
        hunter._try_others(other)
