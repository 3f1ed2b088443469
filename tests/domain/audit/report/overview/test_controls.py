"""The mapping of controls leads to what is there: columns of the pack's tables, and rows of the first page."""

import csv
import io
from dataclasses import fields

import pytest
from audit_facts import a_period_report, a_record, approval, ended, granted, removed

from jitbot.domain.audit.report.overview.controls import CONTROLS, Control, controls_of
from jitbot.domain.audit.report.pack import pack
from jitbot.domain.audit.report.rules.rule_rows import CONTROL

REPORT = a_period_report(a_record(approval(), granted(), ended(), removed()))
FILES = pack(
    REPORT.records, REPORT.summary, about={}, others={}, size=1, seed="s", tables=REPORT.tables,
    answers=REPORT.answers, verdicts=REPORT.verdicts,
)  # fmt: skip


def heads(name: str) -> set[str]:
    """The columns of a table of the pack."""
    return set(next(csv.reader(io.StringIO(FILES[name].decode("utf-8-sig")))))


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
def test_a_control_names_columns_and_rows_that_exist(control: Control) -> None:
    """Each of its columns is in one of its files, each file has one of them, and each verdict is a row of the first page."""
    there = {name: heads(name) for name in control.files}
    assert set(control.columns) <= set().union(*there.values())
    assert all(set(control.columns) & columns for columns in there.values())
    assert set(control.verdicts) <= {each.name for each in REPORT.answers}
    assert all(getattr(control, each.name) for each in fields(Control))


def test_the_controls_that_are_mapped() -> None:
    """Those of access, of monitoring and logging, and of changes; each once."""
    soc, iso = (
        [each.id for each in CONTROLS if each.standard.startswith(name)]
        for name in ("SOC 2", "ISO/IEC 27001")
    )
    assert soc == ["CC6.1", "CC6.2", "CC6.3", "CC7.2", "CC8.1"]
    assert iso == ["A.5.15", "A.5.18", "A.8.2", "A.8.3", "A.8.15"]


def test_the_page_has_the_controls_of_each_row() -> None:
    """A row of the first page names exactly the controls that name it, so that the mapping is written once."""
    for each in REPORT.answers:
        assert each.controls == tuple(control.id for control in CONTROLS if each.name in control.verdicts)
    assert controls_of("rule_changes") == (CONTROL, "A.5.15")
    assert controls_of("nothing") == ()
