"""What every program here shows: one line a figure, beside its floor and its bound, as a table and as JSON."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure. `ratio` is to the floor; `bound` is the most that the ratio, or without one the figure, may be."""

    what: str
    figure: float
    unit: str = "s"
    floor: float | None = None
    against: str = ""  # what the floor is
    ratio: float | None = None
    bound: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bound holds; None where there is none."""
        measured = self.figure if self.ratio is None else self.ratio
        return None if self.bound is None else measured <= self.bound


def paired(what: str, ours: Sequence[float], floors: Sequence[float], **more: object) -> Row:
    """A row of medians over runs that were made in pairs."""
    figure, floor = median(ours), median(floors)
    return Row(what=what, figure=figure, floor=floor, ratio=figure / floor, **more)  # type: ignore[arg-type]


def show(title: str, rows: Iterable[Row]) -> None:
    """The rows as people read them."""
    table = Table(
        "what", "figure", "floor", "ratio", "bound", "", "", title=f"{title}; load {os.getloadavg()[0]:.1f}"
    )
    for row in rows:
        floor = "" if row.floor is None else f"{_number(row.floor, row.unit)} {row.against}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        bound = "" if row.bound is None else f"≤ {row.bound:g}"
        verdict = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}[row.met]
        table.add_row(row.what, _number(row.figure, row.unit), floor, ratio, bound, verdict, row.note)
    Console(width=150).print(table)


def write(file: Path, rows: Iterable[Row], **more: object) -> None:
    """The rows for machines, with whatever else was measured."""
    shown = [{**asdict(row), "met": row.met} for row in rows]
    file.write_text(json.dumps({"load": os.getloadavg()[0], "rows": shown, **more}, indent=2) + "\n")


def finish(title: str, rows: Sequence[Row], file: Path | None, **more: object) -> None:
    """Print the rows, and write them where it is asked for. Exits with 1 where a bound is missed."""
    if file is not None:
        write(file, rows, **more)
    show(title, rows)
    if missed := [row.what for row in rows if row.met is False]:
        raise SystemExit(f"above its bound: {'; '.join(missed)}")


def _number(figure: float, unit: str) -> str:
    if unit == "s" and figure < 1:
        return f"{1000 * figure:.0f} ms"
    return f"{figure:,.0f} {unit}" if figure >= 100 or figure == int(figure) else f"{figure:.2f} {unit}"
