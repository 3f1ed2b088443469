"""Which controls the evidence speaks to, and which part of it. A mapping to work from: an auditor concludes.

SOC 2: the Trust Services Criteria of the AICPA, 2017 with the points of focus of 2022. ISO/IEC 27001:2022, Annex A.
"""

from dataclasses import dataclass

from jitbot import catalogs


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One control: what the pack shows of it, where, and what it does not show."""

    standard: str
    id: str
    title: str
    shows: str
    columns: tuple[str, ...]
    verdicts: tuple[str, ...]
    not_shown: str


CONTROLS = catalogs.table("controls", "control", Control)
