"""The hunt itself: what it takes out and puts in, which tests it meets, what it makes of the outcome; and its list."""

import functools
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import covering
import hunt
import pytest
from covering import Ran
from mutants import descriptions, mutants
from swapping import Loaded

SOURCE = """
def checked(found, limit):
    if found is None:
        raise ValueError("none")
    kept = [each for each in found if each and each < limit]
    return kept[0] if kept or limit else None


def told(found):
    yield found
"""


def test_every_kind_of_guard_is_taken_out() -> None:
    """Conditions, raised errors, filters, parts of a condition, comparisons and told findings: each once."""
    assert sorted(mutant.what for mutant in mutants(SOURCE)) == sorted([
        "without `yield found`",
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
    changed = {mutant.what: mutant.tree for mutant in mutants(SOURCE)}
    place: dict[str, object] = {}
    exec(compile(changed["`each < limit` with its comparison turned"], "mutant", "exec"), place)  # noqa: S102 - our own few lines
    assert place["checked"]([1, 2], 2) == 1  # type: ignore[operator]
    exec(compile(changed["without `raise ValueError('none')`"], "mutant", "exec"), place)  # noqa: S102 - our own few lines
    with pytest.raises(TypeError):
        place["checked"](None, 2)  # type: ignore[operator]


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
    return frozenset(descriptions(source.read_text("utf-8")))


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

class Box:
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
    found = {mutant.what: mutant.tree for mutant in mutants(LOADED)}[what]
    return Loaded(file.parent, "boxes").put(file, LOADED, found)


def test_a_mutant_is_put_where_its_function_went(loaded: ModuleType) -> None:
    """Into what was imported by name before, decorated, a property, a lambda; each alone."""
    box, holds, small = loaded.Box(), loaded.Box.holds, loaded.small
    assert _put(loaded, "`number < 5` with its comparison turned") == 1
    assert (small(5), box.full) == (True, True)
    with pytest.raises(ValueError, match="3"):
        holds(box, 3)
    assert _put(loaded, "without `raise ValueError(number)`") == 1
    assert holds(box, 3) == 3


def test_what_was_remembered_is_forgotten(loaded: ModuleType) -> None:
    """An answer in a cache would be the one of before."""
    assert not loaded.few(3)
    assert _put(loaded, "`number < 3` with its comparison turned") == 1
    assert loaded.few(3)


RUNS = [
    Ran(test="tests/domain/test_a.py::slow", seconds=5, green=True, lines={"/d/audit/box.py": (3, 9)}),
    Ran(test="tests/domain/test_b.py::quick", seconds=1, green=True, lines={"/d/audit/box.py": (4,)}),
    Ran(test="tests/domain/test_audit_box.py::x", seconds=3, green=True, lines={"/d/audit/box.py": (2,)}),
    Ran(test="tests/domain/test_box.py::x", seconds=4, green=True, lines={"/d/audit/box.py": (2,)}),
    Ran(test="tests/domain/test_box.py::elsewhere", seconds=1, green=True, lines={"/d/audit/box.py": (9,)}),
]


@pytest.mark.parametrize(("seconds", "number"), [(90, 4), (8, 3), (7, 2), (1, 1)])
def test_the_nearest_tests_come_first(seconds: float, number: int) -> None:
    """Its own, then the quickest; only those that met its lines, and one at least."""
    wanted = [RUNS[2].test, RUNS[3].test, RUNS[1].test, RUNS[0].test]
    assert covering.nearest(RUNS, Path("/d/audit/box.py"), (2, 4), seconds=seconds) == wanted[:number]


def test_no_test_is_no_red_one() -> None:
    """What meets no test survives."""
    assert list(covering.run([])) == []


def test_what_runs_with_a_line() -> None:
    """The body of its function or method, or the statement of a module."""
    lines = LOADED.splitlines()
    inner = 1 + lines.index("        return function(*given)")
    assert covering.span(LOADED, inner) == (inner - 1, inner + 1)
    method = 1 + lines.index("            raise ValueError(number)")
    assert covering.span(LOADED, method) == (method - 1, method + 1)
    assert covering.span(LOADED, len(lines)) == (len(lines), len(lines))


@pytest.mark.parametrize(
    ("tests", "code", "alive"), [(("escape", "escape_cells"), 0, 0), (("timestamp",), 1, 5)]
)
def test_a_whole_hunt(tests: tuple[str, ...], code: int, alive: int) -> None:
    """A small module with its own tests, and with those of another."""
    folder = hunt.ROOT / "tests"
    program = [
        sys.executable,
        str(folder / "mutation" / "hunt.py"),
        str(hunt.DOMAIN / "text" / "escape.py"),
        "--jobs",
        "1",
    ]
    program += [f"--tests={folder / 'domain' / 'text' / f'test_{name}.py'}" for name in tests]
    ran = subprocess.run(program, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert ran.stdout.splitlines()[-1] == f"5 mutants, {alive} survive, {alive} unexplained"
