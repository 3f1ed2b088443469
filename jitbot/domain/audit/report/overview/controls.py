"""The controls that the evidence speaks to, as `catalogs/controls.toml` lists them."""

from dataclasses import dataclass

from jitbot import catalogs


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control: what the pack shows of it, where, and what it does not show. An auditor concludes.

    SOC 2: the Trust Services Criteria of the AICPA, 2017 with the points of focus of 2022. ISO/IEC 27001:2022, Annex A.
    `columns` are those of the tables in `files`; `verdicts` name the rows of the first page.
    """

    standard: str
    id: str
    title: str
    shows: str
    files: tuple[str, ...]
    columns: tuple[str, ...]
    verdicts: tuple[str, ...]
    not_shown: str


CONTROLS = catalogs.table("controls", "control", Control)


def controls_of(row: str) -> tuple[str, ...]:
    """The ids of the controls that a row of the first page speaks to."""
    return tuple(each.id for each in CONTROLS if row in each.verdicts)
