"""The hunt itself: what it takes out, what it makes of the outcome, and that its list is about guards that are there."""

from pathlib import Path

import hunt
import pytest
from mutants import mutants

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


def test_what_is_listed_is_there() -> None:
    """Each survivor that is explained is a guard of a module that exists, with a reason beside it."""
    for line in hunt.LISTED.read_text("utf-8").splitlines():
        if not line.startswith("- "):
            continue
        name, _, why = line.removeprefix("- ").partition(" — ")
        module, _, what = name.partition(": ")
        source = hunt.DOMAIN / (module.removeprefix("jitbot.domain.").replace(".", "/") + ".py")
        assert what in {mutant.what for mutant in mutants(source.read_text("utf-8"))}, line
        assert why, line
