"""A table of the pack: the same rows as CSV for a spreadsheet and as JSON for programs."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from jitbot.domain.audit.report.columns import as_json, as_text
from jitbot.domain.text import escape

_BOM = "\ufeff"  # without it a spreadsheet may read another encoding than UTF-8


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTable:
    """`<name>.csv` and `<name>.json` of the pack. `about` describes them in the pack's index; `between` separates the values
    of one cell.
    """

    name: str
    about: str
    heads: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    between: str = "; "

    @property
    def csv(self) -> bytes:
        """The table for a spreadsheet."""
        return csv_of(self.heads, ([as_text(cell, self.between) for cell in row] for row in self.rows))

    @property
    def objects(self) -> list[Mapping[str, object]]:
        """The rows for programs."""
        return [
            {head: as_json(cell) for head, cell in zip(self.heads, row, strict=True)} for row in self.rows
        ]


def cells_of(rows: Iterable[object], names: Sequence[str]) -> tuple[tuple[object, ...], ...]:
    """The attributes with these names, of each of the rows."""
    return tuple(tuple(getattr(row, name) for name in names) for row in rows)


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """CSV as RFC 4180 has it, in UTF-8 with a byte order mark: every cell is quoted, is on one line, and stays the text it is.

    Without heads it is empty.
    """
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    if heads:
        writer.writerow(heads)
    writer.writerows([escape.cell(cell) for cell in row] for row in rows)
    return f"{_BOM}{written.getvalue()}".encode()
